// What happened in a case, in words: for people who read why it failed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/scenario/world.h"

namespace fermata {

struct HistoryLine {
  std::int64_t after_us = 0;  // since the case began
  int step_line = 0;          // of the step that brought it about; 0 = the start
  std::string process;        // empty = the case's own instance
  std::string text;           // "calls bank.authorise {"amount":5}"
};

// `steps` are the first rows (of World::rows) of each step, with its line. Only the last kScenarioHistoryMax lines.
std::vector<HistoryLine> TellHistory(const World& world, const InstanceId& main,
                                     const std::vector<std::pair<std::size_t, int>>& steps, std::int64_t began_us);

// "0s", "30m", "1d 2h": the two largest units.
std::string ElapsedText(std::int64_t us);

}  // namespace fermata

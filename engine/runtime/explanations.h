// Why an instance stands where it stands, and what an event would do to it: made in the reader's thread from the journal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/core/explain.h"
#include "engine/model/ids.h"

namespace fermata {

struct Explanation {
  InstanceId id;
  std::string process, version;
  std::optional<std::string> key;
  std::string status;
  std::vector<std::string> states;  // active ones, outer first
  std::vector<WaitOf> waits;
  std::vector<std::string> kept;  // types of events that wait for a state that takes them, oldest first
  std::int64_t stashed = 0;       // what arrived and waits for the end of a suspension or a roll-back
  // Of the event that was asked for.
  std::optional<EventVerdict> event;
  bool duplicate = false;  // one with its source and id was accepted before
};

}  // namespace fermata

// Which states can be entered, and which can be left. Used by the checker only.
#pragma once

#include <vector>

#include "engine/language/parsed.h"

namespace fermata {

struct Graph {
  std::vector<bool> reached;    // by index: some path enters it
  std::vector<bool> completes;  // its verb, or an `end` inside of it, can be through
};
Graph BuildGraph(const Definition& definition);

// Unreachable states, states that can never be left, waits without `after`.
void CheckGraph(const ParsedDefinition& parsed, const Graph& graph, Report& report);

}  // namespace fermata

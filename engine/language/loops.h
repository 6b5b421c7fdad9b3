// Ways that a process can run in circles without anybody else having a say. Used by the checker only.
#pragma once

#include "engine/language/graph.h"
#include "engine/language/parsed.h"

namespace fermata {

// Warns at the first state of each loop in which nothing waits. A call does not wait: it may answer at once, for ever.
void CheckLoops(const ParsedDefinition& parsed, const Graph& graph, Report& report);

}  // namespace fermata

// Checks of what can go wrong in a process and who deals with it. Used by the checker only.
#pragma once

#include "engine/language/graph.h"
#include "engine/language/parsed.h"

namespace fermata {

// Business errors that nothing handles, names of errors that nothing raises, effects without undo.
void CheckErrors(const ParsedDefinition& parsed, const Graph& graph, Report& report);

}  // namespace fermata

// Checks of names that refer to something elsewhere in the process: events, variables, other processes. Used by the checker only.
#pragma once

#include <string>
#include <vector>

#include "engine/language/parsed.h"
#include "engine/language/variables.h"

namespace fermata {

// Events that are not declared; processes that are not there (`processes` empty: nothing is known).
void CheckReferences(const ParsedDefinition& parsed, const std::vector<std::string>& processes, Report& report);
// Regions that write one variable, items that write outer ones, names of items that hide others, variables that do not exist.
void CheckVariables(const ParsedDefinition& parsed, const std::vector<Write>& writes, Report& report);

}  // namespace fermata

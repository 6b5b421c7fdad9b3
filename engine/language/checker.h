// What can be said of a definition before anything runs: language.md 8. Adds to the report; never throws.
#pragma once

#include <string>
#include <vector>

#include "engine/language/parsed.h"

namespace fermata {

// `processes` are the others in the folder; empty = nothing is known of them.
void CheckDefinition(const ParsedDefinition& parsed, const std::vector<std::string>& processes, Report& report);

}  // namespace fermata

// Checks every expression of a process where it stands: names, types, and whether its variables are set there. Used by the checker only.
#pragma once

#include "engine/language/parsed.h"
#include "engine/language/variables.h"

namespace fermata {

void CheckExpressions(const ParsedDefinition& parsed, const Variables& variables, Report& report);

}  // namespace fermata

// Parses the root of a process file and all below it. Used by load.cc only.
#pragma once

#include "engine/language/parsed.h"

namespace fermata {

// Fills context.parsed.definition from context.parsed.root.
void ParseDefinition(ParseContext& context);

}  // namespace fermata

// Calls that are not functions but syntax: has, all, exists, map, cel.bind, optMap and their kin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/expression/ast.h"

namespace fermata {

struct MacroMistake {
  Span span;
  std::string message;
};

// Replaces `call` (a kCall with its arguments in place) if it is a macro; leaves it alone if it is none.
std::optional<MacroMistake> ExpandMacro(NodePtr& call);

}  // namespace fermata

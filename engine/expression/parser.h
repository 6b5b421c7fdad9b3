// Tokens of an expression -> syntax tree with macros expanded. Names are not yet resolved (resolver.h).
#pragma once

#include <vector>

#include "engine/expression/ast.h"

namespace fermata {

// Null after a mistake, which is then in `errors`; they may hold more than one.
NodePtr ParseSource(std::string_view source, std::vector<ExpressionError>& errors);

}  // namespace fermata

// The type checker behind CheckExpression.
#pragma once

#include "engine/expression/ast.h"

namespace fermata {

CheckOutcome CheckTree(const CompiledExpression& expression, const TypeEnvironment& environment);

}  // namespace fermata

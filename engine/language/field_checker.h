// Fields that an expression selects and the schema does not name, though it names one that is spelt nearly so. Used by the checker only.
#pragma once

#include <vector>

#include "engine/expression/expression.h"

namespace fermata {

// Not errors: a schema that does not forbid further fields allows them. Pure.
std::vector<ExpressionError> FindMisspeltFields(const CompiledExpression& expression,
                                                const TypeEnvironment& environment);

}  // namespace fermata

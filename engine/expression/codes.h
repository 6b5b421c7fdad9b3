// Error codes of expressions: 3000 before one runs, 3100 while it runs. Each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kExpressionSyntax{3001};        // the grammar is broken
inline constexpr ErrorCode kExpressionLiteral{3002};       // a number or string that is none
inline constexpr ErrorCode kExpressionReservedWord{3003};  // a name that CEL keeps for itself
inline constexpr ErrorCode kExpressionTooLarge{3004};      // bytes, nodes or nesting
inline constexpr ErrorCode kExpressionMacro{3005};         // a macro used with the wrong arguments
inline constexpr ErrorCode kExpressionUnknownName{3011};
inline constexpr ErrorCode kExpressionUnknownFunction{3012};
inline constexpr ErrorCode kExpressionUnknownField{3013};
inline constexpr ErrorCode kExpressionTypeMismatch{3014};  // no overload can fit
inline constexpr ErrorCode kExpressionBadPattern{3015};    // a constant regular expression that is none

inline constexpr ErrorCode kEvaluationNoName{3101};
inline constexpr ErrorCode kEvaluationNoKey{3102};
inline constexpr ErrorCode kEvaluationNoOverload{3103};
inline constexpr ErrorCode kEvaluationOverflow{3104};
inline constexpr ErrorCode kEvaluationDivisionByZero{3105};
inline constexpr ErrorCode kEvaluationBadConversion{3106};
inline constexpr ErrorCode kEvaluationIndexOutOfRange{3107};
inline constexpr ErrorCode kEvaluationBadArgument{3108};
inline constexpr ErrorCode kEvaluationLimit{3109};

}  // namespace fermata

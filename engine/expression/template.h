// Templates: YAML values in which text may hold `${ }`. Parsing one scalar, and evaluating a whole template.
//
// Pure and thread-safe.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "engine/expression/expression.h"
#include "engine/model/definition.h"

namespace fermata {

inline constexpr ErrorCode kTemplateUnclosed{3050};  // "${" without its "}"
inline constexpr ErrorCode kTemplateEmpty{3051};     // "${}"
inline constexpr ErrorCode kTemplateTooLong{3052};   // more than kExpressionBytesMax in a text with expressions
inline constexpr ErrorCode kTemplateNotText{3150};   // a list, a map or null inside a text

struct TemplateOutcome {
  Template content;  // meaningless when there are errors
  // `line` and `column` count inside the text that was given, in characters.
  std::vector<ExpressionError> errors;
};

// Where the character with this index (0-based, in code points) of a scalar's text stands in its file.
using LocateCharacter = std::function<SourcePosition(int index)>;

// Reads one scalar: `${e}` alone is an expression that keeps its type, "a ${e}" a text, `$${` a literal "${"; text without any `${ }` is a literal string.
// `locate` (may be empty) fills the places of the expressions.
TemplateOutcome ParseTemplateText(std::string_view text, const LocateCharacter& locate = {});

// Whether the text has a `${` that starts an expression (or would, if it were closed).
bool HoldsExpression(std::string_view text);

// The value of a template in this scope. Fails with the first error in document order; the error's `line` and `column` then count inside that expression.
EvaluationResult EvaluateTemplate(const Template& source, const Scope& scope);

}  // namespace fermata

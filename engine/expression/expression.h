// CEL (Common Expression Language): compile once, check against the names in scope, evaluate many times.
//
// Everything here is pure, thread-safe, and bounded in steps, depth and memory (limits.h): an expression can fail, it cannot hang.
// The standard library, all macros (one- and two-variable), cel.bind, optionals, and the strings, math, lists, sets and encoders
// extensions as of cel-go 0.22, on JSON types, bytes, uint, timestamps and durations; no protobuf messages.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/expression/type.h"
#include "engine/model/limits.h"
#include "engine/model/value.h"

namespace fermata {

// A mistake in an expression, before or while it runs.
struct ExpressionError {
  ErrorCode code{};
  std::string message;  // "Expected …, but …"
  int column = 1;  // of the token in the expression, 1-based, in characters (code points); lines count as in `line`
  int line = 1;
  int length = 1;  // characters to underline
  std::string hint;
};

// The parsed form. Immutable; shared by every instance of a definition.
class CompiledExpression;
using ExpressionPtr = std::shared_ptr<const CompiledExpression>;

// Parses and expands macros. All syntax errors that can be told apart, in order; never empty on failure.
struct ParseOutcome {
  ExpressionPtr expression;  // null on failure
  std::vector<ExpressionError> errors;
};
ParseOutcome ParseExpression(std::string_view source);

// The source text that it was parsed from.
std::string_view SourceOf(const CompiledExpression& expression);

// The names that the expression reads and does not bind itself: "input", "payment", … each once, with the place of its first use.
struct NameUse {
  std::string name;
  int column = 1;
  int length = 1;
  // The fields selected from it, as far as they are plain: "auth.card.id" gives {"card", "id"}.
  std::vector<std::string> path;
};
std::vector<NameUse> FreeNames(const CompiledExpression& expression);

// What the checker knows of the names in scope.
class TypeEnvironment {
 public:
  // A name may hold dots. The last declaration of a name holds.
  void Declare(std::string name, Type type);
  const Type* Find(std::string_view name) const;
  // Every declared name, for "did you mean".
  std::vector<std::string> Names() const;

 private:
  std::vector<std::pair<std::string, Type>> names_;
};

// Checks without evaluating. `type` is the result's type, Dyn where it cannot be known. Errors: unknown names and functions ("did you mean"), fields that an object
// type does not have, overloads that no argument types can fit. Unknown types (Dyn) fit everything.
struct CheckOutcome {
  Type type;
  std::vector<ExpressionError> errors;
};
CheckOutcome CheckExpression(const CompiledExpression& expression, const TypeEnvironment& environment);

// The names an evaluation sees: a stack of frames, the innermost looked up first. Frames refer to values that must outlive the evaluation.
class Scope {
 public:
  virtual const Value* Find(std::string_view name) const = 0;

 protected:
  ~Scope() = default;
};

// A scope of some names in front of another one (or of nothing).
class NamesScope final : public Scope {
 public:
  explicit NamesScope(const Scope* outer = nullptr) : outer_(outer) {}
  void Bind(std::string_view name, Value value);  // `name` must outlive the scope
  const Value* Find(std::string_view name) const override;

 private:
  const Scope* outer_;
  std::vector<std::pair<std::string_view, Value>> names_;
};

struct EvaluationLimits {
  std::int64_t steps_max = kEvaluationStepsMax;
  std::size_t bytes_max = kEvaluationBytesMax;
};

// Evaluates. CEL's error semantics: && and || absorb an error of one side when the other decides.
// Error codes: 3101 no such name, 3102 no such field or key, 3103 no such overload, 3104 overflow, 3105 division by zero, 3106 bad conversion,
// 3107 index out of range, 3108 bad argument (regex, format string, …), 3109 limit of steps, depth or memory.
class EvaluationResult {
 public:
  EvaluationResult(Value value) : value_(std::move(value)) {}            // NOLINT
  EvaluationResult(ExpressionError error) : error_(std::move(error)) {}  // NOLINT
  bool ok() const { return !error_.has_value(); }
  const Value& value() const& { return value_; }
  Value&& value() && { return std::move(value_); }
  const ExpressionError& error() const { return *error_; }

 private:
  Value value_;
  std::optional<ExpressionError> error_;
};
EvaluationResult Evaluate(const CompiledExpression& expression, const Scope& scope,
                          const EvaluationLimits& limits = {});

// CEL's string() for the kinds that text templates allow ("a ${x}"): numbers, booleans, strings, timestamps, durations. nullopt for the others.
std::optional<std::string> TextOf(const Value& value);

// Heterogeneous equality as CEL's == (1 == 1.0 == 1u; NaN is unequal to itself).
bool CelEquals(const Value& a, const Value& b);

}  // namespace fermata

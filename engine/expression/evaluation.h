// One run of an expression: the scope, the variables of macros, and what is left of the bounds.
//
// Not thread-safe; lives on the stack of Evaluate().
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/quoted.h"
#include "engine/expression/ast.h"

namespace fermata {

class Evaluation {
 public:
  // All must outlive it.
  Evaluation(const CompiledExpression& expression, const Scope& scope, const EvaluationLimits& limits);

  EvaluationResult Run();

  // For operators and functions. Every one returns false when the evaluation has failed; the place is that of the node being run.
  bool Fail(ErrorCode code, std::string message);
  bool NoOverload();
  bool ChargeSteps(std::int64_t steps);
  bool ChargeBytes(std::size_t bytes);
  bool ChargeItems(std::size_t count) {
    return ChargeBytes(count * sizeof(Value)) && ChargeSteps(static_cast<std::int64_t>(count));
  }
  // CEL's ==, charged.
  bool Equals(const Value& a, const Value& b, bool& equal);
  // Null where the pattern is not a constant of the call being run.
  const Pattern* constant_pattern() const { return node_ == nullptr ? nullptr : node_->pattern.get(); }

 private:
  struct Failure {
    ErrorCode code{};
    std::string message;
    Span span;
  };

  // The value of `node`: `scratch`, or a value that outlives the evaluation of the enclosing node. Null after a failure.
  const Value* Eval(const SyntaxNode& node, Value& scratch);
  const Value* EvalLogical(const SyntaxNode& node, Value& scratch);
  const Value* EvalConditional(const SyntaxNode& node, Value& scratch);
  const Value* EvalCompare(const SyntaxNode& node, Value& scratch);
  const Value* EvalIn(const SyntaxNode& node, Value& scratch);
  const Value* EvalCall(const SyntaxNode& node, Value& scratch);
  const Value* EvalList(const SyntaxNode& node, Value& scratch);
  const Value* EvalMap(const SyntaxNode& node, Value& scratch);
  const Value* EvalMacro(const SyntaxNode& node, Value& scratch);
  const Value* EvalBind(const SyntaxNode& node, Value& scratch);
  const Value* EvalBlock(const SyntaxNode& node, Value& scratch);
  const Value* EvalOptionalMap(const SyntaxNode& node, Value& scratch);
  const Value* EvalOptionalOr(const SyntaxNode& node, Value& scratch);

  // access.cc: names, fields, keys and indices.
  const Value* EvalPath(const SyntaxNode& node, Value& scratch);
  const Value* EvalLocal(const SyntaxNode& node);
  const Value* EvalSelect(const SyntaxNode& node, Value& scratch);
  const Value* EvalHas(const SyntaxNode& node, Value& scratch);
  const Value* EvalIndex(const SyntaxNode& node, Value& scratch);
  // The field or element of `base`: a part of `base`, or an optional in `scratch`.
  const Value* SelectFrom(const Value& base, std::string_view field, bool optional_access, Span span, Value& scratch);
  const Value* IndexFrom(const Value& base, const Value& index, bool& failed);

  // macro.cc: one loop for all macros.
  struct Fold;
  bool RunFold(const SyntaxNode& node, const Value& range, Fold& fold);
  bool StepFold(const SyntaxNode& node, Fold& fold);
  bool FinishFold(const SyntaxNode& node, Fold& fold, Value& out);
  // Evaluates a predicate that must be a boolean.
  bool Test(const SyntaxNode& node, bool& result);

  // True or false, for ever.
  static const Value* BoolValue(bool value);
  // Copies what a child gave into `scratch` unless it is there already.
  static const Value* Settle(const Value* value, Value& scratch);

  const Value* FailAt(Span span, ErrorCode code, std::string message);
  const Value* Give(bool done, Value& scratch) { return done ? &scratch : nullptr; }
  void BindSlot(const SyntaxNode& value, int slot);
  // Whether the failure is a limit, which nothing absorbs.
  bool fatal() const;
  std::string NoOverloadMessage(std::span<const Value* const> arguments) const;

  const CompiledExpression& expression_;
  const Scope& scope_;
  std::int64_t steps_left_;
  std::size_t bytes_left_;
  const EvaluationLimits& limits_;
  const SyntaxNode* node_ = nullptr;         // whose operator or function runs
  std::span<const Value* const> arguments_;  // of it, for the message
  std::vector<Value> slots_;
  std::vector<std::unique_ptr<Failure>> slot_failures_;  // of cel.bind: an error counts only where the name is used
  Failure failure_;
};

// "int", "string", … for messages.
std::string_view KindName(const Value& value);
// A key as a message shows it.
std::string KeyText(const Value& key);
// Whether a map may have it as a key.
bool IsKeyKind(const Value& key);

}  // namespace fermata

#include "engine/expression/evaluation.h"

#include <algorithm>

#include "engine/expression/codes.h"
#include "engine/expression/function.h"
#include "engine/expression/operators.h"
#include "engine/expression/resolver.h"
#include "engine/expression/utf8.h"

namespace fermata {
namespace {

// What an argument list may have without a heap allocation.
constexpr std::size_t kInlineArguments = 3;

}  // namespace

std::string_view KindName(const Value& value) { return CelTypeName(value.kind()); }

std::string KeyText(const Value& key) {
  if (key.is_string()) return Quoted(Shortened(key.as_string()));
  return TextOf(key).value_or(std::string(KindName(key)));
}

bool IsKeyKind(const Value& key) {
  return key.is_string() || key.kind() == ValueKind::kBool || key.kind() == ValueKind::kInt ||
         key.kind() == ValueKind::kUint;
}

Evaluation::Evaluation(const CompiledExpression& expression, const Scope& scope, const EvaluationLimits& limits)
    : expression_(expression),
      scope_(scope),
      steps_left_(limits.steps_max),
      bytes_left_(limits.bytes_max),
      limits_(limits),
      slots_(static_cast<std::size_t>(expression.slots)) {}

EvaluationResult Evaluation::Run() {
  Value scratch;
  const Value* value = Eval(*expression_.root, scratch);
  if (value != nullptr && expression_.builds &&
      (value->is_list() || value->is_map() || value->kind() == ValueKind::kOptional)) {
    // Shared parts are small in memory and large once written, so they count each time.
    if (value->MemoryBytes(limits_.bytes_max) > limits_.bytes_max) {
      value = FailAt(expression_.root->span, kEvaluationLimit,
                     "Expected a result of at most " + std::to_string(limits_.bytes_max) + " bytes, but it is larger.");
    } else if (value->Depth() > kValueDepthMax) {
      value = FailAt(expression_.root->span, kEvaluationLimit,
                     "Expected a result nested at most " + std::to_string(kValueDepthMax) + " deep, but it is deeper.");
    }
  }
  if (value == nullptr) return MakeError(expression_.source, failure_.span, failure_.code, std::move(failure_.message));
  return Value(*value);
}

bool Evaluation::Fail(ErrorCode code, std::string message) {
  FailAt(node_->span, code, std::move(message));
  return false;
}

const Value* Evaluation::FailAt(Span span, ErrorCode code, std::string message) {
  failure_.code = code;
  failure_.message = std::move(message);
  failure_.span = span;
  return nullptr;
}

bool Evaluation::fatal() const { return failure_.code == kEvaluationLimit; }

bool Evaluation::NoOverload() { return Fail(kEvaluationNoOverload, NoOverloadMessage(arguments_)); }

std::string Evaluation::NoOverloadMessage(std::span<const Value* const> arguments) const {
  std::string kinds;
  for (const Value* argument : arguments) kinds += (kinds.empty() ? "" : ", ") + std::string(KindName(*argument));
  const std::string_view token = std::string_view(expression_.source).substr(node_->span.at, node_->span.length);
  return "Expected values that '" + std::string(token) + "' can take, but got (" + kinds + "): no such overload.";
}

bool Evaluation::ChargeSteps(std::int64_t steps) {
  steps_left_ -= steps;
  if (steps_left_ >= 0) return true;
  return Fail(kEvaluationLimit,
              "Expected at most " + std::to_string(limits_.steps_max) + " steps, but the evaluation takes more.");
}

bool Evaluation::ChargeBytes(std::size_t bytes) {
  if (bytes > bytes_left_) {
    return Fail(kEvaluationLimit, "Expected at most " + std::to_string(limits_.bytes_max) +
                                      " bytes to be built, but the evaluation builds more.");
  }
  bytes_left_ -= bytes;
  return ChargeSteps(static_cast<std::int64_t>(bytes >> 6));
}

bool Evaluation::Equals(const Value& a, const Value& b, bool& equal) {
  const std::optional<bool> result = EqualWithin(a, b, steps_left_);
  if (!result || steps_left_ < 0) return ChargeSteps(1 + std::max<std::int64_t>(steps_left_, 0));
  equal = *result;
  return true;
}

const Value* Evaluation::BoolValue(bool value) {
  static const Value kTrue = Value::Bool(true);
  static const Value kFalse = Value::Bool(false);
  return value ? &kTrue : &kFalse;
}

const Value* Evaluation::Settle(const Value* value, Value& scratch) {
  if (value == nullptr || value == &scratch) return value;
  scratch = *value;
  return &scratch;
}

const Value* Evaluation::Eval(const SyntaxNode& node, Value& scratch) {
  if (--steps_left_ < 0) {
    node_ = &node;
    ChargeSteps(0);
    return nullptr;
  }
  switch (node.kind) {
    case NodeKind::kConstant:
      return &node.value;
    case NodeKind::kName:
      return FailAt(node.span, kEvaluationNoName,
                    "Expected the name of a value, but there is no " + Quoted(node.name) + ".");
    case NodeKind::kLocal:
      return EvalLocal(node);
    case NodeKind::kPath:
      return EvalPath(node, scratch);
    case NodeKind::kSelect:
      return EvalSelect(node, scratch);
    case NodeKind::kHas:
      return EvalHas(node, scratch);
    case NodeKind::kIndex:
      return EvalIndex(node, scratch);
    case NodeKind::kAnd:
    case NodeKind::kOr:
      return EvalLogical(node, scratch);
    case NodeKind::kConditional:
      return EvalConditional(node, scratch);
    case NodeKind::kCompare:
      return EvalCompare(node, scratch);
    case NodeKind::kIn:
      return EvalIn(node, scratch);
    case NodeKind::kNot:
    case NodeKind::kNegate:
    case NodeKind::kArithmetic:
    case NodeKind::kCall:
      return EvalCall(node, scratch);
    case NodeKind::kList:
      return EvalList(node, scratch);
    case NodeKind::kMap:
      return EvalMap(node, scratch);
    case NodeKind::kMacro:
      return EvalMacro(node, scratch);
    case NodeKind::kBind:
      return EvalBind(node, scratch);
    case NodeKind::kBlock:
      return EvalBlock(node, scratch);
    case NodeKind::kOptionalMap:
      return EvalOptionalMap(node, scratch);
    case NodeKind::kOptionalOr:
      return EvalOptionalOr(node, scratch);
  }
  return nullptr;
}

// && and ||: the deciding value wins over errors, wherever it stands.
const Value* Evaluation::EvalLogical(const SyntaxNode& node, Value& scratch) {
  const bool deciding = node.kind == NodeKind::kOr;
  std::optional<Failure> failure;
  for (const NodePtr& child : node.children) {
    const Value* value = Eval(*child, scratch);
    if (value != nullptr && value->kind() == ValueKind::kBool) {
      if (value->as_bool() == deciding) return BoolValue(deciding);
      continue;
    }
    if (value != nullptr) {
      node_ = &node;
      const Value* const arguments[] = {value};
      FailAt(node.span, kEvaluationNoOverload, NoOverloadMessage(arguments));
    }
    if (fatal()) return nullptr;
    if (!failure) failure = std::move(failure_);
    failure_ = {};
  }
  if (!failure) return BoolValue(!deciding);
  failure_ = *std::move(failure);
  return nullptr;
}

bool Evaluation::Test(const SyntaxNode& node, bool& result) {
  Value scratch;
  const Value* value = Eval(node, scratch);
  if (value == nullptr) return false;
  if (value->kind() != ValueKind::kBool) {
    FailAt(node.span, kEvaluationNoOverload,
           "Expected true or false as the condition, but got " + std::string(KindName(*value)) + ": no such overload.");
    return false;
  }
  result = value->as_bool();
  return true;
}

const Value* Evaluation::EvalConditional(const SyntaxNode& node, Value& scratch) {
  bool condition = false;
  if (!Test(*node.children[0], condition)) return nullptr;
  return Eval(*node.children[condition ? 1 : 2], scratch);
}

const Value* Evaluation::EvalCompare(const SyntaxNode& node, Value& scratch) {
  Value other;
  const Value* a = Eval(*node.children[0], scratch);
  if (a == nullptr) return nullptr;
  const Value* b = Eval(*node.children[1], other);
  if (b == nullptr) return nullptr;
  node_ = &node;
  if (node.operation == Operation::kEqual || node.operation == Operation::kNotEqual) {
    bool equal = false;
    if (!Equals(*a, *b, equal)) return nullptr;
    return BoolValue(equal == (node.operation == Operation::kEqual));
  }
  const auto order = Order(*a, *b);
  if (!order) {
    const Value* const arguments[] = {a, b};
    return FailAt(node.span, kEvaluationNoOverload, NoOverloadMessage(arguments));
  }
  if (a->is_string() && !ChargeSteps(static_cast<std::int64_t>(a->as_string().size() >> 6))) return nullptr;
  switch (node.operation) {
    case Operation::kLess:
      return BoolValue(*order < 0);
    case Operation::kLessEqual:
      return BoolValue(*order <= 0);
    case Operation::kGreater:
      return BoolValue(*order > 0);
    default:
      return BoolValue(*order >= 0);
  }
}

const Value* Evaluation::EvalIn(const SyntaxNode& node, Value& scratch) {
  Value other;
  const Value* element = Eval(*node.children[0], scratch);
  if (element == nullptr) return nullptr;
  const Value* container = Eval(*node.children[1], other);
  if (container == nullptr) return nullptr;
  node_ = &node;
  if (container->is_map()) return BoolValue(container->FindKey(*element) != nullptr);
  if (!container->is_list()) {
    const Value* const arguments[] = {element, container};
    return FailAt(node.span, kEvaluationNoOverload, NoOverloadMessage(arguments));
  }
  for (const Value& item : container->as_list()) {
    bool equal = false;
    if (!ChargeSteps(1) || !Equals(*element, item, equal)) return nullptr;
    if (equal) return BoolValue(true);
  }
  return BoolValue(false);
}

const Value* Evaluation::EvalCall(const SyntaxNode& node, Value& scratch) {
  if (node.kind == NodeKind::kCall && node.function == nullptr) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected a function, but there is no " + Quoted(node.name) + ": no such overload.");
  }
  const std::size_t count = node.children.size();
  Value inline_values[kInlineArguments];
  const Value* inline_pointers[kInlineArguments];
  std::vector<Value> heap_values(count > kInlineArguments ? count : 0);
  std::vector<const Value*> heap_pointers(heap_values.size());
  Value* values = count > kInlineArguments ? heap_values.data() : inline_values;
  const Value** pointers = count > kInlineArguments ? heap_pointers.data() : inline_pointers;
  for (std::size_t i = 0; i < count; ++i) {
    pointers[i] = Eval(*node.children[i], values[i]);
    if (pointers[i] == nullptr) return nullptr;
  }
  node_ = &node;
  arguments_ = {pointers, count};
  switch (node.kind) {
    case NodeKind::kArithmetic:
      return Give(Arithmetic(*this, node.operation, *pointers[0], *pointers[1], scratch), scratch);
    case NodeKind::kNegate:
      return Give(NegateNumber(*this, *pointers[0], scratch), scratch);
    case NodeKind::kNot:
      if (pointers[0]->kind() == ValueKind::kBool) return BoolValue(!pointers[0]->as_bool());
      return Give(NoOverload(), scratch);
    default:
      break;
  }
  // `scratch` may not alias an argument: it belongs to the caller, arguments have their own.
  return Give(node.function->call(*this, arguments_, scratch), scratch);
}

}  // namespace fermata

#include "engine/expression/evaluation.h"

#include <algorithm>

#include "engine/expression/codes.h"
#include "engine/expression/function.h"
#include "engine/expression/operators.h"
#include "engine/expression/resolver.h"
#include "engine/expression/utf8.h"

namespace fermata {
namespace {

const Value kTrue = Value::Bool(true);
const Value kFalse = Value::Bool(false);
const Value* BoolValue(bool value) { return value ? &kTrue : &kFalse; }

// What an argument list may have without a heap allocation.
constexpr std::size_t kInlineArguments = 3;

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::optional<std::size_t> ListIndex(const Value& index) {
  constexpr double kExactMax = 0x1p53;
  switch (index.kind()) {
    case ValueKind::kInt:
      return index.as_int() < 0 ? SIZE_MAX : static_cast<std::size_t>(index.as_int());
    case ValueKind::kUint:
      return static_cast<std::size_t>(index.as_uint());
    case ValueKind::kDouble: {
      const double number = index.as_double();
      if (!(number >= -kExactMax && number <= kExactMax) ||
          number != static_cast<double>(static_cast<std::int64_t>(number)))
        return std::nullopt;
      return number < 0 ? SIZE_MAX : static_cast<std::size_t>(number);
    }
    default:
      return std::nullopt;
  }
}

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

const Value* Evaluation::EvalLocal(const SyntaxNode& node) {
  const auto slot = static_cast<std::size_t>(node.slot);
  if (slot < slot_failures_.size() && slot_failures_[slot] != nullptr) {
    failure_ = *slot_failures_[slot];
    return nullptr;
  }
  return &slots_[slot];
}

// The longest name that is in scope wins: "a.b.c", then "a.b", then "a".
const Value* Evaluation::EvalPath(const SyntaxNode& node, Value& scratch) {
  for (std::size_t i = node.names.size(); i-- > 0;) {
    const Value* value = scope_.Find(node.names[i]);
    if (value == nullptr) continue;
    for (std::size_t k = i + 1; value != nullptr && k < node.fields.size(); ++k) {
      // An optional on the way stands in `scratch`; it must not be overwritten while it is read.
      const Value held = value == &scratch ? scratch : Value();
      value = SelectFrom(value == &scratch ? held : *value, node.fields[k], false, node.field_spans[k], scratch);
    }
    return value;
  }
  if (IsTypeName(node.names.back())) {
    scratch = Value::Type(node.names.back());
    return &scratch;
  }
  return FailAt(node.field_spans[0], kEvaluationNoName,
                "Expected the name of a value, but there is no " + Quoted(node.fields[0]) + ".");
}

const Value* Evaluation::SelectFrom(const Value& base, std::string_view field, bool optional_access, Span span,
                                    Value& scratch) {
  const bool chained = base.kind() == ValueKind::kOptional;
  if (chained && !base.optional_has_value()) {
    scratch = Value::OptionalNone();
    return &scratch;
  }
  const Value& map = chained ? base.optional_value() : base;
  if (!map.is_map()) {
    return FailAt(span, kEvaluationNoOverload,
                  "Expected a map to select " + Quoted(field) + " from, but got " + std::string(KindName(map)) +
                      ": no such overload.");
  }
  const Value* found = map.Find(field);
  if (chained || optional_access) {
    scratch = found == nullptr ? Value::OptionalNone() : Value::OptionalOf(*found);
    return &scratch;
  }
  if (found == nullptr)
    return FailAt(span, kEvaluationNoKey, "Expected the key " + Quoted(field) + ", but the map has no such key.");
  return found;
}

const Value* Evaluation::EvalSelect(const SyntaxNode& node, Value& scratch) {
  Value inner;
  const Value* base = Eval(*node.children[0], inner);
  if (base == nullptr) return nullptr;
  const Value* found = SelectFrom(*base, node.name, node.optional_access, node.span, scratch);
  return base == &inner ? Settle(found, scratch) : found;
}

const Value* Evaluation::EvalHas(const SyntaxNode& node, Value& scratch) {
  const Value* base = Eval(*node.children[0], scratch);
  if (base == nullptr) return nullptr;
  if (base->kind() == ValueKind::kOptional) {
    if (!base->optional_has_value()) return &kFalse;
    base = &base->optional_value();
  }
  if (!base->is_map()) {
    return FailAt(node.span, kEvaluationNoOverload,
                  "Expected a map that may have " + Quoted(node.name) + ", but got " + std::string(KindName(*base)) +
                      ": no such overload.");
  }
  return BoolValue(base->Find(node.name) != nullptr);
}

// Null without `failed` where there is no such element.
const Value* Evaluation::IndexFrom(const Value& base, const Value& index, bool& failed) {
  if (base.is_list()) {
    const auto position = ListIndex(index);
    if (position) return *position < base.as_list().size() ? &base.as_list()[*position] : nullptr;
    failed = true;
    Fail(index.kind() == ValueKind::kDouble ? kEvaluationBadArgument : kEvaluationNoOverload,
         "Expected a whole number as the index of a list, but got " + KeyText(index) + ".");
    return nullptr;
  }
  if (base.is_map()) {
    if (IsKeyKind(index) || index.kind() == ValueKind::kDouble) return base.FindKey(index);
    failed = true;
    Fail(kEvaluationNoOverload, "Expected a string, bool, int or uint as a key, but got " +
                                    std::string(KindName(index)) + ": unsupported key type.");
    return nullptr;
  }
  failed = true;
  Fail(kEvaluationNoOverload, "Expected a list or a map to take an element of, but got " + std::string(KindName(base)) +
                                  ": no such overload.");
  return nullptr;
}

const Value* Evaluation::EvalIndex(const SyntaxNode& node, Value& scratch) {
  Value base_scratch;
  Value index_scratch;
  const Value* base = Eval(*node.children[0], base_scratch);
  if (base == nullptr) return nullptr;
  const Value* index = Eval(*node.children[1], index_scratch);
  if (index == nullptr) return nullptr;
  node_ = &node;
  const bool chained = base->kind() == ValueKind::kOptional;
  if (chained && !base->optional_has_value()) {
    scratch = Value::OptionalNone();
    return &scratch;
  }
  const Value& container = chained ? base->optional_value() : *base;
  bool failed = false;
  const Value* found = IndexFrom(container, *index, failed);
  if (failed) return nullptr;
  if (chained || node.optional_access) {
    scratch = found == nullptr ? Value::OptionalNone() : Value::OptionalOf(*found);
    return &scratch;
  }
  if (found == nullptr && container.is_list()) {
    return FailAt(node.span, kEvaluationIndexOutOfRange,
                  "Expected an index below " + std::to_string(container.as_list().size()) + ", but got " +
                      KeyText(*index) + ": index out of bounds.");
  }
  if (found == nullptr)
    return FailAt(node.span, kEvaluationNoKey,
                  "Expected the key " + KeyText(*index) + ", but the map has no such key.");
  return base == &base_scratch ? Settle(found, scratch) : found;
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
    if (equal) return &kTrue;
  }
  return &kFalse;
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

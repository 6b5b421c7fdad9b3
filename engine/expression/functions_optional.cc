// The optionals library, but for what is syntax: or, orValue, optMap and optFlatMap are nodes of the tree.
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/function.h"

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

bool Of(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  out = Value::OptionalOf(*arguments[0]);
  return true;
}

// What each type begins with: false, 0, "", [], null …
bool IsZero(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
      return !value.as_bool();
    case ValueKind::kInt:
      return value.as_int() == 0;
    case ValueKind::kUint:
      return value.as_uint() == 0;
    case ValueKind::kDouble:
      return value.as_double() == 0;
    case ValueKind::kString:
      return value.as_string().empty();
    case ValueKind::kBytes:
      return value.as_bytes().empty();
    case ValueKind::kList:
      return value.as_list().empty();
    case ValueKind::kMap:
      return value.as_map().empty();
    case ValueKind::kTimestamp:
      return value.as_timestamp() == Timestamp{kTimestampSecondsMin, 0};
    case ValueKind::kDuration:
      return value.as_duration() == Duration{};
    case ValueKind::kType:
      return false;
    case ValueKind::kOptional:
      return !value.optional_has_value();
  }
  return false;
}

bool OfNonZeroValue(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  out = IsZero(*arguments[0]) ? Value::OptionalNone() : Value::OptionalOf(*arguments[0]);
  return true;
}

bool None(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!arguments.empty()) return evaluation.NoOverload();
  out = Value::OptionalNone();
  return true;
}

bool IsOptional(Arguments arguments) { return arguments.size() == 1 && arguments[0]->kind() == ValueKind::kOptional; }

bool HasValue(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!IsOptional(arguments)) return evaluation.NoOverload();
  out = Value::Bool(arguments[0]->optional_has_value());
  return true;
}

bool GetValue(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!IsOptional(arguments)) return evaluation.NoOverload();
  if (!arguments[0]->optional_has_value())
    return evaluation.Fail(kEvaluationBadArgument,
                           "Expected an optional with a value, but it has none: optional.none() dereference.");
  out = arguments[0]->optional_value();
  return true;
}

template <bool first>
bool End(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !arguments[0]->is_list()) return evaluation.NoOverload();
  const auto& list = arguments[0]->as_list();
  out = list.empty() ? Value::OptionalNone() : Value::OptionalOf(first ? list.front() : list.back());
  return true;
}

// The values of those optionals in a list that have one.
bool Unwrap(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || !arguments[0]->is_list()) return evaluation.NoOverload();
  std::vector<Value> items;
  for (const Value& item : arguments[0]->as_list()) {
    if (item.kind() != ValueKind::kOptional) return evaluation.NoOverload();
    if (item.optional_has_value()) items.push_back(item.optional_value());
  }
  if (!evaluation.ChargeItems(arguments[0]->as_list().size())) return false;
  out = Value::List(std::move(items));
  return true;
}

}  // namespace

std::span<const Function> OptionalFunctions() {
  static const Function functions[] = {
      {"optional.of", kGlobal, Of, {"A->optional(A)"}},
      {"optional.ofNonZeroValue", kGlobal, OfNonZeroValue, {"A->optional(A)"}},
      {"optional.none", kGlobal, None, {"->optional(dyn)"}},
      {"hasValue", kMember, HasValue, {"optional(A)->bool"}},
      {"value", kMember, GetValue, {"optional(A)->A"}},
      {"first", kMember, End<true>, {"list(A)->optional(A)"}},
      {"last", kMember, End<false>, {"list(A)->optional(A)"}},
      {"optional.unwrap", kGlobal, Unwrap, {"list(optional(A))->list(A)"}},
      {"unwrapOpt", kMember, Unwrap, {"list(optional(A))->list(A)"}},
  };
  return functions;
}

}  // namespace fermata

#include "engine/expression/operators.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"

namespace fermata {
namespace {

bool Nests(const Value& value) { return value.is_list() || value.is_map() || value.kind() == ValueKind::kOptional; }

std::strong_ordering OrderIntUint(std::int64_t a, std::uint64_t b) {
  return a < 0 ? std::strong_ordering::less : static_cast<std::uint64_t>(a) <=> b;
}

// A whole number beside a double is compared as a double: 2^63 - 1 and 2^63 as a double are equal, as CEL's conformance cases have it.
std::partial_ordering OrderIntDouble(std::int64_t a, double b) { return static_cast<double>(a) <=> b; }
std::partial_ordering OrderUintDouble(std::uint64_t a, double b) { return static_cast<double>(a) <=> b; }

std::partial_ordering Turned(std::partial_ordering order) { return 0 <=> order; }

std::partial_ordering OrderNumbers(const Value& a, const Value& b) {
  switch (a.kind()) {
    case ValueKind::kInt:
      if (b.kind() == ValueKind::kInt) return a.as_int() <=> b.as_int();
      if (b.kind() == ValueKind::kUint) return OrderIntUint(a.as_int(), b.as_uint());
      return OrderIntDouble(a.as_int(), b.as_double());
    case ValueKind::kUint:
      if (b.kind() == ValueKind::kUint) return a.as_uint() <=> b.as_uint();
      if (b.kind() == ValueKind::kInt) return Turned(OrderIntUint(b.as_int(), a.as_uint()));
      return OrderUintDouble(a.as_uint(), b.as_double());
    default:
      if (b.kind() == ValueKind::kDouble) return a.as_double() <=> b.as_double();
      if (b.kind() == ValueKind::kInt) return Turned(OrderIntDouble(b.as_int(), a.as_double()));
      return Turned(OrderUintDouble(b.as_uint(), a.as_double()));
  }
}

// Everything but the children of lists, maps and optionals, whose pairs go onto `todo`.
bool EqualShallow(const Value& a, const Value& b, std::vector<std::pair<const Value*, const Value*>>& todo) {
  if (a.kind() != b.kind() || !Nests(a)) return EqualScalars(a, b);
  if (a.is_list()) {
    const auto& x = a.as_list();
    const auto& y = b.as_list();
    if (x.size() != y.size()) return false;
    for (std::size_t i = x.size(); i-- > 0;) todo.emplace_back(&x[i], &y[i]);
    return true;
  }
  if (a.is_map()) {
    if (a.as_map().size() != b.as_map().size()) return false;
    for (const MapEntry& entry : a.as_map()) {
      const Value* other = b.FindKey(entry.first);
      if (other == nullptr) return false;
      todo.emplace_back(&entry.second, other);
    }
    return true;
  }
  if (a.optional_has_value() != b.optional_has_value()) return false;
  if (a.optional_has_value()) todo.emplace_back(&a.optional_value(), &b.optional_value());
  return true;
}

std::int64_t CostOf(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kString:
      return 1 + static_cast<std::int64_t>(value.as_string().size() >> 6);
    case ValueKind::kBytes:
      return 1 + static_cast<std::int64_t>(value.as_bytes().size() >> 6);
    case ValueKind::kList:
      return 1 + static_cast<std::int64_t>(value.as_list().size());
    case ValueKind::kMap:
      return 1 + 4 * static_cast<std::int64_t>(value.as_map().size());
    default:
      return 1;
  }
}

bool Overflow(Evaluation& evaluation, std::string_view what) {
  return evaluation.Fail(kEvaluationOverflow, "Expected a result within the range of " + std::string(what) +
                                                  ", but it is beyond: overflow.");
}

// Of int and uint. `zero` is how the type writes its zero.
template <class Whole>
bool WholeArithmetic(Evaluation& evaluation, Operation operation, Whole a, Whole b, std::string_view zero,
                     Whole& result) {
  constexpr bool kSigned = std::is_signed_v<Whole>;
  bool overflow = false;
  switch (operation) {
    case Operation::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Operation::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Operation::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    default:
      if (b == 0)
        return evaluation.Fail(kEvaluationDivisionByZero, "Expected a divisor other than zero, but got " +
                                                              std::string(zero) + ": divide by zero.");
      overflow = kSigned && a == std::numeric_limits<Whole>::min() && b == static_cast<Whole>(-1);
      if (!overflow) result = operation == Operation::kDivide ? a / b : a % b;
  }
  return !overflow || Overflow(evaluation, kSigned ? "int (64 bits)" : "uint (64 bits)");
}

bool IntArithmetic(Evaluation& evaluation, Operation operation, std::int64_t a, std::int64_t b, Value& out) {
  std::int64_t result = 0;
  if (!WholeArithmetic(evaluation, operation, a, b, "0", result)) return false;
  out = Value::Int(result);
  return true;
}

bool UintArithmetic(Evaluation& evaluation, Operation operation, std::uint64_t a, std::uint64_t b, Value& out) {
  std::uint64_t result = 0;
  if (!WholeArithmetic(evaluation, operation, a, b, "0u", result)) return false;
  out = Value::Uint(result);
  return true;
}

bool DoubleArithmetic(Evaluation& evaluation, Operation operation, double a, double b, Value& out) {
  switch (operation) {
    case Operation::kAdd:
      out = Value::Double(a + b);
      return true;
    case Operation::kSubtract:
      out = Value::Double(a - b);
      return true;
    case Operation::kMultiply:
      out = Value::Double(a * b);
      return true;
    case Operation::kDivide:
      out = Value::Double(a / b);
      return true;
    default:
      return evaluation.NoOverload();
  }
}

bool Concatenate(Evaluation& evaluation, const Value& a, const Value& b, Value& out) {
  if (a.is_list()) {
    const auto& x = a.as_list();
    const auto& y = b.as_list();
    if (!evaluation.ChargeItems(x.size() + y.size())) return false;
    std::vector<Value> items;
    items.reserve(x.size() + y.size());
    items.insert(items.end(), x.begin(), x.end());
    items.insert(items.end(), y.begin(), y.end());
    out = Value::List(std::move(items));
    return true;
  }
  const bool text = a.is_string();
  const std::string_view x = text ? a.as_string() : a.as_bytes();
  const std::string_view y = text ? b.as_string() : b.as_bytes();
  if (!evaluation.ChargeBytes(x.size() + y.size())) return false;
  std::string joined;
  joined.reserve(x.size() + y.size());
  joined.append(x).append(y);
  out = text ? Value::String(joined) : Value::Bytes(joined);
  return true;
}

// What Go's nanosecond counter holds: the span between two timestamps is bounded by it, as in cel-go.
constexpr std::int64_t kTimestampSpanSecondsMax = 9'223'372'036;

bool TimeArithmetic(Evaluation& evaluation, Operation operation, const Value& a, const Value& b, Value& out) {
  const bool add = operation == Operation::kAdd;
  const auto finish = [&](auto result, auto make) {
    if (!result)
      return evaluation.Fail(
          kEvaluationOverflow,
          "Expected a timestamp within the years 1 to 9999 or a duration within 10,000 years, but the "
          "result is out of range.");
    out = make(*result);
    return true;
  };
  if (!add && operation != Operation::kSubtract) return evaluation.NoOverload();
  const bool a_time = a.kind() == ValueKind::kTimestamp;
  const bool b_time = b.kind() == ValueKind::kTimestamp;
  if (a_time && b_time) {
    if (add) return evaluation.NoOverload();
    auto span = Subtract(a.as_timestamp(), b.as_timestamp());
    if (span && std::abs(span->seconds) > kTimestampSpanSecondsMax) span.reset();
    return finish(span, Value::Span);
  }
  if (b_time) return add ? finish(Add(b.as_timestamp(), a.as_duration()), Value::Time) : evaluation.NoOverload();
  const auto second = add ? std::optional<Duration>(b.as_duration()) : Negate(b.as_duration());
  if (a_time) return finish(Add(a.as_timestamp(), *second), Value::Time);
  return finish(Add(a.as_duration(), *second), Value::Span);
}

bool IsTime(const Value& value) {
  return value.kind() == ValueKind::kTimestamp || value.kind() == ValueKind::kDuration;
}

}  // namespace

bool IsNumber(const Value& value) {
  return value.kind() == ValueKind::kInt || value.kind() == ValueKind::kUint || value.kind() == ValueKind::kDouble;
}

bool EqualScalars(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) return OrderNumbers(a, b) == std::partial_ordering::equivalent;
  return a.kind() == b.kind() && a == b;
}

std::optional<bool> EqualWithin(const Value& a, const Value& b, std::int64_t& steps) {
  if (!Nests(a)) {
    if (a.is_string()) steps -= CostOf(a);
    return EqualScalars(a, b);
  }
  std::vector<std::pair<const Value*, const Value*>> todo;
  steps -= CostOf(a);
  if (!EqualShallow(a, b, todo)) return false;
  while (!todo.empty()) {
    const auto [x, y] = todo.back();
    todo.pop_back();
    steps -= CostOf(*x);
    if (steps < 0) return std::nullopt;
    if (!EqualShallow(*x, *y, todo)) return false;
  }
  return true;
}

std::optional<std::partial_ordering> Order(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) return OrderNumbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case ValueKind::kBool:
      return a.as_bool() <=> b.as_bool();
    // UTF-8 sorts by bytes as by code points.
    case ValueKind::kString:
      return a.as_string() <=> b.as_string();
    case ValueKind::kBytes:
      return a.as_bytes() <=> b.as_bytes();
    case ValueKind::kTimestamp:
      return a.as_timestamp() <=> b.as_timestamp();
    case ValueKind::kDuration:
      return a.as_duration() <=> b.as_duration();
    default:
      return std::nullopt;
  }
}

bool Arithmetic(Evaluation& evaluation, Operation operation, const Value& a, const Value& b, Value& out) {
  if (a.kind() == b.kind()) {
    switch (a.kind()) {
      case ValueKind::kInt:
        return IntArithmetic(evaluation, operation, a.as_int(), b.as_int(), out);
      case ValueKind::kUint:
        return UintArithmetic(evaluation, operation, a.as_uint(), b.as_uint(), out);
      case ValueKind::kDouble:
        return DoubleArithmetic(evaluation, operation, a.as_double(), b.as_double(), out);
      case ValueKind::kString:
      case ValueKind::kBytes:
      case ValueKind::kList:
        return operation == Operation::kAdd ? Concatenate(evaluation, a, b, out) : evaluation.NoOverload();
      default:
        break;
    }
  }
  if (IsTime(a) && IsTime(b)) return TimeArithmetic(evaluation, operation, a, b, out);
  return evaluation.NoOverload();
}

bool NegateNumber(Evaluation& evaluation, const Value& a, Value& out) {
  if (a.kind() == ValueKind::kDouble) {
    out = Value::Double(-a.as_double());
    return true;
  }
  if (a.kind() != ValueKind::kInt) return evaluation.NoOverload();
  return IntArithmetic(evaluation, Operation::kSubtract, 0, a.as_int(), out);
}

std::string DoubleText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char text[64];
  const auto scientific = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific).ptr;
  const std::string_view written(text, static_cast<std::size_t>(scientific - text));
  const bool small = written[written.find('e') + 1] == '-';
  int exponent = 0;
  std::from_chars(written.data() + written.find('e') + 2, scientific, exponent);
  if (small) exponent = -exponent;
  // Beyond these exponents Go writes %g in scientific notation.
  if (number == 0 || (exponent >= -4 && exponent < 6)) {
    char plain[512];
    return std::string(plain, std::to_chars(plain, plain + sizeof plain, number, std::chars_format::fixed).ptr);
  }
  return std::string(written);
}

}  // namespace fermata

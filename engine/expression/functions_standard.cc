// CEL's standard functions on text and containers, and its conversions.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/function.h"
#include "engine/expression/operators.h"
#include "engine/expression/utf8.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

bool BadConversion(Evaluation& evaluation, const Value& value, std::string_view to) {
  const std::string text = value.is_string() ? "'" + std::string(Shortened(value.as_string())) + "'"
                                             : TextOf(value).value_or(std::string(KindName(value)));
  return evaluation.Fail(kEvaluationBadConversion,
                         "Expected a value that converts to " + std::string(to) + ", but got " + text + ".");
}

bool OutOfRange(Evaluation& evaluation, const Value& value, std::string_view to) {
  return evaluation.Fail(kEvaluationOverflow, "Expected a number within the range of " + std::string(to) +
                                                  ", but got " + TextOf(value).value_or("another") + ": range error.");
}

std::int64_t TextSteps(const Value& text) {
  return static_cast<std::int64_t>((text.is_string() ? text.as_string().size() : text.as_bytes().size()) >> 6);
}

bool Size(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  switch (value.kind()) {
    case ValueKind::kString:
      out = Value::Int(CountCodePoints(value.as_string()));
      return evaluation.ChargeSteps(TextSteps(value));
    case ValueKind::kBytes:
      out = Value::Int(static_cast<std::int64_t>(value.as_bytes().size()));
      return true;
    case ValueKind::kList:
      out = Value::Int(static_cast<std::int64_t>(value.as_list().size()));
      return true;
    case ValueKind::kMap:
      out = Value::Int(static_cast<std::int64_t>(value.as_map().size()));
      return true;
    default:
      return evaluation.NoOverload();
  }
}

template <class Predicate>
bool OnTwoStrings(Evaluation& evaluation, Arguments arguments, Value& out, Predicate predicate) {
  if (arguments.size() != 2 || !arguments[0]->is_string() || !arguments[1]->is_string()) return evaluation.NoOverload();
  if (!evaluation.ChargeSteps(TextSteps(*arguments[0]))) return false;
  out = Value::Bool(predicate(arguments[0]->as_string(), arguments[1]->as_string()));
  return true;
}

bool Contains(Evaluation& evaluation, Arguments arguments, Value& out) {
  // find() may look at every pair of places.
  if (arguments.size() == 2 && arguments[0]->is_string() && arguments[1]->is_string() &&
      !evaluation.ChargeSteps((TextSteps(*arguments[0]) + 1) * (TextSteps(*arguments[1]) + 1) - 1)) {
    return false;
  }
  return OnTwoStrings(evaluation, arguments, out, [](auto a, auto b) { return a.find(b) != std::string_view::npos; });
}

bool StartsWith(Evaluation& evaluation, Arguments arguments, Value& out) {
  return OnTwoStrings(evaluation, arguments, out, [](auto a, auto b) { return a.starts_with(b); });
}

bool EndsWith(Evaluation& evaluation, Arguments arguments, Value& out) {
  return OnTwoStrings(evaluation, arguments, out, [](auto a, auto b) { return a.ends_with(b); });
}

bool Matches(Evaluation& evaluation, Arguments arguments, Value& out) {
  constexpr std::int64_t kCompileSteps = 200;  // a pattern that is no constant is compiled each time
  if (arguments.size() != 2 || !arguments[0]->is_string() || !arguments[1]->is_string()) return evaluation.NoOverload();
  if (!evaluation.ChargeSteps(TextSteps(*arguments[0]) * 8)) return false;
  const Pattern* pattern = evaluation.constant_pattern();
  std::shared_ptr<const Pattern> compiled;
  if (pattern == nullptr) {
    if (!evaluation.ChargeSteps(kCompileSteps + static_cast<std::int64_t>(arguments[1]->as_string().size())))
      return false;
    std::string why;
    compiled = Pattern::Compile(arguments[1]->as_string(), why);
    if (compiled == nullptr)
      return evaluation.Fail(kEvaluationBadArgument,
                             "Expected a regular expression (RE2), but it is none: " + why + ".");
    pattern = compiled.get();
  }
  out = Value::Bool(pattern->Matches(arguments[0]->as_string()));
  return true;
}

template <class Integer>
std::optional<Integer> ParseInteger(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  Integer number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool ToInt(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  switch (value.kind()) {
    case ValueKind::kInt:
      out = value;
      return true;
    case ValueKind::kUint:
      if (value.as_uint() > static_cast<std::uint64_t>(INT64_MAX)) return OutOfRange(evaluation, value, "int");
      out = Value::Int(static_cast<std::int64_t>(value.as_uint()));
      return true;
    case ValueKind::kDouble:
      // Both ends are excluded, as the largest int is no double.
      if (!(value.as_double() > -0x1p63 && value.as_double() < 0x1p63)) return OutOfRange(evaluation, value, "int");
      out = Value::Int(static_cast<std::int64_t>(value.as_double()));
      return true;
    case ValueKind::kString: {
      const auto number = ParseInteger<std::int64_t>(value.as_string());
      if (!number) return BadConversion(evaluation, value, "int");
      out = Value::Int(*number);
      return true;
    }
    case ValueKind::kTimestamp:
      out = Value::Int(value.as_timestamp().seconds);
      return true;
    case ValueKind::kDuration: {
      std::int64_t nanos = 0;
      const Duration span = value.as_duration();
      if (__builtin_mul_overflow(span.seconds, std::int64_t{1'000'000'000}, &nanos) ||
          __builtin_add_overflow(nanos, std::int64_t{span.nanos}, &nanos)) {
        return OutOfRange(evaluation, value, "int");
      }
      out = Value::Int(nanos);
      return true;
    }
    default:
      return evaluation.NoOverload();
  }
}

bool ToUint(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  switch (value.kind()) {
    case ValueKind::kUint:
      out = value;
      return true;
    case ValueKind::kInt:
      if (value.as_int() < 0) return OutOfRange(evaluation, value, "uint");
      out = Value::Uint(static_cast<std::uint64_t>(value.as_int()));
      return true;
    case ValueKind::kDouble:
      if (!(value.as_double() >= 0 && value.as_double() < 0x1p64)) return OutOfRange(evaluation, value, "uint");
      out = Value::Uint(static_cast<std::uint64_t>(value.as_double()));
      return true;
    case ValueKind::kString: {
      const auto number = ParseInteger<std::uint64_t>(value.as_string());
      if (!number) return BadConversion(evaluation, value, "uint");
      out = Value::Uint(*number);
      return true;
    }
    default:
      return evaluation.NoOverload();
  }
}

// Decimal digits with point and exponent, or a name of infinity or NaN in any case.
std::optional<double> ParseDouble(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool negative = lower.starts_with('-');
  const std::string body = negative || lower.starts_with('+') ? lower.substr(1) : lower;
  if (body == "inf" || body == "infinity") return negative ? -INFINITY : INFINITY;
  if (lower == "nan") return NAN;
  if (body.empty() || body.find_first_not_of("0123456789.e+-") != std::string::npos ||
      (body[0] != '.' && (body[0] < '0' || body[0] > '9')))
    return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(lower.c_str(), &end);
  if (end != lower.c_str() + lower.size() || std::isinf(number)) return std::nullopt;
  return number;
}

bool ToDouble(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  switch (value.kind()) {
    case ValueKind::kDouble:
      out = value;
      return true;
    case ValueKind::kInt:
      out = Value::Double(static_cast<double>(value.as_int()));
      return true;
    case ValueKind::kUint:
      out = Value::Double(static_cast<double>(value.as_uint()));
      return true;
    case ValueKind::kString: {
      const auto number = ParseDouble(value.as_string());
      if (!number) return BadConversion(evaluation, value, "double");
      out = Value::Double(*number);
      return true;
    }
    default:
      return evaluation.NoOverload();
  }
}

bool ToString(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  if (value.is_string()) {
    out = value;
    return true;
  }
  if (value.kind() == ValueKind::kBytes) {
    if (!evaluation.ChargeBytes(value.as_bytes().size())) return false;
    if (!IsValidUtf8(value.as_bytes()))
      return evaluation.Fail(kEvaluationBadConversion, "Expected bytes that are UTF-8, but they are invalid UTF-8.");
    out = Value::String(value.as_bytes());
    return true;
  }
  const auto text = TextOf(value);
  if (!text) return evaluation.NoOverload();
  out = Value::String(*text);
  return evaluation.ChargeBytes(text->size());
}

bool ToBytes(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  if (arguments[0]->kind() == ValueKind::kBytes) {
    out = *arguments[0];
    return true;
  }
  if (!arguments[0]->is_string()) return evaluation.NoOverload();
  out = Value::Bytes(arguments[0]->as_string());
  return evaluation.ChargeBytes(arguments[0]->as_string().size());
}

bool ToBool(Evaluation& evaluation, Arguments arguments, Value& out) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (arguments.size() != 1) return evaluation.NoOverload();
  if (arguments[0]->kind() == ValueKind::kBool) {
    out = *arguments[0];
    return true;
  }
  if (!arguments[0]->is_string()) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const bool yes = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
  if (!yes && std::find(kFalse.begin(), kFalse.end(), text) == kFalse.end())
    return BadConversion(evaluation, *arguments[0], "bool");
  out = Value::Bool(yes);
  return true;
}

bool ToTimestamp(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  if (value.kind() == ValueKind::kTimestamp) {
    out = value;
    return true;
  }
  if (value.kind() == ValueKind::kInt) {
    if (value.as_int() < kTimestampSecondsMin || value.as_int() > kTimestampSecondsMax)
      return OutOfRange(evaluation, value, "timestamp");
    out = Value::Time({value.as_int(), 0});
    return true;
  }
  if (!value.is_string()) return evaluation.NoOverload();
  const auto timestamp = ParseTimestamp(value.as_string());
  if (!timestamp) {
    return evaluation.Fail(
        kEvaluationBadConversion,
        "Expected a timestamp as in '2024-01-31T12:00:00Z' within the range of the years 1 to 9999, but got '" +
            std::string(Shortened(value.as_string())) + "'.");
  }
  out = Value::Time(*timestamp);
  return true;
}

bool ToDuration(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  const Value& value = *arguments[0];
  if (value.kind() == ValueKind::kDuration) {
    out = value;
    return true;
  }
  if (value.kind() == ValueKind::kInt) {
    out = Value::Span({value.as_int() / 1'000'000'000, static_cast<std::int32_t>(value.as_int() % 1'000'000'000)});
    return true;
  }
  if (!value.is_string()) return evaluation.NoOverload();
  const auto span = ParseDuration(value.as_string());
  if (!span) {
    return evaluation.Fail(kEvaluationBadConversion,
                           "Expected a duration as in '1h30m' or '2.5s' within the range of 10,000 years, but got '" +
                               std::string(Shortened(value.as_string())) + "'.");
  }
  out = Value::Span(*span);
  return true;
}

bool TypeOfValue(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  out = Value::Type(KindName(*arguments[0]));
  return true;
}

bool ToDyn(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1) return evaluation.NoOverload();
  out = *arguments[0];
  return true;
}

}  // namespace

std::span<const Function> StandardFunctions() {
  static const Function functions[] = {
      {"size", kGlobal, Size, {"string->int", "bytes->int", "list(A)->int", "map(A,B)->int"}},
      {"size", kMember, Size, {"string->int", "bytes->int", "list(A)->int", "map(A,B)->int"}},
      {"contains", kMember, Contains, {"string,string->bool"}},
      {"startsWith", kMember, StartsWith, {"string,string->bool"}},
      {"endsWith", kMember, EndsWith, {"string,string->bool"}},
      {"matches", kMember, Matches, {"string,string->bool"}},
      {"matches", kGlobal, Matches, {"string,string->bool"}},
      {"int",
       kGlobal,
       ToInt,
       {"int->int", "uint->int", "double->int", "string->int", "timestamp->int", "duration->int"}},
      {"uint", kGlobal, ToUint, {"uint->uint", "int->uint", "double->uint", "string->uint"}},
      {"double", kGlobal, ToDouble, {"double->double", "int->double", "uint->double", "string->double"}},
      {"string",
       kGlobal,
       ToString,
       {"string->string", "int->string", "uint->string", "double->string", "bool->string", "bytes->string",
        "timestamp->string", "duration->string"}},
      {"bytes", kGlobal, ToBytes, {"bytes->bytes", "string->bytes"}},
      {"bool", kGlobal, ToBool, {"bool->bool", "string->bool"}},
      {"timestamp", kGlobal, ToTimestamp, {"timestamp->timestamp", "string->timestamp", "int->timestamp"}},
      {"duration", kGlobal, ToDuration, {"duration->duration", "string->duration", "int->duration"}},
      {"type", kGlobal, TypeOfValue, {"A->type"}},
      {"dyn", kGlobal, ToDyn, {"A->dyn"}},
  };
  return functions;
}

}  // namespace fermata

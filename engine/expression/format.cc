#include "engine/expression/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/operators.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr int kDefaultPrecision = 6;
constexpr int kPrecisionMax = 1000;

class Formatter {
 public:
  Formatter(Evaluation& evaluation, const std::vector<Value>& arguments, std::string& out)
      : evaluation_(evaluation), arguments_(arguments), out_(out) {}

  bool Run(std::string_view format) {
    std::size_t at = 0;
    while (at < format.size()) {
      const std::size_t percent = std::min(format.find('%', at), format.size());
      if (!Append(format.substr(at, percent - at))) return false;
      at = percent + 1;
      if (percent == format.size()) break;
      if (at < format.size() && format[at] == '%') {
        ++at;
        if (!Append("%")) return false;
        continue;
      }
      const std::optional<int> precision = TakePrecision(format, at);
      if (precision_failed_) return false;
      if (at == format.size())
        return Refuse("Expected a letter behind '%', but the format ends: could not parse formatting clause.");
      if (!Clause(format[at++], precision)) return false;
    }
    return true;
  }

 private:
  bool Refuse(std::string message) { return evaluation_.Fail(kEvaluationBadArgument, std::move(message)); }

  bool Append(std::string_view text) {
    if (!evaluation_.ChargeBytes(text.size()) || !evaluation_.ChargeSteps(1)) return false;
    out_ += text;
    return true;
  }

  // ".3" of "%.3f".
  std::optional<int> TakePrecision(std::string_view format, std::size_t& at) {
    if (at == format.size() || format[at] != '.') return std::nullopt;
    int precision = 0;
    const auto [end, error] = std::from_chars(format.data() + at + 1, format.data() + format.size(), precision);
    precision_failed_ = error != std::errc() || precision < 0 || precision > kPrecisionMax;
    if (precision_failed_)
      Refuse("Expected a precision of at most " + std::to_string(kPrecisionMax) +
             " behind '%.', but there is none: could not parse formatting clause.");
    at = static_cast<std::size_t>(end - format.data());
    return precision;
  }

  bool Clause(char verb, std::optional<int> precision) {
    if (std::string_view("sdfebxXo").find(verb) == std::string_view::npos) {
      const std::string clause = verb >= ' ' && verb <= '~' ? std::string(" '") + verb + "'" : "";
      return Refuse("Expected one of %s %d %f %e %b %x %X %o, but got an unrecognized formatting clause" + clause +
                    ".");
    }
    if (next_ == arguments_.size()) {
      return Refuse("Expected an argument for each clause, but there are only " + std::to_string(arguments_.size()) +
                    ": index " + std::to_string(next_) + " out of range.");
    }
    const Value& argument = arguments_[next_++];
    switch (verb) {
      case 's':
        return AppendString(argument, 0);
      case 'd':
        return AppendDecimal(argument);
      case 'f':
      case 'e':
        return AppendDouble(argument, verb, precision.value_or(kDefaultPrecision));
      case 'b':
        return AppendBinary(argument);
      case 'o':
        return AppendOctal(argument);
      default:
        return AppendHex(argument, verb == 'X');
    }
  }

  bool Mismatch(std::string_view clause, const Value& argument) {
    return evaluation_.Fail(kEvaluationBadArgument, "Error during formatting: expected " + std::string(clause) +
                                                        ", but was given " + std::string(KindName(argument)) + ".");
  }

  static std::string_view SpecialName(double number) {
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }

  // Depth is bounded by how deep values are; a value beyond it is refused.
  bool AppendString(const Value& value, int depth) {
    if (depth > 2 * kValueDepthMax)
      return evaluation_.Fail(kEvaluationLimit, "Expected an argument of bounded depth, but it is nested too deeply.");
    switch (value.kind()) {
      case ValueKind::kNull:
        return Append("null");
      case ValueKind::kString:
        return Append(value.as_string());
      case ValueKind::kType:
        return Append(value.as_type());
      case ValueKind::kBytes:
        if (!IsValidUtf8(value.as_bytes())) return Refuse("Expected bytes that are UTF-8, but they are not.");
        return Append(value.as_bytes());
      case ValueKind::kDouble:
        if (!std::isfinite(value.as_double())) return Append(SpecialName(value.as_double()));
        return AppendShortest(value.as_double());
      case ValueKind::kList:
        return AppendList(value, depth);
      case ValueKind::kMap:
        return AppendMap(value, depth);
      case ValueKind::kOptional:
        return Mismatch("a value that has a text", value);
      default:
        return Append(*TextOf(value));
    }
  }

  // The digits that tell this double from its neighbours, never an exponent: behind them stand zeros, as Go writes it.
  bool AppendShortest(double number) {
    char text[512];
    const bool whole = std::abs(number) >= 0x1p53;  // where to_chars would go on with the exact digits
    const auto style = whole ? std::chars_format::scientific : std::chars_format::fixed;
    char* const end = std::to_chars(text, text + sizeof text, number, style).ptr;
    if (!whole) return Append({text, static_cast<std::size_t>(end - text)});
    char* const mark = std::find(text, end, 'e');
    std::string digits(text, mark);
    std::erase(digits, '.');
    std::size_t exponent = 0;
    std::from_chars(mark + 2, end, exponent);
    digits.resize(exponent + 1 + (number < 0 ? 1 : 0), '0');
    return Append(digits);
  }

  bool AppendList(const Value& value, int depth) {
    if (!Append("[")) return false;
    bool first = true;
    for (const Value& item : value.as_list()) {
      if (!first && !Append(", ")) return false;
      first = false;
      if (!AppendString(item, depth + 1)) return false;
    }
    return Append("]");
  }

  // Entries in the order of their keys' texts.
  bool AppendMap(const Value& value, int depth) {
    std::vector<std::pair<std::string, const Value*>> entries;
    for (const MapEntry& entry : value.as_map()) entries.emplace_back(*TextOf(entry.first), &entry.second);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (!Append("{")) return false;
    bool first = true;
    for (const auto& [key, item] : entries) {
      if (!first && !Append(", ")) return false;
      first = false;
      if (!Append(key) || !Append(": ") || !AppendString(*item, depth + 1)) return false;
    }
    return Append("}");
  }

  bool AppendDecimal(const Value& value) {
    if (value.kind() == ValueKind::kInt) return Append(std::to_string(value.as_int()));
    if (value.kind() == ValueKind::kUint) return Append(std::to_string(value.as_uint()));
    if (value.kind() == ValueKind::kDouble && !std::isfinite(value.as_double()))
      return Append(SpecialName(value.as_double()));
    if (value.kind() == ValueKind::kDouble) return AppendShortest(value.as_double());
    return Mismatch("an integer for the decimal clause", value);
  }

  bool AppendDouble(const Value& value, char verb, int precision) {
    double number = 0;
    switch (value.kind()) {
      case ValueKind::kDouble:
        number = value.as_double();
        break;
      case ValueKind::kInt:
        number = static_cast<double>(value.as_int());
        break;
      case ValueKind::kUint:
        number = static_cast<double>(value.as_uint());
        break;
      default:
        return Mismatch(verb == 'f' ? "a number for the fixed-point clause" : "a number for the scientific clause",
                        value);
    }
    if (!std::isfinite(number)) return Append(SpecialName(number));
    std::string text(static_cast<std::size_t>(precision) + 400, '\0');
    const auto style = verb == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, style, precision).ptr;
    return Append({text.data(), static_cast<std::size_t>(end - text.data())});
  }

  bool AppendInteger(const Value& value, int base, bool upper) {
    char text[80];
    const auto end = value.kind() == ValueKind::kInt
                         ? std::to_chars(text, text + sizeof text, value.as_int(), base).ptr
                         : std::to_chars(text, text + sizeof text, value.as_uint(), base).ptr;
    if (upper)
      std::transform(text, end, text,
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return Append({text, static_cast<std::size_t>(end - text)});
  }

  bool AppendBinary(const Value& value) {
    if (value.kind() == ValueKind::kBool) return Append(value.as_bool() ? "1" : "0");
    if (value.kind() == ValueKind::kInt || value.kind() == ValueKind::kUint) return AppendInteger(value, 2, false);
    return Mismatch("an integer or a bool for the binary clause", value);
  }

  bool AppendOctal(const Value& value) {
    if (value.kind() == ValueKind::kInt || value.kind() == ValueKind::kUint) return AppendInteger(value, 8, false);
    return Mismatch("an integer for the octal clause", value);
  }

  bool AppendHex(const Value& value, bool upper) {
    if (value.kind() == ValueKind::kInt || value.kind() == ValueKind::kUint) return AppendInteger(value, 16, upper);
    if (!value.is_string() && value.kind() != ValueKind::kBytes)
      return Mismatch("an integer, bytes or a string for the hex clause", value);
    const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string text;
    for (const char c : value.is_string() ? value.as_string() : value.as_bytes()) {
      text += digits[static_cast<unsigned char>(c) >> 4];
      text += digits[static_cast<unsigned char>(c) & 15];
    }
    return Append(text);
  }

  Evaluation& evaluation_;
  const std::vector<Value>& arguments_;
  std::string& out_;
  std::size_t next_ = 0;
  bool precision_failed_ = false;
};

}  // namespace

bool FormatText(Evaluation& evaluation, std::string_view format, const std::vector<Value>& arguments,
                std::string& out) {
  return Formatter(evaluation, arguments, out).Run(format);
}

}  // namespace fermata

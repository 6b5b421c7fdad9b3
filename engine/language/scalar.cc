#include "engine/language/scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "engine/base/ascii.h"

namespace fermata {
namespace {

std::size_t SkipDigits(std::string_view text, std::size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsFloat(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole = at;
  at = SkipDigits(text, at);
  const bool has_whole = at > whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (!has_whole && at == fraction) return false;
  } else if (!has_whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool IsInteger(std::string_view text) {
  const std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  return at < text.size() && SkipDigits(text, at) == text.size();
}

std::optional<Value> ReadInteger(std::string_view digits, int base) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Value::Int(number);
}

bool ConsistsOf(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::optional<double> ReadSpecialFloat(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text != ".inf" && text != ".Inf" && text != ".INF") return std::nullopt;
  return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

}  // namespace

std::optional<Value> ReadPlainScalar(std::string_view text) {
  if (text.empty() || text == "null") return Value::Null();
  if (text == "true" || text == "false") return Value::Bool(text == "true");
  if (IsInteger(text)) return ReadInteger(text[0] == '+' ? text.substr(1) : text, 10);
  if (text.substr(0, 2) == "0o" && ConsistsOf(text.substr(2), "01234567")) return ReadInteger(text.substr(2), 8);
  if (text.substr(0, 2) == "0x" && ConsistsOf(text.substr(2), "0123456789abcdefABCDEF"))
    return ReadInteger(text.substr(2), 16);
  if (const auto special = ReadSpecialFloat(text)) return Value::Double(*special);
  if (!IsFloat(text)) return Value::String(text);
  double number = 0;
  const std::string_view unsigned_text = text[0] == '+' ? text.substr(1) : text;
  const std::errc error = std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), number).ec;
  // Too small for a double is as good as 0; too large is not a number that can be held.
  if (error != std::errc()) {
    const std::size_t exponent = unsigned_text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos && unsigned_text.substr(exponent + 1, 1) == "-";
    return tiny ? std::optional(Value::Double(0)) : std::nullopt;
  }
  return Value::Double(number);
}

}  // namespace fermata

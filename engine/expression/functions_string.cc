// The strings and encoders extensions. Positions count code points.
#include <algorithm>

#include "engine/base/base64.h"
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/format.h"
#include "engine/expression/function.h"
#include "engine/expression/utf8.h"

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

// 's' string, 'i' int; the receiver first. A pattern may be longer than the arguments by what is optional.
bool Are(Arguments arguments, std::string_view kinds, std::size_t required) {
  if (arguments.size() < required || arguments.size() > kinds.size()) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]->kind() != (kinds[i] == 's' ? ValueKind::kString : ValueKind::kInt)) return false;
  }
  return true;
}

bool IndexOutOfRange(Evaluation& evaluation, std::int64_t index, std::int64_t size) {
  return evaluation.Fail(kEvaluationIndexOutOfRange, "Expected an index within 0 and " + std::to_string(size) +
                                                         ", but got " + std::to_string(index) +
                                                         ": index out of range.");
}

bool Give(Evaluation& evaluation, std::string_view text, Value& out) {
  if (!evaluation.ChargeBytes(text.size() + sizeof(Value))) return false;
  out = Value::String(text);
  return true;
}

// Reading the whole text once.
bool ChargeText(Evaluation& evaluation, std::string_view text) {
  return evaluation.ChargeSteps(static_cast<std::int64_t>(text.size() >> 6));
}

// Searching may look at every pair of places.
bool ChargeSearch(Evaluation& evaluation, std::string_view text, std::string_view wanted) {
  return evaluation.ChargeSteps(static_cast<std::int64_t>(((text.size() >> 6) + 1) * ((wanted.size() >> 6) + 1)) - 1);
}

bool CharAt(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "si", 2)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const std::int64_t index = arguments[1]->as_int();
  if (!ChargeText(evaluation, text)) return false;
  const std::int64_t size = CountCodePoints(text);
  if (index < 0 || index > size) return IndexOutOfRange(evaluation, index, size);
  const std::size_t start = OffsetOfCodePoint(text, index);
  std::size_t end = start;
  if (end < text.size()) NextCodePoint(text, end);
  return Give(evaluation, text.substr(start, end - start), out);
}

bool IndexOf(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "ssi", 2)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const std::string_view wanted = arguments[1]->as_string();
  if (!ChargeSearch(evaluation, text, wanted)) return false;
  const std::int64_t size = CountCodePoints(text);
  const std::int64_t from = arguments.size() == 3 ? arguments[2]->as_int() : 0;
  if (from < 0 || from > size) return IndexOutOfRange(evaluation, from, size);
  const std::size_t found = text.find(wanted, OffsetOfCodePoint(text, from));
  out = Value::Int(found == std::string_view::npos ? -1 : CountCodePoints(text.substr(0, found)));
  return true;
}

bool LastIndexOf(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "ssi", 2)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const std::string_view wanted = arguments[1]->as_string();
  if (!ChargeSearch(evaluation, text, wanted)) return false;
  const std::int64_t size = CountCodePoints(text);
  const std::int64_t from = arguments.size() == 3 ? arguments[2]->as_int() : size;
  if (from < 0 || from > size) return IndexOutOfRange(evaluation, from, size);
  const std::size_t found = text.rfind(wanted, OffsetOfCodePoint(text, from));
  out = Value::Int(found == std::string_view::npos ? -1 : CountCodePoints(text.substr(0, found)));
  return true;
}

bool Join(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.empty() || arguments.size() > 2 || !arguments[0]->is_list()) return evaluation.NoOverload();
  if (arguments.size() == 2 && !arguments[1]->is_string()) return evaluation.NoOverload();
  const std::string_view separator = arguments.size() == 2 ? arguments[1]->as_string() : std::string_view();
  std::string joined;
  bool first = true;
  for (const Value& item : arguments[0]->as_list()) {
    if (!item.is_string()) return evaluation.NoOverload();
    if (!evaluation.ChargeBytes(item.as_string().size() + separator.size()) || !evaluation.ChargeSteps(1)) return false;
    if (!first) joined += separator;
    first = false;
    joined += item.as_string();
  }
  out = Value::String(joined);
  return true;
}

bool Quote(Evaluation& evaluation, Arguments arguments, Value& out) {
  constexpr std::string_view kPlain = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kEscaped = "abfnrtv\\\"";
  if (!Are(arguments, "s", 1)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  if (!evaluation.ChargeBytes(2 * text.size())) return false;
  std::string quoted = "\"";
  for (const char c : text) {
    const std::size_t escape = kPlain.find(c);
    if (escape == std::string_view::npos)
      quoted += c;
    else
      quoted.append(1, '\\').append(1, kEscaped[escape]);
  }
  return Give(evaluation, quoted + '"', out);
}

// Every place of an empty `wanted` is before a code point, and at the end.
bool Replace(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "sssi", 3)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const std::string_view wanted = arguments[1]->as_string();
  const std::string_view by = arguments[2]->as_string();
  std::int64_t left = arguments.size() == 4 && arguments[3]->as_int() >= 0 ? arguments[3]->as_int() : INT64_MAX;
  if (!ChargeSearch(evaluation, text, wanted) || !evaluation.ChargeBytes(text.size())) return false;
  std::string replaced;
  std::size_t offset = 0;
  while (left-- > 0) {
    const std::size_t found = text.find(wanted, offset);
    if (found == std::string_view::npos) break;
    if (!evaluation.ChargeBytes(by.size()) || !evaluation.ChargeSteps(1)) return false;
    replaced.append(text.substr(offset, found - offset)).append(by);
    offset = found + wanted.size();
    if (!wanted.empty()) continue;
    if (offset == text.size()) break;
    const std::size_t start = offset;
    NextCodePoint(text, offset);
    replaced.append(text.substr(start, offset - start));
  }
  return Give(evaluation, replaced.append(text.substr(std::min(offset, text.size()))), out);
}

bool Split(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "ssi", 2)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  const std::string_view separator = arguments[1]->as_string();
  const std::int64_t limit = arguments.size() == 3 && arguments[2]->as_int() >= 0 ? arguments[2]->as_int() : INT64_MAX;
  if (!ChargeSearch(evaluation, text, separator) || !evaluation.ChargeBytes(text.size())) return false;
  std::vector<Value> parts;
  std::size_t offset = 0;
  // An empty separator splits into code points, and an empty text into none.
  while (limit > 0 && !(separator.empty() && offset == text.size())) {
    std::size_t end = text.size();
    std::size_t next = text.size() + 1;
    if (static_cast<std::int64_t>(parts.size()) + 1 < limit) {
      if (separator.empty()) {
        next = offset;
        NextCodePoint(text, next);
        end = next;
      } else if (const std::size_t found = text.find(separator, offset); found != std::string_view::npos) {
        end = found;
        next = found + separator.size();
      }
    }
    if (!evaluation.ChargeItems(1) || !evaluation.ChargeBytes(sizeof(Value))) return false;
    parts.push_back(Value::String(text.substr(offset, end - offset)));
    if (next > text.size()) break;
    offset = next;
  }
  out = Value::List(std::move(parts));
  return true;
}

bool Substring(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "sii", 2)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  if (!ChargeText(evaluation, text)) return false;
  const std::int64_t size = CountCodePoints(text);
  const std::int64_t start = arguments[1]->as_int();
  const std::int64_t end = arguments.size() == 3 ? arguments[2]->as_int() : size;
  if (start < 0 || start > size) return IndexOutOfRange(evaluation, start, size);
  if (end < 0 || end > size) return IndexOutOfRange(evaluation, end, size);
  if (start > end) {
    return evaluation.Fail(kEvaluationIndexOutOfRange, "Expected a start before the end, but got " +
                                                           std::to_string(start) + " and " + std::to_string(end) +
                                                           ": invalid substring range.");
  }
  const std::size_t from = OffsetOfCodePoint(text, start);
  return Give(evaluation, text.substr(from, OffsetOfCodePoint(text, end) - from), out);
}

// Unicode's White_Space.
bool IsBlank(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool Trim(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "s", 1)) return evaluation.NoOverload();
  const std::string_view text = arguments[0]->as_string();
  if (!ChargeText(evaluation, text)) return false;
  std::size_t first = text.size();
  std::size_t last = text.size();
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t start = offset;
    if (IsBlank(NextCodePoint(text, offset))) continue;
    first = std::min(first, start);
    last = offset;
  }
  return Give(evaluation, first == text.size() ? std::string_view() : text.substr(first, last - first), out);
}

template <char from, char to>
bool ChangeCase(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "s", 1)) return evaluation.NoOverload();
  std::string text(arguments[0]->as_string());
  for (char& c : text) {
    if (c >= from && c < from + 26) c = static_cast<char>(c - from + to);
  }
  return Give(evaluation, text, out);
}

bool Format(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 2 || !arguments[0]->is_string() || !arguments[1]->is_list()) return evaluation.NoOverload();
  std::string text;
  if (!FormatText(evaluation, arguments[0]->as_string(), arguments[1]->as_list(), text)) return false;
  return Give(evaluation, text, out);
}

bool Base64Encode(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.size() != 1 || arguments[0]->kind() != ValueKind::kBytes) return evaluation.NoOverload();
  if (!evaluation.ChargeBytes(arguments[0]->as_bytes().size())) return false;
  return Give(evaluation, EncodeBase64(arguments[0]->as_bytes()), out);
}

bool Base64Decode(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (!Are(arguments, "s", 1)) return evaluation.NoOverload();
  if (!evaluation.ChargeBytes(arguments[0]->as_string().size())) return false;
  const auto bytes = DecodeBase64(arguments[0]->as_string());
  if (!bytes) return evaluation.Fail(kEvaluationBadArgument, "Expected base64, but got other characters, or too few.");
  out = Value::Bytes(*bytes);
  return true;
}

}  // namespace

std::span<const Function> StringFunctions() {
  static const Function functions[] = {
      {"charAt", kMember, CharAt, {"string,int->string"}},
      {"indexOf", kMember, IndexOf, {"string,string->int", "string,string,int->int"}},
      {"lastIndexOf", kMember, LastIndexOf, {"string,string->int", "string,string,int->int"}},
      {"join", kMember, Join, {"list(string)->string", "list(string),string->string"}},
      {"strings.quote", kGlobal, Quote, {"string->string"}},
      {"replace", kMember, Replace, {"string,string,string->string", "string,string,string,int->string"}},
      {"split", kMember, Split, {"string,string->list(string)", "string,string,int->list(string)"}},
      {"substring", kMember, Substring, {"string,int->string", "string,int,int->string"}},
      {"trim", kMember, Trim, {"string->string"}},
      {"lowerAscii", kMember, ChangeCase<'A', 'a'>, {"string->string"}},
      {"upperAscii", kMember, ChangeCase<'a', 'A'>, {"string->string"}},
      {"format", kMember, Format, {"string,list(dyn)->string"}},
      {"base64.encode", kGlobal, Base64Encode, {"bytes->string"}},
      {"base64.decode", kGlobal, Base64Decode, {"string->bytes"}},
  };
  return functions;
}

}  // namespace fermata

#include <algorithm>
#include <cmath>

#include <re2/re2.h>

#include "engine/model/json.h"
#include "engine/schema/schema_node.h"

namespace fermata {

std::string Shown(const Value& value) {
  constexpr std::size_t kShownBytesMax = 60;
  if (value.is_list()) return "a list of " + std::to_string(value.as_list().size());
  if (value.is_map()) return "an object";
  std::string text = WriteJson(value);
  if (text.size() <= kShownBytesMax) return text;
  std::size_t cut = kShownBytesMax;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut) + "…";
}

bool Found(const SchemaPattern& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern.regex);
}

std::string DescribeTypes(unsigned types) {
  static constexpr std::pair<unsigned, const char*> kWords[] = {
      {kTypeNull, "null"},       {kTypeBoolean, "a boolean"}, {kTypeInteger, "an integer"}, {kTypeNumber, "a number"},
      {kTypeString, "a string"}, {kTypeArray, "a list"},      {kTypeObject, "an object"}};
  std::vector<std::string> words;
  for (const auto& [bit, word] : kWords)
    if (types & bit) words.emplace_back(word);
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

bool IsIntegral(const Value& number) {
  if (number.kind() == ValueKind::kInt) return true;
  if (number.kind() != ValueKind::kDouble) return false;
  const double value = number.as_double();
  return std::isfinite(value) && value == std::trunc(value) && value >= -0x1p63 && value < 0x1p63;
}

// Integral doubles are written as integers and keys in order, so that equal values give equal texts.
std::string CanonicalText(const Value& value) {
  if (value.kind() == ValueKind::kDouble && IsIntegral(value))
    return std::to_string(static_cast<std::int64_t>(value.as_double()));
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) text += (text.empty() ? "[" : ",") + CanonicalText(item);
    return text.empty() ? "[]" : text + "]";
  }
  if (!value.is_map()) return WriteJson(value);
  std::vector<std::string> entries;
  for (const auto& [key, content] : value.as_map()) entries.push_back(WriteJson(key) + ":" + CanonicalText(content));
  std::sort(entries.begin(), entries.end());
  for (const std::string& entry : entries) text += (text.empty() ? "{" : ",") + entry;
  return text.empty() ? "{}" : text + "}";
}

bool SchemaEquals(const Value& a, const Value& b) {
  if (a.is_list() && b.is_list()) {
    if (a.as_list().size() != b.as_list().size()) return false;
    for (std::size_t i = 0; i < a.as_list().size(); ++i)
      if (!SchemaEquals(a.as_list()[i], b.as_list()[i])) return false;
    return true;
  }
  if (a.is_map() && b.is_map()) {
    if (a.as_map().size() != b.as_map().size()) return false;
    for (const auto& [key, content] : a.as_map()) {
      const Value* other = key.is_string() ? b.Find(key.as_string()) : nullptr;
      if (!other || !SchemaEquals(content, *other)) return false;
    }
    return true;
  }
  if (IsIntegral(a) && IsIntegral(b)) return CanonicalText(a) == CanonicalText(b);
  return a == b;
}

}  // namespace fermata

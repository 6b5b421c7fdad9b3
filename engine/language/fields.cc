#include "engine/language/fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "engine/base/time.h"
#include "engine/language/codes.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool IsDecimalDigit(char c) { return c >= '0' && c <= '9'; }

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

void WrongKind(const Node& node, std::string_view what, Report& report) {
  report.Error(kWrongKind, node, "Expected " + std::string(what) + ", but there is " + node.Describe() + ".");
}

const char* const kNameRule =
    "a name begins with a letter and goes on with letters, digits, '_' and '-', 63 characters in all";

// The words that a variable may not be called.
constexpr std::array kReservedWords{"true",      "false",  "null",     "in",   "as",     "break", "const", "continue",
                                    "else",      "for",    "function", "if",   "import", "let",   "loop",  "package",
                                    "namespace", "return", "var",      "void", "while",  "input", "event", "error",
                                    "item",      "index",  "instance", "now",  "call"};

// The dot-separated identifiers of a pre-release or build part.
bool IsVersionSuffix(std::string_view text, bool numbers_without_zeros) {
  while (true) {
    const std::string_view part = text.substr(0, text.find('.'));
    const bool characters = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return IsLetter(c) || IsDecimalDigit(c) || c == '-';
    });
    const bool number = std::all_of(part.begin(), part.end(), IsDecimalDigit);
    if (!characters || (numbers_without_zeros && number && part.size() > 1 && part[0] == '0')) return false;
    if (part.size() == text.size()) return true;
    text.remove_prefix(part.size() + 1);
  }
}

bool IsVersionNumber(std::string_view text) {
  return !text.empty() && text.size() <= 9 && std::all_of(text.begin(), text.end(), IsDecimalDigit) &&
         (text.size() == 1 || text[0] != '0');
}

}  // namespace

bool ExpectMap(const Node& node, std::string_view what, Report& report) {
  if (!node.is_map()) WrongKind(node, what, report);
  return node.is_map();
}

void CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where, Report& report) {
  for (const NodeEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    std::string hint = DidYouMean(entry.key, known);
    if (hint.empty()) hint = "allowed are " + Join(known);
    report.ErrorAtKey(kUnknownKey, entry,
                      "Expected a key of " + std::string(where) + ", but '" + entry.key + "' is none.",
                      std::move(hint));
  }
}

bool Misspells(const Node& map, const std::vector<std::string>& known, const std::string& word) {
  return std::any_of(map.entries.begin(), map.entries.end(), [&](const NodeEntry& entry) {
    return std::find(known.begin(), known.end(), entry.key) == known.end() && !DidYouMean(entry.key, {word}).empty();
  });
}

std::optional<std::string> ReadText(const Node& node, std::string_view what, Report& report) {
  if (node.is_scalar() && !node.is_null()) return node.text;
  WrongKind(node, what, report);
  return std::nullopt;
}

std::optional<std::vector<std::string>> ReadTexts(const Node& node, std::string_view what, Report& report) {
  if (!node.is_list()) return WrongKind(node, "a list of " + std::string(what), report), std::nullopt;
  std::vector<std::string> texts;
  for (const Node& item : node.items)
    if (auto text = ReadText(item, what, report)) texts.push_back(std::move(*text));
  return texts;
}

std::optional<bool> ReadBool(const Node& node, std::string_view what, Report& report) {
  if (node.is_scalar() && node.scalar.kind() == ValueKind::kBool) return node.scalar.as_bool();
  report.Error(kWrongKind, node,
               "Expected true or false for " + std::string(what) + ", but there is " + node.Describe() + ".");
  return std::nullopt;
}

std::optional<std::int64_t> ReadInteger(const Node& node, std::int64_t min, std::int64_t max, std::string_view what,
                                        Report& report) {
  const bool integer = node.is_scalar() && node.scalar.kind() == ValueKind::kInt;
  if (!integer) return WrongKind(node, std::string(what) + " (a whole number)", report), std::nullopt;
  const std::int64_t number = node.scalar.as_int();
  if (number >= min && number <= max) return number;
  report.Error(kBadChoice, node,
               "Expected " + std::string(what) + " from " + std::to_string(min) + " to " + std::to_string(max) +
                   ", but it is " + node.text + ".");
  return std::nullopt;
}

std::optional<double> ReadNumber(const Node& node, double min, double max, std::string_view what, Report& report) {
  const ValueKind kind = node.is_scalar() ? node.scalar.kind() : ValueKind::kNull;
  if (kind != ValueKind::kInt && kind != ValueKind::kDouble)
    return WrongKind(node, std::string(what) + " (a number)", report), std::nullopt;
  const double number = kind == ValueKind::kInt ? static_cast<double>(node.scalar.as_int()) : node.scalar.as_double();
  if (number >= min && number <= max) return number;
  report.Error(kBadChoice, node, "Expected " + std::string(what) + " within its range, but it is " + node.text + ".");
  return std::nullopt;
}

std::optional<std::int64_t> SpanToMillis(std::string_view text) {
  const auto span = ParseTimerSpan(text);
  if (!span) return std::nullopt;
  return ToMillis(*span);
}

std::optional<std::int64_t> ReadSpan(const Node& node, Report& report) {
  if (node.is_scalar() && !node.is_null())
    if (auto millis = SpanToMillis(node.text)) return millis;
  report.Error(kBadSpan, node, "Expected a span of time, but there is " + node.Describe() + ".",
               "spans are written 10s, 30m, 2h, 1d or PT30M");
  return std::nullopt;
}

std::optional<std::string> ReadChoice(const Node& node, const std::vector<std::string>& words, Report& report) {
  if (node.is_scalar() && std::find(words.begin(), words.end(), node.text) != words.end()) return node.text;
  report.Error(kBadChoice, node, "Expected " + Join(words) + ", but there is " + node.Describe() + ".",
               DidYouMean(node.text, words));
  return std::nullopt;
}

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && IsLetter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLetter(c) || IsDecimalDigit(c) || c == '_' || c == '-'; });
}

bool IsDottedName(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax || !IsLetter(text[0]) || text.back() == '.') return false;
  return text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char c) {
           return IsLetter(c) || IsDecimalDigit(c) || c == '_' || c == '-' || c == '.';
         });
}

std::optional<std::string> ReadName(const Node& node, std::string_view what, Report& report) {
  if (!node.is_string()) return WrongKind(node, what, report), std::nullopt;
  if (IsName(node.text)) return node.text;
  report.Error(kBadName, node, "Expected " + std::string(what) + ", but '" + node.text + "' is no name.", kNameRule);
  return std::nullopt;
}

std::optional<std::string> ReadDottedName(const Node& node, std::string_view what, Report& report) {
  if (!node.is_string()) return WrongKind(node, what, report), std::nullopt;
  if (IsDottedName(node.text)) return node.text;
  report.Error(kBadName, node, "Expected " + std::string(what) + ", but '" + node.text + "' is no name.", kNameRule);
  return std::nullopt;
}

bool CheckName(const NodeEntry& entry, std::string_view what, Report& report) {
  if (IsName(entry.key)) return true;
  report.ErrorAtKey(kBadName, entry, "Expected " + std::string(what) + ", but '" + entry.key + "' is no name.",
                    kNameRule);
  return false;
}

bool CheckDottedName(const NodeEntry& entry, std::string_view what, Report& report) {
  if (IsDottedName(entry.key)) return true;
  report.ErrorAtKey(kBadName, entry, "Expected " + std::string(what) + ", but '" + entry.key + "' is no name.",
                    kNameRule);
  return false;
}

bool CheckVariable(std::string_view name, SourcePosition at, int length, Report& report) {
  const bool identifier =
      !name.empty() && name.size() <= kNameBytesMax && (IsLetter(name[0]) || name[0] == '_') &&
      std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || IsDecimalDigit(c) || c == '_'; });
  if (!identifier) {
    report.Add(Severity::kError, kBadName, at, length,
               "Expected the name of a variable, but '" + std::string(name) + "' is none.",
               "a variable begins with a letter or '_' and goes on with letters, digits and '_'");
    return false;
  }
  if (std::find(kReservedWords.begin(), kReservedWords.end(), name) == kReservedWords.end()) return true;
  report.Add(Severity::kError, kReservedName, at, length,
             "Expected the name of a variable, but '" + std::string(name) + "' is a word of the language.");
  return false;
}

std::optional<std::string> ReadVariable(const Node& node, Report& report) {
  if (!node.is_scalar() || node.is_null()) return WrongKind(node, "the name of a variable", report), std::nullopt;
  if (!CheckVariable(node.text, node.at, node.length, report)) return std::nullopt;
  return node.text;
}

bool IsSemanticVersion(std::string_view text) {
  constexpr std::size_t kVersionBytesMax = 64;
  if (text.size() > kVersionBytesMax) return false;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!IsVersionSuffix(text.substr(plus + 1), false)) return false;
    text = text.substr(0, plus);
  }
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    if (!IsVersionSuffix(text.substr(dash + 1), true)) return false;
    text = text.substr(0, dash);
  }
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  return IsVersionNumber(text.substr(0, first)) && IsVersionNumber(text.substr(first + 1, second - first - 1)) &&
         IsVersionNumber(text.substr(second + 1));
}

}  // namespace fermata

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <map>

#include <re2/re2.h>

#include "engine/base/time.h"
#include "engine/model/limits.h"
#include "engine/schema/pointer.h"
#include "engine/schema/schema_node.h"

namespace fermata {
namespace {

using Text = std::string_view;

bool AllDigits(Text text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool Matches(Text text, const re2::RE2& regex) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regex);
}

bool IsDate(Text text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && AllDigits(text.substr(0, 4)) &&
         ParseTimestamp(std::string(text) + "T00:00:00Z").has_value();
}
bool IsDateTime(Text text) {
  return text.size() >= 20 && IsDate(text.substr(0, 10)) && ParseTimestamp(text).has_value();
}
bool IsTime(Text text) { return ParseTimestamp("2000-01-01T" + std::string(text)).has_value(); }

bool IsDuration(Text text) {
  static const re2::RE2 kRegex(
      R"(P(\d+W|(\d+Y(\d+M(\d+D)?)?|\d+M(\d+D)?|\d+D)(T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S))?|T(\d+H(\d+M(\d+S)?)?|\d+M(\d+S)?|\d+S)))");
  return Matches(text, kRegex);
}

bool IsHostname(Text text) {
  static const re2::RE2 kRegex(
      R"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)");
  return text.size() <= 253 && Matches(text, kRegex);
}

bool IsIpv4(Text text) {
  static const re2::RE2 kRegex(R"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})");
  return Matches(text, kRegex);
}

// How many 16-bit groups a part of an address without "::" has; -1 if it is malformed.
int CountIpv6Groups(Text text) {
  if (text.empty()) return 0;
  int groups = 0;
  while (true) {
    const std::size_t colon = text.find(':');
    const Text group = text.substr(0, colon);
    const bool last = colon == Text::npos;
    if (last && group.find('.') != Text::npos) return IsIpv4(group) ? groups + 2 : -1;
    const bool hex = !group.empty() && group.size() <= 4 &&
                     std::all_of(group.begin(), group.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (!hex) return -1;
    ++groups;
    if (last) return groups;
    text.remove_prefix(colon + 1);
  }
}

bool IsIpv6(Text text) {
  const std::size_t gap = text.find("::");
  if (gap == Text::npos) return CountIpv6Groups(text) == 8;
  const Text head = text.substr(0, gap), tail = text.substr(gap + 2);
  const int before = CountIpv6Groups(head), after = CountIpv6Groups(tail);
  return before >= 0 && after >= 0 && head.find('.') == Text::npos && before + after <= 7;
}

bool IsEmail(Text text) {
  static const re2::RE2 kLocal(
      R"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"([^"\\\x00-\x1f]|\\[ -~])*")");
  const std::size_t at = text.rfind('@');
  if (at == Text::npos || at > 64 || text.size() > 254 || !Matches(text.substr(0, at), kLocal)) return false;
  const Text domain = text.substr(at + 1);
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const Text literal = domain.substr(1, domain.size() - 2);
    return literal.substr(0, 5) == "IPv6:" ? IsIpv6(literal.substr(5)) : IsIpv4(literal);
  }
  return IsHostname(domain);
}

bool IsUriReference(Text text) {
  static const re2::RE2 kRegex(
      R"(([A-Za-z][A-Za-z0-9+.-]*:)?(//([A-Za-z0-9._~!$&'()*+,;=:%-]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:\d*)?)?[A-Za-z0-9._~!$&'()*+,;=:@/%-]*(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?(#[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?)");
  static const re2::RE2 kBadEscape(R"(%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$))");
  return Matches(text, kRegex) && !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), kBadEscape);
}
bool IsUri(Text text) {
  static const re2::RE2 kScheme(R"((?s)[A-Za-z][A-Za-z0-9+.-]*:.*)");
  return Matches(text, kScheme) && IsUriReference(text);
}

bool IsUuid(Text text) {
  static const re2::RE2 kRegex(R"([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})");
  return Matches(text, kRegex);
}

bool IsRegex(Text text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemoryMax);
  return text.size() <= kRegexBytesMax && re2::RE2(re2::StringPiece(text.data(), text.size()), options).ok();
}

bool IsJsonPointer(Text text) { return SplitPointer(text).has_value(); }

bool IsRelativeJsonPointer(Text text) {
  std::size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
  const Text rest = text.substr(digits);
  return rest == "#" || IsJsonPointer(rest);
}

using Check = bool (*)(Text);
const std::map<Text, Check>& Formats() {
  static const std::map<Text, Check> formats{{"date-time", IsDateTime},
                                             {"date", IsDate},
                                             {"time", IsTime},
                                             {"duration", IsDuration},
                                             {"email", IsEmail},
                                             {"hostname", IsHostname},
                                             {"ipv4", IsIpv4},
                                             {"ipv6", IsIpv6},
                                             {"uri", IsUri},
                                             {"uri-reference", IsUriReference},
                                             {"uuid", IsUuid},
                                             {"regex", IsRegex},
                                             {"json-pointer", IsJsonPointer},
                                             {"relative-json-pointer", IsRelativeJsonPointer}};
  return formats;
}

}  // namespace

std::optional<bool> HasFormat(std::string_view text, std::string_view format) {
  const auto known = Formats().find(format);
  if (known == Formats().end()) return std::nullopt;
  return known->second(text);
}

const std::vector<std::string>& KnownFormats() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& entry : Formats()) list.emplace_back(entry.first);
    return list;
  }();
  return names;
}

}  // namespace fermata

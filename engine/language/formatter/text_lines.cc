#include "engine/language/formatter/text_lines.h"

#include <algorithm>

namespace fermata {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t'; }

bool IsFlowIndicator(char c) { return std::string_view(",[]{}").find(c) != kNone; }

bool BeginsComment(std::string_view line, std::size_t at) {
  return line[at] == '#' && (at == 0 || IsSpace(line[at - 1]));
}

}  // namespace

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool IsBlank(std::string_view line) { return std::all_of(line.begin(), line.end(), IsSpace); }

std::size_t IndentOf(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

std::size_t SkipSpaces(std::string_view line, std::size_t at) {
  while (at < line.size() && IsSpace(line[at])) ++at;
  return at;
}

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsDash(std::string_view line, std::size_t at) {
  return at < line.size() && line[at] == '-' && (at + 1 == line.size() || IsSpace(line[at + 1]));
}

bool IsRest(std::string_view line, std::size_t at) {
  const std::size_t next = SkipSpaces(line, at);
  return next == line.size() || BeginsComment(line, next);
}

std::size_t QuoteEnd(std::string_view line, std::size_t at, char quote) {
  for (; at < line.size(); ++at) {
    if (quote == '"' && line[at] == '\\') {
      ++at;
    } else if (line[at] == quote) {
      const bool doubled = quote == '\'' && at + 1 < line.size() && line[at + 1] == quote;
      if (!doubled) return at + 1;
      ++at;
    }
  }
  return kNone;
}

std::size_t KeyEnd(std::string_view line, std::size_t at) {
  if (at >= line.size() || line[at] == '{' || line[at] == '[') return kNone;
  if (line[at] == '"' || line[at] == '\'') {
    const std::size_t end = QuoteEnd(line, at + 1, line[at]);
    if (end == kNone) return kNone;
    const std::size_t colon = SkipSpaces(line, end);
    return colon < line.size() && EndsKey(line, colon, YamlStyle::kBlock) ? colon : kNone;
  }
  for (; at < line.size() && !BeginsComment(line, at); ++at)
    if (EndsKey(line, at, YamlStyle::kBlock)) return at;
  return kNone;
}

bool EndsKey(std::string_view line, std::size_t at, YamlStyle style) {
  if (line[at] != ':') return false;
  if (at + 1 == line.size() || IsSpace(line[at + 1])) return true;
  return style == YamlStyle::kFlow && IsFlowIndicator(line[at + 1]);
}

std::size_t PlainEnd(std::string_view line, std::size_t at, YamlStyle style) {
  const std::size_t begin = at;
  for (; at < line.size() && !BeginsComment(line, at); ++at) {
    if (style == YamlStyle::kFlow && (IsFlowIndicator(line[at]) || EndsKey(line, at, style))) break;
  }
  return begin + TrimEnd(line.substr(begin, at - begin)).size();
}

}  // namespace fermata

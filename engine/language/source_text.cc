#include "engine/language/source_text.h"

#include <algorithm>

#include "engine/model/json.h"

namespace fermata {
namespace {

// An excerpt is for reading; longer lines are cut.
constexpr std::size_t kExcerptBytesMax = 400;
constexpr std::size_t kBlockBytes = 256;

std::size_t CharacterBytes(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// The bytes of the escape sequence that starts at `at` in a double-quoted scalar.
std::size_t EscapeBytes(std::string_view text, std::size_t at) {
  const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
  return kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
}

}  // namespace

int CountCharacters(std::string_view utf8) {
  return static_cast<int>(
      std::count_if(utf8.begin(), utf8.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; }));
}

SourceText::SourceText(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_begins_.push_back(i + 1);
  int characters = 0;
  for (std::size_t block = 0; block <= text_.size(); block += kBlockBytes) {
    characters_.push_back(characters);
    characters += CountCharacters(std::string_view(text_).substr(block, kBlockBytes));
  }
}

int SourceText::CharactersBefore(std::size_t offset) const {
  const std::size_t block = offset / kBlockBytes;
  return characters_[block] +
         CountCharacters(std::string_view(text_).substr(block * kBlockBytes, offset % kBlockBytes));
}

SourcePosition SourceText::At(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  const std::size_t line = static_cast<std::size_t>(after - line_begins_.begin());
  const std::size_t begin = line_begins_[line - 1];
  return {static_cast<int>(line), 1 + CharactersBefore(offset) - CharactersBefore(begin)};
}

std::string_view SourceText::Line(int line) const {
  if (line < 1 || static_cast<std::size_t>(line) > line_begins_.size()) return {};
  const std::size_t begin = line_begins_[static_cast<std::size_t>(line) - 1];
  std::string_view content = std::string_view(text_).substr(begin);
  content = content.substr(0, content.find('\n'));
  if (!content.empty() && content.back() == '\r') content.remove_suffix(1);
  return content;
}

SourcePosition SourceText::Locate(const Node& scalar, int index) const {
  const std::string_view source = text_;
  const std::string_view text = scalar.text;
  std::size_t raw = scalar.offset, at = 0;
  for (int i = 0; at < text.size() && raw < source.size(); ++i) {
    // A character of the text that is not the source's next one stands behind a fold or an indentation.
    const bool escape = scalar.style == ScalarStyle::kDoubleQuoted && source[raw] == '\\';
    if (!escape && !IsBlank(text[at]))
      while (raw < source.size() && IsBlank(source[raw])) ++raw;
    if (i == index) break;
    const std::size_t bytes = CharacterBytes(static_cast<unsigned char>(text[at]));
    if (escape) {
      raw += EscapeBytes(source, raw);
    } else if (scalar.style == ScalarStyle::kSingleQuoted && source.substr(raw, 2) == "''") {
      raw += 2;
    } else if (source.substr(raw, bytes) == text.substr(at, bytes)) {
      raw += bytes;
    } else {
      while (raw < source.size() && IsBlank(source[raw])) ++raw;
    }
    at += bytes;
  }
  return At(raw);
}

Diagnostic SourceText::Report(Severity severity, ErrorCode code, SourcePosition at, int length, std::string message,
                              std::string hint) const {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = code;
  diagnostic.file = file_;
  diagnostic.line = at.line;
  diagnostic.column = std::max(1, at.column);
  diagnostic.length = std::max(1, length);
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  std::string_view excerpt = Line(at.line);
  // What could play tricks on a terminal is not shown.
  const bool printable = std::none_of(excerpt.begin(), excerpt.end(),
                                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7F; });
  if (printable && excerpt.size() <= kExcerptBytesMax && IsValidUtf8(excerpt))
    diagnostic.excerpt = std::string(excerpt);
  return diagnostic;
}

}  // namespace fermata

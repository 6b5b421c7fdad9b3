#include "api/lsp/text_document.h"

#include <algorithm>

namespace fermata {
namespace {

// Bytes of the character that begins with this byte; a stray byte counts as one.
std::size_t BytesOf(unsigned char first) {
  return first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
}

int UnitsOf(std::size_t bytes, PositionUnit unit) {
  if (unit == PositionUnit::kUtf8) return static_cast<int>(bytes);
  return unit == PositionUnit::kUtf16 && bytes == 4 ? 2 : 1;
}

// The byte where `units` units of the line are over; never inside a character.
std::size_t BytesFor(std::string_view line, int units, PositionUnit unit) {
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t bytes = std::min(BytesOf(static_cast<unsigned char>(line[at])), line.size() - at);
    units -= UnitsOf(bytes, unit);
    if (units < 0) break;
    at += bytes;
  }
  return at;
}

int UnitsIn(std::string_view text, PositionUnit unit) {
  int units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = std::min(BytesOf(static_cast<unsigned char>(text[at])), text.size() - at);
    units += UnitsOf(bytes, unit);
    at += bytes;
  }
  return units;
}

}  // namespace

std::string_view TextDocument::Line(int line) const {
  if (line < 0 || line >= lines()) return {};
  const std::size_t begin = begins_[static_cast<std::size_t>(line)];
  const std::size_t end = line + 1 < lines() ? begins_[static_cast<std::size_t>(line) + 1] : text_.size();
  std::string_view content = std::string_view(text_).substr(begin, end - begin);
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.remove_suffix(1);
  return content;
}

void TextDocument::Replace(std::string text) {
  text_ = std::move(text);
  begins_ = {0};
  for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1))
    begins_.push_back(at + 1);
}

void TextDocument::Replace(Position from, Position to, std::string_view text, PositionUnit unit) {
  const std::size_t begin = OffsetOf(from, unit);
  const std::size_t end = std::max(begin, OffsetOf(to, unit));
  std::string changed = text_;
  changed.replace(begin, end - begin, text);
  Replace(std::move(changed));
}

std::size_t TextDocument::OffsetOf(Position position, PositionUnit unit) const {
  if (position.line < 0) return 0;
  if (position.line >= lines()) return text_.size();
  return begins_[static_cast<std::size_t>(position.line)] + BytesFor(Line(position.line), position.character, unit);
}

Position TextDocument::PositionOf(std::size_t offset, PositionUnit unit) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), offset);
  const int line = static_cast<int>(next - begins_.begin()) - 1;
  const std::size_t begin = begins_[static_cast<std::size_t>(line)];
  return {line, UnitsIn(std::string_view(text_).substr(begin, offset - begin), unit)};
}

Position TextDocument::PositionAt(int line, int column, PositionUnit unit) const {
  const std::string_view content = Line(line - 1);
  const std::size_t bytes = BytesFor(content, std::max(0, column - 1), PositionUnit::kUtf32);
  return {std::max(0, line - 1), UnitsIn(content.substr(0, bytes), unit)};
}

}  // namespace fermata

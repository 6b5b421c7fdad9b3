// The text of an open file, as the editor sends it: whole, or change by change; and from its positions to bytes and back.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// What the columns of a position count.
enum class PositionUnit { kUtf8, kUtf16, kUtf32 };

// 0-based.
struct Position {
  int line = 0;
  int character = 0;
};

class TextDocument {
 public:
  TextDocument() = default;
  explicit TextDocument(std::string text) { Replace(std::move(text)); }

  const std::string& text() const { return text_; }
  int lines() const { return static_cast<int>(begins_.size()); }
  // Without its end.
  std::string_view Line(int line) const;

  void Replace(std::string text);
  // Puts `text` where the range was. Positions beyond a line or the file mean its end; a range that ends before it begins is empty.
  void Replace(Position from, Position to, std::string_view text, PositionUnit unit);

  std::size_t OffsetOf(Position position, PositionUnit unit) const;
  Position PositionOf(std::size_t offset, PositionUnit unit) const;
  // From places as the checker tells them: 1-based line and column in code points.
  Position PositionAt(int line, int column, PositionUnit unit) const;

 private:
  std::string text_;
  std::vector<std::size_t> begins_{0};  // of the lines
};

}  // namespace fermata

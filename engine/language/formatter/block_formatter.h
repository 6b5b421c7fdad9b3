// Goes through YAML line by line and lays it out anew. Right for what the reader accepts; format.h checks the result all the same.
//
// Not thread-safe; lives as long as one file's formatting. The text must outlive it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/formatter/flow_spacing.h"
#include "engine/language/formatter/text_lines.h"

namespace fermata {

class BlockFormatter {
 public:
  explicit BlockFormatter(std::string_view text) : text_(text), lines_(SplitLines(text)) {}

  std::string Run();

 private:
  // A map or list in block style that is open: its column in the text, and the one that it gets.
  struct Level {
    std::size_t old_column = 0, new_column = 0;
    bool is_list = false;
  };
  // What is left to do for a value: the column that its further lines must exceed, and where those go.
  struct Frame {
    std::size_t old_column = 0, new_column = 0;
    bool at_root = false;
  };

  void Comment();
  void Content();
  void Enter(std::size_t column, bool is_list);
  std::size_t NextColumn() const { return levels_.empty() ? 0 : levels_.back().new_column + 2; }
  std::size_t CommentColumn(std::size_t column) const;
  std::size_t KeySpaces(std::size_t key_column, std::size_t colon, std::size_t value) const;
  std::size_t Before(std::size_t key_column) const;
  std::size_t Behind(std::size_t key_column) const;
  bool IsPassedOver(std::size_t line, std::size_t key_column) const;
  std::size_t FlowSpaces(std::size_t written, std::size_t at, FlowToken before, FlowToken token) const;
  int ValueColumn(std::size_t line, std::size_t key_column) const;
  bool GoesOn(std::size_t line, const Frame& frame) const;

  void Value(std::size_t at, const Frame& frame);
  void BlockText(std::size_t at, const Frame& frame);
  void BlockLines(const Frame& frame, std::size_t digit, bool keeps);
  std::size_t QuotedText(std::size_t at, std::size_t column);
  void PlainText(std::size_t at, const Frame& frame);
  void Flow(std::size_t at, const Frame& frame);
  std::size_t FlowLineEnd(std::size_t at, FlowToken before, std::size_t column, std::size_t depth);
  // Everything behind a value: a comment or nothing. Ends the line.
  void Rest(std::size_t at);

  std::string_view line() const { return lines_[at_]; }
  void Emit(std::string_view line);

  std::string_view text_;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;  // the line
  std::vector<Level> levels_;
  std::string out_;   // finished lines
  std::string made_;  // of the line that is being made
  bool blank_before_ = false;
  bool ends_in_block_ = false;  // the last value is a block text: a missing line end belongs to it
};

}  // namespace fermata

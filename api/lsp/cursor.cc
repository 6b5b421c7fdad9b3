#include "api/lsp/cursor.h"

#include <algorithm>
#include <cctype>

namespace fermata {
namespace {

bool IsNameByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80) != 0 || c == '_' ||
         c == '-';
}

bool IsExpressionByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

class Scanner {
 public:
  Scanner(std::string_view text, std::size_t offset) : text_(text), offset_(std::min(offset, text.size())) {}

  Cursor Run() {
    while (!done_) {
      if (flow_.empty()) {
        Line();
      } else {
        Flow();
      }
    }
    return std::move(cursor_);
  }

 private:
  struct Level {
    int column = 0;
    bool is_list = false;
    std::string key;
  };
  struct Bracket {
    bool is_map = false;
    bool has_key = false;
    std::string key;
  };

  std::size_t LineEnd(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }

  // The place has been reached; the scalar that it stands in began at `begin`.
  void Finish(bool at_key, std::size_t begin) {
    done_ = true;
    for (const Level& level : levels_)
      if (!level.is_list) cursor_.path.push_back(level.key);
    for (const Bracket& bracket : flow_)
      if (bracket.has_key) cursor_.path.push_back(bracket.key);
    cursor_.at_key = at_key;
    cursor_.in_list = flow_.empty() ? !levels_.empty() && levels_.back().is_list : !flow_.back().is_map;
    std::string_view scalar = text_.substr(begin, offset_ - begin);
    const bool condition = !at_key && !cursor_.path.empty() && cursor_.path.back() == "if";
    if (!scalar.empty() && (scalar[0] == '"' || scalar[0] == '\'')) {
      scalar.remove_prefix(1);
      ++begin;
    }
    cursor_.in_expression = condition || IsInTemplate(scalar);
    if (!cursor_.in_expression) {
      cursor_.word = std::string(scalar);
      cursor_.begin = begin;
      return;
    }
    std::size_t word = offset_;
    while (word > begin && IsExpressionByte(text_[word - 1])) --word;
    cursor_.word = std::string(text_.substr(word, offset_ - word));
    const std::size_t dot = cursor_.word.rfind('.');
    cursor_.begin = dot == std::string::npos ? word : word + dot + 1;
  }

  static bool IsInTemplate(std::string_view scalar) {
    bool inside = false;
    for (std::size_t i = 0; i + 1 < scalar.size() || (inside && i < scalar.size()); ++i) {
      const bool opens = scalar.compare(i, 2, "${") == 0 && (i == 0 || scalar[i - 1] != '$');
      if (!inside && opens) {
        inside = true;
        ++i;
      } else if (inside && scalar[i] == '}') {
        inside = false;
      }
    }
    return inside;
  }

  // A line outside of brackets.
  void Line() {
    const std::size_t end = LineEnd(at_);
    std::size_t p = at_;
    while (p < end && text_[p] == ' ') ++p;
    int column = static_cast<int>(p - at_);
    const bool here = offset_ <= end;
    const bool blank = p == end || text_[p] == '#' || text_[p] == '\r';
    if (block_column_ >= 0 && (blank || column > block_column_)) {
      if (here) return Finish(false, block_begin_);
      return NextLine(end);
    }
    if (blank) {
      if (!here) return NextLine(end);
      Leave(static_cast<int>(std::min(offset_, p) - at_));
      return Finish(true, offset_);
    }
    block_column_ = -1;
    while (text_[p] == '-' && (p + 1 == end || text_[p + 1] == ' ')) {
      LeaveForItem(column);
      levels_.push_back({column, true, ""});
      ++p;
      while (p < end && text_[p] == ' ') ++p;
      column = static_cast<int>(p - at_);
      if (here && offset_ <= p && (p == end || offset_ < p)) return Finish(true, offset_);
      if (p == end) return NextLine(end);
    }
    if (here && offset_ < p) {
      Leave(static_cast<int>(offset_ - at_));
      return Finish(true, offset_);
    }
    Leave(column);
    if (text_[p] == '{' || text_[p] == '[') return Open(p);
    Entry(p, end, column);
  }

  // "key: value", or a scalar.
  void Entry(std::size_t p, std::size_t end, int column) {
    const std::size_t begin = p;
    std::string key;
    if (text_[p] == '"' || text_[p] == '\'') {
      const std::size_t close = CloseOf(p);
      if (offset_ <= close) return Finish(true, begin);
      key = std::string(text_.substr(p + 1, close - p - 1));
      p = std::min(close + 1, text_.size());
      if (p > end) {
        at_ = p;
        return SkipToLine();
      }
    }
    while (p < end && !(text_[p] == ':' && (p + 1 == end || text_[p + 1] == ' ' || text_[p + 1] == '\r'))) ++p;
    if (offset_ <= p) return Finish(true, begin);
    if (p == end) return NextLine(end);
    if (key.empty()) key = std::string(text_.substr(begin, p - begin));
    levels_.push_back({column, false, std::move(key)});
    ++p;
    while (p < end && text_[p] == ' ') ++p;
    Scalar(p, end, column);
  }

  void Scalar(std::size_t p, std::size_t end, int column) {
    if (offset_ <= p) return Finish(false, offset_);
    if (p == end || text_[p] == '#') return offset_ <= end ? Finish(false, offset_) : NextLine(end);
    if (text_[p] == '{' || text_[p] == '[') return Open(p);
    if (text_[p] == '|' || text_[p] == '>') {
      block_column_ = column;
      block_begin_ = std::min(end + 1, text_.size());
      return offset_ <= end ? Finish(false, offset_) : NextLine(end);
    }
    if (text_[p] == '"' || text_[p] == '\'') {
      const std::size_t close = CloseOf(p);
      if (offset_ <= close) return Finish(false, p);
      at_ = std::min(close + 1, text_.size());
      return SkipToLine();
    }
    if (offset_ <= end) return Finish(false, p);
    NextLine(end);
  }

  // A text in quotes may be over several lines.
  std::size_t CloseOf(std::size_t quote) const {
    for (std::size_t at = quote + 1; at < text_.size(); ++at) {
      if (text_[quote] == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == text_[quote]) {
        return at;
      }
    }
    // Not closed yet: it ends with its line.
    return LineEnd(quote);
  }

  void SkipToLine() {
    const std::size_t end = LineEnd(at_);
    if (offset_ <= end) return Finish(false, offset_);
    NextLine(end);
  }

  void NextLine(std::size_t end) {
    if (end >= text_.size()) return Finish(true, offset_);
    at_ = end + 1;
  }

  // What is as far right as this column is over.
  void Leave(int column) {
    while (!levels_.empty() && levels_.back().column >= column) levels_.pop_back();
  }
  // A list may stand below its key without indentation.
  void LeaveForItem(int column) {
    while (!levels_.empty() &&
           (levels_.back().column > column || (levels_.back().column == column && levels_.back().is_list)))
      levels_.pop_back();
  }

  // ---- inside of brackets ----

  void Open(std::size_t p) {
    flow_.push_back({text_[p] == '{', false, ""});
    at_ = p + 1;
    token_ = text_.size();
    if (offset_ <= p) return Finish(false, offset_);
  }

  void Flow() {
    if (token_ == text_.size()) SkipBlanks();
    if (offset_ <= at_ || at_ >= text_.size()) return FinishInFlow();
    const char c = text_[at_];
    if (c == '"' || c == '\'') {
      const std::size_t close = CloseOf(at_);
      if (token_ == text_.size()) token_ = at_;
      if (offset_ <= close) return FinishInFlow();
      quoted_ = std::string(text_.substr(at_ + 1, close - at_ - 1));
      at_ = close + 1;
      if (at_ < text_.size() && text_[at_] == ':') TakeKey();
      return;
    }
    const char after = at_ + 1 < text_.size() ? text_[at_ + 1] : ' ';
    if (c == ':' && std::string_view(" ,}]\n\r").find(after) != std::string_view::npos) return TakeKey();
    if (c == '{' || c == '[') return Open(at_);
    if (c == '}' || c == ']') {
      flow_.pop_back();
      Reset();
      if (flow_.empty()) SkipToLine();
      return;
    }
    if (c == ',') {
      flow_.back().has_key = false;
      return Reset();
    }
    if (token_ == text_.size()) token_ = at_;
    ++at_;
  }

  void FinishInFlow() {
    const std::size_t begin = token_ == text_.size() ? offset_ : token_;
    Finish(flow_.back().is_map && !flow_.back().has_key, begin);
  }

  void SkipBlanks() {
    while (at_ < offset_ && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) {
      const bool comment = at_ + 1 < text_.size() && text_[at_ + 1] == '#';
      ++at_;
      if (comment) at_ = std::min(LineEnd(at_), offset_);
    }
  }

  void TakeKey() {
    Bracket& bracket = flow_.back();
    if (bracket.is_map && !bracket.has_key) {
      bracket.has_key = true;
      const std::string_view plain = token_ < at_ ? text_.substr(token_, at_ - token_) : std::string_view();
      bracket.key = quoted_.empty() ? std::string(plain) : quoted_;
    }
    Reset();
  }

  void Reset() {
    token_ = text_.size();
    quoted_.clear();
    ++at_;
  }

  std::string_view text_;
  const std::size_t offset_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
  int block_column_ = -1;  // of the key whose value is a block text
  std::size_t block_begin_ = 0;
  std::vector<Bracket> flow_;
  std::size_t token_ = 0;  // where the scalar in brackets begins; the text's end: nowhere yet
  std::string quoted_;
  Cursor cursor_;
  bool done_ = false;
};

}  // namespace

Cursor LocateCursor(std::string_view text, std::size_t offset) { return Scanner(text, offset).Run(); }

std::size_t EndOfWord(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  while (offset < text.size() && IsNameByte(text[offset])) ++offset;
  return offset;
}

}  // namespace fermata

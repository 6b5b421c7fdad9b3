#include "engine/language/formatter/block_formatter.h"

#include <algorithm>
#include <cctype>

#include "engine/language/source_text.h"

namespace fermata {
namespace {

// Nobody reads columns in longer lines.
constexpr std::size_t kColumnBytesMax = 1000;

FlowToken TokenOf(char c) {
  switch (c) {
    case '{':
      return FlowToken::kOpenMap;
    case '}':
      return FlowToken::kCloseMap;
    case '[':
      return FlowToken::kOpenList;
    case ']':
      return FlowToken::kCloseList;
    case ',':
      return FlowToken::kComma;
    default:
      return FlowToken::kText;
  }
}

// Whether something that follows a space begins in this column, counted in characters.
bool BeginsTokenAt(std::string_view line, int column) {
  int characters = 0;
  for (std::size_t at = 0; at < line.size() && characters <= column; ++at) {
    if ((static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) continue;
    if (characters == column) return at > 0 && line[at] != ' ' && line[at - 1] == ' ';
    ++characters;
  }
  return false;
}

}  // namespace

std::string BlockFormatter::Run() {
  while (at_ < lines_.size()) {
    const std::size_t indent = SkipSpaces(line(), 0);
    if (indent == line().size()) {
      blank_before_ = !out_.empty();
      ++at_;
    } else if (line()[indent] == '#') {
      Comment();
    } else if (line().starts_with("---") || line().starts_with("...") || line().starts_with("%")) {
      levels_.clear();
      Emit(TrimEnd(line()));
      ++at_;
    } else {
      Content();
    }
  }
  if (ends_in_block_ && !text_.empty() && text_.back() != '\n' && !out_.empty()) out_.pop_back();
  return std::move(out_);
}

void BlockFormatter::Emit(std::string_view line) {
  if (blank_before_) out_ += '\n';
  blank_before_ = false;
  out_ += line;
  out_ += '\n';
}

void BlockFormatter::Comment() {
  const std::size_t indent = SkipSpaces(line(), 0);
  Emit(std::string(CommentColumn(indent), ' ') + std::string(TrimEnd(line().substr(indent))));
  ++at_;
}

// With the content below it, unless it stands with something further out that is open.
std::size_t BlockFormatter::CommentColumn(std::size_t column) const {
  std::size_t next = at_;
  while (next < lines_.size() && IsRest(lines_[next], 0)) ++next;
  const std::size_t below = next < lines_.size() ? IndentOf(lines_[next]) : 0;
  std::size_t known = 0;  // levels that the comment could belong to
  while (known < levels_.size() && levels_[known].old_column <= column) ++known;
  // A list in the column of its key ends with the next key there.
  const bool ends_list = known > 0 && levels_[known - 1].is_list && levels_[known - 1].old_column == column &&
                         below == column && !(next < lines_.size() && IsDash(lines_[next], below));
  if (ends_list) --known;
  const bool deeper = levels_.empty() || below > levels_.back().old_column;
  const bool list_of_key = !deeper && below == levels_.back().old_column && !levels_.back().is_list &&
                           next < lines_.size() && IsDash(lines_[next], below);
  const bool opens =
      (deeper && (levels_.empty() || column > levels_.back().old_column)) || (list_of_key && column >= below);
  if (opens) return NextColumn();
  return known == 0 ? 0 : levels_[known - 1].new_column;
}

void BlockFormatter::Enter(std::size_t column, bool is_list) {
  while (!levels_.empty() && (levels_.back().old_column > column ||
                              (levels_.back().old_column == column && levels_.back().is_list && !is_list)))
    levels_.pop_back();
  const bool open = !levels_.empty() && levels_.back().old_column == column && levels_.back().is_list == is_list;
  if (!open) levels_.push_back({column, NextColumn(), is_list});
}

void BlockFormatter::Content() {
  std::size_t at = IndentOf(line());
  const bool dashed = IsDash(line(), at);
  const std::size_t first_key = dashed ? kNone : KeyEnd(line(), at);
  if (dashed || first_key != kNone) Enter(at, dashed);
  made_.assign(levels_.empty() ? 0 : levels_.back().new_column, ' ');
  while (IsDash(line(), at)) {
    made_ += '-';
    at = SkipSpaces(line(), at + 1);
    if (IsRest(line(), at)) return Rest(at);
    made_ += ' ';
    if (IsDash(line(), at)) {
      levels_.push_back({at, NextColumn(), true});
    } else if (KeyEnd(line(), at) != kNone) {
      levels_.push_back({at, NextColumn(), false});
    }
  }
  const std::size_t colon = KeyEnd(line(), at);
  const Frame frame{levels_.empty() ? 0 : levels_.back().old_column, levels_.empty() ? 0 : levels_.back().new_column,
                    levels_.empty()};
  if (colon == kNone) {
    // The value of a list's item; or of a key above, on a line of its own.
    if (!dashed && !levels_.empty()) made_.assign(levels_.back().new_column + 2, ' ');
    return Value(at, frame);
  }
  made_ += TrimEnd(line().substr(at, colon - at));
  made_ += ':';
  const std::size_t value = SkipSpaces(line(), colon + 1);
  if (IsRest(line(), colon + 1)) return Rest(colon + 1);
  made_.append(dashed ? 1 : KeySpaces(at, colon, value), ' ');
  Value(value, frame);
}

// One, or as many as keep the value below that of a neighbour.
std::size_t BlockFormatter::KeySpaces(std::size_t key_column, std::size_t colon, std::size_t value) const {
  const std::size_t spaces = value - colon - 1;
  if (spaces == 1) return 1;
  const int column = ValueColumn(at_, key_column);
  const auto lines_up = [&](std::size_t neighbour) {
    return neighbour != kNone && ValueColumn(neighbour, key_column) == column;
  };
  return lines_up(Before(key_column)) || lines_up(Behind(key_column)) ? spaces : 1;
}

// The neighbours of a key: comments and what is further in are passed over, a blank line ends the search.
std::size_t BlockFormatter::Before(std::size_t key_column) const {
  for (std::size_t at = at_; at-- > 0;)
    if (!IsPassedOver(at, key_column)) return at;
  return kNone;
}

std::size_t BlockFormatter::Behind(std::size_t key_column) const {
  for (std::size_t at = at_ + 1; at < lines_.size(); ++at)
    if (!IsPassedOver(at, key_column)) return at;
  return kNone;
}

bool BlockFormatter::IsPassedOver(std::size_t line, std::size_t key_column) const {
  return !IsBlank(lines_[line]) && (IsRest(lines_[line], 0) || IndentOf(lines_[line]) > key_column);
}

// Inside of a flow collection: none or one, or as many as keep the token below or above one of the next line.
std::size_t BlockFormatter::FlowSpaces(std::size_t written, std::size_t at, FlowToken before, FlowToken token) const {
  if (!SpaceBetween(before, token)) return written > 0 && MayStandApart(before, token) ? 1 : 0;
  if (written < 2 || line().size() > kColumnBytesMax || (before != FlowToken::kComma && before != FlowToken::kColon))
    return 1;
  const int column = CountCharacters(line().substr(0, at));
  const bool lines_up = (at_ > 0 && BeginsTokenAt(lines_[at_ - 1], column)) ||
                        (at_ + 1 < lines_.size() && BeginsTokenAt(lines_[at_ + 1], column));
  return lines_up ? written : 1;
}

// In characters; -1 if no key stands at `key_column`, or no value behind it.
int BlockFormatter::ValueColumn(std::size_t line, std::size_t key_column) const {
  const std::string_view text = lines_[line];
  if (IndentOf(text) != key_column || IsDash(text, key_column)) return -1;
  const std::size_t colon = KeyEnd(text, key_column);
  if (colon == kNone || IsRest(text, colon + 1)) return -1;
  return CountCharacters(text.substr(0, SkipSpaces(text, colon + 1)));
}

void BlockFormatter::Value(std::size_t at, const Frame& frame) {
  while (line()[at] == '&') {  // an anchor
    const std::size_t end = std::min(line().find_first_of(" \t", at), line().size());
    made_ += line().substr(at, end - at);
    if (IsRest(line(), end)) return Rest(end);
    made_ += ' ';
    at = SkipSpaces(line(), end);
  }
  const char first = line()[at];
  if (first == '|' || first == '>') return BlockText(at, frame);
  if (first == '{' || first == '[') return Flow(at, frame);
  if (first == '"' || first == '\'') return Rest(QuotedText(at, frame.at_root ? 0 : frame.new_column + 2));
  PlainText(at, frame);
}

void BlockFormatter::Rest(std::size_t at) {
  const std::size_t comment = SkipSpaces(line(), at);
  std::string made = std::move(made_);
  if (comment < line().size()) {
    const std::size_t gap = comment - at;
    const auto column = static_cast<std::size_t>(CountCharacters(line().substr(0, comment)));
    const auto width = static_cast<std::size_t>(CountCharacters(made));
    // What stands in a column of its own stays there.
    made.append(gap <= 2 ? std::max<std::size_t>(gap, 1) : column > width ? column - width : 1, ' ');
    made += line().substr(comment);
  }
  Emit(TrimEnd(made));
  ++at_;
}

void BlockFormatter::PlainText(std::size_t at, const Frame& frame) {
  std::size_t end = PlainEnd(line(), at, YamlStyle::kBlock);
  made_ += line().substr(at, end - at);
  while (IsBlank(line().substr(end)) && GoesOn(at_ + 1, frame)) {
    Emit(made_);
    for (++at_; IsBlank(line()); ++at_) out_ += '\n';
    at = SkipSpaces(line(), 0);
    end = PlainEnd(line(), at, YamlStyle::kBlock);
    made_.assign(frame.at_root ? 0 : frame.new_column + 2, ' ');
    made_ += line().substr(at, end - at);
  }
  Rest(end);
}

// Whether plain text goes on in this line, or behind blank ones.
bool BlockFormatter::GoesOn(std::size_t line, const Frame& frame) const {
  while (line < lines_.size() && IsBlank(lines_[line])) ++line;
  if (line == lines_.size() || IsRest(lines_[line], 0)) return false;
  return frame.at_root || IndentOf(lines_[line]) > frame.old_column;
}

// Leaves `made_` with its last line, and gives the place behind it.
std::size_t BlockFormatter::QuotedText(std::size_t at, std::size_t column) {
  const char quote = line()[at];
  std::size_t end = QuoteEnd(line(), at + 1, quote);
  if (end != kNone) {
    made_ += line().substr(at, end - at);
    return end;
  }
  made_ += line().substr(at);
  while (end == kNone && at_ + 1 < lines_.size()) {
    Emit(made_);
    ++at_;
    const std::size_t begin = SkipSpaces(line(), 0);
    end = QuoteEnd(line(), begin, quote);
    made_.assign(begin == line().size() ? 0 : column, ' ');
    made_ += line().substr(begin, end == kNone ? kNone : end - begin);
  }
  return std::min(end, line().size());
}

void BlockFormatter::BlockText(std::size_t at, const Frame& frame) {
  std::size_t digit = 0, end = at + 1;
  bool keeps = false;
  for (; end < line().size() && std::string_view(" \t#").find(line()[end]) == kNone; ++end) {
    keeps = keeps || line()[end] == '+';
    if (std::isdigit(static_cast<unsigned char>(line()[end]))) digit = static_cast<std::size_t>(line()[end] - '0');
  }
  made_ += line().substr(at, end - at);
  Rest(end);
  BlockLines(frame, digit, keeps);
}

void BlockFormatter::BlockLines(const Frame& frame, std::size_t digit, bool keeps) {
  std::size_t first = at_;
  while (first < lines_.size() && IsBlank(lines_[first])) ++first;
  std::size_t old_base = (frame.at_root ? 0 : frame.old_column) + digit;
  std::size_t new_base = (frame.at_root ? 0 : frame.new_column) + digit;
  if (digit == 0) {
    const std::size_t column = first < lines_.size() ? IndentOf(lines_[first]) : 0;
    const bool has_text = first < lines_.size() && (frame.at_root || column > frame.old_column);
    old_base = has_text ? column : kNone;
    new_base = frame.at_root ? 0 : frame.new_column + 2;
  }
  std::size_t end = at_, content_end = at_;
  for (; end < lines_.size() && (IsBlank(lines_[end]) || IndentOf(lines_[end]) >= old_base); ++end)
    if (!IsBlank(lines_[end])) content_end = end + 1;
  for (; at_ < (keeps ? end : content_end); ++at_) {
    if (line().size() > old_base) out_ += std::string(new_base, ' ') + std::string(line().substr(old_base));
    out_ += '\n';
  }
  ends_in_block_ = at_ == lines_.size();
}

void BlockFormatter::Flow(std::size_t at, const Frame& frame) {
  const std::size_t base = frame.new_column + (!levels_.empty() && levels_.back().is_list ? 2 : 0);
  FlowToken before = FlowToken::kLineBegin;
  for (std::size_t depth = 0; at_ < lines_.size();) {
    const std::size_t from = at;
    if (IsRest(line(), at)) {
      at = FlowLineEnd(from, before, base + 2, depth);
      before = FlowToken::kLineBegin;
      continue;
    }
    const std::size_t gap = at;
    at = SkipSpaces(line(), at);
    const char c = line()[at];
    const bool colon = c == ':' && (before == FlowToken::kText || EndsKey(line(), at, YamlStyle::kFlow));
    const FlowToken token = colon ? FlowToken::kColon : TokenOf(c);
    made_.append(FlowSpaces(at - gap, at, before, token), ' ');
    before = token;
    if (c == '"' || c == '\'') {
      at = QuotedText(at, base + 2 * std::max<std::size_t>(depth, 1));
    } else if (token == FlowToken::kText) {
      const std::size_t end = std::max(PlainEnd(line(), at, YamlStyle::kFlow), at + 1);
      made_ += line().substr(at, end - at);
      at = end;
    } else {
      made_ += c;
      ++at;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return Rest(at);
    }
  }
}

// Ends a line inside of a flow collection and begins the next; where it goes on there.
std::size_t BlockFormatter::FlowLineEnd(std::size_t at, FlowToken before, std::size_t column, std::size_t depth) {
  if (before == FlowToken::kLineBegin && SkipSpaces(line(), at) < line().size()) {
    made_ += TrimEnd(line().substr(SkipSpaces(line(), at)));
    Emit(made_);
    ++at_;
  } else {
    Rest(at);
  }
  for (; at_ < lines_.size() && IsBlank(line()); ++at_) out_ += '\n';
  if (at_ == lines_.size()) return 0;
  const std::size_t begin = SkipSpaces(line(), 0);
  const bool closes = line()[begin] == '}' || line()[begin] == ']';
  made_.assign(column + 2 * ((closes && depth > 1 ? depth - 1 : depth) - 1), ' ');
  return begin;
}

}  // namespace fermata

#include "api/handlers/json_place.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "engine/model/codes.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

constexpr std::size_t kExcerptBytes = 24;

// Walks over the text as far as it is JSON.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // False at the first mistake: at() and wanted() tell of it.
  bool Run() {
    while (true) {
      while (at_ < text_.size() &&
             (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
        ++at_;
      if (at_ == text_.size()) return next_ == Next::kEnd;
      if (!Step(text_[at_])) return false;
    }
  }

  std::size_t at() const { return at_; }
  std::string wanted() const {
    const std::string close = open_.empty() || open_.back() == '{' ? "'}'" : "']'";
    switch (next_) {
      case Next::kEnd:
        return "nothing more";
      case Next::kColon:
        return "':'";
      case Next::kComma:
        return "',' or " + close;
      case Next::kName:
        return "a name in double quotes";
      case Next::kNameOrClose:
        return "a name in double quotes or '}'";
      case Next::kValueOrClose:
        return "a value or ']'";
      case Next::kValue:
        break;
    }
    return "a value";
  }

 private:
  enum class Next { kValue, kValueOrClose, kName, kNameOrClose, kColon, kComma, kEnd };

  bool Step(char c) {
    switch (next_) {
      case Next::kEnd:
        return false;
      case Next::kColon:
        return c == ':' && Go(1, Next::kValue);
      case Next::kComma:
        if (c == ',') return Go(1, open_.back() == '{' ? Next::kName : Next::kValue);
        return Close(c);
      case Next::kNameOrClose:
        if (c == '}') return Close(c);
        [[fallthrough]];
      case Next::kName:
        return c == '"' && Text() && Go(0, Next::kColon);
      case Next::kValueOrClose:
        if (c == ']') return Close(c);
        break;
      case Next::kValue:
        break;
    }
    if (c == '{' || c == '[') {
      open_.push_back(c);
      return Go(1, c == '{' ? Next::kNameOrClose : Next::kValueOrClose);
    }
    return (c == '"' ? Text() : Word()) && Go(0, open_.empty() ? Next::kEnd : Next::kComma);
  }

  bool Go(std::size_t bytes, Next next) {
    at_ += bytes;
    next_ = next;
    return true;
  }

  bool Close(char c) {
    if (c != (open_.back() == '{' ? '}' : ']')) return false;
    open_.pop_back();
    return Go(1, open_.empty() ? Next::kEnd : Next::kComma);
  }

  // Stands on a quote; goes behind the closing one. A control character or a wrong escape is the mistake itself.
  bool Text() {
    std::size_t at = at_ + 1;
    for (; at < text_.size() && text_[at] != '"'; ++at) {
      const bool escaped = text_[at] == '\\';
      const bool wrong_escape = escaped && (at + 1 == text_.size() ||
                                            std::string_view("\"\\/bfnrtu").find(text_[at + 1]) == std::string::npos);
      if (wrong_escape || static_cast<unsigned char>(text_[at]) < 0x20) {
        at_ = at;
        return false;
      }
      if (escaped) ++at;
    }
    if (at >= text_.size()) return false;  // never closed: the place is where it begins
    at_ = at + 1;
    return true;
  }

  bool Word() {
    std::size_t end = at_;
    const auto is_part = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '.' || c == '_';
    };
    while (end < text_.size() && is_part(text_[end])) ++end;
    if (end == at_ || !ParseJson(text_.substr(at_, end - at_)).ok()) return false;
    at_ = end;
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  Next next_ = Next::kValue;
  std::vector<char> open_;
};

// Characters, not bytes.
std::size_t Length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string ExcerptAt(std::string_view text, std::size_t at) {
  std::string_view rest = text.substr(at);
  rest = rest.substr(0, rest.find('\n'));
  const bool cut = rest.size() > kExcerptBytes;
  if (cut) rest = rest.substr(0, kExcerptBytes);
  while (!rest.empty() && !IsValidUtf8(rest)) rest.remove_suffix(1);
  std::string shown(rest);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return shown.empty() ? "there is a line break" : "got '" + shown + (cut ? "…'" : "'");
}

}  // namespace

Error WithPlace(Error error, std::string_view text) {
  if (error.code != kJsonSyntax) return error;
  Scanner scanner(text);
  if (scanner.Run()) return error;
  const std::size_t at = scanner.at();
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  error.message = "Expected " + scanner.wanted() + " in line " +
                  std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ", column " +
                  std::to_string(1 + Length(before.substr(line_start))) + " of the JSON, but " +
                  (at == text.size() ? "the text ends" : ExcerptAt(text, at)) + ".";
  return error;
}

bool LooksLikeYaml(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == '\r') continue;
    if (line.starts_with("---")) return true;
    const std::size_t colon = line.find(':');
    return colon != std::string_view::npos &&
           std::all_of(line.begin(), line.begin() + static_cast<long>(colon),
                       [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_'; });
  }
  return false;
}

}  // namespace fermata

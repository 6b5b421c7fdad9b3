#include "engine/expression/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "engine/base/ascii.h"
#include "engine/expression/codes.h"
#include "engine/expression/utf8.h"

namespace fermata {
namespace {

constexpr std::array<std::string_view, 4> kKeywords = {"false", "in", "null", "true"};
constexpr std::array<std::string_view, 17> kReservedWords = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
// Longer ones first.
constexpr std::array<std::string_view, 24> kSymbols = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                                       "+",  "-",  "*",  "/",  "%",  "!",  "?", ":",
                                                       ".",  ",",  "(",  ")",  "[",  "]",  "{", "}"};

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsQuotedNamePart(char c) { return IsNamePart(c) || c == '.' || c == '-' || c == '/' || c == ' '; }

class Lexer {
 public:
  Lexer(std::string_view source, std::vector<ExpressionError>& errors) : source_(source), errors_(errors) {}

  std::vector<Token> Run() {
    while (SkipBlanks()) {
      start_ = at_;
      if (IsQuoteAt(PrefixLength()))
        ReadString(PrefixLength());
      else if (IsNameStart(Peek()))
        ReadName();
      else if (IsDigit(Peek()) || (Peek() == '.' && IsDigit(Peek(1))))
        ReadNumber();
      else if (Peek() == '`')
        ReadQuotedName();
      else
        ReadSymbol();
    }
    start_ = at_;
    Emit(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  char Peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  Token& Emit(TokenKind kind) {
    Token& token = tokens_.emplace_back();
    token.kind = kind;
    token.span = {static_cast<std::uint32_t>(start_), static_cast<std::uint32_t>(at_ - start_)};
    token.text = source_.substr(start_, at_ - start_);
    return token;
  }

  void Fail(std::string message, std::string hint = "") {
    FailAt(start_, at_ - start_, std::move(message), std::move(hint));
  }
  void FailAt(std::size_t at, std::size_t length, std::string message, std::string hint = "",
              ErrorCode code = kExpressionLiteral) {
    const Span span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)};
    errors_.push_back(MakeError(source_, span, code, std::move(message), std::move(hint)));
  }

  // False at the end.
  bool SkipBlanks() {
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && Peek(1) == '/') {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else {
        return true;
      }
    }
    return false;
  }

  // Of r, b, rb, br before a quote.
  std::size_t PrefixLength() const {
    std::size_t n = 0;
    bool raw = false;
    bool bytes = false;
    for (; n < 2; ++n) {
      const char c = Peek(n);
      if ((c == 'r' || c == 'R') && !raw)
        raw = true;
      else if ((c == 'b' || c == 'B') && !bytes)
        bytes = true;
      else
        break;
    }
    return n;
  }
  bool IsQuoteAt(std::size_t ahead) const { return Peek(ahead) == '"' || Peek(ahead) == '\''; }

  void ReadName() {
    while (IsNamePart(Peek())) ++at_;
    const std::string_view word = source_.substr(start_, at_ - start_);
    if (word == "true" || word == "false")
      Emit(TokenKind::kConstant).value = Value::Bool(word == "true");
    else if (word == "null")
      Emit(TokenKind::kConstant);
    else
      Emit(word == "in" ? TokenKind::kSymbol : TokenKind::kName);
  }

  void ReadQuotedName() {
    ++at_;
    while (IsQuotedNamePart(Peek())) ++at_;
    if (Peek() != '`' || at_ == start_ + 1)
      return Fail("Expected letters, digits and _ . - / between backquotes, but this is no such name.");
    ++at_;
    Token& token = Emit(TokenKind::kQuotedName);
    token.text = token.text.substr(1, token.text.size() - 2);
  }

  void ReadSymbol() {
    for (const std::string_view symbol : kSymbols) {
      if (source_.substr(at_, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      Emit(TokenKind::kSymbol);
      return;
    }
    std::size_t end = at_;
    NextCodePoint(source_, end);
    at_ = end;
    const std::string_view text = source_.substr(start_, at_ - start_);
    std::string hint;
    if (text == "=") hint = "Equality is written ==.";
    if (text == "&" || text == "|") hint = "'And' is written &&, 'or' is written ||.";
    FailAt(start_, at_ - start_, "Expected an expression, but '" + std::string(text) + "' is no part of one.", hint,
           kExpressionSyntax);
  }

  void ReadNumber() {
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X') && HexDigit(Peek(2)) >= 0) {
      at_ += 2;
      const std::size_t digits = at_;
      while (HexDigit(Peek()) >= 0) ++at_;
      return FinishInteger(source_.substr(digits, at_ - digits), 16);
    }
    while (IsDigit(Peek())) ++at_;
    bool floating = false;
    if (Peek() == '.' && IsDigit(Peek(1))) {
      floating = true;
      ++at_;
      while (IsDigit(Peek())) ++at_;
    }
    const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      floating = true;
      at_ += 1 + sign;
      while (IsDigit(Peek())) ++at_;
    }
    if (!floating) return FinishInteger(source_.substr(start_, at_ - start_), 10);
    const double number = std::strtod(std::string(source_.substr(start_, at_ - start_)).c_str(), nullptr);
    if (std::isinf(number)) return Fail("Expected a double, but the number is too large for one.");
    Emit(TokenKind::kConstant).value = Value::Double(number);
  }

  void FinishInteger(std::string_view digits, int base) {
    std::uint64_t number = 0;
    const bool fits = std::from_chars(digits.data(), digits.data() + digits.size(), number, base).ec == std::errc();
    if (Peek() == 'u' || Peek() == 'U') {
      ++at_;
      if (!fits) return Fail("Expected an unsigned integer within 64 bits, but the number is too large.");
      Emit(TokenKind::kConstant).value = Value::Uint(number);
    } else if (fits && number <= static_cast<std::uint64_t>(INT64_MAX)) {
      Emit(TokenKind::kConstant).value = Value::Int(static_cast<std::int64_t>(number));
    } else if (fits && number == static_cast<std::uint64_t>(INT64_MAX) + 1) {
      Emit(TokenKind::kIntegerTooLarge);
    } else {
      Fail("Expected an integer within 64 bits, but the number is too large.",
           "Write 1u for an unsigned integer, 1.0 for a double.");
    }
  }

  void ReadString(std::size_t prefix_length) {
    bool raw = false;
    bool bytes = false;
    for (std::size_t i = 0; i < prefix_length; ++i) (Peek(i) == 'r' || Peek(i) == 'R' ? raw : bytes) = true;
    at_ += prefix_length;
    const char quote = Peek();
    const std::size_t marks = Peek(1) == quote && Peek(2) == quote ? 3 : 1;
    const std::string closing(marks, quote);
    at_ += marks;
    std::string text;
    bool good = true;
    while (source_.substr(at_, marks) != closing) {
      if (at_ >= source_.size() || (marks == 1 && (Peek() == '\n' || Peek() == '\r'))) {
        Fail("Expected the closing " + closing + " of a string, but the " +
             (at_ >= source_.size() ? "expression" : "line") + " ends.");
        return;
      }
      if (Peek() == '\\' && !raw) {
        good = ReadEscape(bytes, text) && good;
      } else {
        text += source_[at_++];
      }
    }
    at_ += marks;
    if (good) Emit(TokenKind::kConstant).value = bytes ? Value::Bytes(text) : Value::String(text);
  }

  bool ReadDigits(int base, int count, char32_t& value) {
    value = 0;
    for (; count > 0; --count, ++at_) {
      const int digit = HexDigit(Peek());
      if (digit < 0 || digit >= base) return false;
      value = value * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
    }
    return true;
  }

  // The second half of a pair as in '\ud83d\ude00'; `value` holds the first one and becomes the code point.
  bool ReadLowSurrogate(char32_t& value) {
    if (Peek() != '\\' || Peek(1) != 'u') return false;
    at_ += 2;
    char32_t low = 0;
    if (!ReadDigits(16, 4, low) || low < 0xDC00 || low > 0xDFFF) return false;
    value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    return true;
  }

  // At a backslash. In bytes, \x and octals are bytes; in strings they are code points.
  bool ReadEscape(bool bytes, std::string& out) {
    constexpr std::string_view kNamed = "abfnrtv\\?\"'`";
    constexpr std::string_view kMeaning = "\a\b\f\n\r\t\v\\?\"'`";
    const std::size_t begin = at_++;
    const char c = Peek();
    if (const std::size_t named = kNamed.find(c); named != std::string_view::npos && at_ < source_.size()) {
      out += kMeaning[named];
      ++at_;
      return true;
    }
    const bool unicode = c == 'u' || c == 'U';
    const bool octal = c >= '0' && c <= '3';
    const int digits = c == 'U' ? 8 : c == 'u' ? 4 : octal ? 3 : c == 'x' || c == 'X' ? 2 : 0;
    if (!octal && digits > 0) ++at_;
    char32_t value = 0;
    bool good = digits > 0 && !(bytes && unicode) && ReadDigits(octal ? 8 : 16, digits, value);
    if (good && c == 'u' && value >= 0xD800 && value < 0xDC00) good = ReadLowSurrogate(value);
    good = good && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    if (!good) {
      if (at_ == begin + 1 && at_ < source_.size()) NextCodePoint(source_, at_);
      FailAt(begin, at_ - begin,
             "Expected an escape that CEL knows, but got '" + std::string(source_.substr(begin, at_ - begin)) + "'.",
             "Write \\\\ for a backslash, or r'…' for a string without escapes.");
      return false;
    }
    if (bytes)
      out += static_cast<char>(value);
    else
      AppendCodePoint(value, out);
    return true;
  }

  std::string_view source_;
  std::vector<ExpressionError>& errors_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
};

}  // namespace

bool IsKeyword(std::string_view word) { return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end(); }

bool IsReservedWord(std::string_view word) {
  return std::find(kReservedWords.begin(), kReservedWords.end(), word) != kReservedWords.end();
}

std::vector<Token> Tokenize(std::string_view source, std::vector<ExpressionError>& errors) {
  return Lexer(source, errors).Run();
}

ExpressionError MakeError(std::string_view source, Span span, ErrorCode code, std::string message, std::string hint) {
  ExpressionError error;
  error.code = code;
  error.message = std::move(message);
  error.hint = std::move(hint);
  const std::string_view before = source.substr(0, std::min<std::size_t>(span.at, source.size()));
  error.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  error.column = 1 + static_cast<int>(CountCodePoints(before.substr(line_start)));
  error.length = std::max(1, static_cast<int>(CountCodePoints(source.substr(before.size(), span.length))));
  return error;
}

}  // namespace fermata

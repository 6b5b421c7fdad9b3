#include "engine/expression/template.h"

#include <cctype>
#include <string>
#include <utility>

namespace fermata {
namespace {

int CountCharacters(std::string_view utf8) {
  int count = 0;
  for (unsigned char byte : utf8) count += (byte & 0xC0) != 0x80;
  return count;
}

bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether the quote at `quote` has a raw prefix (r, R, br, …): then a backslash escapes nothing.
bool IsRawString(std::string_view text, std::size_t begin, std::size_t quote) {
  std::size_t prefix = quote;
  while (prefix > begin && IsNameCharacter(text[prefix - 1])) --prefix;
  const std::string_view word = text.substr(prefix, quote - prefix);
  return !word.empty() && word.size() <= 2 && word.find_first_not_of("rRbB") == std::string_view::npos &&
         word.find_first_of("rR") != std::string_view::npos;
}

// The index after the CEL string that starts at `quote`; npos if it never ends.
std::size_t SkipString(std::string_view text, std::size_t begin, std::size_t quote) {
  const bool raw = IsRawString(text, begin, quote);
  const char mark = text[quote];
  const bool triple = text.substr(quote, 3) == std::string(3, mark);
  const std::string closing(triple ? 3 : 1, mark);
  std::size_t at = quote + closing.size();
  while (at < text.size()) {
    if (!raw && text[at] == '\\') {
      at += 2;
    } else if (text.substr(at, closing.size()) == closing) {
      return at + closing.size();
    } else {
      ++at;
    }
  }
  return std::string_view::npos;
}

// The index of the `}` that closes the expression starting at `begin`; npos if there is none.
std::size_t FindClosingBrace(std::string_view text, std::size_t begin) {
  int depth = 0;
  std::size_t at = begin;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = SkipString(text, begin, at);
      continue;
    }
    if (c == '/' && text.substr(at, 2) == "//") {
      at = text.find('\n', at);
      continue;
    }
    if (c == '{') ++depth;
    if (c == '}' && depth-- == 0) return at;
    ++at;
  }
  return std::string_view::npos;
}

struct TextPlace {
  int line = 1;
  int column = 1;
};

TextPlace PlaceOf(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  TextPlace place;
  for (char c : before) place.line += c == '\n';
  const std::size_t newline = before.rfind('\n');
  place.column = 1 + CountCharacters(newline == std::string_view::npos ? before : before.substr(newline + 1));
  return place;
}

class ScalarParser {
 public:
  ScalarParser(std::string_view text, const LocateCharacter& locate) : text_(text), locate_(locate) {}

  TemplateOutcome Parse() {
    if (locate_) outcome_.content.at = locate_(0);
    if (text_.size() > kExpressionBytesMax && HoldsExpression(text_)) {
      Fail(kTemplateTooLong, 0, 1,
           "Expected a text with expressions of at most " + std::to_string(kExpressionBytesMax) +
               " bytes, but it has " + std::to_string(text_.size()) + ".",
           "");
      return std::move(outcome_);
    }
    std::size_t at = 0;
    while (at < text_.size()) {
      if (text_.substr(at, 3) == "$${") {
        literal_ += "${";
        at += 3;
      } else if (text_.substr(at, 2) == "${") {
        at = TakeExpression(at + 2);
      } else {
        literal_ += text_[at++];
      }
    }
    Finish();
    return std::move(outcome_);
  }

 private:
  std::size_t TakeExpression(std::size_t begin) {
    const std::size_t end = FindClosingBrace(text_, begin);
    if (end == std::string_view::npos) {
      Fail(kTemplateUnclosed, begin - 2, 2, "Expected '}' after the expression, but the text ends.",
           "a literal \"${\" is written \"$${\"");
      return text_.size();
    }
    const std::string_view source = text_.substr(begin, end - begin);
    if (source.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      Fail(kTemplateEmpty, begin - 2, CountCharacters(source) + 3,
           "Expected an expression between \"${\" and \"}\", but there is none.", "");
      return end + 1;
    }
    AddExpression(source, begin);
    return end + 1;
  }

  void AddExpression(std::string_view source, std::size_t begin) {
    ParseOutcome parsed = ParseExpression(source);
    const TextPlace start = PlaceOf(text_, begin);
    for (ExpressionError& error : parsed.errors) {
      if (error.line == 1) error.column += start.column - 1;
      error.line += start.line - 1;
      outcome_.errors.push_back(std::move(error));
    }
    if (!parsed.expression) return;
    Expression expression{std::move(parsed.expression), {}};
    if (locate_) expression.at = locate_(CountCharacters(text_.substr(0, begin)));
    FlushLiteral();
    pieces_.push_back({"", std::move(expression)});
  }

  void FlushLiteral() {
    if (!literal_.empty()) pieces_.push_back({std::exchange(literal_, {}), std::nullopt});
  }

  void Finish() {
    if (pieces_.empty()) {
      outcome_.content.content = Value::String(literal_);
      return;
    }
    FlushLiteral();
    if (pieces_.size() == 1) {
      outcome_.content.content = std::move(*pieces_.front().expression);
    } else {
      outcome_.content.content = TextTemplate{std::move(pieces_)};
    }
  }

  void Fail(ErrorCode code, std::size_t at, int length, std::string message, std::string hint) {
    const TextPlace place = PlaceOf(text_, at);
    outcome_.errors.push_back({code, std::move(message), place.column, place.line, length, std::move(hint)});
  }

  std::string_view text_;
  const LocateCharacter& locate_;
  TemplateOutcome outcome_;
  std::string literal_;
  std::vector<TextTemplate::Piece> pieces_;
};

EvaluationResult EvaluateText(const TextTemplate& text, const Scope& scope) {
  std::string result;
  for (const TextTemplate::Piece& piece : text.pieces) {
    if (!piece.expression) {
      result += piece.literal;
      continue;
    }
    EvaluationResult value = Evaluate(*piece.expression->compiled, scope);
    if (!value.ok()) return value;
    std::optional<std::string> words = TextOf(value.value());
    if (!words) {
      const std::string_view source = SourceOf(*piece.expression->compiled);
      return ExpressionError{kTemplateNotText,
                             "Expected a number, boolean, string, timestamp or duration inside the text, but '" +
                                 std::string(source) + "' is of type " +
                                 std::string(CelTypeName(value.value().kind())) + ".",
                             1,
                             1,
                             CountCharacters(source),
                             "convert it, for example with .join(', ') for a list of strings"};
    }
    result += *words;
  }
  return Value::String(result);
}

EvaluationResult EvaluateList(const Template::ListOf& list, const Scope& scope) {
  std::vector<Value> items;
  items.reserve(list.size());
  for (const Template& item : list) {
    EvaluationResult value = EvaluateTemplate(item, scope);
    if (!value.ok()) return value;
    items.push_back(std::move(value).value());
  }
  return Value::List(std::move(items));
}

EvaluationResult EvaluateMap(const Template::MapOf& map, const Scope& scope) {
  std::vector<MapEntry> entries;
  entries.reserve(map.size());
  for (const auto& [key, content] : map) {
    EvaluationResult value = EvaluateTemplate(content, scope);
    if (!value.ok()) return value;
    entries.emplace_back(Value::String(key), std::move(value).value());
  }
  return Value::Map(std::move(entries));
}

}  // namespace

TemplateOutcome ParseTemplateText(std::string_view text, const LocateCharacter& locate) {
  return ScalarParser(text, locate).Parse();
}

bool HoldsExpression(std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    if (at == 0 || text[at - 1] != '$') return true;
  }
  return false;
}

EvaluationResult EvaluateTemplate(const Template& source, const Scope& scope) {
  if (const auto* literal = std::get_if<Value>(&source.content)) return *literal;
  if (const auto* expression = std::get_if<Expression>(&source.content)) return Evaluate(*expression->compiled, scope);
  if (const auto* text = std::get_if<TextTemplate>(&source.content)) return EvaluateText(*text, scope);
  if (const auto* list = std::get_if<Template::ListOf>(&source.content)) return EvaluateList(*list, scope);
  return EvaluateMap(std::get<Template::MapOf>(source.content), scope);
}

}  // namespace fermata

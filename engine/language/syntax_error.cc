#include "engine/language/syntax_error.h"

#include <algorithm>

#include "engine/language/codes.h"

namespace fermata {
namespace {

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The first line, up to the mistake's, whose indentation holds a tab; 0 if none does.
int LineIndentedByTab(const SourceText& source, int last) {
  for (int line = 1; line <= last; ++line) {
    const std::string_view text = source.Line(line);
    const std::size_t content = text.find_first_not_of(" \t");
    if (content == std::string_view::npos || text[content] == '#') continue;
    if (text.substr(0, content).find('\t') != std::string_view::npos) return line;
  }
  return 0;
}

Diagnostic UnclosedBracket(const SourceText& source, const OpenBracket& bracket, std::size_t offset) {
  const char closing = bracket.character == '[' ? ']' : '}';
  const bool at_end =
      source.text().find_first_not_of(" \t\r\n", std::min(offset, source.text().size())) == std::string::npos;
  if (at_end)
    return source.Report(
        Severity::kError, kYamlUnclosedBracket, source.At(bracket.offset), 1,
        std::string("Expected '") + closing + "' that closes this '" + bracket.character + "', but the file ends.");
  const bool template_brace = source.text().compare(offset > 0 ? offset - 1 : 0, 2, "${") == 0;
  Diagnostic diagnostic =
      source.Report(Severity::kError, kYamlUnclosedBracket, source.At(offset), 1,
                    std::string("Expected ',' or '") + closing + "', but there is '" + source.text()[offset] + "'.",
                    template_brace ? "between brackets an expression stands in quotes: \"${…}\"" : "");
  const SourcePosition opened = source.At(bracket.offset);
  diagnostic.related =
      Diagnostic::Related{opened.line, opened.column, std::string("the '") + bracket.character + "' is here"};
  return diagnostic;
}

Diagnostic BadEscape(const SourceText& source, std::size_t offset) {
  // yaml-cpp stops behind the escape: go back to its backslash.
  const std::string& text = source.text();
  std::size_t at = std::min(offset, text.size() - 1);
  while (at > 0 && text[at] != '\\') --at;
  return source.Report(Severity::kError, kYamlEscape, source.At(at), 2,
                       "Expected an escape that YAML knows, but there is '" + text.substr(at, 2) + "'.",
                       "in single quotes a backslash is only a backslash");
}

Diagnostic Alias(const SourceText& source, std::string_view reason, std::size_t offset) {
  if (Contains(reason, "not defined"))
    return source.Report(Severity::kError, kYamlAlias, source.At(offset), 1,
                         "Expected an alias of an anchor that stands before it, but there is none of this name.",
                         "text that begins with '*' is written in quotes");
  return source.Report(Severity::kError, kYamlAlias, source.At(offset), 1,
                       "Expected a name after '*' or '&', but there is none.",
                       "text that begins with '*' or '&' is written in quotes");
}

// "a: b: c": a second ': ' in one line.
bool IsColonInPlainText(const SourceText& source, std::size_t offset) {
  const SourcePosition at = source.At(offset);
  const std::string_view line = source.Line(at.line);
  const std::size_t first = line.find(": ");
  return first != std::string_view::npos && CountCharacters(line.substr(0, first)) + 1 < at.column;
}

// A plain value that goes on in the next line and meets a colon there: "a: 1\n b: 2".
Diagnostic MapValue(const SourceText& source, std::size_t offset) {
  const SourcePosition at = source.At(offset);
  if (IsColonInPlainText(source, offset))
    return source.Report(Severity::kError, kYamlSyntax, at, 1,
                         "Expected one value, but there is a second ':' in this line.",
                         "text that holds ': ' is written in quotes");
  return source.Report(Severity::kError, kYamlSyntax, at, 1,
                       "Expected a key and its value, but the line does not fit to what stands above it.",
                       "check the indentation: keys of one map stand below each other");
}

std::string ReasonInOurWords(std::string_view reason) {
  if (Contains(reason, "block entry")) return "Expected a value, but there is '-'.";
  if (Contains(reason, "flow end")) return "Expected no closing bracket here, but there is one that nothing opens.";
  if (Contains(reason, "map key")) return "Expected a value, but there is '?'.";
  if (Contains(reason, "block scalar") || Contains(reason, "zero"))
    return "Expected the end of the line after '|' or '>', but there is more.";
  if (Contains(reason, "bad file")) return "Expected less nesting, but there is more than can be read.";
  return "Expected YAML, but this cannot be read.";
}

}  // namespace

Diagnostic ExplainSyntaxError(const SourceText& source, std::string_view reason, std::size_t offset,
                              const std::vector<OpenBracket>& open_brackets) {
  const SourcePosition at = source.At(offset);
  if (const int line = LineIndentedByTab(source, at.line);
      line > 0 && (Contains(reason, "tab") || open_brackets.empty())) {
    const std::string_view text = source.Line(line);
    return source.Report(Severity::kError, kYamlTab, {line, 1 + static_cast<int>(text.find('\t'))}, 1,
                         "Expected blanks as indentation, but there is a tab.", "YAML allows no tabs here");
  }
  const char character = offset < source.text().size() ? source.text()[offset] : '\0';
  if (Contains(reason, "flow not found") && !open_brackets.empty())
    return UnclosedBracket(source, open_brackets.back(), offset);
  if (Contains(reason, "escape") || Contains(reason, "hex") || Contains(reason, "unicode"))
    return BadEscape(source, offset);
  if (Contains(reason, "alias") || Contains(reason, "anchor")) return Alias(source, reason, offset);
  if (Contains(reason, "illegal map value")) return MapValue(source, offset);
  if (Contains(reason, "EOF in scalar"))
    return source.Report(Severity::kError, kYamlUnclosedQuote, at, 1,
                         "Expected the text to be closed by its quote, but the file ends.");
  if (Contains(reason, "unknown token"))
    return source.Report(Severity::kError, kYamlSyntax, at, 1,
                         std::string("Expected a value, but text cannot begin with '") + character + "'.",
                         "put it in quotes");
  if (Contains(reason, "end of map not found") || Contains(reason, "end of sequence not found")) {
    const bool quoted_before = offset > 0 && source.At(offset).column > 1 &&
                               source.Line(at.line).find_first_of("\"'") != std::string_view::npos;
    return source.Report(Severity::kError, kYamlSyntax, at, 1,
                         "Expected the next key, but the text here does not fit to what stands above it.",
                         quoted_before ? "after a closing quote the value is complete"
                                       : "check the indentation: keys of one map stand below each other");
  }
  return source.Report(Severity::kError, kYamlSyntax, at, 1, ReasonInOurWords(reason), "");
}

}  // namespace fermata

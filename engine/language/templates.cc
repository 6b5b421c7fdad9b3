#include "engine/language/templates.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "engine/expression/expression.h"
#include "engine/expression/template.h"
#include "engine/language/codes.h"
#include "engine/language/fields.h"

namespace fermata {
namespace {

// The index of the character at this line and column of a text.
int IndexOf(std::string_view text, int line, int column) {
  std::size_t begin = 0;
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  return CountCharacters(text.substr(0, begin)) + column - 1;
}

// A place in a scalar's text, or in a key's.
SourcePosition PlaceInText(const ExpressionPlace& place, int index, const SourceText& source) {
  if (place.scalar) return source.Locate(*place.scalar, place.index + index);
  return {place.at.line, place.at.column + index};
}

void ReportErrors(const std::vector<ExpressionError>& errors, std::string_view text, const ExpressionPlace& place,
                  Report& report) {
  for (const ExpressionError& error : errors)
    report.Add(Severity::kError, error.code,
               PlaceInText(place, IndexOf(text, error.line, error.column), report.source()), error.length,
               error.message, error.hint);
}

// Notes where the expressions of a scalar begin; `indexes` are in their order.
void NotePlaces(const Template& content, const ExpressionPlace& base, const std::vector<int>& indexes,
                ParseContext& context) {
  std::size_t next = 0;
  const auto note = [&](const Expression& expression) {
    ExpressionPlace place = base;
    place.index = base.index + indexes[next];
    place.at = {base.at.line, base.at.column + indexes[next]};
    ++next;
    context.parsed.places[expression.compiled.get()] = place;
  };
  if (const auto* expression = std::get_if<Expression>(&content.content)) note(*expression);
  if (const auto* text = std::get_if<TextTemplate>(&content.content))
    for (const TextTemplate::Piece& piece : text->pieces)
      if (piece.expression) note(*piece.expression);
}

std::optional<Template> ReadTemplateText(std::string_view text, const ExpressionPlace& base, ParseContext& context) {
  std::vector<int> indexes;
  bool first = true;
  const auto locate = [&](int index) {
    if (!first) indexes.push_back(index);
    first = false;
    return PlaceInText(base, index, context.report.source());
  };
  TemplateOutcome outcome = ParseTemplateText(text, locate);
  if (!outcome.errors.empty()) {
    ReportErrors(outcome.errors, text, base, context.report);
    return std::nullopt;
  }
  NotePlaces(outcome.content, base, indexes, context);
  return std::move(outcome.content);
}

// What cannot be read is of no certain type, so that what is around it can be checked; it is never run.
Template ReadPart(const Node& node, ParseContext& context) {
  if (auto content = ReadTemplate(node, context)) return std::move(*content);
  return {Expression{ParseExpression("dyn(null)").expression, node.at}, node.at};
}

bool IsLiteral(const Template& content) { return std::holds_alternative<Value>(content.content); }

// A name, then a field or an index, and nothing else that could not be an expression.
bool LooksLikeAPath(std::string_view text) {
  const std::size_t end = text.find_first_of(".[");
  if (end == std::string_view::npos || end == 0 || text.find_first_of(" \n") != std::string_view::npos) return false;
  return ParseExpression(text).expression != nullptr;
}

std::optional<Template> ReadScalar(const Node& node, ParseContext& context) {
  if (node.is_string()) {
    auto content = ReadTemplateText(node.text, {&node, 0, node.at}, context);
    if (!content) return content;
    content->at = node.at;
    if (IsLiteral(*content) && LooksLikeAPath(node.text)) context.parsed.bare_texts.push_back(&node);
    return content;
  }
  if (node.scalar.kind() == ValueKind::kDouble && !std::isfinite(node.scalar.as_double())) {
    context.report.Error(kNotFinite, node,
                         "Expected a value that variables can hold, but there is " + node.Describe() + ".");
    return std::nullopt;
  }
  return Template{node.scalar, node.at};
}

std::optional<Template> ReadList(const Node& node, ParseContext& context) {
  Template::ListOf items;
  bool literal = true;
  for (const Node& item : node.items) {
    items.push_back(ReadPart(item, context));
    literal &= IsLiteral(items.back());
  }
  if (!literal) return Template{std::move(items), node.at};
  std::vector<Value> values;
  for (Template& item : items) values.push_back(std::get<Value>(std::move(item.content)));
  return Template{Value::List(std::move(values)), node.at};
}

// Inside of an expression `a-b` is two names; whoever is told so may write a_b.
void LoseName(std::string_view text, ParsedDefinition& parsed) {
  std::string joined, part;
  for (const char c : text) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    joined += fits ? c : '_';
    if (!fits) parsed.lost_names.insert(std::exchange(part, ""));
    if (fits) part += c;
  }
  parsed.lost_names.insert(std::move(part));
  parsed.lost_names.insert(std::move(joined));
  parsed.lost_names.erase("");
}

}  // namespace

SourcePosition LocateInExpression(const ExpressionPlace& place, std::string_view source, int line, int column,
                                  const SourceText& text) {
  return PlaceInText(place, IndexOf(source, line, column), text);
}

std::optional<Template::MapOf> ReadTemplateMap(const Node& node, std::string_view what, ParseContext& context) {
  if (!ExpectMap(node, what, context.report)) return std::nullopt;
  Template::MapOf entries;
  for (const NodeEntry& entry : node.entries) entries.push_back({entry.key, ReadPart(entry.value, context)});
  return entries;
}

std::optional<Template> ReadTemplate(const Node& node, ParseContext& context) {
  if (node.is_scalar()) return ReadScalar(node, context);
  if (node.is_list()) return ReadList(node, context);
  auto entries = ReadTemplateMap(node, "a map", context);
  if (!entries) return std::nullopt;
  for (const auto& [key, content] : *entries)
    if (!IsLiteral(content)) return Template{std::move(*entries), node.at};
  std::vector<MapEntry> values;
  for (auto& [key, content] : *entries)
    values.emplace_back(Value::String(key), std::get<Value>(std::move(content.content)));
  return Template{Value::Map(std::move(values)), node.at};
}

std::vector<Assignment> ReadAssignments(const Node& node, std::string_view what, ParseContext& context) {
  std::vector<Assignment> assignments;
  if (!ExpectMap(node, what, context.report)) {
    LoseNames(node, context.parsed);
    return assignments;
  }
  for (const NodeEntry& entry : node.entries) {
    const bool named = CheckVariable(entry.key, entry.key_at, entry.key_length, context.report);
    Template content = ReadPart(entry.value, context);
    if (named) {
      assignments.push_back({entry.key, std::move(content)});
    } else {
      LoseName(entry.key, context.parsed);
    }
  }
  return assignments;
}

void LoseNames(const Node& node, ParsedDefinition& parsed) {
  if (node.is_scalar()) LoseName(node.text, parsed);
  for (const NodeEntry& entry : node.entries) LoseName(entry.key, parsed);
  for (const Node& item : node.items) LoseNames(item, parsed);
}

void LoseMisspelt(const Node& map, const std::vector<std::string>& known, const std::vector<std::string>& words,
                  ParsedDefinition& parsed) {
  for (const NodeEntry& entry : map.entries) {
    const bool misspelt = std::find(known.begin(), known.end(), entry.key) == known.end() &&
                          std::any_of(words.begin(), words.end(),
                                      [&](const auto& word) { return !DidYouMean(entry.key, {word}).empty(); });
    if (misspelt) LoseNames(entry.value, parsed);
  }
}

std::optional<Expression> ReadCondition(const Node& node, ParseContext& context) {
  const bool boolean = node.is_scalar() && node.scalar.kind() == ValueKind::kBool;
  if (!node.is_string() && !boolean) {
    context.report.Error(kWrongKind, node, "Expected a condition, but there is " + node.Describe() + ".");
    return std::nullopt;
  }
  if (HoldsExpression(node.text)) {
    const std::size_t begin = node.text.find("${");
    std::string bare = node.text.substr(begin + 2, node.text.rfind('}') - begin - 2);
    context.report.Error(kTemplateInCondition, node, "Expected a bare expression under 'if', but it holds \"${\".",
                         begin == 0 && node.text.back() == '}'
                             ? "write: if: \"" + bare + "\""
                             : "expressions in conditions stand without \"${\" and \"}\"");
    return std::nullopt;
  }
  ParseOutcome outcome = ParseExpression(node.text);
  const ExpressionPlace place{&node, 0, node.at};
  ReportErrors(outcome.errors, node.text, place, context.report);
  if (!outcome.expression) return std::nullopt;
  context.parsed.places[outcome.expression.get()] = place;
  return Expression{std::move(outcome.expression), context.report.source().Locate(node, 0)};
}

std::optional<Template> ReadTemplateKey(const NodeEntry& entry, ParseContext& context) {
  // A key in quotes begins one character later.
  const std::string_view line = context.report.source().Line(entry.key_at.line);
  int quote = 0, column = 1;
  for (std::size_t i = 0; i < line.size() && column <= entry.key_at.column; ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) continue;
    if (column++ == entry.key_at.column) quote = line[i] == '"' || line[i] == '\'' ? 1 : 0;
  }
  return ReadTemplateText(entry.key, {nullptr, 0, {entry.key_at.line, entry.key_at.column + quote}}, context);
}

}  // namespace fermata

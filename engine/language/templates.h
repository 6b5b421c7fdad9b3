// Reads templates and conditions out of nodes. Used by the parsers only.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/language/parsed.h"

namespace fermata {

// Any YAML value in which strings may hold `${ }`. nullopt after a report.
std::optional<Template> ReadTemplate(const Node& node, ParseContext& context);
// A map of templates by name: `with`, `set`, `vars`, `end`.
std::optional<Template::MapOf> ReadTemplateMap(const Node& node, std::string_view what, ParseContext& context);
// `set` and `vars`: the names must be variables.
std::vector<Assignment> ReadAssignments(const Node& node, std::string_view what, ParseContext& context);
// Bare CEL of an `if`.
std::optional<Expression> ReadCondition(const Node& node, ParseContext& context);
// A key such as "${input.due}" of `after`.
std::optional<Template> ReadTemplateKey(const NodeEntry& entry, ParseContext& context);

// Where the character at this line and column of the expression stands in the file.
SourcePosition LocateInExpression(const ExpressionPlace& place, std::string_view source, int line, int column,
                                  const SourceText& text);

}  // namespace fermata

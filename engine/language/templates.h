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
// A map of templates by name: `with`, `set`, `vars`, `end`. What cannot be read in it is reported and stays as a value of any type.
std::optional<Template::MapOf> ReadTemplateMap(const Node& node, std::string_view what, ParseContext& context);
// `set` and `vars`: the names must be variables.
std::vector<Assignment> ReadAssignments(const Node& node, std::string_view what, ParseContext& context);
// What could not be read was to assign these names: a scalar's, a map's keys, of a list all of them.
void LoseNames(const Node& node, ParsedDefinition& parsed);
// The same for what stands under keys that are none of `known` and may have been meant to be one of `words`.
void LoseMisspelt(const Node& map, const std::vector<std::string>& known, const std::vector<std::string>& words,
                  ParsedDefinition& parsed);
// Bare CEL of an `if`.
std::optional<Expression> ReadCondition(const Node& node, ParseContext& context);
// A key such as "${input.due}" of `after`.
std::optional<Template> ReadTemplateKey(const NodeEntry& entry, ParseContext& context);

// Where the character at this line and column of the expression stands in the file.
SourcePosition LocateInExpression(const ExpressionPlace& place, std::string_view source, int line, int column,
                                  const SourceText& text);

}  // namespace fermata

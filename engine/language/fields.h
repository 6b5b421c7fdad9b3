// Reads the scalar shapes of the language out of nodes, and reports what does not fit. Used by the parsers only.
//
// Every Read… gives nullopt (or an empty value) after it has reported why.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/report.h"
#include "engine/model/semver.h"

namespace fermata {

// Whether the node is a map; reports kWrongKind with `what` ("a map of states") otherwise.
bool ExpectMap(const Node& node, std::string_view what, Report& report);
// Reports every key that is not in `known`.
void CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where, Report& report);

// Whether a key of the map that is not in `known` is likely to mean `word`.
bool Misspells(const Node& map, const std::vector<std::string>& known, const std::string& word);

// Any scalar that is not null, as it was written: titles and the like.
std::optional<std::string> ReadText(const Node& node, std::string_view what, Report& report);
std::optional<std::vector<std::string>> ReadTexts(const Node& node, std::string_view what, Report& report);
std::optional<bool> ReadBool(const Node& node, std::string_view what, Report& report);
std::optional<std::int64_t> ReadInteger(const Node& node, std::int64_t min, std::int64_t max, std::string_view what,
                                        Report& report);
std::optional<double> ReadNumber(const Node& node, double min, double max, std::string_view what, Report& report);
// "10s", "PT30M" -> milliseconds.
std::optional<std::int64_t> ReadSpan(const Node& node, Report& report);
std::optional<std::int64_t> SpanToMillis(std::string_view text);
// One of the words.
std::optional<std::string> ReadChoice(const Node& node, const std::vector<std::string>& words, Report& report);

// Names: language.md 11.12.
bool IsName(std::string_view text);        // [A-Za-z][A-Za-z0-9_-]{0,62}
bool IsDottedName(std::string_view text);  // also with dots between: events, operations
std::optional<std::string> ReadName(const Node& node, std::string_view what, Report& report);
std::optional<std::string> ReadDottedName(const Node& node, std::string_view what, Report& report);
bool CheckName(const NodeEntry& entry, std::string_view what, Report& report);
bool CheckDottedName(const NodeEntry& entry, std::string_view what, Report& report);
// A variable: an identifier that is neither CEL's word nor the language's.
std::optional<std::string> ReadVariable(const Node& node, Report& report);
bool CheckVariable(std::string_view name, SourcePosition at, int length, Report& report);

bool IsSemanticVersion(std::string_view text);

}  // namespace fermata

// What the formatter asks of a line of YAML. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// What a search that finds nothing gives.
inline constexpr std::size_t kNone = std::string_view::npos;

// Without line ends; a last line without one counts, an empty one behind the last end does not.
std::vector<std::string_view> SplitLines(std::string_view text);

bool IsBlank(std::string_view line);
// Spaces at its beginning.
std::size_t IndentOf(std::string_view line);
std::size_t SkipSpaces(std::string_view line, std::size_t at);
std::string_view TrimEnd(std::string_view text);
// Whether a `- ` stands there.
bool IsDash(std::string_view line, std::size_t at);
// Whether a comment begins there, or the line ends.
bool IsRest(std::string_view line, std::size_t at);

// Behind the closing quote of the text in quotes that begins (or goes on, `quote` being its kind) at `at`; npos if it is not on this line.
std::size_t QuoteEnd(std::string_view line, std::size_t at, char quote);
// The ':' behind the key of a block map that begins at `at`; npos if no key begins there.
std::size_t KeyEnd(std::string_view line, std::size_t at);
// Whether the ':' there ends a key: before a space, the end, or in flow style an indicator.
enum class YamlStyle { kBlock, kFlow };
bool EndsKey(std::string_view line, std::size_t at, YamlStyle style);
// Where the plain text that begins at `at` ends, without spaces behind it: at a comment, and in flow style at its indicators.
std::size_t PlainEnd(std::string_view line, std::size_t at, YamlStyle style);

}  // namespace fermata

// YAML text -> the same YAML, laid out as this house lays it out. The text is edited, not written anew: every comment, the order of
// keys, the choice between block and flow style and every line break in a text stay as they are.
//
// What changes: two columns an indentation (also for lists below a key), one space inside `{ }` and behind `,` and `:`, no spaces at
// the ends of lines, at most one blank line in a row and none at either end, one line end at the end of the file. What stands below
// each other still does: values, comments, and the parts of flow collections.
//
// Pure and thread-safe; nothing throws. Formatting twice is formatting once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"

namespace fermata {

struct FormatOutcome {
  std::optional<std::string> text;      // absent if the file cannot be read as YAML
  std::vector<Diagnostic> diagnostics;  // why; one of kYamlNotFormatted where the result would not mean the same
};
FormatOutcome FormatYaml(const std::string& file, const std::string& text);

}  // namespace fermata

// Text for people: colours on a terminal, columns that line up.
//
// Plain values; not thread-safe on one stream.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/model/value.h"

namespace fermata {

// kAlways when the descriptor is a terminal and NO_COLOR is not set.
Colour ColourOf(int descriptor);

// A status in its colour.
std::string Painted(std::string_view status, Colour colour);

// Columns separated by two spaces; the first row is the head. Characters count, not bytes.
void PrintTable(const std::vector<std::vector<std::string>>& rows, std::ostream& out);

// A string as it is; anything else as JSON; null as "-".
std::string TextOf(const Value* value);

// Out of a diagnostic's JSON, as the server sends it.
Diagnostic DiagnosticOf(const Value& json);

}  // namespace fermata

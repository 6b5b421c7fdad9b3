// Where a text that should be JSON is none: line, column, what was expected there and what stands there.
//
// Pure and thread-safe; takes time in proportion to the text.
#pragma once

#include <string_view>

#include "engine/base/result.h"

namespace fermata {

// The refusal `error` of ParseJson, with the place of the mistake where it is one of syntax; others are given back as they are.
Error WithPlace(Error error, std::string_view text);

// Whether a text that is no JSON is probably YAML: its first line that says something has a key without quotes.
bool LooksLikeYaml(std::string_view text);

}  // namespace fermata

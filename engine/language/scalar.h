// The core schema of YAML 1.2: what a plain scalar means. Pure and thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "engine/model/value.h"

namespace fermata {

// null, true, false (lower case only), integers (also 0o17 and 0x1F), floats, .inf and .nan; anything else is a string.
// nullopt: a number that 64 bits cannot hold.
std::optional<Value> ReadPlainScalar(std::string_view text);

}  // namespace fermata

// Whether a value is what a scenario says. Pure.
#pragma once

#include "engine/model/value.h"

namespace fermata {

// The expected map's entries are in the value's, and so on inside; lists have the same length; 1 is 1.0.
bool IsPartOf(const Value& expected, const Value& actual);
// The same, whatever the order of map entries; 1 is 1.0.
bool IsSame(const Value& expected, const Value& actual);

}  // namespace fermata

// The type that a value shows by itself.
//
// Pure and thread-safe.
#pragma once

#include "engine/expression/type.h"
#include "engine/model/value.h"

namespace fermata {

// Of null, a boolean, a number, a string or bytes its kind; of anything else dyn.
Type TypeOfScalar(const Value& value);

}  // namespace fermata

// Error codes of `fermata eval`.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kEvalBadLine{8050};   // a line that is no {"expr", "vars"}
inline constexpr ErrorCode kEvalBadValue{8051};  // a typed value that is none

}  // namespace fermata

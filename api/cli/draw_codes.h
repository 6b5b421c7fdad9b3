// Error codes of `fermata draw`, `diff` and `fmt`.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kFileUnwritable{8072};
inline constexpr ErrorCode kNoSuchState{8073};  // a state to light up

}  // namespace fermata

// Error codes of the codec (5080 to 5089); each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kStoredTextMalformed{5080};   // not what any release wrote
inline constexpr ErrorCode kStoredVersionUnknown{5081};  // written by a newer release

}  // namespace fermata

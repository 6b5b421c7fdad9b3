// Error codes of drawing (8070 to 8079): each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kDrawingTooLarge{8070};
inline constexpr ErrorCode kLayoutFailed{8071};

}  // namespace fermata

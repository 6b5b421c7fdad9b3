// Error codes of `fermata check`.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kCheckUnreadable{8060};  // a path that is not there, or a folder without YAML

}  // namespace fermata

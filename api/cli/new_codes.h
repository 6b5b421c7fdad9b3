// Error codes of `fermata new`.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kTemplateUnknown{8080};
inline constexpr ErrorCode kNewNameWrong{8081};
inline constexpr ErrorCode kNewFileInTheWay{8082};
inline constexpr ErrorCode kNewFileUnwritable{8083};

}  // namespace fermata

// Error codes of the auth service.
#pragma once

#include "engine/base/error_code.h"

namespace fermata::shop {

inline constexpr ErrorCode kIdentityRefused{7033};
inline constexpr ErrorCode kIdentityProviderUnavailable{7034};

}  // namespace fermata::shop

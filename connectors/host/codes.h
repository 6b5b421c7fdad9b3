// Error codes of the connector host (7010 to 7019).
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kConnectorNotCallable{7010};
inline constexpr ErrorCode kSecretsUnreadable{7011};  // the file of `fermata secret`
inline constexpr ErrorCode kSecretUnreadable{7012};   // whether there is a secret of this name cannot be told

}  // namespace fermata

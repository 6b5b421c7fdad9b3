// Error codes of manifests of kind http (7001 to 7009), and of the rules for outgoing calls.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kHttpManifestShape{7001};       // an unknown key, or a value of the wrong kind
inline constexpr ErrorCode kHttpManifestExpression{7002};  // a template or expression that cannot work where it stands
inline constexpr ErrorCode kAllowedHostWrong{7003};        // an entry of --allow-host is neither a name nor addresses

}  // namespace fermata

// Error codes of authentication and of what a caller may (4070 to 4089; 8010 where a server cannot start): each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kNotAuthenticated{4070};   // 401: no credentials, or none that are valid
inline constexpr ErrorCode kRoleMissing{4071};        // 403: the caller has none of the roles that may do this
inline constexpr ErrorCode kProcessForbidden{4072};   // 403: beyond the processes that the caller is limited to
inline constexpr ErrorCode kActsForAnother{4073};     // 403: `by` names somebody else
inline constexpr ErrorCode kUnknownApiKey{4074};      // 404
inline constexpr ErrorCode kTooManyRequests{4075};    // 429
inline constexpr ErrorCode kNotAudited{4076};         // 503: done, but the audit log did not take it
inline constexpr ErrorCode kTooManyApiKeys{4077};     // 409
inline constexpr ErrorCode kSharedForbidden{4078};    // 403: only the tenant `default` changes what all share
inline constexpr ErrorCode kIssuerUnavailable{4079};  // 503: tokens cannot be judged without their issuer's keys
inline constexpr ErrorCode kOidcOptionsWrong{8010};

}  // namespace fermata

// ID tokens of OpenID Connect: signatures by libcjose, claims as the standard wants them checked.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata::shop {

struct IdTokenDemands {
  std::string issuer, client_id, nonce;
  std::int64_t now_s = 0;  // a minute more or less is forgiven
};

// The token's claims, if one of `keys` (a JWK set) has signed it by RS256, PS256 or ES256, and it is from this issuer, for
// this client, of this sign-in, and has not expired; otherwise kIdentityRefused. Pure and thread-safe.
Result<Value> ReadIdToken(const std::string& token, const Value& keys, const IdTokenDemands& demands);

}  // namespace fermata::shop

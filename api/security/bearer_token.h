// Tokens that an OpenID Connect provider has signed: signatures by libcjose, claims held against what this server wants.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

struct TokenDemands {
  std::string issuer, audience;
  std::int64_t now_us = 0;  // kTokenLeewayMs more or less are forgiven
};

// The name of the key that the token says it is signed with; nullopt for one that is no token of ours to check: it cannot be read, or
// is not signed by RS256 or ES256. ("none" and those by a shared secret, with which a public key could be taken for one, are not.)
std::optional<std::string> KeyNameOf(const std::string& token);

// Whether the set has a key of this name; of any name if that is empty.
bool HasKey(const Value& keys, const std::string& name);

// When it expires, in microseconds; 0 if the claims do not say.
std::int64_t ExpiryOf(const Value& claims);

// The token's claims, if one of `keys` (a JWK set) has signed it, and it is from this issuer, for this audience, valid now, and names
// somebody; kNotAuthenticated otherwise.
Result<Value> ReadBearerToken(const std::string& token, const Value& keys, const TokenDemands& demands);

}  // namespace fermata

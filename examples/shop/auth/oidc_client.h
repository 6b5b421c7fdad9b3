// Signing in at an identity provider by OpenID Connect: the authorization code flow with PKCE.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata::shop {

struct SsoProvider {
  std::string name;    // in the path: /sso/{name}
  std::string issuer;  // "https://id.example.com"
  std::string client_id, client_secret;
};

// What a sign-in is known by on its way: secret, of one time, and the same when the browser comes back.
struct OidcAttempt {
  std::string redirect_uri, state, nonce, verifier;
};

struct OidcIdentity {
  std::string subject;
  std::string email;  // empty if the provider tells none, or has not checked it
  std::string first_name, last_name, phone;
};

// Thread-safe. What the provider says of itself is asked once, its keys again when it signs with a new one.
class OidcClient {
 public:
  // `clock` must outlive it.
  OidcClient(SsoProvider provider, Clock& clock) : provider_(std::move(provider)), clock_(clock) {}

  const std::string& name() const { return provider_.name; }
  // Where the browser goes; kIdentityProviderUnavailable if the provider does not say.
  Result<std::string> AuthorizationUrl(const OidcAttempt& attempt);
  // Who has signed in, for the code that the browser came back with; kIdentityRefused or kIdentityProviderUnavailable.
  Result<OidcIdentity> Redeem(const std::string& code, const OidcAttempt& attempt);

 private:
  // The provider's own description.
  Result<Value> Discover();
  Result<Value> AskForToken(const std::string& endpoint, const std::string& code, const OidcAttempt& attempt);
  Result<Value> ReadToken(const Value& description, const std::string& token, const std::string& nonce);
  // Asked anew if there are none, or if these did not fit.
  Result<Value> Keys(const Value& description, const std::optional<Value>& unfit);

  const SsoProvider provider_;
  Clock& clock_;
  std::mutex mutex_;
  std::optional<Value> description_, keys_;
};

}  // namespace fermata::shop

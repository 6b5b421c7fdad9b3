#include "examples/shop/auth/oidc_client.h"

#include "engine/base/base64.h"
#include "engine/base/hash.h"
#include "engine/base/percent.h"
#include "examples/shop/auth/codes.h"
#include "examples/shop/auth/id_token.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/rest_client.h"

namespace fermata::shop {
namespace {

constexpr int kTimeoutMs = 5'000;

Error Unavailable(const std::string& what) {
  return Error{.code = kIdentityProviderUnavailable,
               .message = "Expected " + what + " of the identity provider, but it does not give it."};
}

// PKCE's S256: base64url of the digest, without padding.
std::string ChallengeOf(const std::string& verifier) {
  const std::string hex = Sha256Hex(verifier);
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  std::string text = EncodeBase64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string FormOf(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) form += (form.empty() ? "" : "&") + name + "=" + PercentEncode(value);
  return form;
}

OidcIdentity ToIdentity(const Value& claims) {
  OidcIdentity identity{.subject = TextOf(claims, "sub"),
                        .email = TextOf(claims, "email"),
                        .first_name = TextOf(claims, "given_name"),
                        .last_name = TextOf(claims, "family_name"),
                        .phone = TextOf(claims, "phone_number")};
  const Value* verified = claims.Find("email_verified");
  if (verified == nullptr || *verified != Value::Bool(true)) identity.email.clear();
  if (identity.first_name.empty()) identity.first_name = TextOf(claims, "name");
  return identity;
}

}  // namespace

Result<Value> OidcClient::Discover() {
  {
    std::lock_guard lock(mutex_);
    if (description_) return *description_;
  }
  const RestReply reply = RestClient(provider_.issuer).Get("/.well-known/openid-configuration", {}, kTimeoutMs);
  if (reply.status != 200 || TextOf(reply.body, "issuer") != provider_.issuer) return Unavailable("a description");
  for (const char* endpoint : {"authorization_endpoint", "token_endpoint", "jwks_uri"})
    if (TextOf(reply.body, endpoint).empty()) return Unavailable(endpoint);
  std::lock_guard lock(mutex_);
  description_ = reply.body;
  return reply.body;
}

Result<std::string> OidcClient::AuthorizationUrl(const OidcAttempt& attempt) {
  const Result<Value> description = Discover();
  if (!description.ok()) return description.error();
  const std::string endpoint = TextOf(*description, "authorization_endpoint");
  return endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") +
         FormOf({{"response_type", "code"},
                 {"client_id", provider_.client_id},
                 {"redirect_uri", attempt.redirect_uri},
                 {"scope", "openid profile email phone"},
                 {"state", attempt.state},
                 {"nonce", attempt.nonce},
                 {"code_challenge", ChallengeOf(attempt.verifier)},
                 {"code_challenge_method", "S256"}});
}

Result<Value> OidcClient::AskForToken(const std::string& endpoint, const std::string& code,
                                      const OidcAttempt& attempt) {
  const std::string form = FormOf({{"grant_type", "authorization_code"},
                                   {"code", code},
                                   {"redirect_uri", attempt.redirect_uri},
                                   {"code_verifier", attempt.verifier}});
  const std::string who =
      EncodeBase64(PercentEncode(provider_.client_id) + ":" + PercentEncode(provider_.client_secret));
  const RestReply reply = RestClient(endpoint).PostText(
      "", form, {{"Content-Type", "application/x-www-form-urlencoded"}, {"Authorization", "Basic " + who}}, kTimeoutMs);
  if (reply.status == 200) return reply.body;
  if (reply.status >= 400 && reply.status < 500)
    return Error{.code = kIdentityRefused,
                 .message = "Expected the identity provider to take its code back, but it refused it."};
  return Unavailable("a token");
}

Result<Value> OidcClient::Keys(const Value& description, const std::optional<Value>& unfit) {
  {
    std::lock_guard lock(mutex_);
    if (keys_ && (!unfit || *keys_ != *unfit)) return *keys_;
  }
  const RestReply reply = RestClient(TextOf(description, "jwks_uri")).Get("", {}, kTimeoutMs);
  if (reply.status != 200) return Unavailable("the keys");
  std::lock_guard lock(mutex_);
  keys_ = reply.body;
  return reply.body;
}

Result<Value> OidcClient::ReadToken(const Value& description, const std::string& token, const std::string& nonce) {
  const IdTokenDemands demands{.issuer = provider_.issuer,
                               .client_id = provider_.client_id,
                               .nonce = nonce,
                               .now_s = clock_.NowUs() / 1'000'000};
  const Result<Value> keys = Keys(description, std::nullopt);
  if (!keys.ok()) return keys.error();
  Result<Value> claims = ReadIdToken(token, *keys, demands);
  if (claims.ok()) return claims;
  // The provider may have taken a new key since.
  const Result<Value> newer = Keys(description, *keys);
  if (!newer.ok()) return newer.error();
  return *newer == *keys ? claims : ReadIdToken(token, *newer, demands);
}

Result<OidcIdentity> OidcClient::Redeem(const std::string& code, const OidcAttempt& attempt) {
  const Result<Value> description = Discover();
  if (!description.ok()) return description.error();
  const Result<Value> answer = AskForToken(TextOf(*description, "token_endpoint"), code, attempt);
  if (!answer.ok()) return answer.error();
  const Result<Value> claims = ReadToken(*description, TextOf(*answer, "id_token"), attempt.nonce);
  if (!claims.ok()) return claims.error();
  return ToIdentity(*claims);
}

}  // namespace fermata::shop

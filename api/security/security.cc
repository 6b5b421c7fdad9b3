#include "api/security/security.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "api/security/codes.h"

namespace fermata {
namespace {

// What the ids of callers with an API key begin with.
constexpr std::string_view kKeyCaller = "key ";

Error Unauthenticated(std::string message) {
  return {kNotAuthenticated, std::move(message), "", "Send the header 'Authorization: Bearer fk_…' with an API key."};
}

Caller CallerOf(const ApiKey& key, double requests_per_second) {
  Caller caller;
  caller.name = key.name;
  caller.id = std::string(kKeyCaller) + key.id;
  caller.tenant = key.tenant;
  caller.roles = key.roles;
  caller.processes = key.processes;
  caller.expires_us = key.expires_us;
  caller.requests_per_second = key.requests_per_second > 0 ? key.requests_per_second : requests_per_second;
  caller.authenticated = true;
  return caller;
}

// What follows "Bearer "; nullopt for another scheme.
std::optional<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() < kScheme.size()) return std::nullopt;
  const bool is_bearer = std::equal(kScheme.begin(), kScheme.end(), authorization.begin(), [](char a, char b) {
    return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
  });
  if (!is_bearer) return std::nullopt;
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size()));
  return authorization;
}

}  // namespace

Result<std::unique_ptr<Security>> Security::Open(SecurityOptions options, Storage& storage, Clock& clock) {
  std::unique_ptr<Security> security(new Security(std::move(options), storage, clock));
  Result<std::unique_ptr<KeyRing>> keys = KeyRing::Open(storage, security->writer_, clock);
  if (!keys.ok()) return keys.error();
  security->keys_ = std::move(*keys);
  return security;
}

Result<std::optional<std::string>> Security::MakeFirstKey() {
  if (!options_.required || keys_->HasAdmin()) return std::optional<std::string>();
  ApiKey first;
  first.name = "first-admin";
  first.roles = {Role::kAdmin};
  first.created_by = "fermata";
  Result<KeyRing::Made> made = keys_->Make(std::move(first));
  if (!made.ok()) return made.error();
  return std::optional<std::string>(std::move(made->text));
}

Result<Caller> Security::Authenticate(const std::string* authorization) {
  if (!options_.required) return LocalCaller();
  if (!authorization) return Unauthenticated("Expected an API key, but the request has no Authorization header.");
  const std::optional<std::string_view> token = BearerToken(*authorization);
  if (!token) return Unauthenticated("Expected 'Authorization: Bearer …', but it is of another kind.");
  if (TakesTokens() && !token->starts_with("fk_")) {
    Result<Caller> caller = issuer_.Read(std::string(*token));
    if (caller.ok()) caller->requests_per_second = options_.requests_per_second;
    return caller;
  }
  if (const std::optional<ApiKey> key = keys_->Verify(*token)) return CallerOf(*key, options_.requests_per_second);
  return Unauthenticated("Expected a valid API key, but this one is unknown, revoked or has expired.");
}

bool Security::MustAskIssuer(const std::string* authorization) {
  if (!options_.required || !TakesTokens() || !authorization) return false;
  const std::optional<std::string_view> token = BearerToken(*authorization);
  return token && !token->starts_with("fk_") && issuer_.MustAsk(std::string(*token));
}

std::int64_t Security::GoodForUs(const Caller& caller) {
  constexpr std::int64_t kForGood = std::numeric_limits<std::int64_t>::max();
  if (!caller.authenticated) return kForGood;
  const bool has_key = caller.id.starts_with(kKeyCaller);
  if (has_key && !keys_->Find(caller.id.substr(kKeyCaller.size()))) return 0;
  if (caller.expires_us == 0) return kForGood;
  const std::int64_t leeway_us = has_key ? 0 : kTokenLeewayMs * 1'000;
  return std::max<std::int64_t>(0, caller.expires_us + leeway_us - clock_.NowUs());
}

std::optional<std::chrono::seconds> Security::MustWait(const Caller& caller) {
  if (caller.id.empty() || caller.requests_per_second <= 0) return std::nullopt;
  const auto now = TokenBucket::TimePoint::clock::now();
  std::lock_guard lock(rates_mutex_);
  if (rates_.size() >= kCallersLimitedMax && !rates_.contains(caller.id)) rates_.clear();
  const auto [at, fresh] = rates_.try_emplace(caller.id, caller.requests_per_second);
  TokenBucket& bucket = at->second;
  if (bucket.TryTake(now)) return std::nullopt;
  return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(bucket.NextAt(now) - now));
}

}  // namespace fermata

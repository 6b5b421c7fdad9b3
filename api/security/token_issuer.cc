#include "api/security/token_issuer.h"

#include <algorithm>

#include "api/security/bearer_token.h"
#include "api/security/codes.h"
#include "engine/base/log.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

const Value* FindAt(const Value& claims, std::string_view path) {
  const Value* at = &claims;
  while (at && !path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    at = at->is_map() ? at->Find(path.substr(0, dot)) : nullptr;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

RoleSet RolesAt(const Value& claims, const std::string& path) {
  RoleSet roles;
  const auto add = [&](std::string_view word) {
    if (const std::optional<Role> role = ParseRole(word)) roles.Add(*role);
  };
  const Value* value = FindAt(claims, path);
  if (value && value->is_list()) {
    for (const Value& word : value->as_list())
      if (word.is_string()) add(word.as_string());
  } else if (value && value->is_string()) {
    std::string_view rest = value->as_string();
    while (!rest.empty()) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      add(rest.substr(0, space));
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
  }
  return roles;
}

bool IsReadable(std::string_view name) {
  return !name.empty() && name.size() <= kApiKeyNameBytesMax &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool IsOnThisMachine(std::string_view url) {
  for (const std::string_view start : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (!url.starts_with(start)) continue;
    const std::string_view rest = url.substr(start.size());
    if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
  }
  return false;
}

Error Unavailable(const std::string& reason) {
  return {kIssuerUnavailable, "Expected the keys of the issuer of tokens, but " + reason + ". Try again in a moment."};
}

}  // namespace

Status TokenIssuer::Check(const TokenIssuerOptions& options) {
  if (options.issuer.empty()) return Done{};
  if (!options.issuer.starts_with("https://") && !IsOnThisMachine(options.issuer))
    return Error{kOidcOptionsWrong, "Expected --oidc-issuer to begin with https://, but got '" + options.issuer + "'."};
  if (options.audience.empty())
    return Error{
        kOidcOptionsWrong, "Expected --oidc-audience with --oidc-issuer, but it is missing.", "",
        "It is what the provider's tokens for this server name as 'aud'; without it those for others would do."};
  return Done{};
}

bool TokenIssuer::MustAsk(const std::string& token) {
  const std::optional<std::string> name = KeyNameOf(token);
  if (!name) return false;
  const std::int64_t now_us = clock_.NowUs();
  std::lock_guard lock(mutex_);
  if (asked_us_ != 0 && now_us - asked_us_ < kIssuerKeysPauseMs * 1'000) return false;
  return !keys_ || !HasKey(*keys_, *name) || now_us - asked_us_ >= kIssuerKeysFreshMs * 1'000;
}

void TokenIssuer::Ask() {
  std::lock_guard asking(asking_mutex_);
  {
    std::lock_guard lock(mutex_);
    if (asked_us_ != 0 && clock_.NowUs() - asked_us_ < kIssuerKeysPauseMs * 1'000) return;
  }
  Result<Value> keys = FetchKeys();
  if (!keys.ok())
    LogWarning("The keys of the issuer of tokens could not be had.",
               {{"issuer", options_.issuer}, {"reason", keys.error().message}});
  std::lock_guard lock(mutex_);
  asked_us_ = clock_.NowUs();
  if (keys.ok()) keys_ = std::move(*keys);
}

Result<Value> TokenIssuer::Fetch(const std::string& url) {
  HttpCall call;
  call.url = url;
  call.headers = {{"Accept", "application/json"}};
  call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kIssuerTimeoutMs);
  call.answer_bytes_max = kIssuerAnswerBytesMax;
  const std::variant<HttpAnswer, HttpFailure> exchanged = transport_.Exchange(call);
  if (const auto* failure = std::get_if<HttpFailure>(&exchanged)) return Unavailable(failure->reason);
  const auto& answer = std::get<HttpAnswer>(exchanged);
  if (answer.status != 200) return Unavailable("it answers " + std::to_string(answer.status));
  Result<Value> json = ParseJson(answer.body);
  if (!json.ok() || !json->is_map()) return Unavailable("its answer is no JSON object");
  return json;
}

Result<Value> TokenIssuer::FetchKeys() {
  std::string base = options_.issuer;
  while (base.ends_with('/')) base.pop_back();
  Result<Value> description = Fetch(base + "/.well-known/openid-configuration");
  if (!description.ok()) return description;
  const Value* issuer = description->Find("issuer");
  if (!issuer || *issuer != Value::String(options_.issuer)) return Unavailable("it calls itself by another name");
  const Value* place = description->Find("jwks_uri");
  const std::string url = place && place->is_string() ? std::string(place->as_string()) : "";
  if (!url.starts_with("https://") && !IsOnThisMachine(url)) return Unavailable("it does not say where they are");
  Result<Value> keys = Fetch(url);
  if (keys.ok() && !HasKey(*keys, "")) return Unavailable("there are none");
  return keys;
}

Result<Caller> TokenIssuer::Read(const std::string& token) {
  Value keys;
  {
    std::lock_guard lock(mutex_);
    if (!keys_) return Unavailable("they could not be had yet");
    keys = *keys_;
  }
  Result<Value> claims = ReadBearerToken(token, keys, {options_.issuer, options_.audience, clock_.NowUs()});
  if (!claims.ok()) return claims.error();
  const Value* name = FindAt(*claims, options_.name_claim);
  if (!name || !name->is_string() || !IsReadable(name->as_string()))
    return Error{kNotAuthenticated,
                 "Expected a name at '" + options_.name_claim + "' in the token, but there is none."};
  Caller caller;
  caller.name = std::string(name->as_string());
  caller.id = "token " + std::string(claims->Find("sub")->as_string());
  caller.roles = RolesAt(*claims, options_.roles_claim);
  caller.expires_us = ExpiryOf(*claims);
  caller.authenticated = true;
  if (options_.tenant_claim.empty()) return caller;
  const Value* tenant = FindAt(*claims, options_.tenant_claim);
  if (!tenant || !tenant->is_string() || !IsTenantName(tenant->as_string()))
    return Error{kNotAuthenticated,
                 "Expected a tenant at '" + options_.tenant_claim + "' in the token, but there is none."};
  caller.tenant = std::string(tenant->as_string());
  return caller;
}

}  // namespace fermata

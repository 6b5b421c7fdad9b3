#include "examples/shop/auth/id_token.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "engine/model/json.h"
#include "examples/shop/auth/codes.h"
#include "examples/shop/common/json.h"

namespace fermata::shop {
namespace {

constexpr std::int64_t kLeewaySeconds = 60;
constexpr std::size_t kTokenBytesMax = 64 * 1024;
// Neither "none" nor those by a shared secret, with which a public key could be taken for one.
constexpr std::array<std::string_view, 3> kAlgorithms = {"RS256", "PS256", "ES256"};

using Signature = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;
using Key = std::unique_ptr<cjose_jwk_t, decltype(&cjose_jwk_release)>;

Error Refuse(const std::string& reason) {
  return Error{.code = kIdentityRefused, .message = "Expected a sound ID token, but " + reason + "."};
}

std::optional<std::int64_t> TimeOf(const Value& claims, std::string_view key) {
  const Value* value = claims.Find(key);
  if (value && value->kind() == ValueKind::kInt) return value->as_int();
  if (value && value->kind() == ValueKind::kDouble) return static_cast<std::int64_t>(value->as_double());
  return std::nullopt;
}

std::string HeaderOf(cjose_jws_t* signature, const char* name) {
  cjose_err error;
  const char* const value = cjose_header_get(cjose_jws_get_protected(signature), name, &error);
  return value ? value : "";
}

bool MaySign(const Value& key, const std::string& key_id) {
  if (!key_id.empty() && TextOf(key, "kid") != key_id) return false;
  const std::string use = TextOf(key, "use"), type = TextOf(key, "kty");
  return (use.empty() || use == "sig") && (type == "RSA" || type == "EC");
}

bool IsSignedBy(cjose_jws_t* signature, const Value& key) {
  const std::string text = WriteJson(key);
  cjose_err error;
  const Key imported(cjose_jwk_import(text.data(), text.size(), &error), &cjose_jwk_release);
  return imported != nullptr && cjose_jws_verify(signature, imported.get(), &error);
}

bool IsFor(const Value& claims, const std::string& client_id) {
  const Value* audience = claims.Find("aud");
  const std::string party = TextOf(claims, "azp");
  if (audience == nullptr || (!party.empty() && party != client_id)) return false;
  if (!audience->is_list()) return *audience == Value::String(client_id);
  const auto& list = audience->as_list();
  // Of several parties the token must say which of them it was made for.
  return std::find(list.begin(), list.end(), Value::String(client_id)) != list.end() &&
         (list.size() == 1 || !party.empty());
}

// What is wrong with them; empty if nothing is.
std::string FindMistake(const Value& claims, const IdTokenDemands& demands) {
  constexpr std::size_t kSubjectBytesMax = 255;
  const std::optional<std::int64_t> expires = TimeOf(claims, "exp"), issued = TimeOf(claims, "iat");
  const std::string subject = TextOf(claims, "sub");
  if (TextOf(claims, "iss") != demands.issuer) return "it is of another issuer";
  if (!IsFor(claims, demands.client_id)) return "it is for somebody else";
  if (demands.nonce.empty() || TextOf(claims, "nonce") != demands.nonce) return "it is of another sign-in";
  if (!expires || *expires + kLeewaySeconds <= demands.now_s) return "it has expired";
  if (!issued || *issued - kLeewaySeconds > demands.now_s) return "it was made in the future";
  if (subject.empty() || subject.size() > kSubjectBytesMax) return "it names nobody";
  return "";
}

}  // namespace

Result<Value> ReadIdToken(const std::string& token, const Value& keys, const IdTokenDemands& demands) {
  if (token.empty() || token.size() > kTokenBytesMax) return Refuse("there is none");
  cjose_err error;
  const Signature signature(cjose_jws_import(token.data(), token.size(), &error), &cjose_jws_release);
  if (signature == nullptr) return Refuse("it cannot be read");
  const std::string algorithm = HeaderOf(signature.get(), CJOSE_HDR_ALG);
  if (std::find(kAlgorithms.begin(), kAlgorithms.end(), algorithm) == kAlgorithms.end())
    return Refuse("it is not signed by RS256, PS256 or ES256");
  const std::string key_id = HeaderOf(signature.get(), CJOSE_HDR_KID);
  const Value* list = keys.is_map() ? keys.Find("keys") : nullptr;
  if (list == nullptr || !list->is_list()) return Refuse("there are no keys to check it with");
  const bool is_signed = std::any_of(list->as_list().begin(), list->as_list().end(), [&](const Value& key) {
    return MaySign(key, key_id) && IsSignedBy(signature.get(), key);
  });
  if (!is_signed) return Refuse("none of the provider's keys has signed it");

  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  if (!cjose_jws_get_plaintext(signature.get(), &bytes, &size, &error)) return Refuse("it cannot be read");
  Result<Value> claims = ParseJson(std::string(reinterpret_cast<const char*>(bytes), size));
  if (!claims.ok() || !claims->is_map()) return Refuse("it cannot be read");
  if (const std::string mistake = FindMistake(*claims, demands); !mistake.empty()) return Refuse(mistake);
  return *std::move(claims);
}

}  // namespace fermata::shop

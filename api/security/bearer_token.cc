#include "api/security/bearer_token.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <memory>

#include "api/security/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::size_t kSubjectBytesMax = 255;
// 2048 bits as base64 for URLs.
constexpr std::size_t kModulusTextMin = 342;

using Signature = std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)>;
using Key = std::unique_ptr<cjose_jwk_t, decltype(&cjose_jwk_release)>;

Error Refuse(const std::string& reason) {
  return {kNotAuthenticated, "Expected a sound token, but " + reason + ".", "", "Sign in again for a new one."};
}

std::string TextOf(const Value& map, std::string_view name) {
  const Value* value = map.is_map() ? map.Find(name) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

// In microseconds; nullopt where it is no time that fits.
std::optional<std::int64_t> TimeOf(const Value& claims, std::string_view name) {
  constexpr double kSecondsMax = 9e12;
  const Value* value = claims.Find(name);
  if (!value) return std::nullopt;
  const double seconds = value->kind() == ValueKind::kInt      ? static_cast<double>(value->as_int())
                         : value->kind() == ValueKind::kDouble ? value->as_double()
                                                               : -1;
  if (!(seconds >= 0 && seconds < kSecondsMax)) return std::nullopt;
  return static_cast<std::int64_t>(seconds) * 1'000'000;
}

Signature Import(const std::string& token) {
  cjose_err error;
  const bool sized = !token.empty() && token.size() <= kBearerTokenBytesMax;
  return Signature(sized ? cjose_jws_import(token.data(), token.size(), &error) : nullptr, &cjose_jws_release);
}

std::string HeaderOf(const Signature& signature, const char* name) {
  cjose_err error;
  const char* const value = cjose_header_get(cjose_jws_get_protected(signature.get()), name, &error);
  return value ? value : "";
}

// Empty for one that we do not check.
std::string AlgorithmOf(const Signature& signature) {
  if (!signature) return "";
  cjose_err error;
  // What "crit" asks for we could not do.
  if (char* critical = cjose_header_get_raw(cjose_jws_get_protected(signature.get()), "crit", &error)) {
    std::free(critical);
    return "";
  }
  const std::string algorithm = HeaderOf(signature, CJOSE_HDR_ALG);
  return algorithm == "RS256" || algorithm == "ES256" ? algorithm : "";
}

bool MaySign(const Value& key, const std::string& algorithm, const std::string& name) {
  if (!name.empty() && TextOf(key, "kid") != name) return false;
  const std::string use = TextOf(key, "use"), own = TextOf(key, "alg");
  if ((!use.empty() && use != "sig") || (!own.empty() && own != algorithm)) return false;
  if (algorithm == "RS256") return TextOf(key, "kty") == "RSA" && TextOf(key, "n").size() >= kModulusTextMin;
  return TextOf(key, "kty") == "EC" && TextOf(key, "crv") == "P-256";
}

bool HasSigned(const Value& key, const Signature& signature) {
  const std::string text = WriteJson(key);
  cjose_err error;
  const Key imported(cjose_jwk_import(text.data(), text.size(), &error), &cjose_jwk_release);
  return imported != nullptr && cjose_jws_verify(signature.get(), imported.get(), &error);
}

bool IsFor(const Value& claims, const std::string& audience) {
  const Value* value = claims.Find("aud");
  const Value wanted = Value::String(audience);
  if (!value || !value->is_list()) return value && *value == wanted;
  const auto& list = value->as_list();
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// What is wrong with them; empty if nothing is.
std::string FindMistake(const Value& claims, const TokenDemands& demands) {
  const std::int64_t leeway_us = kTokenLeewayMs * 1'000;
  const std::optional<std::int64_t> expires = TimeOf(claims, "exp"), begins = TimeOf(claims, "nbf");
  const std::string subject = TextOf(claims, "sub");
  if (TextOf(claims, "iss") != demands.issuer) return "it is of another issuer";
  if (!IsFor(claims, demands.audience)) return "it is for another audience";
  if (!expires || *expires + leeway_us <= demands.now_us) return "it has expired";
  if (claims.Find("nbf") && (!begins || *begins - leeway_us > demands.now_us)) return "it is not valid yet";
  if (subject.empty() || subject.size() > kSubjectBytesMax) return "it names nobody";
  return "";
}

}  // namespace

std::optional<std::string> KeyNameOf(const std::string& token) {
  const Signature signature = Import(token);
  if (AlgorithmOf(signature).empty()) return std::nullopt;
  return HeaderOf(signature, CJOSE_HDR_KID);
}

bool HasKey(const Value& keys, const std::string& name) {
  const Value* list = keys.is_map() ? keys.Find("keys") : nullptr;
  return list && list->is_list() && std::any_of(list->as_list().begin(), list->as_list().end(), [&](const Value& key) {
           return name.empty() || TextOf(key, "kid") == name;
         });
}

std::int64_t ExpiryOf(const Value& claims) { return TimeOf(claims, "exp").value_or(0); }

Result<Value> ReadBearerToken(const std::string& token, const Value& keys, const TokenDemands& demands) {
  const Signature signature = Import(token);
  if (!signature) return Refuse("it cannot be read");
  const std::string algorithm = AlgorithmOf(signature);
  if (algorithm.empty()) return Refuse("it is not signed by RS256 or ES256");
  const std::string name = HeaderOf(signature, CJOSE_HDR_KID);
  const Value* list = keys.is_map() ? keys.Find("keys") : nullptr;
  const bool is_signed =
      list && list->is_list() && std::any_of(list->as_list().begin(), list->as_list().end(), [&](const Value& key) {
        return MaySign(key, algorithm, name) && HasSigned(key, signature);
      });
  if (!is_signed) return Refuse("none of the issuer's keys has signed it");
  std::uint8_t* bytes = nullptr;
  std::size_t size = 0;
  cjose_err error;
  if (!cjose_jws_get_plaintext(signature.get(), &bytes, &size, &error)) return Refuse("it cannot be read");
  Result<Value> claims = ParseJson(std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (!claims.ok() || !claims->is_map()) return Refuse("its claims cannot be read");
  if (const std::string mistake = FindMistake(*claims, demands); !mistake.empty()) return Refuse(mistake);
  return claims;
}

}  // namespace fermata

// The OpenID Connect provider whose tokens this server takes: its keys, found by discovery, kept, and asked for again when they are
// old or a token names one that is not among them, but never more often than each kIssuerKeysPauseMs.
//
// Thread-safe. `clock` must outlive it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/security/access.h"
#include "connectors/http/transport.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

struct TokenIssuerOptions {
  std::string issuer;    // https://id.example.com; empty = no tokens are taken
  std::string audience;  // what a token must be for
  // Paths into the claims, with dots: realm_access.roles.
  std::string name_claim = "sub";
  std::string roles_claim = "roles";  // a list of texts, or one text with spaces; words that are no roles are ignored
  std::string tenant_claim;           // empty = everybody is of the tenant `default`
};

class TokenIssuer {
 public:
  // Fails with kOidcOptionsWrong: no audience, or an issuer that is neither https nor on this machine.
  static Status Check(const TokenIssuerOptions& options);
  TokenIssuer(TokenIssuerOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Whether the issuer's keys have to be asked for before this token can be judged.
  bool MustAsk(const std::string& token);
  // Asks for them, if they have not just been asked for. Blocks, at most for two times kIssuerTimeoutMs. A failure is logged; the keys stay.
  void Ask();

  // Who has the token. kNotAuthenticated, or kIssuerUnavailable while there are no keys at all. Never blocks.
  Result<Caller> Read(const std::string& token);

 private:
  Result<Value> Fetch(const std::string& url);
  Result<Value> FetchKeys();

  const TokenIssuerOptions options_;
  Clock& clock_;
  HttpTransport transport_;
  std::mutex asking_mutex_;  // held while the issuer is asked
  std::mutex mutex_;
  std::optional<Value> keys_;
  std::int64_t asked_us_ = 0;  // 0 = never
};

}  // namespace fermata

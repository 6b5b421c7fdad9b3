// Who a request comes from and whether it comes too often; keys and the audit log.
//
// Thread-safe. `storage` and `clock` must outlive it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/security/access.h"
#include "api/security/audit_log.h"
#include "api/security/key_ring.h"
#include "api/security/refusal_log.h"
#include "api/security/security_writer.h"
#include "api/security/token_issuer.h"
#include "connectors/host/token_bucket.h"
#include "engine/model/limits.h"

namespace fermata {

struct SecurityOptions {
  // Without it everybody is LocalCaller(): for a server that only its own machine reaches.
  bool required = false;
  TokenIssuerOptions tokens{};
  double requests_per_second = kRequestsPerSecondDefault;  // of each caller whose key says nothing else; 0 = unlimited
};

class Security {
 public:
  static Result<std::unique_ptr<Security>> Open(SecurityOptions options, Storage& storage, Clock& clock);
  // What is still to be written asks for keys and the log.
  ~Security() {
    refusals_.TellCounted();
    writer_.Stop();
  }

  bool required() const { return options_.required; }
  KeyRing& keys() { return *keys_; }
  AuditLog& audit() { return audit_; }
  RefusalLog& refusals() { return refusals_; }

  // Where authentication is on and nobody could make a key: an admin's, as text. To be shown once.
  Result<std::optional<std::string>> MakeFirstKey();

  // Whether AskIssuer() has to be called before this Authorization header can be judged; that one may block for seconds.
  bool MustAskIssuer(const std::string* authorization);
  void AskIssuer() { issuer_.Ask(); }

  // By the text of an Authorization header; nullptr = there is none. kNotAuthenticated otherwise. Never blocks.
  Result<Caller> Authenticate(const std::string* authorization);

  // How long the key or token that the caller was let in with is good from now on; 0: it is revoked or has expired. A revoked token is good
  // until it expires: only its provider knows. Never blocks.
  std::int64_t GoodForUs(const Caller& caller);

  // How long the caller has to wait (1 s and more); nullopt: not at all.
  std::optional<std::chrono::seconds> MustWait(const Caller& caller);

 private:
  Security(SecurityOptions options, Storage& storage, Clock& clock)
      : options_(std::move(options)),
        clock_(clock),
        issuer_(options_.tokens, clock),
        writer_(storage),
        audit_(storage, writer_, clock),
        refusals_(audit_, clock) {}
  bool TakesTokens() const { return !options_.tokens.issuer.empty(); }

  const SecurityOptions options_;
  Clock& clock_;
  TokenIssuer issuer_;
  SecurityWriter writer_;
  std::unique_ptr<KeyRing> keys_;
  AuditLog audit_;
  RefusalLog refusals_;
  std::mutex rates_mutex_;
  std::map<std::string, TokenBucket> rates_;  // by the caller's id
};

}  // namespace fermata

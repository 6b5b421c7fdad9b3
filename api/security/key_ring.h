// API keys: made, shown once, looked up at each request, revoked.
//
// A key reads "fk_<id>_<secret>". Of the secret only SHA-256 is kept: it is 256 random bits, so there is nothing to guess that a slow
// hash would protect, and a request must not cost one. All keys are in memory; storage has their copy.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/security/access.h"
#include "api/security/security_writer.h"
#include "engine/base/clock.h"

namespace fermata {

struct ApiKey {
  std::string id;
  std::string name;
  std::string tenant{kDefaultTenant};
  RoleSet roles;
  std::vector<std::string> processes;  // globs; empty = all
  double requests_per_second = 0;      // 0 = the server's
  std::string created_by;
  std::int64_t created_us = 0;
  std::int64_t expires_us = 0;    // 0 = never
  std::int64_t last_used_us = 0;  // 0 = not yet; kept by the hour
};

// Thread-safe. `writer` and `clock` must outlive it.
class KeyRing {
 public:
  // Reads storage. Fails as storage does.
  static Result<std::unique_ptr<KeyRing>> Open(Storage& storage, SecurityWriter& writer, Clock& clock);

  // Another server has made or revoked some.
  Status ReadAgain(Storage& storage);
  // Called after a key was made or revoked: blocks until the other servers know it. Null: there are none.
  void TellOthers(std::function<void()> tell);

  // The key that this text is, if it is one and has not expired. Never blocks.
  std::optional<ApiKey> Verify(std::string_view text);

  // With an id and times of its own. Blocks until the key is durable; fails with kTooManyApiKeys, or as storage does.
  struct Made {
    ApiKey key;
    std::string text;  // the only time that it is told
  };
  Result<Made> Make(ApiKey wanted);
  // The key is worthless from here on. Blocks until that is durable. kUnknownApiKey if there is none.
  Status Revoke(const std::string& id);

  std::vector<ApiKey> All() const;  // by id
  std::optional<ApiKey> Find(const std::string& id) const;
  // Whether somebody could make keys.
  bool HasAdmin() const;

 private:
  struct Entry {
    ApiKey key;
    std::string secret_hash;
    std::int64_t use_kept_us = 0;
  };
  KeyRing(SecurityWriter& writer, Clock& clock) : writer_(writer), clock_(clock) {}
  using Entries = std::map<std::string, Entry, std::less<>>;  // by id
  static ApiKeyRow RowOf(const Entry& entry);
  static Result<Entries> Read(Storage& storage);
  bool Told();  // false: nobody listens

  SecurityWriter& writer_;
  Clock& clock_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::mutex tell_mutex_;
  std::function<void()> tell_;
};

}  // namespace fermata

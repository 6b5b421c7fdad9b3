// The webhooks of all tenants and their deliveries, as people change them and as sending them does: one change after the other, each durable
// before it is in force.
//
// Thread-safe. Whatever changes something blocks until it is committed, and what looks at deliveries reads storage: not for threads that must
// not wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/egress.h"
#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/runtime/views.h"
#include "engine/runtime/webhooks.h"
#include "engine/storage/storage.h"

namespace fermata {

inline constexpr std::int64_t kUsPerMs = 1'000;

// Of the deliverer since the server has started.
struct WebhookCounters {
  std::atomic<std::uint64_t> delivered{0}, failed_tries{0}, given_up{0}, disabled{0};
};

// What a person says of a webhook; what is absent stays as it is.
struct WebhookSettings {
  std::optional<std::string> url, description, process;
  std::optional<std::vector<std::string>> events;
  std::optional<bool> enabled;
};

class WebhookBook {
 public:
  // All must outlive it; `rules` say where webhooks may lead.
  WebhookBook(Webhooks& webhooks, Storage& storage, Clock& clock, EgressRules rules)
      : webhooks_(webhooks), storage_(storage), clock_(clock), rules_(std::move(rules)) {}

  // kWebhookUrlWrong: no URL of http or https without a name and a password, or one that cannot be called from here. What a name resolves to
  // is looked at when it is called.
  Status CheckUrl(const std::string& url) const;

  // `webhook` has its tenant, its settings, who makes it and the request's idempotency key. `repeated`: this is what the same request made,
  // as it is now; the secret is the one that was made then, or empty once a rotation has made another one.
  struct Made {
    Webhook webhook;
    std::string secret;
    bool repeated = false;
  };
  Result<Made> Make(Webhook webhook);
  std::vector<Webhook> All(const std::string& tenant) const;  // oldest first
  Result<Webhook> Find(const std::string& tenant, const std::string& id) const;
  // Enabling it makes it as good as new: why it was disabled is forgotten.
  Result<Webhook> Change(const std::string& tenant, const std::string& id, const WebhookSettings& settings);
  // Its deliveries go, too, some of them later.
  Status Drop(const std::string& tenant, const std::string& id);
  // Gives it a new secret; the old one signs along for kWebhookSecretOverlapMs. kTooManySecrets while kWebhookOldSecretsMax do so. With the key
  // of a rotation whose secret is still good it is that one's.
  Result<Made> Rotate(const std::string& tenant, const std::string& id, const std::string& idempotency_key);

  // A delivery that tells nothing, to see whether they arrive. With the same key there is one. kWebhookDisabled.
  struct Pinged {
    Delivery delivery;
    bool repeated = false;
  };
  Result<Pinged> Ping(const std::string& tenant, const std::string& id, const std::string& idempotency_key);
  Result<Page<Delivery>> Deliveries(const std::string& tenant, DeliveryFilter filter, const std::string& cursor) const;
  // It is sent now, whatever became of it; one that waits already is sent once.
  Result<Delivery> Retry(const std::string& tenant, const std::string& id, const std::string& delivery);
  // All that have failed; gives how many.
  Result<std::int64_t> RetryFailed(const std::string& tenant, const std::string& id);
  WebhookCounters& counters() { return counters_; }

  // For the deliverer: what `make` makes, seeing all that is committed, is committed before the next change begins. `webhooks` of it are put.
  struct Rows {
    std::vector<Webhook> webhooks;
    std::vector<DeliveryRow> deliveries, deliveries_deleted;
  };
  Status Write(const std::function<Result<Rows>()>& make);
  // Whether all that is committed is known. It is not once a commit may have happened and storage could not be read after it: then changes are
  // refused until it can be.
  bool is_current() const { return is_current_; }
  Status ReadAgain();

 private:
  // kUnknownWebhook; of what is committed.
  Result<Webhook> FindLocked(const std::string& tenant, const std::string& id);
  Status ReadAgainLocked();
  Status CommitLocked(Batch batch);
  // Changes one under `change` and makes it durable.
  Result<Webhook> ChangeLocked(Webhook webhook, const std::function<void(Webhook&)>& change);
  // Puts it as pending and due.
  Result<Delivery> SendLocked(Delivery delivery);

  Webhooks& webhooks_;
  Storage& storage_;
  Clock& clock_;
  const EgressRules rules_;
  WebhookCounters counters_;
  std::mutex change_mutex_;
  std::atomic<bool> is_current_{true};
};

}  // namespace fermata

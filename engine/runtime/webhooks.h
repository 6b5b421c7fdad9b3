// Whom the engine tells over HTTP of what became durable: the webhooks of all tenants, and the deliveries that decisions make for them.
//
// A delivery is a row of the commit that it tells of, so nothing is told that is not so, and nothing is forgotten. Sending them is not done
// here: who sends is woken by the commit. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/value.h"
#include "engine/runtime/newsroom.h"
#include "engine/storage/storage.h"

namespace fermata {

struct WebhookSecret {
  std::string text;           // "whsec_" and base64
  std::int64_t until_us = 0;  // 0 = it is the current one
  bool is_first = true;       // made with the webhook, not by a rotation
  std::string rotation_key;   // Idempotency-Key of the rotation that made it; empty = none
};

struct Webhook {
  std::string id, tenant;
  std::string url, description;
  std::vector<std::string> events;  // of WebhookEventTypes()
  std::string process;              // empty = of every process
  bool enabled = true;
  std::string disabled_reason;        // why the server has disabled it; empty = it has not
  std::int64_t failing_since_us = 0;  // 0 = the last try succeeded, or there was none
  std::string created_by;
  std::int64_t created_us = 0, updated_us = 0;
  WebhookSecret secret;
  std::vector<WebhookSecret> old_secrets;     // sign along as long as they are good, the oldest first
  std::string idempotency_key, request_hash;  // of the request that made it; empty = none
};

// What a webhook can be told of, in the order of the documents. A ping is sent to any.
std::span<const std::string_view> WebhookEventTypes();
inline constexpr std::string_view kPingType = "ping";

inline constexpr std::string_view kPending = "pending", kDelivered = "delivered", kFailed = "failed";

// One event on its way to one webhook.
struct Delivery {
  int shard = 0;
  std::string webhook, id;  // the event's id, the same for every webhook and every try
  std::string tenant;
  std::string status{kPending};
  std::int64_t created_us = 0;
  std::int64_t due_us = 0;  // pending: of the next try; otherwise: when it is forgotten
  Value event;              // a CloudEvent
  std::int64_t attempts = 0, last_attempt_us = 0;
  int http_status = 0;  // of the last answer; 0 = none came
  std::string error;    // what is wrong with the last try; empty = nothing
};
DeliveryRow RowOf(const Delivery& delivery);
Result<Delivery> DeliveryOf(DeliveryRow row);
// Where the row of this id is.
int ShardOfDelivery(std::string_view id);

// Something that happened to an instance.
struct Happening {
  const News& news;
  std::string_view type;
  const std::optional<std::string>& key;  // the instance's
  std::int64_t seq = 0;                   // of the instance's journal
  int number = 0;                         // within that
  std::int64_t now_us = 0;
};

class Webhooks {
 public:
  using List = std::vector<Webhook>;

  // `data_of` gives an event's data.
  explicit Webhooks(std::function<Value(const News&)> data_of) : data_of_(std::move(data_of)) {}

  // What was known before goes; on failure it stays. No Put() or Drop() meanwhile.
  Status Load(Storage& storage);
  static StandingOrderRow RowOf(const Webhook& webhook);

  // What is durable already.
  void Put(Webhook webhook);
  void Drop(const std::string& id);
  std::optional<Webhook> Find(const std::string& id) const;
  List All() const;  // by id
  // Those that are to be told; null when there is none, which costs one look at a number.
  std::shared_ptr<const List> Enabled() const;

  // Adds a row for each of `webhooks` that wants it, whose ids go to `told`.
  void Tell(const List& webhooks, const Happening& what, std::vector<DeliveryRow>& rows,
            std::set<std::string>& told) const;

  // Counts the deliveries in storage, which looks at all of them.
  Status Count(Storage& storage);
  // As they were when they were last counted. Only storage knows how many there are: it forgets some by itself, and others write there too.
  std::vector<DeliveryCount> Counts() const;

  // Called from engine threads when deliveries for these webhooks have become durable; none = maybe for any of them. It must not block. Set
  // to nothing before its owner goes.
  void OnDeliveries(std::function<void(const std::set<std::string>& webhooks)> listener);
  void DeliveriesAreDurable(const std::set<std::string>& webhooks) const;

 private:
  void ListLocked();

  const std::function<Value(const News&)> data_of_;
  mutable std::mutex mutex_;
  std::map<std::string, Webhook> webhooks_;
  std::shared_ptr<const List> enabled_;
  std::atomic<std::size_t> enabled_count_{0};
  mutable std::mutex counts_mutex_;
  std::vector<DeliveryCount> counts_;
  mutable std::mutex listener_mutex_;
  std::function<void(const std::set<std::string>&)> listener_;
};

}  // namespace fermata

// What became of the tries to send: noted in storage, told to the webhooks.
#include <algorithm>
#include <functional>
#include <utility>

#include "api/webhooks/deliverer.h"
#include "engine/base/log.h"
#include "engine/base/time.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr int kGone = 410;

// Between nothing and kWebhookJitterPercent more, told by the delivery: no two come back in step, and a restart changes nothing.
std::int64_t WithJitter(std::int64_t wait_ms, const Delivery& delivery) {
  const std::size_t chance =
      std::hash<std::string>()(delivery.webhook + delivery.id + std::to_string(delivery.attempts)) % 1'000;
  return wait_ms + wait_ms * kWebhookJitterPercent / 100 * static_cast<std::int64_t>(chance) / 1'000;
}

std::string Since(std::int64_t us) { return FormatTimestamp(FromMicros(us / 1'000'000 * 1'000'000)); }

}  // namespace

void Deliverer::Note(std::vector<Attempt> attempts) {
  for (Attempt& attempt : attempts) unnoted_.push_back(std::move(attempt));
  if (unnoted_.empty()) return;
  // What is of other nodes' shards by now is theirs to send and to note.
  const ShardSet mine = options_.shards();
  std::erase_if(unnoted_, [&](const Attempt& attempt) {
    if (Contains(mine, attempt.delivery.shard)) return false;
    lines_[attempt.delivery.webhook].taken.erase(attempt.delivery.id);
    return true;
  });
  std::vector<Attempt> noted = unnoted_;
  std::vector<Webhook> disabled;
  const Status written = book_.Write([&]() -> Result<WebhookBook::Rows> {
    WebhookBook::Rows rows;
    for (Attempt& attempt : noted)
      if (NoteOne(attempt, rows)) disabled.push_back(*webhooks_.Find(attempt.delivery.webhook));
    for (Webhook& webhook : disabled)
      for (const Webhook& changed : rows.webhooks)
        if (changed.id == webhook.id) webhook = changed;
    return rows;
  });
  if (!written.ok()) {
    LogWarning("Tries to send to webhooks could not be noted.", {{"reason", written.error().message}});
    return;
  }
  unnoted_.clear();
  for (const Attempt& attempt : noted) Settle(attempt);
  book_.counters().disabled.fetch_add(disabled.size());
  for (const Webhook& webhook : disabled)
    LogWarning("A webhook is disabled.", {{"webhook", webhook.id}, {"reason", webhook.disabled_reason}});
}

bool Deliverer::IsTheOnlyOneTried(const Delivery& delivery) {
  Result<std::vector<DeliveryRow>> waiting =
      storage_.ReadDeliveries(AllShards(), delivery.webhook, kPending, kForEver, kWebhookRowsRead);
  if (!waiting.ok() || static_cast<int>(waiting->size()) == kWebhookRowsRead) return false;
  return std::none_of(waiting->begin(), waiting->end(), [&](DeliveryRow& row) {
    if (row.id == delivery.id) return false;
    const Result<Delivery> other = DeliveryOf(std::move(row));
    return !other.ok() || other->attempts > 0;
  });
}

// When it is tried again, and whether its webhook goes on.
void Deliverer::NoteFailure(Attempt& attempt, std::size_t failures, Webhook& webhook) {
  Delivery& delivery = attempt.delivery;
  const std::int64_t now_us = clock_.NowUs();
  if (attempt.http_status == kGone || failures >= options_.retries_ms.size()) {
    delivery.status = kFailed;
    delivery.due_us = now_us + kWebhookFailedKeptMs * kUsPerMs;
  } else {
    const std::int64_t wait_ms = WithJitter(options_.retries_ms[failures], delivery);
    delivery.due_us = now_us + std::max(wait_ms, attempt.retry_after_ms) * kUsPerMs;
  }
  // What has failed for good before, with nothing waiting since, is another row of failures.
  if (webhook.failing_since_us == 0 || (failures == 0 && IsTheOnlyOneTried(delivery)))
    webhook.failing_since_us = now_us;
  const bool failing_long = now_us - webhook.failing_since_us > kWebhookFailingMsMax * kUsPerMs;
  if (!webhook.enabled || (attempt.http_status != kGone && !failing_long)) return;
  webhook.enabled = false;
  webhook.disabled_reason = attempt.http_status == kGone
                                ? "The receiver answered 410: it wants no more events."
                                : "No delivery has succeeded since " + Since(webhook.failing_since_us) + ".";
}

bool Deliverer::NoteOne(Attempt& attempt, WebhookBook::Rows& rows) {
  Delivery& delivery = attempt.delivery;
  auto same = std::find_if(rows.webhooks.begin(), rows.webhooks.end(),
                           [&](const Webhook& webhook) { return webhook.id == delivery.webhook; });
  std::optional<Webhook> webhook = same != rows.webhooks.end() ? *same : webhooks_.Find(delivery.webhook);
  if (!webhook) return false;  // deleted meanwhile
  const std::int64_t now_us = clock_.NowUs();
  const std::size_t failures = static_cast<std::size_t>(delivery.attempts++);
  delivery.http_status = attempt.http_status;
  delivery.error = attempt.error;
  const bool was_enabled = webhook->enabled;
  const std::int64_t failing_since_us = webhook->failing_since_us;
  if (attempt.error.empty()) {
    delivery.status = kDelivered;
    delivery.due_us = now_us + kWebhookDeliveredKeptMs * kUsPerMs;
    webhook->failing_since_us = 0;
  } else {
    NoteFailure(attempt, failures, *webhook);
  }
  rows.deliveries.push_back(RowOf(delivery));
  const bool disabled = was_enabled && !webhook->enabled;
  if (!disabled && webhook->failing_since_us == failing_since_us) return false;
  if (same != rows.webhooks.end())
    *same = *std::move(webhook);
  else
    rows.webhooks.push_back(*std::move(webhook));
  return disabled;
}

void Deliverer::Settle(const Attempt& attempt) {
  const Delivery& delivery = attempt.delivery;
  Line& line = lines_[delivery.webhook];
  line.taken.erase(delivery.id);
  if (delivery.status == kPending) line.next_due_us = std::min(line.next_due_us, delivery.due_us);
  (attempt.error.empty() ? book_.counters().delivered : book_.counters().failed_tries).fetch_add(1);
  if (attempt.error.empty()) return;
  LogInfo("A try to send to a webhook failed.", {{"webhook", delivery.webhook},
                                                 {"delivery", delivery.id},
                                                 {"try", delivery.attempts},
                                                 {"reason", attempt.error}});
}

}  // namespace fermata

// Keeps what waits and what is over within bounds, by what storage has counted.
#include <algorithm>
#include <chrono>
#include <utility>

#include "api/webhooks/deliverer.h"
#include "engine/base/log.h"
#include "engine/model/limits.h"

namespace fermata {

Result<std::int64_t> Deliverer::Delete(const DeliveryCount& group, std::int64_t count) {
  std::int64_t gone = 0;
  const Status written = book_.Write([&]() -> Result<WebhookBook::Rows> {
    Result<std::vector<DeliveryRow>> oldest =
        storage_.ReadDeliveries(AllShards(), group.webhook, group.status, kForEver, static_cast<int>(count));
    if (!oldest.ok()) return oldest.error();
    gone = std::ssize(*oldest);
    return WebhookBook::Rows{{}, {}, *std::move(oldest)};
  });
  if (!written.ok()) return written.error();
  return gone;
}

Result<std::int64_t> Deliverer::GiveUp(const DeliveryCount& group, std::int64_t due_before_us, std::int64_t count,
                                       const std::string& why) {
  std::int64_t given_up = 0;
  const Status written = book_.Write([&]() -> Result<WebhookBook::Rows> {
    const std::set<std::string>& taken = lines_[group.webhook].taken;
    Result<std::vector<DeliveryRow>> oldest = storage_.ReadDeliveries(
        AllShards(), group.webhook, kPending, due_before_us, static_cast<int>(count + std::ssize(taken)));
    if (!oldest.ok()) return oldest.error();
    WebhookBook::Rows rows;
    for (DeliveryRow& row : *oldest) {
      if (taken.contains(row.id) || std::ssize(rows.deliveries) == count) continue;
      Result<Delivery> delivery = DeliveryOf(std::move(row));
      if (!delivery.ok()) continue;  // the log has it
      delivery->status = kFailed;
      delivery->due_us = clock_.NowUs() + kWebhookFailedKeptMs * kUsPerMs;
      delivery->error = why;
      rows.deliveries.push_back(RowOf(*delivery));
    }
    given_up = std::ssize(rows.deliveries);
    return rows;
  });
  if (!written.ok()) return written.error();
  book_.counters().given_up.fetch_add(static_cast<std::uint64_t>(given_up));
  return given_up;
}

void Deliverer::Forget(const std::string& webhook) {
  std::erase_if(groups_, [&](const DeliveryCount& group) { return group.webhook == webhook; });
  for (const std::string_view status : {kPending, kDelivered, kFailed})
    groups_.push_back({webhook, std::string(status), kForEver, clock_.NowUs()});
  tidy_us_ = 0;
}

Result<bool> Deliverer::TidyGroup(DeliveryCount& group) {
  const std::optional<Webhook> webhook = webhooks_.Find(group.webhook);
  const bool waits = group.status == kPending;
  const std::int64_t allowed = !webhook ? 0 : waits ? options_.pending_max : options_.finished_max;
  const std::int64_t late_us = clock_.NowUs() - kWebhookWaitMsMax * kUsPerMs;
  const std::int64_t wanted = std::min<std::int64_t>(group.count - allowed, kWebhookRowsAtOnce);
  Result<std::int64_t> gone = std::int64_t{0};
  if (wanted > 0 && (!webhook || !waits)) {
    gone = Delete(group, wanted);
  } else if (wanted > 0) {
    gone = GiveUp(group, kForEver, wanted,
                  "It was given up: more than " + std::to_string(options_.pending_max) + " deliveries waited.");
  } else if (waits && webhook && !webhook->enabled && group.oldest_us < late_us) {
    gone = GiveUp(group, late_us, kWebhookRowsAtOnce, "It was given up: its webhook is disabled.");
  }
  if (!gone.ok()) return gone.error();
  group.count -= *gone;
  // Fewer than were counted: the rest has gone by itself.
  if (*gone < wanted) group.count = std::min(group.count, allowed);
  return *gone == kWebhookRowsAtOnce;
}

// As often as it is tidied up, unless counting takes long.
void Deliverer::CountIfDue() {
  const std::int64_t now_us = clock_.NowUs();
  if (now_us < count_us_) return;
  const auto began = std::chrono::steady_clock::now();
  if (!webhooks_.Count(storage_).ok()) return;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
  count_us_ = now_us + took.count() * kWebhookCountShare;
  groups_ = webhooks_.Counts();
}

void Deliverer::Tidy() {
  tidy_us_ = clock_.NowUs() + kWebhookTidyEveryMs * kUsPerMs;
  if (!options_.shards()[0]) return;  // another server does
  CountIfDue();
  const bool any_unknown = std::any_of(groups_.begin(), groups_.end(), [this](const DeliveryCount& group) {
    return group.count > 0 && !webhooks_.Find(group.webhook);
  });
  // What goes is of webhooks that are not in storage either: another server may have made one.
  if (any_unknown && !book_.ReadAgain().ok()) return;
  bool more = false;
  for (DeliveryCount& group : groups_) {
    if (stopping_) return;
    const Result<bool> tidied = TidyGroup(group);
    if (!tidied.ok()) return LogWarning("Deliveries could not be tidied up.", {{"reason", tidied.error().message}});
    more = more || *tidied;
  }
  // In small helpings, with tries to send in between.
  if (more) tidy_us_ = clock_.NowUs();
}

}  // namespace fermata

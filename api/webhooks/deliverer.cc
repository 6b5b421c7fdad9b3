#include "api/webhooks/deliverer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "api/webhooks/signature.h"
#include "engine/base/log.h"
#include "engine/base/time.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPauseAfterFailureUs = 200'000;
constexpr int kGone = 410;
constexpr std::int64_t kTidiesPerCount = 120, kTidiesPerCountOfLate = 20;  // an hour and ten minutes
constexpr int kOfOneTenantMax =
    kWebhookThreads / 2;  // requests at once: those that hang leave threads to the other tenants

// Between nothing and kWebhookJitterPercent more, told by the delivery: no two come back in step, and a restart changes nothing.
std::int64_t WithJitter(std::int64_t wait_ms, const Delivery& delivery) {
  const std::size_t chance =
      std::hash<std::string>()(delivery.webhook + delivery.id + std::to_string(delivery.attempts)) % 1'000;
  return wait_ms + wait_ms * kWebhookJitterPercent / 100 * static_cast<std::int64_t>(chance) / 1'000;
}

std::string Since(std::int64_t us) { return FormatTimestamp(FromMicros(us / 1'000'000 * 1'000'000)); }

}  // namespace

Deliverer::Deliverer(DelivererOptions options, WebhookBook& book, Webhooks& webhooks, Storage& storage, Clock& clock)
    : options_(std::move(options)),
      book_(book),
      webhooks_(webhooks),
      storage_(storage),
      clock_(clock),
      transport_(options_.rules) {}

void Deliverer::Run() {
  webhooks_.OnDeliveries([this](const std::set<std::string>& webhooks) { Wake(webhooks); });
  thread_ = std::thread([this] { Loop(); });
}

void Deliverer::Stop() {
  webhooks_.OnDeliveries(nullptr);
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (pool_) pool_->Stop();
  // What was taken is not sent again after a restart; what failed by the stop is no failure.
  std::erase_if(results_, [](const Attempt& attempt) { return !attempt.error.empty(); });
  Note(std::exchange(results_, {}));
}

void Deliverer::Wake(const std::set<std::string>& webhooks) {
  {
    std::lock_guard lock(mutex_);
    woken_.insert(webhooks.begin(), webhooks.end());
    all_woken_ = all_woken_ || webhooks.empty();
  }
  wake_.notify_all();
}

std::int64_t Deliverer::NextUs() const {
  if (!unnoted_.empty()) return clock_.NowUs() + kPauseAfterFailureUs;
  std::int64_t next_us = tidy_us_;
  // Where there is no room for a request, its end wakes us.
  if (under_way_ >= kWebhookThreads) return next_us;
  for (const auto& [id, line] : lines_)
    if (line.ready.empty() && line.under_way < kWebhookRequestsMax) next_us = std::min(next_us, line.next_due_us);
  return next_us;
}

void Deliverer::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::set<std::string> woken = std::exchange(woken_, {});
    const bool all = std::exchange(all_woken_, false);
    std::vector<Attempt> results = std::exchange(results_, {});
    lock.unlock();
    under_way_ -= static_cast<int>(results.size());
    for (const Attempt& attempt : results) --lines_[attempt.delivery.webhook].under_way;
    for (const std::string& id : woken) {
      lines_[id].next_due_us = 0;
      if (!webhooks_.Find(id)) tidy_us_ = 0;  // it was deleted, and its deliveries are to go
    }
    if (all) {
      for (auto& [id, line] : lines_) line.next_due_us = 0;
      tidy_us_ = counted_us_ = 0;  // a commit may have brought some of which nobody knows
    }
    Note(std::move(results));
    HandOut();
    if (clock_.NowUs() >= tidy_us_) Tidy();
    const std::int64_t wait_us = std::clamp<std::int64_t>(NextUs() - clock_.NowUs(), 0, kWebhookTidyEveryMs * kUsPerMs);
    lock.lock();
    wake_.wait_for(lock, std::chrono::microseconds(wait_us),
                   [this] { return stopping_ || all_woken_ || !woken_.empty() || !results_.empty(); });
  }
}

// ---- sending ----

void Deliverer::Refill(const std::string& id, Line& line) {
  const std::int64_t now_us = clock_.NowUs();
  if (!line.ready.empty() || line.next_due_us > now_us) return;
  const int limit = kWebhookRowsRead + static_cast<int>(line.taken.size());
  Result<std::vector<DeliveryRow>> rows = storage_.ReadDeliveries(AllShards(), id, kPending, kForEver, limit);
  if (!rows.ok()) {
    line.next_due_us = now_us + kPauseAfterFailureUs;
    return;
  }
  line.next_due_us = static_cast<int>(rows->size()) < limit ? kForEver : now_us;
  for (DeliveryRow& row : *rows) {
    if (row.due_us > now_us) {
      line.next_due_us = row.due_us;
      break;
    }
    if (!line.taken.insert(row.id).second) continue;
    const std::string name = row.id;
    Result<Delivery> delivery = DeliveryOf(std::move(row));
    if (delivery.ok())
      line.ready.push_back(*std::move(delivery));
    else
      LogError("A delivery cannot be read.", {{"webhook", id}, {"delivery", name}});
  }
}

// In turn: one that has much to be told does not keep the others waiting.
void Deliverer::HandOut() {
  const auto enabled = webhooks_.Enabled();
  for (auto line = lines_.begin(); line != lines_.end();) {
    const bool wanted = enabled && std::any_of(enabled->begin(), enabled->end(),
                                               [&](const Webhook& webhook) { return webhook.id == line->first; });
    for (const Delivery& delivery : line->second.ready)
      if (!wanted) line->second.taken.erase(delivery.id);
    if (!wanted) line->second.ready.clear();
    if (!wanted) line->second.next_due_us = kForEver;
    line = wanted || !line->second.taken.empty() || line->second.under_way > 0 ? std::next(line) : lines_.erase(line);
  }
  if (!enabled || enabled->empty()) return;
  if (!unnoted_.empty()) return;  // what was sent cannot be noted: more of it would be sent twice
  if (!pool_) pool_ = std::make_unique<WorkerPool>(kWebhookThreads, kWebhookThreads);
  const auto after = std::find_if(enabled->begin(), enabled->end(),
                                  [this](const Webhook& webhook) { return webhook.id > last_served_; });
  const std::size_t first = static_cast<std::size_t>(after - enabled->begin());
  std::map<std::string, int> of_tenant;
  for (const Webhook& webhook : *enabled)
    if (const auto line = lines_.find(webhook.id); line != lines_.end())
      of_tenant[webhook.tenant] += static_cast<int>(line->second.under_way);
  for (bool any = true; any && !stopping_;) {
    any = false;
    for (std::size_t i = 0; i < enabled->size() && under_way_ < kWebhookThreads; ++i) {
      const Webhook& webhook = (*enabled)[(first + i) % enabled->size()];
      Line& line = lines_[webhook.id];
      if (line.under_way >= kWebhookRequestsMax) continue;
      if (of_tenant[webhook.tenant] >= kOfOneTenantMax) continue;
      Refill(webhook.id, line);
      if (line.ready.empty()) continue;
      Delivery next = std::move(line.ready.front());
      line.ready.pop_front();
      const bool posted = pool_->Post([this, webhook, next] {
        Attempt attempt = Try(webhook, next);
        {
          std::lock_guard lock(mutex_);
          results_.push_back(std::move(attempt));
        }
        wake_.notify_all();
      });
      if (!posted) {
        line.ready.push_front(std::move(next));
        return;
      }
      ++line.under_way;
      ++of_tenant[webhook.tenant];
      ++under_way_;
      last_served_ = webhook.id;
      any = true;
    }
  }
}

Deliverer::Attempt Deliverer::Try(const Webhook& webhook, Delivery delivery) {
  const std::int64_t now_us = clock_.NowUs();
  const std::int64_t seconds = now_us / 1'000'000;
  HttpCall call;
  call.method = "POST";
  call.url = webhook.url;
  call.body = WriteJson(delivery.event);
  std::string signatures = SignWebhook(webhook.secret.text, delivery.id, seconds, *call.body);
  for (auto old = webhook.old_secrets.rbegin(); old != webhook.old_secrets.rend(); ++old)
    if (now_us < old->until_us) signatures += " " + SignWebhook(old->text, delivery.id, seconds, *call.body);
  call.headers = {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                  {"User-Agent", options_.user_agent},
                  {"webhook-id", delivery.id},
                  {"webhook-timestamp", std::to_string(seconds)},
                  {"webhook-signature", signatures}};
  call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWebhookTimeoutMs);
  call.answer_bytes_max = kWebhookAnswerBytesMax;
  call.body_ms_max = kWebhookAnswerBodyMs;
  call.stop = &stopping_;
  const std::variant<HttpAnswer, HttpFailure> result = transport_.Exchange(call);
  Attempt attempt{std::move(delivery), 0, "", 0};
  attempt.delivery.last_attempt_us = now_us;
  if (const auto* failure = std::get_if<HttpFailure>(&result)) {
    attempt.error = "Expected an answer, but " + failure->reason + ".";
    return attempt;
  }
  const auto& answer = std::get<HttpAnswer>(result);
  attempt.http_status = answer.status;
  if (answer.status / 100 == 2) return attempt;
  attempt.error = "Expected an answer of status 2xx, but it was " + std::to_string(answer.status) + ".";
  attempt.retry_after_ms = RetryAfterMs(answer, kWebhookRetryAfterMsMax);
  return attempt;
}

// ---- noting ----

void Deliverer::Note(std::vector<Attempt> attempts) {
  for (Attempt& attempt : attempts) unnoted_.push_back(std::move(attempt));
  if (unnoted_.empty()) return;
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
  rows.Put(delivery, kPending);
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

// ---- bounds ----

Status Deliverer::Delete(const DeliveryCount& group, std::int64_t count) {
  return book_.Write([&]() -> Result<WebhookBook::Rows> {
    WebhookBook::Rows rows;
    Result<std::vector<DeliveryRow>> oldest =
        storage_.ReadDeliveries(AllShards(), group.webhook, group.status, kForEver, static_cast<int>(count));
    if (!oldest.ok()) return oldest.error();
    for (DeliveryRow& row : *oldest) rows.Delete(std::move(row));
    return rows;
  });
}

Status Deliverer::GiveUp(const DeliveryCount& group, std::int64_t due_before_us, std::int64_t count,
                         const std::string& why) {
  std::uint64_t given_up = 0;
  const Status written = book_.Write([&]() -> Result<WebhookBook::Rows> {
    const std::set<std::string>& taken = lines_[group.webhook].taken;
    Result<std::vector<DeliveryRow>> oldest = storage_.ReadDeliveries(
        AllShards(), group.webhook, kPending, due_before_us, static_cast<int>(count + std::ssize(taken)));
    if (!oldest.ok()) return oldest.error();
    WebhookBook::Rows rows;
    for (DeliveryRow& row : *oldest) {
      if (taken.contains(row.id)) continue;
      Result<Delivery> delivery = DeliveryOf(std::move(row));
      if (!delivery.ok()) return delivery.error();
      delivery->status = kFailed;
      delivery->due_us = clock_.NowUs() + kWebhookFailedKeptMs * kUsPerMs;
      delivery->error = why;
      rows.Put(*delivery, kPending);
    }
    given_up = rows.deliveries.size();
    return rows;
  });
  if (written.ok()) book_.counters().given_up.fetch_add(given_up);
  return written;
}

// Whether there is more to do.
bool Deliverer::TidyGroup(const DeliveryCount& group) {
  const std::optional<Webhook> webhook = webhooks_.Find(group.webhook);
  const bool waits = group.status == kPending;
  const std::int64_t allowed = !webhook ? 0 : waits ? options_.pending_max : options_.finished_max;
  const std::int64_t excess = group.count - allowed;
  const std::int64_t now_us = clock_.NowUs();
  Status tidied = Done{};
  if (excess > 0 && (!webhook || !waits)) {
    tidied = Delete(group, std::min<std::int64_t>(excess, kWebhookRowsAtOnce));
  } else if (excess > 0) {
    tidied = GiveUp(group, kForEver, std::min<std::int64_t>(excess, kWebhookRowsAtOnce),
                    "It was given up: more than " + std::to_string(options_.pending_max) + " deliveries waited.");
  } else if (waits && !webhook->enabled && now_us - group.oldest_us > kWebhookWaitMsMax * kUsPerMs) {
    tidied = GiveUp(group, now_us - kWebhookWaitMsMax * kUsPerMs, kWebhookRowsAtOnce,
                    "It was given up: its webhook is disabled.");
  }
  if (!tidied.ok()) LogWarning("Deliveries could not be tidied up.", {{"reason", tidied.error().message}});
  return tidied.ok() && excess > kWebhookRowsAtOnce;
}

// Counts in storage at the start and then seldom, for that looks at every row: oftener only while something seems to wait long, so that who
// is told since when gets it right.
void Deliverer::CountIfDue() {
  const std::int64_t now_us = clock_.NowUs();
  const std::int64_t ago_us = now_us - counted_us_;
  bool due = ago_us >= kTidiesPerCount * kWebhookTidyEveryMs * kUsPerMs;
  if (!due && ago_us >= kTidiesPerCountOfLate * kWebhookTidyEveryMs * kUsPerMs)
    for (const DeliveryCount& group : webhooks_.Counts())
      due = due || (group.status == kPending && now_us - group.oldest_us > ago_us);
  if (due && webhooks_.CountAll(storage_).ok()) counted_us_ = now_us;
}

void Deliverer::Tidy() {
  tidy_us_ = clock_.NowUs() + kWebhookTidyEveryMs * kUsPerMs;
  CountIfDue();
  bool more = false;
  for (const DeliveryCount& group : webhooks_.Counts()) more = TidyGroup(group) || more;
  // In small helpings, with tries to send in between.
  if (more) tidy_us_ = clock_.NowUs();
}

}  // namespace fermata

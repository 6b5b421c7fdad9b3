#include "api/webhooks/deliverer.h"

#include <algorithm>
#include <utility>

#include "api/webhooks/signature.h"
#include "engine/base/log.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::int64_t kPauseAfterFailureUs = 200'000;
constexpr int kOfOneTenantMax =
    kWebhookThreads / 2;  // requests at once: those that hang leave threads to the other tenants

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
  if (!unnoted_.empty() || !book_.is_current()) return clock_.NowUs() + kPauseAfterFailureUs;
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
      if (!webhooks_.Find(id)) Forget(id);
    }
    if (all) {
      for (auto& [id, line] : lines_) line.next_due_us = 0;
    }
    if (!book_.is_current()) (void)book_.ReadAgain();
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
  Result<std::vector<DeliveryRow>> rows = storage_.ReadDeliveries(options_.shards(), id, kPending, kForEver, limit);
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

// What other nodes own by now is theirs to send.
void Deliverer::DropForeign() {
  const ShardSet mine = options_.shards();
  for (auto& [id, line] : lines_)
    std::erase_if(line.ready, [&, &taken = line.taken](const Delivery& delivery) {
      return !Contains(mine, delivery.shard) && taken.erase(delivery.id) > 0;
    });
}

// In turn: one that has much to be told does not keep the others waiting.
void Deliverer::HandOut() {
  const auto enabled = webhooks_.Enabled();
  DropForeign();
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

}  // namespace fermata

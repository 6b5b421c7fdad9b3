#include "api/webhooks/webhook_book.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "api/webhooks/codes.h"
#include "api/webhooks/signature.h"
#include "engine/base/chance.h"
#include "engine/base/hash.h"
#include "engine/base/time.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"

namespace fermata {
namespace {

constexpr std::size_t kIdBytes = 8;
constexpr std::string_view kIdPrefix = "wh-";

Error Unknown(const std::string& id) {
  return {kUnknownWebhook, "Expected the id of a webhook, but none is called '" + id + "'."};
}

Error UnknownDelivery(const std::string& webhook, const std::string& id) {
  return {kUnknownDelivery, "Expected the id of a delivery to '" + webhook + "', but none is called '" + id + "'.", "",
          "Deliveries that are over are kept for some days only."};
}

// Whether a host that is an address by itself may be called; names are looked at when they are resolved.
bool AllowsLiteral(const EgressRules& rules, const std::string& host) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1)
    return rules.AllowsAddress(host, reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1)
    return rules.AllowsAddress(host, reinterpret_cast<const sockaddr&>(v6));
  return true;
}

bool IsWebUrl(const std::string& url) {
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || url.size() > kWebhookUrlBytesMax) return false;
  const std::string_view authority = std::string_view(url).substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  if (authority.empty() || authority.find('@') != std::string_view::npos || url.find('#') != std::string::npos)
    return false;
  return std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

// "<created_us>.<id>" of the last one of a page.
std::optional<std::pair<std::int64_t, std::string>> ParseCursor(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return std::nullopt;
  std::int64_t created_us = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, created_us);
  if (error != std::errc() || end != text.data() + dot) return std::nullopt;
  return std::pair(created_us, text.substr(dot + 1));
}

}  // namespace

Status WebhookBook::CheckUrl(const std::string& url) const {
  if (!IsWebUrl(url))
    return Error{kWebhookUrlWrong,
                 "Expected an http or https URL of at most " + std::to_string(kWebhookUrlBytesMax) +
                     " bytes without a name, a password or a fragment, but got '" + url + "'.",
                 "/url"};
  const std::string host = HostOfUrl(url);
  if (host.empty() || !rules_.AllowsHost(host) || !AllowsLiteral(rules_, host))
    return Error{kWebhookUrlWrong, "Expected a URL that the server may call, but it may not call '" + host + "'.",
                 "/url", "It calls public addresses; --allow-host of the server names others."};
  return Done{};
}

Status WebhookBook::ReadAgainLocked() {
  if (is_current_) return Done{};
  Status loaded = webhooks_.Load(storage_);
  is_current_ = loaded.ok();
  return loaded;
}

Status WebhookBook::ReadAgain() {
  std::lock_guard lock(change_mutex_);
  is_current_ = false;
  return ReadAgainLocked();
}

// What did not succeed may have happened nevertheless: storage knows.
Status WebhookBook::CommitLocked(Batch batch) {
  Status committed = CommitNow(storage_, kWebhookLane, std::move(batch));
  if (committed.ok()) return committed;
  is_current_ = false;
  (void)ReadAgainLocked();
  return committed;
}

Status WebhookBook::Write(const std::function<Result<Rows>()>& make) {
  std::lock_guard lock(change_mutex_);
  if (Status current = ReadAgainLocked(); !current.ok()) return current;
  Result<Rows> rows = make();
  if (!rows.ok()) return rows.error();
  Batch batch;
  for (const Webhook& webhook : rows->webhooks) batch.standing_orders.push_back(Webhooks::RowOf(webhook));
  batch.deliveries = std::move(rows->deliveries);
  batch.deliveries_deleted = std::move(rows->deliveries_deleted);
  if (batch.empty()) return Done{};
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed;
  for (Webhook& webhook : rows->webhooks) webhooks_.Put(std::move(webhook));
  return Done{};
}

// ---- webhooks ----

Result<WebhookBook::Made> WebhookBook::Make(Webhook webhook) {
  std::lock_guard lock(change_mutex_);
  if (Status current = ReadAgainLocked(); !current.ok()) return current.error();
  std::size_t of_tenant = 0;
  const std::int64_t remembered_from_us = clock_.NowUs() - kIdempotencyKeyMs * kUsPerMs;
  for (const Webhook& other : webhooks_.All()) {
    if (other.tenant != webhook.tenant) continue;
    ++of_tenant;
    if (webhook.idempotency_key.empty() || other.idempotency_key != webhook.idempotency_key) continue;
    if (other.created_us < remembered_from_us) continue;
    if (other.request_hash == webhook.request_hash)
      return Made{other, other.secret.is_first ? other.secret.text : "", true};
    return Error{kIdempotencyKeyReused, "Expected a new Idempotency-Key for a new request, but '" +
                                            webhook.idempotency_key + "' was used with another one."};
  }
  if (of_tenant >= kWebhooksPerTenantMax)
    return Error{kTooManyWebhooks, "Expected at most " + std::to_string(kWebhooksPerTenantMax) +
                                       " webhooks, but there are as many already. Delete those that nobody uses."};
  webhook.created_us = webhook.updated_us = clock_.NowUs();
  webhook.id = std::string(kIdPrefix) + RandomHex(kIdBytes);
  webhook.secret = {NewWebhookSecret(), 0, true, ""};
  Batch batch;
  batch.standing_orders.push_back(Webhooks::RowOf(webhook));
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed.error();
  webhooks_.Put(webhook);
  std::string secret = webhook.secret.text;
  return Made{std::move(webhook), std::move(secret), false};
}

std::vector<Webhook> WebhookBook::All(const std::string& tenant) const {
  std::vector<Webhook> all = webhooks_.All();
  std::erase_if(all, [&](const Webhook& webhook) { return webhook.tenant != tenant; });
  std::sort(all.begin(), all.end(), [](const Webhook& a, const Webhook& b) {
    return std::tie(a.created_us, a.id) < std::tie(b.created_us, b.id);
  });
  return all;
}

Result<Webhook> WebhookBook::Find(const std::string& tenant, const std::string& id) const {
  std::optional<Webhook> webhook = webhooks_.Find(id);
  if (!webhook || webhook->tenant != tenant) return Unknown(id);
  return *std::move(webhook);
}

Result<Webhook> WebhookBook::FindLocked(const std::string& tenant, const std::string& id) {
  if (Status current = ReadAgainLocked(); !current.ok()) return current.error();
  return Find(tenant, id);
}

Result<Webhook> WebhookBook::ChangeLocked(Webhook webhook, const std::function<void(Webhook&)>& change) {
  change(webhook);
  webhook.updated_us = clock_.NowUs();
  Batch batch;
  batch.standing_orders.push_back(Webhooks::RowOf(webhook));
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed.error();
  webhooks_.Put(webhook);
  return webhook;
}

Result<Webhook> WebhookBook::Change(const std::string& tenant, const std::string& id, const WebhookSettings& settings) {
  std::lock_guard lock(change_mutex_);
  Result<Webhook> webhook = FindLocked(tenant, id);
  if (!webhook.ok()) return webhook;
  Result<Webhook> changed = ChangeLocked(*std::move(webhook), [&](Webhook& one) {
    if (settings.url) one.url = *settings.url;
    if (settings.description) one.description = *settings.description;
    if (settings.process) one.process = *settings.process;
    if (settings.events) one.events = *settings.events;
    if (!settings.enabled) return;
    if (*settings.enabled) one.failing_since_us = 0;
    one.disabled_reason.clear();
    one.enabled = *settings.enabled;
  });
  // What waited while it was disabled goes out now.
  if (changed.ok()) webhooks_.DeliveriesAreDurable({id});
  return changed;
}

Status WebhookBook::Drop(const std::string& tenant, const std::string& id) {
  {
    std::lock_guard lock(change_mutex_);
    Result<Webhook> webhook = FindLocked(tenant, id);
    if (!webhook.ok()) return webhook.error();
    Batch batch;
    batch.standing_orders_deleted.push_back(Webhooks::RowOf(*webhook));
    if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed;
    webhooks_.Drop(id);
  }
  webhooks_.DeliveriesAreDurable({id});
  return Done{};
}

Result<WebhookBook::Made> WebhookBook::Rotate(const std::string& tenant, const std::string& id,
                                              const std::string& idempotency_key) {
  std::lock_guard lock(change_mutex_);
  Result<Webhook> webhook = FindLocked(tenant, id);
  if (!webhook.ok()) return webhook.error();
  std::vector<WebhookSecret> good = webhook->old_secrets;
  std::erase_if(good, [now_us = clock_.NowUs()](const WebhookSecret& old) { return old.until_us <= now_us; });
  good.push_back(webhook->secret);
  if (!idempotency_key.empty())
    for (const WebhookSecret& secret : good)
      if (secret.rotation_key == idempotency_key) return Made{*std::move(webhook), secret.text, true};
  if (good.size() > kWebhookOldSecretsMax)
    return Error{kTooManySecrets,
                 "Expected at most " + std::to_string(kWebhookOldSecretsMax) + " old secrets that still sign, but '" +
                     id + "' has as many until " + FormatTimestamp(FromMicros(good.front().until_us)) + ".",
                 "", "Where a secret has leaked, make another webhook and delete this one."};
  good.back().until_us = clock_.NowUs() + kWebhookSecretOverlapMs * kUsPerMs;
  webhook = ChangeLocked(*std::move(webhook), [&](Webhook& one) {
    one.old_secrets = std::move(good);
    one.secret = {NewWebhookSecret(), 0, false, idempotency_key};
  });
  if (!webhook.ok()) return webhook.error();
  std::string secret = webhook->secret.text;
  return Made{*std::move(webhook), std::move(secret), false};
}

// ---- deliveries ----

Result<WebhookBook::Pinged> WebhookBook::Ping(const std::string& tenant, const std::string& id,
                                              const std::string& idempotency_key) {
  std::lock_guard lock(change_mutex_);
  Result<Webhook> webhook = FindLocked(tenant, id);
  if (!webhook.ok()) return webhook.error();
  if (!webhook->enabled) return Error{kWebhookDisabled, "Expected a webhook that is enabled, but '" + id + "' is not."};
  Delivery ping;
  ping.webhook = id;
  ping.tenant = tenant;
  ping.id = "ping-" + (idempotency_key.empty() ? RandomHex(kIdBytes) : Sha256Hex(idempotency_key).substr(0, 32));
  Result<std::optional<DeliveryRow>> there = storage_.FindDelivery(0, id, ping.id);
  if (!there.ok()) return there.error();
  if (there->has_value()) {
    Result<Delivery> before = DeliveryOf(**std::move(there));
    if (!before.ok()) return before.error();
    return Pinged{*std::move(before), true};
  }
  ping.created_us = ping.due_us = clock_.NowUs();
  ping.event = Value::Object({{"specversion", Value::String("1.0")},
                              {"id", Value::String(ping.id)},
                              {"source", Value::String("/v1/webhooks/" + id)},
                              {"type", Value::String(kPingType)},
                              {"time", Value::String(FormatTimestamp(FromMicros(ping.created_us)))},
                              {"datacontenttype", Value::String("application/json")},
                              {"tenant", Value::String(tenant)},
                              {"data", Value::Object({{"webhook", Value::String(id)}})}});
  Result<Delivery> sent = SendLocked(std::move(ping));
  if (!sent.ok()) return sent.error();
  return Pinged{*std::move(sent), false};
}

Result<Page<Delivery>> WebhookBook::Deliveries(const std::string& tenant, DeliveryFilter filter,
                                               const std::string& cursor) const {
  if (Result<Webhook> webhook = Find(tenant, filter.webhook); !webhook.ok()) return webhook.error();
  if (!cursor.empty()) {
    filter.before = ParseCursor(cursor);
    if (!filter.before)
      return Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + cursor + "'."};
  }
  const int limit = filter.limit++;
  Result<std::vector<DeliveryRow>> rows = storage_.ListDeliveries(filter);
  if (!rows.ok()) return rows.error();
  Page<Delivery> page;
  if (CutToPage(*rows, limit)) page.next_cursor = std::to_string(rows->back().created_us) + "." + rows->back().id;
  for (DeliveryRow& row : *rows) {
    Result<Delivery> delivery = DeliveryOf(std::move(row));
    if (!delivery.ok()) return delivery.error();
    page.items.push_back(*std::move(delivery));
  }
  return page;
}

Result<Delivery> WebhookBook::SendLocked(Delivery delivery) {
  delivery.status = kPending;
  delivery.due_us = clock_.NowUs();
  Batch batch;
  batch.deliveries.push_back(RowOf(delivery));
  if (Status committed = CommitLocked(std::move(batch)); !committed.ok()) return committed.error();
  webhooks_.DeliveriesAreDurable({delivery.webhook});
  return delivery;
}

Result<Delivery> WebhookBook::Retry(const std::string& tenant, const std::string& id, const std::string& delivery) {
  std::lock_guard lock(change_mutex_);
  Result<Webhook> webhook = FindLocked(tenant, id);
  if (!webhook.ok()) return webhook.error();
  Result<std::optional<DeliveryRow>> row = storage_.FindDelivery(ShardOfDelivery(delivery), id, delivery);
  if (!row.ok()) return row.error();
  if (!row->has_value()) return UnknownDelivery(id, delivery);
  if (!webhook->enabled) return Error{kWebhookDisabled, "Expected a webhook that is enabled, but '" + id + "' is not."};
  Result<Delivery> again = DeliveryOf(**std::move(row));
  if (!again.ok()) return again;
  // It may be on its way.
  if (again->status == kPending && again->due_us <= clock_.NowUs()) return again;
  if (again->status != kPending) again->attempts = 0;
  return SendLocked(*std::move(again));
}

Result<std::int64_t> WebhookBook::RetryFailed(const std::string& tenant, const std::string& id) {
  Result<Webhook> webhook = Find(tenant, id);
  if (!webhook.ok()) return webhook.error();
  if (!webhook->enabled) return Error{kWebhookDisabled, "Expected a webhook that is enabled, but '" + id + "' is not."};
  std::int64_t count = 0;
  for (bool more = true; more;) {
    const Status written = Write([&]() -> Result<Rows> {
      Result<std::vector<DeliveryRow>> failed = storage_.ReadDeliveries(
          AllShards(), id, kFailed, std::numeric_limits<std::int64_t>::max(), kWebhookRowsAtOnce);
      if (!failed.ok()) return failed.error();
      more = static_cast<int>(failed->size()) == kWebhookRowsAtOnce && count < kWebhookFinishedMax;
      Rows rows;
      for (DeliveryRow& row : *failed) {
        Result<Delivery> delivery = DeliveryOf(std::move(row));
        if (!delivery.ok()) return delivery.error();
        delivery->status = kPending;
        delivery->attempts = 0;
        delivery->due_us = clock_.NowUs();
        rows.deliveries.push_back(RowOf(*delivery));
      }
      count += static_cast<std::int64_t>(rows.deliveries.size());
      return rows;
    });
    if (!written.ok()) return written.error();
  }
  webhooks_.DeliveriesAreDurable({id});
  return count;
}

}  // namespace fermata

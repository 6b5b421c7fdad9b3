#include "engine/runtime/webhooks.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "engine/base/time.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"

namespace fermata {
namespace {

constexpr std::string_view kWebhookOrders = "webhook";
constexpr std::array<std::string_view, 15> kTypes = {
    "instance.started", "instance.completed", "instance.failed", "instance.cancelled", "instance.suspended",
    "instance.resumed", "incident.opened",    "incident.closed", "task.opened",        "task.assigned",
    "task.claimed",     "task.released",      "task.commented",  "task.reminded",      "task.closed"};

bool Wants(const Webhook& webhook, const Happening& what) {
  return webhook.tenant == what.news.tenant && (webhook.process.empty() || webhook.process == what.news.process) &&
         std::find(webhook.events.begin(), webhook.events.end(), what.type) != webhook.events.end();
}

// Growing as the instance's journal does, also as text.
std::string SequenceOf(const Happening& what) {
  char text[40];
  std::snprintf(text, sizeof text, "%012lld-%04d", static_cast<long long>(what.seq), what.number);
  return text;
}

Value EventOf(const Happening& what, const std::string& id, Value data) {
  const std::string instance = what.news.instance.ToString();
  std::vector<MapEntry> members;
  const auto put = [&](std::string_view name, Value value) {
    members.emplace_back(Value::String(name), std::move(value));
  };
  put("specversion", Value::String("1.0"));
  put("id", Value::String(id));
  put("source", Value::String("/v1/instances/" + instance));
  put("type", Value::String(what.type));
  if (what.key && !what.key->empty()) put("subject", Value::String(*what.key));
  put("time", Value::String(FormatTimestamp(FromMicros(what.now_us))));
  put("datacontenttype", Value::String("application/json"));
  put("sequence", Value::String(SequenceOf(what)));
  put("tenant", Value::String(what.news.tenant));
  put("process", Value::String(what.news.process));
  put("data", std::move(data));
  return Value::Map(std::move(members));
}

Value StoredSecret(const WebhookSecret& secret) {
  return Value::Object({{"secret", Value::String(secret.text)},
                        {"until", Value::Int(secret.until_us)},
                        {"first", Value::Bool(secret.is_first)},
                        {"key", Value::String(secret.rotation_key)}});
}

WebhookSecret SecretOf(const Value& stored) {
  return {field::Text(stored, "secret"), field::Integer(stored, "until"), field::Flag(stored, "first"),
          field::Text(stored, "key")};
}

// Rows of earlier versions have one old secret at most, beside the current one.
void ReadSecrets(const Value& json, Webhook& webhook) {
  if (const Value secret = field::Any(json, "secret"); !secret.is_string()) {
    webhook.secret = SecretOf(secret);
    if (const Value old = field::Any(json, "oldSecrets"); old.is_list())
      for (const Value& one : old.as_list()) webhook.old_secrets.push_back(SecretOf(one));
    return;
  }
  const std::int64_t until_us = field::Integer(json, "oldSecretUntil");
  webhook.secret = {field::Text(json, "secret"), 0, until_us == 0, field::Text(json, "rotationKey")};
  if (until_us != 0) webhook.old_secrets.push_back({field::Text(json, "oldSecret"), until_us, false, ""});
}

}  // namespace

std::span<const std::string_view> WebhookEventTypes() { return kTypes; }

DeliveryRow RowOf(const Delivery& delivery) {
  const Value bytes = Value::Object({{"event", delivery.event},
                                     {"attempts", Value::Int(delivery.attempts)},
                                     {"last", Value::Int(delivery.last_attempt_us)},
                                     {"http", Value::Int(delivery.http_status)},
                                     {"error", Value::String(delivery.error)}});
  return {delivery.shard,  delivery.webhook,    delivery.id,     delivery.tenant,
          delivery.status, delivery.created_us, delivery.due_us, WriteJson(bytes)};
}

Result<Delivery> DeliveryOf(DeliveryRow row) {
  Result<Value> json = ParseJson(row.bytes);
  if (!json.ok()) return json.error();
  Delivery delivery{row.shard,
                    std::move(row.webhook),
                    std::move(row.id),
                    std::move(row.tenant),
                    std::move(row.status),
                    row.created_us,
                    row.due_us,
                    field::Any(*json, "event")};
  delivery.attempts = field::Integer(*json, "attempts");
  delivery.last_attempt_us = field::Integer(*json, "last");
  delivery.http_status = static_cast<int>(field::Integer(*json, "http"));
  delivery.error = field::Text(*json, "error");
  return delivery;
}

int ShardOfDelivery(std::string_view id) {
  const std::optional<InstanceId> instance = InstanceId::Parse(id.substr(0, id.find('-')));
  return instance ? instance->shard() : 0;
}

Status Webhooks::Load(Storage& storage) {
  Result<std::vector<StandingOrderRow>> rows = storage.ReadStandingOrders(kWebhookOrders);
  if (!rows.ok()) return rows.error();
  std::map<std::string, Webhook> webhooks;
  for (const StandingOrderRow& row : *rows) {
    Result<Value> json = ParseJson(row.bytes);
    if (!json.ok()) return json.error();
    Webhook& webhook = webhooks[row.id];
    webhook.id = row.id;
    webhook.tenant = field::Text(*json, "tenant");
    webhook.url = field::Text(*json, "url");
    webhook.description = field::Text(*json, "description");
    webhook.events = field::Texts(*json, "events");
    webhook.process = field::Text(*json, "process");
    webhook.enabled = field::Flag(*json, "enabled");
    webhook.disabled_reason = field::Text(*json, "disabledReason");
    webhook.failing_since_us = field::Integer(*json, "failingSince");
    webhook.created_by = field::Text(*json, "createdBy");
    webhook.created_us = field::Integer(*json, "created");
    webhook.updated_us = field::Integer(*json, "updated");
    ReadSecrets(*json, webhook);
    webhook.idempotency_key = field::Text(*json, "idempotencyKey");
    webhook.request_hash = field::Text(*json, "requestHash");
  }
  std::lock_guard lock(mutex_);
  webhooks_ = std::move(webhooks);
  ListLocked();
  return Done{};
}

StandingOrderRow Webhooks::RowOf(const Webhook& webhook) {
  std::vector<Value> old_secrets;
  for (const WebhookSecret& old : webhook.old_secrets) old_secrets.push_back(StoredSecret(old));
  const Value bytes = Value::Object({{"tenant", Value::String(webhook.tenant)},
                                     {"url", Value::String(webhook.url)},
                                     {"description", Value::String(webhook.description)},
                                     {"events", field::ListOf(webhook.events)},
                                     {"process", Value::String(webhook.process)},
                                     {"enabled", Value::Bool(webhook.enabled)},
                                     {"disabledReason", Value::String(webhook.disabled_reason)},
                                     {"failingSince", Value::Int(webhook.failing_since_us)},
                                     {"createdBy", Value::String(webhook.created_by)},
                                     {"created", Value::Int(webhook.created_us)},
                                     {"updated", Value::Int(webhook.updated_us)},
                                     {"secret", StoredSecret(webhook.secret)},
                                     {"oldSecrets", Value::List(std::move(old_secrets))},
                                     {"idempotencyKey", Value::String(webhook.idempotency_key)},
                                     {"requestHash", Value::String(webhook.request_hash)}});
  return {std::string(kWebhookOrders), webhook.id, WriteJson(bytes)};
}

void Webhooks::ListLocked() {
  auto enabled = std::make_shared<List>();
  for (const auto& [id, webhook] : webhooks_)
    if (webhook.enabled) enabled->push_back(webhook);
  enabled_count_ = enabled->size();
  enabled_ = std::move(enabled);
}

void Webhooks::Put(Webhook webhook) {
  std::lock_guard lock(mutex_);
  std::string id = webhook.id;
  webhooks_.insert_or_assign(std::move(id), std::move(webhook));
  ListLocked();
}

void Webhooks::Drop(const std::string& id) {
  std::lock_guard lock(mutex_);
  webhooks_.erase(id);
  ListLocked();
}

std::optional<Webhook> Webhooks::Find(const std::string& id) const {
  std::lock_guard lock(mutex_);
  const auto found = webhooks_.find(id);
  if (found == webhooks_.end()) return std::nullopt;
  return found->second;
}

Webhooks::List Webhooks::All() const {
  std::lock_guard lock(mutex_);
  List all;
  for (const auto& [id, webhook] : webhooks_) all.push_back(webhook);
  return all;
}

std::shared_ptr<const Webhooks::List> Webhooks::Enabled() const {
  if (enabled_count_.load() == 0) return nullptr;
  std::lock_guard lock(mutex_);
  return enabled_;
}

void Webhooks::Tell(const List& webhooks, const Happening& what, std::vector<DeliveryRow>& rows,
                    std::set<std::string>& told) const {
  Delivery delivery;
  for (const Webhook& webhook : webhooks) {
    if (!Wants(webhook, what)) continue;
    if (delivery.id.empty()) {
      delivery.shard = what.news.instance.shard();
      delivery.id = what.news.instance.ToString() + "-" + std::to_string(what.seq) + "-" + std::to_string(what.number);
      delivery.tenant = what.news.tenant;
      delivery.created_us = delivery.due_us = what.now_us;
      delivery.event = EventOf(what, delivery.id, data_of_ ? data_of_(what.news) : Value::Null());
    }
    delivery.webhook = webhook.id;
    rows.push_back(fermata::RowOf(delivery));
    told.insert(webhook.id);
  }
}

// ---- how many there are ----

Status Webhooks::Count(Storage& storage) {
  Result<std::vector<DeliveryCount>> all = storage.CountDeliveries();
  if (!all.ok()) return all.error();
  std::lock_guard lock(counts_mutex_);
  counts_ = *std::move(all);
  return Done{};
}

std::vector<DeliveryCount> Webhooks::Counts() const {
  std::lock_guard lock(counts_mutex_);
  return counts_;
}

void Webhooks::OnDeliveries(std::function<void(const std::set<std::string>&)> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void Webhooks::DeliveriesAreDurable(const std::set<std::string>& webhooks) const {
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_(webhooks);
}

}  // namespace fermata

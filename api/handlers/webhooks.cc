// /v1/webhooks: who is told over HTTP of what becomes durable, and what became of telling them.
#include <algorithm>
#include <utility>

#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "api/http/reply.h"
#include "api/webhooks/codes.h"
#include "api/webhooks/webhook_book.h"
#include "engine/base/nearest_word.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

const std::vector<std::string> kFields = {"url", "description", "events", "process", "enabled"};

WebhookBook& BookOf(const RouteContext& context) { return *context.services.webhooks; }

// Whoever is limited to processes sees and makes webhooks of those only.
bool MaySee(const Caller& caller, const std::string& process) {
  return caller.processes.empty() || (!process.empty() && caller.MayUse(process));
}

std::string ProcessOf(const Delivery& delivery) {
  const Value* process = delivery.event.Find("process");
  return process ? std::string(process->as_string()) : "";
}

// One that the caller may not see is not there.
Result<Webhook> FindTheirs(const RouteContext& context, const Reply& reply, const std::string& id) {
  Result<Webhook> webhook = BookOf(context).Find(reply.caller().tenant, id);
  if (!webhook.ok() || MaySee(reply.caller(), webhook->process)) return webhook;
  return Error{kUnknownWebhook, "Expected the id of a webhook, but none is called '" + id + "'."};
}

std::optional<std::vector<std::string>> ReadEvents(FieldReader& fields) {
  const Value* list = fields.Any("events");
  if (!list || list->is_null()) return std::nullopt;
  std::vector<std::string> known;
  for (const std::string_view type : WebhookEventTypes()) known.emplace_back(type);
  std::vector<std::string> events;
  if (!list->is_list() || list->as_list().empty()) {
    fields.Fail("events", "Expected a list of types of events, but it is " +
                              std::string(list->is_list() ? "empty" : JsonKindName(*list)) + ".");
    return std::nullopt;
  }
  for (const Value& item : list->as_list()) {
    const std::string type = item.is_string() ? std::string(item.as_string()) : "";
    if (std::find(known.begin(), known.end(), type) == known.end()) {
      std::string all;
      for (const std::string& word : known) all += (all.empty() ? "" : ", ") + word;
      const std::string nearest = NearestWord(type, known);
      fields.Fail("events", "Expected types of events (" + all + "), but got " +
                                (item.is_string() ? "'" + type + "'" : std::string(JsonKindName(item))) + "." +
                                (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
      return std::nullopt;
    }
    if (std::find(events.begin(), events.end(), type) == events.end()) events.push_back(type);
  }
  return events;
}

WebhookSettings ReadSettings(const RouteContext& context, FieldReader& fields, std::vector<Error>& mistakes) {
  WebhookSettings settings;
  settings.url = fields.Text("url");
  settings.description = fields.Text("description");
  settings.events = ReadEvents(fields);
  settings.process = fields.Text("process");
  if (settings.description && settings.description->size() > kWebhookTextBytesMax)
    fields.Fail("description", "Expected at most " + std::to_string(kWebhookTextBytesMax) + " bytes, but there are " +
                                   std::to_string(settings.description->size()) + ".");
  const Value* enabled = fields.Any("enabled");
  if (enabled && enabled->kind() == ValueKind::kBool) settings.enabled = enabled->as_bool();
  if (enabled && !enabled->is_null() && !settings.enabled)
    fields.Fail("enabled",
                "Expected 'enabled' to be true or false, but it is " + std::string(JsonKindName(*enabled)) + ".");
  Append(mistakes, fields.mistakes());
  if (settings.url && !settings.url->empty())
    if (const Status right = BookOf(context).CheckUrl(*settings.url); !right.ok()) mistakes.push_back(right.error());
  return settings;
}

// Whether the caller may tell of this process, and there is one; answers if not.
bool MayTellOf(const RouteContext& context, const std::string& process, const Reply& reply) {
  if (!MaySee(reply.caller(), process)) return reply.Fail(BeyondLimits(reply.caller(), process)), false;
  if (process.empty() || context.engine().FindDefinition(process, "")) return true;
  return reply.Fail(context.engine().UnknownDefinition(process, "")), false;
}

Value WithSecret(const WebhookBook::Made& made) {
  std::vector<MapEntry> entries = ViewOf(made.webhook).as_map();
  entries.emplace_back(Value::String("secret"), made.secret.empty() ? Value::Null() : Value::String(made.secret));
  return Value::Map(std::move(entries));
}

HttpHeaders ReplayedIf(bool repeated) {
  if (repeated) return {{"Idempotency-Replayed", "true"}};
  return {};
}

void Make(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, kFields);
  std::vector<Error> mistakes;
  (void)fields.RequiredText("url");
  if (const Value* events = fields.Any("events"); !events || events->is_null())
    fields.Fail("events", "Expected the field 'events', but it is missing.");
  const WebhookSettings settings = ReadSettings(context, fields, mistakes);
  CommandRequest asked = ReadCommand(request, "webhook", "", *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  Webhook webhook;
  webhook.tenant = reply.caller().tenant;
  webhook.url = settings.url.value_or("");
  webhook.description = settings.description.value_or("");
  webhook.events = settings.events.value_or(std::vector<std::string>());
  webhook.process = settings.process.value_or("");
  webhook.enabled = settings.enabled.value_or(true);
  webhook.created_by = reply.caller().authenticated ? reply.caller().name : "";
  webhook.idempotency_key = std::move(asked.idempotency_key);
  webhook.request_hash = std::move(asked.request_hash);
  if (!MayTellOf(context, webhook.process, reply)) return;
  context.Later(reply, [=] {
    Result<WebhookBook::Made> made = BookOf(context).Make(webhook);
    context.engine().AwaitOthers();
    if (!made.ok()) return reply.Fail(made.error());
    HttpHeaders headers = ReplayedIf(made->repeated);
    headers.emplace_back("Location", "/v1/webhooks/" + made->webhook.id);
    reply.Json(201, WithSecret(*made), std::move(headers));
  });
}

void List(const RouteContext& context, const Reply& reply) {
  std::vector<Value> items;
  for (const Webhook& webhook : BookOf(context).All(reply.caller().tenant))
    if (MaySee(reply.caller(), webhook.process)) items.push_back(ViewOf(webhook));
  reply.Json(200, WholeList(std::move(items)));
}

// An absent field stays as it is; `process: null` is every process.
void Change(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply) {
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, kFields);
  std::vector<Error> mistakes;
  for (const char* name : {"url", "events"})
    if (const Value* value = fields.Any(name); value && (value->is_null() || *value == Value::String("")))
      fields.Fail(name, "Expected a value for '" + std::string(name) + "', but it is empty.");
  WebhookSettings settings = ReadSettings(context, fields, mistakes);
  if (const Value* process = fields.Any("process"); process && process->is_null()) settings.process = "";
  if (!mistakes.empty()) return reply.Fail(mistakes);
  if (Result<Webhook> webhook = FindTheirs(context, reply, id); !webhook.ok()) return reply.Fail(webhook.error());
  if (settings.process && !MayTellOf(context, *settings.process, reply)) return;
  context.Later(reply, [=] {
    Result<Webhook> webhook = BookOf(context).Change(reply.caller().tenant, id, settings);
    context.engine().AwaitOthers();
    webhook.ok() ? reply.Json(200, ViewOf(*webhook)) : reply.Fail(webhook.error());
  });
}

void Drop(const RouteContext& context, const std::string& id, const Reply& reply) {
  context.Later(reply, [=] {
    const Status dropped = BookOf(context).Drop(reply.caller().tenant, id);
    context.engine().AwaitOthers();
    dropped.ok() ? reply.Send(EmptyResponse(204)) : reply.Fail(dropped.error());
  });
}

// What is asked of a webhook without a word, and its Idempotency-Key; nullopt after the answer has been given.
std::optional<std::string> ReadOrder(const HttpRequest& request, const Reply& reply) {
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error()), std::nullopt;
  FieldReader fields(*body, {});
  std::vector<Error> mistakes = fields.mistakes();
  std::string key = ReadIdempotencyKey(request, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes), std::nullopt;
  return key;
}

void Rotate(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply) {
  const std::optional<std::string> key = ReadOrder(request, reply);
  if (!key) return;
  context.Later(reply, [=] {
    Result<WebhookBook::Made> made = BookOf(context).Rotate(reply.caller().tenant, id, *key);
    context.engine().AwaitOthers();
    if (!made.ok()) return reply.Fail(made.error());
    reply.Json(200, WithSecret(*made), ReplayedIf(made->repeated));
  });
}

void Ping(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply) {
  const std::optional<std::string> key = ReadOrder(request, reply);
  if (!key) return;
  context.Later(reply, [=] {
    Result<WebhookBook::Pinged> ping = BookOf(context).Ping(reply.caller().tenant, id, *key);
    ping.ok() ? reply.Json(202, ViewOf(ping->delivery), ReplayedIf(ping->repeated)) : reply.Fail(ping.error());
  });
}

void Retry(const RouteContext& context, const HttpRequest& request, const PathParams& params, const Reply& reply) {
  if (!ReadOrder(request, reply)) return;
  if (!reply.caller().processes.empty()) return reply.Fail(ForUnlimited(reply.caller(), "deliveries that failed"));
  context.Later(reply, [=, id = params["id"], delivery = params["delivery"]] {
    Result<Delivery> again = BookOf(context).Retry(reply.caller().tenant, id, delivery);
    again.ok() ? reply.Json(202, ViewOf(*again)) : reply.Fail(again.error());
  });
}

void RetryFailed(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply) {
  if (!ReadOrder(request, reply)) return;
  if (!reply.caller().processes.empty()) return reply.Fail(ForUnlimited(reply.caller(), "deliveries that failed"));
  context.Later(reply, [=] {
    Result<std::int64_t> count = BookOf(context).RetryFailed(reply.caller().tenant, id);
    count.ok() ? reply.Json(202, Value::Object({{"retried", Value::Int(*count)}})) : reply.Fail(count.error());
  });
}

void ListDeliveries(const RouteContext& context, const HttpRequest& request, const std::string& id,
                    const Reply& reply) {
  QueryReader query(request, {"status", "limit", "cursor"});
  DeliveryFilter filter;
  filter.webhook = id;
  filter.limit = query.Limit();
  filter.status = query.Text("status");
  if (filter.status && *filter.status != kPending && *filter.status != kDelivered && *filter.status != kFailed)
    query.Fail("status", "Expected one of pending, delivered, failed, but got '" + *filter.status + "'.");
  const std::string cursor = query.Text("cursor").value_or("");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  if (Result<Webhook> webhook = FindTheirs(context, reply, id); !webhook.ok()) return reply.Fail(webhook.error());
  context.Later(reply, [=] {
    Result<Page<Delivery>> page = BookOf(context).Deliveries(reply.caller().tenant, filter, cursor);
    if (!page.ok()) return reply.Fail(page.error());
    // It may have told of other processes before.
    std::erase_if(page->items, [&](const Delivery& delivery) {
      const std::string process = ProcessOf(delivery);
      return !process.empty() && !MaySee(reply.caller(), process);
    });
    reply.Json(200, PageView(*page));
  });
}

}  // namespace

void AddWebhookRoutes(const RouteContext& context) {
  if (!context.services.webhooks) return;
  // Without a query, and for those that the caller may see.
  const auto add = [&](const char* method, const std::string& pattern, auto handle) {
    context.Add(method, pattern, [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
      const QueryReader query(request, {});
      if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
      if (Result<Webhook> webhook = FindTheirs(context, reply, params["id"]); !webhook.ok())
        return reply.Fail(webhook.error());
      handle(request, params, reply);
    });
  };
  using Request = const HttpRequest&;
  using Params = const PathParams&;
  using To = const Reply&;
  context.Add("POST", "/v1/webhooks", [=](Request request, Params, To reply) { Make(context, request, reply); });
  context.Add("GET", "/v1/webhooks", [=](Request request, Params, To reply) {
    const QueryReader query(request, {});
    query.mistakes().empty() ? List(context, reply) : reply.Fail(query.mistakes());
  });
  const std::string one = "/v1/webhooks/{id}";
  add("GET", one, [=](Request, Params params, To reply) {
    Result<Webhook> webhook = FindTheirs(context, reply, params["id"]);
    webhook.ok() ? reply.Json(200, ViewOf(*webhook)) : reply.Fail(webhook.error());
  });
  add("PATCH", one, [=](Request request, Params params, To reply) { Change(context, request, params["id"], reply); });
  add("DELETE", one, [=](Request, Params params, To reply) { Drop(context, params["id"], reply); });
  add("POST", one + "/secret",
      [=](Request request, Params params, To reply) { Rotate(context, request, params["id"], reply); });
  add("POST", one + "/test",
      [=](Request request, Params params, To reply) { Ping(context, request, params["id"], reply); });
  add("POST", one + "/retry",
      [=](Request request, Params params, To reply) { RetryFailed(context, request, params["id"], reply); });
  context.Add("GET", one + "/deliveries",
              [=](Request request, Params params, To reply) { ListDeliveries(context, request, params["id"], reply); });
  add("POST", one + "/deliveries/{delivery}/retry",
      [=](Request request, Params params, To reply) { Retry(context, request, params, reply); });
}

}  // namespace fermata

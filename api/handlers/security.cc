// /v1/keys, /v1/whoami, /v1/audit: who may do what, and who did.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "api/security/codes.h"
#include "api/security/key_ring.h"
#include "engine/base/nearest_word.h"
#include "engine/base/time.h"
#include "engine/model/json_field.h"
#include "engine/model/limits.h"
#include "engine/model/short_json.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

std::vector<MapEntry> EntriesOf(const ApiKey& key) {
  const auto text = [](std::string_view name) { return Value::String(name); };
  return {
      {text("id"), text(key.id)},
      {text("name"), text(key.name)},
      {text("tenant"), text(key.tenant)},
      {text("roles"), field::ListOf(key.roles.Names())},
      {text("processes"), field::ListOf(key.processes)},
      {text("requestsPerSecond"), key.requests_per_second > 0 ? Value::Double(key.requests_per_second) : Value::Null()},
      {text("createdBy"), text(key.created_by)},
      {text("createdAt"), TimeValue(key.created_us)},
      {text("expiresAt"), TimeValue(key.expires_us)},
      {text("lastUsedAt"), TimeValue(key.last_used_us)}};
}

Value ViewOf(const ApiKey& key) { return Value::Map(EntriesOf(key)); }

// What a key is good for, for the audit log: 'web shop' of default: client; processes order*; until 2027-01-01T00:00:00Z
std::string GrantOf(const ApiKey& key) {
  const auto listed = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
  };
  std::string text = "'" + key.name + "' of " + key.tenant + ": " + listed(key.roles.Names());
  if (!key.processes.empty()) text += "; processes " + listed(key.processes);
  if (key.expires_us > 0) text += "; until " + FormatTimestamp(FromMicros(key.expires_us));
  return text;
}

// Those of the tenant `default` look after all tenants, others after their own.
bool LooksAfter(const Caller& caller, const std::string& tenant) {
  return caller.tenant == kDefaultTenant || caller.tenant == tenant;
}

// A list of texts; each is given to `take`, which says what is wrong with it (empty: nothing).
template <class Take>
void ReadTexts(FieldReader& fields, const std::string& name, std::size_t count_max, Take take) {
  const Value* list = fields.Any(name);
  if (!list || list->is_null()) return;
  if (!list->is_list())
    return fields.Fail(
        name, "Expected '" + name + "' to be a list of texts, but it is " + std::string(JsonKindName(*list)) + ".");
  if (list->as_list().size() > count_max)
    return fields.Fail(name, "Expected at most " + std::to_string(count_max) + " texts, but there are more.");
  for (const Value& item : list->as_list()) {
    if (!item.is_string()) return fields.Fail(name, "Expected texts, but one of '" + name + "' is none.");
    if (const std::string mistake = take(std::string(item.as_string())); !mistake.empty())
      return fields.Fail(name, mistake);
  }
}

void ReadRoles(FieldReader& fields, RoleSet& roles) {
  ReadTexts(fields, "roles", 16, [&](const std::string& word) -> std::string {
    const std::optional<Role> role = ParseRole(word);
    if (role) return roles.Add(*role), "";
    std::string known;
    for (const std::string& name : RoleNames()) known += (known.empty() ? "" : ", ") + name;
    const std::string nearest = NearestWord(word, RoleNames());
    return "Expected a role (" + known + "), but got '" + word + "'." +
           (nearest.empty() ? "" : " Did you mean '" + nearest + "'?");
  });
  if (roles.empty() && fields.mistakes().empty())
    fields.Fail("roles", "Expected at least one role, but there is none.");
}

// A name stands in histories and the audit log: one line that can be read.
bool IsKeyName(const std::string& name) {
  return !name.empty() && name.size() <= kApiKeyNameBytesMax &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void ReadTimes(FieldReader& fields, ApiKey& key) {
  if (const std::optional<std::string> text = fields.Text("expiresAt")) {
    const std::optional<Timestamp> time = ParseTime(*text);
    if (!time) {
      fields.Fail("expiresAt", "Expected a time like 2027-01-31T12:00:00Z, but got '" + *text + "'.");
    } else if (ToMicros(*time) <= SystemClock().NowUs()) {
      fields.Fail("expiresAt", "Expected a time to come, but '" + *text + "' is past.");
    } else {
      key.expires_us = ToMicros(*time);
    }
  }
  const Value* rate = fields.Any("requestsPerSecond");
  if (!rate || rate->is_null()) return;
  const bool number = rate->kind() == ValueKind::kInt || rate->kind() == ValueKind::kDouble;
  const double value = rate->kind() == ValueKind::kInt      ? static_cast<double>(rate->as_int())
                       : rate->kind() == ValueKind::kDouble ? rate->as_double()
                                                            : 0;
  if (!number || !(value >= 0.001 && value <= kRequestsPerSecondMax))
    return fields.Fail("requestsPerSecond",
                       "Expected a number from 0.001 to 1000000, but got " + ShortJson(*rate) + ".");
  key.requests_per_second = value;
}

ApiKey ReadKey(FieldReader& fields, const Caller& caller) {
  ApiKey key;
  key.name = fields.RequiredText("name");
  if (fields.mistakes().empty() && !IsKeyName(key.name))
    fields.Fail("name", "Expected a name of 1 to " + std::to_string(kApiKeyNameBytesMax) +
                            " bytes without control characters, but it is another.");
  ReadRoles(fields, key.roles);
  key.tenant = fields.Text("tenant").value_or(caller.tenant);
  if (!IsTenantName(key.tenant)) {
    fields.Fail("tenant", "Expected a tenant of small letters, digits and '-', but got '" + key.tenant + "'.");
  } else if (!LooksAfter(caller, key.tenant)) {
    fields.Fail("tenant",
                "Expected the tenant '" + caller.tenant + "', which you are of, but got '" + key.tenant + "'.");
  }
  ReadTexts(fields, "processes", kApiKeyWordsMax, [&](const std::string& glob) -> std::string {
    if (glob.empty() || glob.size() > kApiKeyNameBytesMax)
      return "Expected names of processes, but one is empty or long.";
    key.processes.push_back(glob);
    return "";
  });
  ReadTimes(fields, key);
  key.created_by = caller.name;
  return key;
}

void MakeKey(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"name", "roles", "tenant", "processes", "expiresAt", "requestsPerSecond"});
  ApiKey key = ReadKey(fields, reply.caller());
  if (!fields.mistakes().empty()) return reply.Fail(fields.mistakes());
  context.Later(reply, [=] {
    Result<KeyRing::Made> made = context.services.security->keys().Make(key);
    if (!made.ok()) return reply.Fail(made.error());
    std::vector<MapEntry> entries = EntriesOf(made->key);
    entries.emplace_back(Value::String("key"), Value::String(made->text));
    reply.WithDetails(GrantOf(made->key))
        .Json(201, Value::Map(std::move(entries)), {{"Location", "/v1/keys/" + made->key.id}});
  });
}

void ListKeys(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  std::vector<Value> items;
  for (const ApiKey& key : context.services.security->keys().All())
    if (LooksAfter(reply.caller(), key.tenant)) items.push_back(ViewOf(key));
  reply.Json(200, WholeList(std::move(items)));
}

// The key, if it is one that the caller looks after; nullopt after the answer has been given.
std::optional<ApiKey> FindKey(const RouteContext& context, const HttpRequest& request, const std::string& id,
                              const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes()), std::nullopt;
  std::optional<ApiKey> key = context.services.security->keys().Find(id);
  if (key && LooksAfter(reply.caller(), key->tenant)) return key;
  reply.Fail(Error{kUnknownApiKey, "Expected the id of an API key, but none is called '" + id + "'."});
  return std::nullopt;
}

void RevokeKey(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply) {
  const std::optional<ApiKey> key = FindKey(context, request, id, reply);
  if (!key) return;
  context.Later(reply, [=] {
    if (const Status revoked = context.services.security->keys().Revoke(id); !revoked.ok())
      return reply.Fail(revoked.error());
    context.streams.EndWorthless();
    reply.WithDetails(GrantOf(*key)).Send(EmptyResponse(204));
  });
}

void WhoAmI(const HttpRequest& request, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const Caller& caller = reply.caller();
  reply.Json(200, Value::Object({{"name", Value::String(caller.name)},
                                 {"tenant", Value::String(caller.tenant)},
                                 {"roles", field::ListOf(caller.roles.Names())},
                                 {"processes", field::ListOf(caller.processes)},
                                 {"expiresAt", TimeValue(caller.expires_us)},
                                 {"authenticated", Value::Bool(caller.authenticated)}}));
}

Value ViewOf(const AuditRow& row) {
  return Value::Object({{"seq", Value::Int(row.seq)},
                        {"time", TimeValue(row.time_us)},
                        {"tenant", Value::String(row.tenant)},
                        {"actor", Value::String(row.actor)},
                        {"action", Value::String(row.action)},
                        {"target", Value::String(row.target)},
                        {"result", Value::String(row.result)},
                        {"previous", Value::String(row.previous)},
                        {"hash", Value::String(row.hash)}});
}

void ListAudit(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"tenant", "actor", "action", "since", "until", "limit", "cursor"});
  AuditQuery wanted;
  wanted.limit = query.Limit();
  wanted.tenant = query.Text("tenant").value_or(reply.caller().tenant);
  wanted.actor = query.Text("actor");
  wanted.action = query.Text("action");
  wanted.since_us = query.Time("since");
  wanted.until_us = query.Time("until");
  if (!LooksAfter(reply.caller(), wanted.tenant))
    query.Fail("tenant", "Expected the tenant '" + reply.caller().tenant + "', which you are of, but got '" +
                             wanted.tenant + "'.");
  if (const std::optional<std::string> cursor = query.Text("cursor")) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(cursor->data(), cursor->data() + cursor->size(), number);
    if (error != std::errc() || end != cursor->data() + cursor->size() || number < 1)
      return reply.Fail(
          Error{kInvalidCursor, "Expected a cursor as an earlier page gave it, but got '" + *cursor + "'."});
    wanted.before_seq = number;
  }
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<AuditFound> found = context.services.security->audit().Find(wanted);
    if (!found.ok()) return reply.Fail(found.error());
    std::vector<Value> items;
    for (const AuditRow& row : found->rows) items.push_back(ViewOf(row));
    const Value next = found->next ? Value::String(std::to_string(*found->next)) : Value::Null();
    reply.Json(200, Value::Object({{"items", Value::List(std::move(items))}, {"next", next}}));
  });
}

}  // namespace

void AddSecurityRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/whoami",
              [](const HttpRequest& request, const PathParams&, const Reply& reply) { WhoAmI(request, reply); });
  if (!context.services.security) return;
  context.Add("POST", "/v1/keys", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    MakeKey(context, request, reply);
  });
  context.Add("GET", "/v1/keys", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    ListKeys(context, request, reply);
  });
  context.Add("GET", "/v1/keys/{id}", [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    if (const std::optional<ApiKey> key = FindKey(context, request, params["id"], reply)) reply.Json(200, ViewOf(*key));
  });
  context.Add("DELETE", "/v1/keys/{id}", [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    RevokeKey(context, request, params["id"], reply);
  });
  context.Add("GET", "/v1/audit", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    ListAudit(context, request, reply);
  });
}

}  // namespace fermata

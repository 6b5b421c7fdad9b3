// /v1/bulk: one command for every live instance that a filter finds.
#include <algorithm>

#include "api/handlers/command_bodies.h"
#include "api/handlers/explain_views.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/base/nearest_word.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

const std::vector<std::string> kActions = {"cancel", "suspend", "resume", "resolve", "variables", "move", "migrate"};
const std::vector<std::string> kLiveStatuses = {"running", "waiting", "suspended", "compensating"};

std::optional<std::int64_t> ReadTimeField(FieldReader& fields, std::string_view name) {
  const std::optional<std::string> text = fields.Text(name);
  if (!text) return std::nullopt;
  if (const std::optional<Timestamp> time = ParseTime(*text)) return ToMicros(*time);
  fields.Fail(name, "Expected a time like 2026-01-31T12:00:00Z, but got '" + *text + "'.");
  return std::nullopt;
}

// The filter of GET /v1/instances, as an object. `process` has to be there: no slip of the pen cancels everything.
InstanceFilter ReadFilter(const RouteContext& context, const Value& json, const Reply& reply, BulkWork& work,
                          std::vector<Error>& mistakes) {
  FieldReader fields(json, {"process", "status", "state", "key", "startedAfter", "startedBefore", "vars", "incident"},
                     "/filter");
  InstanceFilter filter;
  filter.tenant = reply.caller().tenant;
  filter.live = true;
  filter.process = fields.RequiredText("process");
  filter.status = fields.Text("status");
  if (filter.status && std::find(kLiveStatuses.begin(), kLiveStatuses.end(), *filter.status) == kLiveStatuses.end())
    fields.Fail("status",
                "Expected the status of a live instance (running, waiting, suspended, compensating), but got '" +
                    *filter.status + "'.");
  filter.state = fields.Text("state");
  filter.key = fields.Text("key");
  filter.started_from_us = ReadTimeField(fields, "startedAfter");
  filter.started_before_us = ReadTimeField(fields, "startedBefore");
  work.incident_error = fields.Text("incident").value_or("");
  if (!work.incident_error.empty() && work.action != "resolve")
    fields.Fail("incident", "Expected the error of incidents only with the action resolve, but the action is '" +
                                work.action + "'.");
  if (const Value* vars = fields.Object("vars")) {
    for (const auto& [name, value] : vars->as_map()) {
      const std::string variable(name.as_string());
      if (!value.is_string()) {
        fields.Fail("vars", "Expected '" + variable + "' as text, but got " + std::string(JsonKindName(value)) + ".");
      } else if (!context.engine().IsSearchable(*filter.process, variable)) {
        fields.Fail("vars", "Expected a variable that '" + *filter.process + "' declares under 'searchable', but '" +
                                variable + "' is none.");
      } else {
        filter.values.emplace_back(variable, std::string(value.as_string()));
      }
    }
  }
  Append(mistakes, fields.mistakes());
  return filter;
}

// `with` is the body of the action's own route.
Command ReadCommandOf(const std::string& action, const Value& with, const Reply& reply, std::vector<Error>& mistakes) {
  const auto fields_of = [&](std::vector<std::string> known) { return FieldReader(with, std::move(known), "/with"); };
  if (action == "resolve") return ReadResolution(with, reply, mistakes, "/with");
  Command command;
  std::optional<FieldReader> fields;
  if (action == "variables") {
    fields.emplace(fields_of(kVariablesFields));
    command = ReadVariables(*fields, reply, mistakes);
  } else if (action == "move") {
    std::vector<std::string> known = kMoveFields;
    std::erase(known, "dryRun");
    fields.emplace(fields_of(known));
    command = ReadMove(*fields, reply, mistakes);
  } else if (action == "migrate") {
    std::vector<std::string> known = kMigrationFields;
    std::erase(known, "dryRun");
    fields.emplace(fields_of(known));
    command = ReadMigration(*fields, reply, mistakes);
  } else {
    fields.emplace(fields_of(kSteeringFields));
    command = ReadSteering(action, *fields, reply, mistakes);
  }
  Append(mistakes, fields->mistakes());
  return command;
}

// Why, and by whom: as the work in bulk says, where `with` does not.
void Sign(BulkWork& work, const Value& with) {
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.reason, one.by; }) {
          if (one.reason.empty()) one.reason = work.reason;
          if (!with.Find("by")) one.by = work.by;
        }
      },
      work.command);
}

int ReadRate(FieldReader& fields) {
  const std::optional<std::int64_t> rate = fields.Integer("perSecond");
  if (!rate) return kBulkPerSecondDefault;
  if (*rate < 1 || *rate > kBulkPerSecondMax)
    fields.Fail("perSecond",
                "Expected 1 to " + std::to_string(kBulkPerSecondMax) + ", but got " + std::to_string(*rate) + ".");
  return static_cast<int>(std::clamp<std::int64_t>(*rate, 1, kBulkPerSecondMax));
}

void Start(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {});
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"action", "filter", "with", "perSecond", "reason", "by", "dryRun"});
  std::vector<Error> mistakes = query.mistakes();
  BulkWork work;
  work.action = fields.RequiredText("action");
  const bool known = std::find(kActions.begin(), kActions.end(), work.action) != kActions.end();
  if (!known && !work.action.empty())
    fields.Fail("action", "Expected one of cancel, suspend, resume, resolve, variables, move, migrate, but got '" +
                              work.action + "'.");
  static const Value kNothing = Value::Map({});
  const Value* filter = fields.Object("filter");
  if (!fields.Any("filter")) fields.Fail("filter", "Expected a filter that says which instances, but there is none.");
  const Value* with = fields.Object("with");
  work.per_second = ReadRate(fields);
  work.reason = fields.Text("reason").value_or("");
  work.by = ReadBy(fields, reply, mistakes);
  const bool dry_run = ReadFlag(fields, "dryRun");
  Append(mistakes, fields.mistakes());
  if (filter) work.filter = ReadFilter(context, *filter, reply, work, mistakes);
  if (known) work.command = ReadCommandOf(work.action, with ? *with : kNothing, reply, mistakes);
  Sign(work, with ? *with : kNothing);
  CommandRequest asked = ReadCommand(request, "bulk", "", *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  work.idempotency_key = std::move(asked.idempotency_key);
  work.request_hash = std::move(asked.request_hash);
  const std::string& process = *work.filter.process;
  if (!reply.caller().MayUse(process)) return reply.Fail(BeyondLimits(reply.caller(), process));
  if (!context.engine().FindDefinition(process, "")) return reply.Fail(context.engine().UnknownDefinition(process, ""));
  context.Later(reply, [=] {
    if (dry_run) {
      Result<BulkTrial> trial = context.engine().Bulk().Try(work);
      return trial.ok() ? reply.Json(200, ViewOf(*trial)) : reply.Fail(trial.error());
    }
    Result<BulkRunner::Begun> begun = context.engine().Bulk().Start(work);
    if (!begun.ok()) return reply.Fail(begun.error());
    HttpHeaders headers = {{"Location", "/v1/bulk/" + begun->view.id}};
    if (begun->repeated) headers.emplace_back("Idempotency-Replayed", "true");
    reply.Json(202, ViewOf(begun->view), std::move(headers));
  });
}

bool MaySee(const Reply& reply, const BulkView& bulk) { return reply.caller().MayUse(*bulk.work.filter.process); }

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  std::vector<Value> items;
  for (const BulkView& bulk : context.engine().Bulk().All(reply.caller().tenant))
    if (MaySee(reply, bulk)) items.push_back(ViewOf(bulk));
  reply.Json(200, WholeList(std::move(items)));
}

// One that the caller may not see is not there.
Result<BulkView> FindHis(const RouteContext& context, const Reply& reply, const std::string& id) {
  Result<BulkView> bulk = context.engine().Bulk().Find(reply.caller().tenant, id);
  if (!bulk.ok() || MaySee(reply, *bulk)) return bulk;
  return Error{kUnknownBulk, "Expected the id of work in bulk, but none is called '" + id + "'."};
}

void Steer(const RouteContext& context, const HttpRequest& request, const std::string& id, const Reply& reply,
           BulkOrder order) {
  QueryReader query(request, {});
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {});
  std::vector<Error> mistakes = query.mistakes();
  Append(mistakes, fields.mistakes());
  if (!mistakes.empty()) return reply.Fail(mistakes);
  context.Later(reply, [=] {
    Result<BulkView> bulk = FindHis(context, reply, id);
    if (bulk.ok()) bulk = context.engine().Bulk().Steer(reply.caller().tenant, id, order);
    return bulk.ok() ? reply.Json(200, ViewOf(*bulk)) : reply.Fail(bulk.error());
  });
}

}  // namespace

void AddBulkRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/bulk", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    Start(context, request, reply);
  });
  context.Add("GET", "/v1/bulk", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("GET", "/v1/bulk/{id}", [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
    QueryReader query(request, {});
    if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
    Result<BulkView> bulk = FindHis(context, reply, params["id"]);
    return bulk.ok() ? reply.Json(200, ViewOf(*bulk)) : reply.Fail(bulk.error());
  });
  const std::pair<const char*, BulkOrder> orders[] = {
      {"pause", BulkOrder::kPause}, {"resume", BulkOrder::kResume}, {"stop", BulkOrder::kStop}};
  for (const auto& [word, order] : orders)
    context.Add("POST", std::string("/v1/bulk/{id}/") + word,
                [=, order = order](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                  Steer(context, request, params["id"], reply, order);
                });
}

}  // namespace fermata

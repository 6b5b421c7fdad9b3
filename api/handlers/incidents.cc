// /v1/incidents: what stands, and what to do about it.
#include <algorithm>

#include "api/handlers/command_bodies.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/language/fields.h"
#include "engine/language/operations.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"process", "instance", "open", "limit", "cursor"});
  IncidentQuery wanted;
  wanted.filter.tenant = reply.caller().tenant;
  wanted.filter.process = query.Text("process");
  wanted.filter.open = query.Bool("open");
  wanted.filter.limit = query.Limit();
  wanted.cursor = query.Text("cursor").value_or("");
  wanted.filter.instance = query.Instance("instance");
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<Page<IncidentView>> page = context.engine().Incidents(wanted);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

Error UnknownIncident(const std::string& name) {
  return {kUnknownIncident, "Expected the id of an incident, but none is called '" + name + "'."};
}

void Get(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  const QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<IncidentId> id = ParseIncidentName(name);
  if (!id) return reply.Fail(UnknownIncident(name));
  context.Later(reply, [=] {
    const Result<IncidentView> incident = context.engine().FindIncident(id->instance, id->number);
    if (!incident.ok()) return reply.Fail(incident.error());
    reply.Json(200, WholeViewOf(*incident));
  });
}

// Only an error that a process could raise itself.
void CheckErrorName(FieldReader& fields, std::string_view field, const std::string& name) {
  if (!IsName(name)) {
    fields.Fail(field,
                "Expected the error to be a letter with up to 62 letters, digits, '-' and '_' behind it, but got '" +
                    name + "'.");
  } else if (IsReservedError(name)) {
    fields.Fail(field, "Expected the name of a business error, but '" + name + "' is one of the engine's own.");
  }
}

// A name, or {name, message, data}.
void ReadError(FieldReader& fields, ProcessError& error, const std::string& path, std::vector<Error>& mistakes) {
  const Value* value = fields.Any("error");
  if (!value || value->is_null()) return;
  if (value->is_string()) {
    error.name = std::string(value->as_string());
    return CheckErrorName(fields, "error", error.name);
  }
  FieldReader parts(*value, {"name", "message", "data"}, path + "/error");
  if (std::optional<std::string> name = parts.Text("name")) {
    error.name = *name;
    CheckErrorName(parts, "name", error.name);
  }
  error.message = parts.Text("message").value_or("");
  if (const Value* data = parts.Any("data")) error.data = *data;
  Append(mistakes, parts.mistakes());
}

// What was done to it, and by whom: on a thread that may look.
void FailClosed(const RouteContext& context, const Reply& reply, const IncidentId& id, Error error) {
  context.Later(reply, [=]() mutable {
    Result<IncidentView> incident = context.engine().FindIncident(id.instance, id.number);
    if (incident.ok() && !incident->open)
      error.message = "Expected an open incident, but '" + IncidentName(id.instance, id.number) + "' was closed at " +
                      FormatTimestamp(FromMicros(incident->closed_us)) + ": " + incident->closed_how +
                      (incident->closed_by.empty() ? "." : ", by " + incident->closed_by + ".");
    reply.Fail(error);
  });
}

void Resolve(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  std::vector<Error> mistakes = query.mistakes();
  ResolveIncident resolution = ReadResolution(*body, reply, mistakes);
  CommandRequest asked = ReadCommand(request, "resolve", name, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<IncidentId> id = ParseIncidentName(name);
  const Error unknown = UnknownIncident(name);
  if (!id) return reply.Fail(unknown);
  resolution.incident = id->number;
  asked.instance = id->instance;
  asked.command = std::move(resolution);
  SendCommand(context, reply, std::move(asked), wait, [=](const Error& error) {
    if (error.code == kIncidentClosed) return FailClosed(context, reply, *id, error);
    reply.Fail(error.code == kUnknownInstance || error.code == kUnknownIncident ? unknown : error);
  });
}

}  // namespace

ResolveIncident ReadResolution(const Value& body, const Reply& reply, std::vector<Error>& mistakes, std::string path) {
  FieldReader fields(body, {"action", "set", "output", "error", "reason", "by"}, path);
  ResolveIncident command;
  const std::string action = fields.RequiredText("action");
  if (action == "retry") {
    command.action = IncidentAction::kRetry;
  } else if (action == "skip") {
    command.action = IncidentAction::kSkip;
  } else if (action == "fail") {
    command.action = IncidentAction::kFail;
  } else if (!action.empty()) {
    fields.Fail("action", "Expected the action retry, skip or fail, but got '" + action + "'.");
  }
  if (const Value* set = fields.Object("set"))
    for (const auto& [name, value] : set->as_map()) command.set.emplace_back(std::string(name.as_string()), value);
  if (const Value* output = fields.Any("output")) {
    command.output = *output;
    if (action != "skip")
      fields.Fail("output", "Expected an output only with the action skip, but the action is '" + action + "'.");
  }
  if (fields.Any("error") && action != "fail")
    fields.Fail("error", "Expected an error only with the action fail, but the action is '" + action + "'.");
  command.reason = fields.Text("reason").value_or("");
  command.by = ReadBy(fields, reply, mistakes);
  std::vector<Error> deeper;
  ReadError(fields, command.error, path, deeper);
  Append(mistakes, fields.mistakes());
  Append(mistakes, deeper);
  return command;
}

void AddIncidentRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/incidents", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("GET", "/v1/incidents/{id}",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Get(context, request, params["id"], reply);
              });
  context.Add("POST", "/v1/incidents/{id}/resolve",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Resolve(context, request, params["id"], reply);
              });
}

}  // namespace fermata

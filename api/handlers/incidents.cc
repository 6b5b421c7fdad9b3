// /v1/incidents: what stands, and what to do about it.
#include <algorithm>

#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {"process", "instance", "open", "limit", "cursor"});
  IncidentQuery wanted;
  wanted.filter.process = query.Text("process");
  wanted.filter.open = query.Bool("open");
  wanted.filter.limit = query.Limit();
  wanted.cursor = query.Text("cursor").value_or("");
  if (const std::optional<std::string> text = query.Text("instance")) {
    wanted.filter.instance = InstanceId::Parse(*text);
    if (!wanted.filter.instance) query.Fail("instance", "Expected the id of an instance, but got '" + *text + "'.");
  }
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  context.Later(reply, [=] {
    Result<Page<IncidentView>> page = context.engine().Incidents(wanted);
    if (!page.ok()) return reply.Fail(page.error());
    reply.Json(200, PageView(*page));
  });
}

// A name, or {name, message, data}.
void ReadError(FieldReader& fields, ProcessError& error, std::vector<Error>& mistakes) {
  const Value* value = fields.Any("error");
  if (!value || value->is_null()) return;
  if (value->is_string()) {
    error.name = std::string(value->as_string());
    return;
  }
  FieldReader parts(*value, {"name", "message", "data"}, "/error");
  error.name = parts.Text("name").value_or("");
  error.message = parts.Text("message").value_or("");
  if (const Value* data = parts.Any("data")) error.data = *data;
  mistakes.insert(mistakes.end(), parts.mistakes().begin(), parts.mistakes().end());
}

// Nullopt after all mistakes have been told.
std::optional<ResolveIncident> ReadResolution(const Value& body, const Reply& reply) {
  FieldReader fields(body, {"action", "set", "output", "error", "by"});
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
  command.by = fields.Text("by").value_or("");
  std::vector<Error> deeper;
  ReadError(fields, command.error, deeper);
  std::vector<Error> mistakes = fields.mistakes();
  mistakes.insert(mistakes.end(), deeper.begin(), deeper.end());
  if (mistakes.empty()) return command;
  reply.Fail(mistakes);
  return std::nullopt;
}

void Resolve(const RouteContext& context, const HttpRequest& request, const std::string& name, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  std::optional<ResolveIncident> command = ReadResolution(*body, reply);
  if (!command) return;
  const std::optional<IncidentId> id = ParseIncidentName(name);
  if (!id)
    return reply.Fail(Error{kUnknownIncident, "Expected the id of an incident, but none is called '" + name + "'."});
  command->incident = id->number;
  context.engine().Send(id->instance, *command, [=](Result<std::string> status) {
    if (!status.ok()) return reply.Fail(status.error());
    context.Later(reply, [=] {
      Result<InstanceView> view = context.engine().Get(id->instance);
      if (!view.ok()) return reply.Fail(view.error());
      reply.Json(200, ViewOf(*view));
    });
  });
}

}  // namespace

void AddIncidentRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/incidents", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  context.Add("POST", "/v1/incidents/{id}/resolve",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Resolve(context, request, params["id"], reply);
              });
}

}  // namespace fermata

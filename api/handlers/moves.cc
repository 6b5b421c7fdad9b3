// What operators do to one instance beside its process: other values for variables, and a move to another state, with its preview.
#include "api/handlers/command_bodies.h"
#include "api/handlers/explain_views.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"

namespace fermata {
namespace {

void SendTo(const RouteContext& context, const Reply& reply, const std::string& id_text, CommandRequest asked,
            const Wait& wait) {
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  asked.instance = *id;
  asked.tenant = reply.caller().tenant;
  SendCommand(context, reply, std::move(asked), wait, [reply](const Error& error) { reply.Fail(error); });
}

void Amend(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, kVariablesFields);
  std::vector<Error> mistakes = query.mistakes();
  SetVariables command = ReadVariables(fields, reply, mistakes);
  Append(mistakes, fields.mistakes());
  CommandRequest asked = ReadCommand(request, "variables", id_text, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  asked.command = std::move(command);
  SendTo(context, reply, id_text, std::move(asked), wait);
}

void Preview(const RouteContext& context, const std::string& id_text, const Reply& reply, const MoveInstance& move) {
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  context.Later(reply, [=] {
    Result<MovePreview> preview = context.engine().PreviewMove(*id, move);
    if (!preview.ok()) return reply.Fail(preview.error());
    reply.Json(200, ViewOf(*id, *preview));
  });
}

void Move(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, kMoveFields);
  const bool dry_run = ReadFlag(fields, "dryRun");
  std::vector<Error> mistakes = query.mistakes();
  MoveInstance command = ReadMove(fields, reply, mistakes);
  Append(mistakes, fields.mistakes());
  CommandRequest asked = ReadCommand(request, "move", id_text, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  if (dry_run) return Preview(context, id_text, reply, command);
  asked.command = std::move(command);
  SendTo(context, reply, id_text, std::move(asked), wait);
}

}  // namespace

bool ReadFlag(FieldReader& fields, std::string_view name) {
  const Value* value = fields.Any(name);
  if (value == nullptr || value->is_null()) return false;
  if (value->kind() == ValueKind::kBool) return value->as_bool();
  fields.Fail(name, "Expected true or false, but got " + std::string(JsonKindName(*value)) + ".");
  return false;
}

std::vector<std::pair<std::string, Value>> ReadSet(FieldReader& fields) {
  std::vector<std::pair<std::string, Value>> set;
  if (const Value* values = fields.Object("set"))
    for (const auto& [name, value] : values->as_map()) set.emplace_back(std::string(name.as_string()), value);
  return set;
}

MoveInstance ReadMove(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes) {
  MoveInstance move;
  move.target = fields.RequiredText("target");
  move.from = fields.Text("from").value_or("");
  move.item = fields.Integer("item");
  move.set = ReadSet(fields);
  move.reason = fields.Text("reason").value_or("");
  move.by = ReadBy(fields, reply, mistakes);
  return move;
}

SetVariables ReadVariables(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes) {
  SetVariables command;
  const Value* set = fields.Object("set");
  command.set = ReadSet(fields);
  const bool is_wrong = set == nullptr && fields.Any("set") != nullptr && !fields.Any("set")->is_null();
  if (command.set.empty() && !is_wrong)
    fields.Fail("set", "Expected at least one variable to be set, but there is none.");
  command.reason = fields.Text("reason").value_or("");
  command.by = ReadBy(fields, reply, mistakes);
  return command;
}

void AddMoveRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/instances/{id}/variables",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Amend(context, request, params["id"], reply);
              });
  context.Add("POST", "/v1/instances/{id}/move",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Move(context, request, params["id"], reply);
              });
}

}  // namespace fermata

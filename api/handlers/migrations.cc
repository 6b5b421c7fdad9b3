// Carrying an instance over to another version of its process; with `dryRun` only the answer whether it could be.
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"

namespace fermata {
namespace {

void Migrate(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  QueryReader query(request, {"wait", "until"});
  const Wait wait = ReadWait(query);
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"version", "dryRun"});
  const std::string version = fields.RequiredText("version");
  const Value* dry_run = fields.Any("dryRun");
  if (dry_run != nullptr && dry_run->kind() != ValueKind::kBool)
    fields.Fail("dryRun", "Expected true or false, but got " + std::string(JsonKindName(*dry_run)) + ".");
  std::vector<Error> mistakes = query.mistakes();
  Append(mistakes, fields.mistakes());
  CommandRequest asked = ReadCommand(request, "migrate", id_text, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  if (dry_run != nullptr && dry_run->as_bool()) {
    context.Later(reply, [=] {
      if (Status possible = context.engine().CheckMigration(*id, version); !possible.ok())
        return reply.Fail(possible.error());
      reply.Json(200, Value::Object({{"id", Value::String(id->ToString())}, {"version", Value::String(version)}}));
    });
    return;
  }
  asked.instance = *id;
  asked.command = MigrateInstance{version};
  SendCommand(context, reply, std::move(asked), wait, [reply](const Error& error) { reply.Fail(error); });
}

}  // namespace

void AddMigrationRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/instances/{id}/migrate",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Migrate(context, request, params["id"], reply);
              });
}

}  // namespace fermata

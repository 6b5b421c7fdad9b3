// Carrying an instance over to another version of its process; with `dryRun` only the answer whether it could be.
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"

namespace fermata {
namespace {

void Migrate(const RouteContext& context, const HttpRequest& request, const std::string& id_text, const Reply& reply) {
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"version", "dryRun"});
  const std::string version = fields.RequiredText("version");
  const Value* dry_run = fields.Any("dryRun");
  if (dry_run != nullptr && dry_run->kind() != ValueKind::kBool)
    fields.Fail("dryRun", "Expected true or false, but got " + std::string(JsonKindName(*dry_run)) + ".");
  if (!fields.mistakes().empty()) return reply.Fail(fields.mistakes());
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
  context.engine().Send(*id, MigrateInstance{version}, [=](Result<std::string> status) {
    if (!status.ok()) return reply.Fail(status.error());
    context.Later(reply, [=] {
      Result<InstanceView> view = context.engine().Get(*id);
      if (!view.ok()) return reply.Fail(view.error());
      reply.Json(200, ViewOf(*view));
    });
  });
}

}  // namespace

void AddMigrationRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/instances/{id}/migrate",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Migrate(context, request, params["id"], reply);
              });
}

}  // namespace fermata

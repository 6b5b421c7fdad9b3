// Carrying an instance over to another version of its process, and taking that back; with `dryRun` only the plan.
#include "api/handlers/command_bodies.h"
#include "api/handlers/explain_views.h"
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
  FieldReader fields(*body, kMigrationFields);
  std::vector<Error> mistakes = query.mistakes();
  const MigrateInstance migrate = ReadMigration(fields, reply, mistakes);
  const bool dry_run = ReadFlag(fields, "dryRun");
  Append(mistakes, fields.mistakes());
  CommandRequest asked = ReadCommand(request, "migrate", id_text, *body, mistakes);
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<InstanceId> id = ReadInstanceId(id_text, reply);
  if (!id) return;
  if (dry_run) {
    context.Later(reply, [=] {
      Result<MigrationPlan> plan = context.engine().PlanMigration(*id, migrate);
      return plan.ok() ? reply.Json(200, ViewOf(*id, *plan)) : reply.Fail(plan.error());
    });
    return;
  }
  asked.instance = *id;
  asked.command = migrate;
  SendCommand(context, reply, std::move(asked), wait, [reply](const Error& error) { reply.Fail(error); });
}

}  // namespace

MigrateInstance ReadMigration(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes) {
  MigrateInstance migrate;
  migrate.revert = ReadFlag(fields, "revert");
  migrate.version = migrate.revert ? fields.Text("version").value_or("") : fields.RequiredText("version");
  migrate.reason = fields.Text("reason").value_or("");
  migrate.by = ReadBy(fields, reply, mistakes);
  return migrate;
}

void AddMigrationRoutes(const RouteContext& context) {
  context.Add("POST", "/v1/instances/{id}/migrate",
              [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                Migrate(context, request, params["id"], reply);
              });
}

}  // namespace fermata

// /v1/pauses: processes that take no new starts, connectors and operations whose calls wait.
#include "api/handlers/explain_views.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

std::optional<PauseKind> ReadKind(const std::string& word, const Reply& reply) {
  std::optional<PauseKind> kind = ParsePauseKind(word);
  if (!kind) reply.Fail(Error{kUnknownPause, "Expected process, connector or operation, but got '" + word + "'."});
  return kind;
}

bool MaySee(const Caller& caller, PauseKind kind, const std::string& name) {
  return caller.processes.empty() || (kind == PauseKind::kProcess && caller.MayUse(name));
}

// What a path names, if it is the caller's; nullopt after the answer has been given.
std::optional<PauseKind> ReadOwnKind(const PathParams& params, const Reply& reply) {
  const std::optional<PauseKind> kind = ReadKind(params["kind"], reply);
  if (!kind || MaySee(reply.caller(), *kind, params["name"])) return kind;
  reply.Fail(*kind == PauseKind::kProcess ? BeyondLimits(reply.caller(), params["name"])
                                          : ForUnlimited(reply.caller(), "connectors and operations"));
  return std::nullopt;
}

void Answer(const Reply& reply, const Result<Pause>& pause) {
  if (!pause.ok()) return reply.Fail(pause.error());
  reply.Json(200, ViewOf(*pause));
}

void List(const RouteContext& context, const HttpRequest& request, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  std::vector<Value> items;
  for (const Pause& pause : context.engine().AllPauses())
    if (MaySee(reply.caller(), pause.kind, pause.name)) items.push_back(ViewOf(pause));
  reply.Json(200, WholeList(std::move(items)));
}

void Set(const RouteContext& context, const HttpRequest& request, const PathParams& params, const Reply& reply) {
  QueryReader query(request, {});
  Result<Value> body = ReadOptionalJsonBody(request);
  if (!body.ok()) return reply.Fail(body.error());
  FieldReader fields(*body, {"reason", "by"});
  std::vector<Error> mistakes = query.mistakes();
  Pause pause;
  pause.name = params["name"];
  pause.reason = fields.Text("reason").value_or("");
  pause.by = ReadBy(fields, reply, mistakes);
  Append(mistakes, fields.mistakes());
  if (!mistakes.empty()) return reply.Fail(mistakes);
  const std::optional<PauseKind> kind = ReadOwnKind(params, reply);
  if (!kind) return;
  pause.kind = *kind;
  context.Later(reply, [=] { Answer(reply, context.engine().SetPause(pause)); });
}

void Find(const RouteContext& context, const HttpRequest& request, const PathParams& params, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<PauseKind> kind = ReadOwnKind(params, reply);
  if (kind) Answer(reply, context.engine().FindPause(*kind, params["name"]));
}

void End(const RouteContext& context, const HttpRequest& request, const PathParams& params, const Reply& reply) {
  QueryReader query(request, {});
  if (!query.mistakes().empty()) return reply.Fail(query.mistakes());
  const std::optional<PauseKind> kind = ReadOwnKind(params, reply);
  if (!kind) return;
  context.Later(reply, [=, name = params["name"]] { Answer(reply, context.engine().EndPause(*kind, name)); });
}

}  // namespace

void AddPauseRoutes(const RouteContext& context) {
  context.Add("GET", "/v1/pauses", [=](const HttpRequest& request, const PathParams&, const Reply& reply) {
    List(context, request, reply);
  });
  const auto add = [&](const char* method, auto handle) {
    context.Add(method, "/v1/pauses/{kind}/{name}",
                [=](const HttpRequest& request, const PathParams& params, const Reply& reply) {
                  handle(context, request, params, reply);
                });
  };
  add("GET", Find);
  add("PUT", Set);
  add("DELETE", End);
}

}  // namespace fermata

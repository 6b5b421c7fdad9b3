// What the routes that act on one instance have in common.
#include <algorithm>

#include "api/handlers/codes.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/routes.h"
#include "api/handlers/views.h"
#include "api/security/codes.h"
#include "engine/base/hash.h"
#include "engine/base/nearest_word.h"
#include "engine/model/instance_state.h"
#include "engine/model/json.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

void SendView(const RouteContext& context, const Reply& reply, int status, const InstanceId& id, HttpHeaders headers) {
  Result<InstanceView> view = context.engine().Get(id);
  if (!view.ok()) return reply.Fail(view.error());
  reply.Json(status, ViewOf(*view), std::move(headers));
}

}  // namespace

std::optional<InstanceId> ReadInstanceId(const std::string& text, const Reply& reply) {
  std::optional<InstanceId> id = InstanceId::Parse(text);
  if (!id) reply.Fail(Error{kUnknownInstance, "Expected the id of an instance, but none is called '" + text + "'."});
  return id;
}

Wait ReadWait(QueryReader& query) {
  Wait wait{query.WaitMs("wait"), query.Text("until").value_or("")};
  if (!wait.until.empty() && !query.Text("wait"))
    query.Fail("until", "Expected 'until' beside 'wait', but nothing is waited for.",
               "Say how long: ?wait=10s&until=…");
  return wait;
}

std::optional<Error> RefuseWait(const RouteContext& context, const Wait& wait, const std::string& process,
                                const std::string& version) {
  if (wait.until.empty() || ParseStatus(wait.until)) return std::nullopt;
  std::vector<std::string> words;
  for (const DefinitionInfo& info : context.engine().Definitions())
    if (info.process == process && (version.empty() || info.version == version))
      words.insert(words.end(), info.states.begin(), info.states.end());
  if (words.empty() || std::find(words.begin(), words.end(), wait.until) != words.end()) return std::nullopt;
  for (const std::string_view status :
       {"running", "waiting", "suspended", "compensating", "completed", "failed", "cancelled"})
    words.emplace_back(status);
  const std::string nearest = NearestWord(wait.until, words);
  return Error{
      kWrongParameter,
      "Expected 'until' to be a status (running, waiting, suspended, compensating, completed, failed, cancelled) "
      "or a state of '" +
          process + "', but got '" + wait.until + "'.",
      "?until", nearest.empty() ? "" : "Did you mean '" + nearest + "'?"};
}

CommandRequest ReadCommand(const HttpRequest& request, std::string_view word, const std::string& name,
                           const Value& body, std::vector<Error>& mistakes) {
  CommandRequest command;
  command.idempotency_key = ReadIdempotencyKey(request, mistakes);
  command.request_hash = Sha256Hex(std::string(word) + "\n" + name + "\n" + WriteJson(InOrder(body)));
  return command;
}

std::string ReadBy(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes) {
  const Caller& caller = reply.caller();
  const std::string own = caller.authenticated ? caller.name : "";
  const std::string by = fields.Text("by").value_or(own);
  if (by != own && caller.authenticated && !caller.roles.Meets({Role::kOperator, Role::kAdmin}))
    mistakes.push_back({kActsForAnother, "Expected 'by' to be '" + own + "', who asks, but it is '" + by + "'.", "/by",
                        "Leave it out. Operators and admins may act for somebody else."});
  return by;
}

std::string ActorOf(const Reply& reply, const std::string& by) {
  const Caller& caller = reply.caller();
  return caller.authenticated && by != caller.name ? caller.name : "";
}

void SendCommand(const RouteContext& context, const Reply& reply, CommandRequest command, const Wait& wait,
                 std::function<void(const Error&)> refuse) {
  const InstanceId id = command.instance;
  command.tenant = reply.caller().tenant;
  auto send = [=, command = std::move(command)]() mutable {
    context.engine().Send(std::move(command), [=](Result<CommandReply> done) {
      if (!done.ok()) return refuse(done.error());
      HttpHeaders headers;
      if (done->repeated) headers.emplace_back("Idempotency-Replayed", "true");
      context.Later(reply, [=] { AnswerWithInstance(context, reply, 200, id, wait, headers); });
    });
  };
  if (wait.until.empty() || ParseStatus(wait.until)) return send();
  // What is waited for is looked at before anything is done.
  context.Later(reply, [=]() mutable {
    const Result<InstanceOwner> owner = context.engine().FindOwner(id);
    if (owner.ok())
      if (const std::optional<Error> refused = RefuseWait(context, wait, owner->process)) return reply.Fail(*refused);
    send();
  });
}

void AnswerWithInstance(const RouteContext& context, const Reply& reply, int status, const InstanceId& id,
                        const Wait& wait, HttpHeaders headers) {
  if (wait.timeout_ms == 0) return SendView(context, reply, status, id, std::move(headers));
  // Ends on an engine thread: reading is left to ours.
  std::function<void()> answer =
      context.waits.Add([=] { context.Later(reply, [=] { SendView(context, reply, status, id, headers); }); });
  context.engine().WhenReached(id, wait.until, wait.timeout_ms, [answer = std::move(answer)](bool) { answer(); });
}

}  // namespace fermata

// How the route files put their routes into the API. Only for the files of this folder.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/handlers/api.h"
#include "api/handlers/codes.h"
#include "api/handlers/event_streams.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/guard.h"
#include "api/handlers/open_waits.h"
#include "api/handlers/reply.h"
#include "api/handlers/request_reader.h"
#include "api/http/router.h"
#include "engine/base/worker_pool.h"

namespace fermata {

// Everything a handler works with; lives as long as the API.
struct RouteContext {
  const ApiServices& services;
  WorkerPool& workers;
  OpenWaits& waits;
  EventStreams& streams;
  HttpMetrics& metrics;
  Router& router;
  Guard& guard;

  Engine& engine() const { return services.engine; }

  // Behind the checks that the route's line in api/security/permissions.cc asks for.
  void Add(const std::string& method, const std::string& pattern, Guard::Handler handler) const {
    router.Add(method, pattern, guard.Protect(method, pattern, std::move(handler)));
  }

  // Runs `task` on a thread that may wait for storage; with too many waiting the reply is 503.
  void Later(const Reply& reply, std::function<void()> task) const {
    if (!workers.Post(std::move(task))) reply.Fail(TooBusy());
  }
};

void AddDefinitionRoutes(const RouteContext& context);
void AddConnectorRoutes(const RouteContext& context);
void AddInstanceRoutes(const RouteContext& context);
void AddMigrationRoutes(const RouteContext& context);
void AddExplainRoutes(const RouteContext& context);
void AddMoveRoutes(const RouteContext& context);
void AddPauseRoutes(const RouteContext& context);
void AddBulkRoutes(const RouteContext& context);
void AddEventRoutes(const RouteContext& context);
void AddIncidentRoutes(const RouteContext& context);
void AddTaskRoutes(const RouteContext& context);
void AddJobRoutes(const RouteContext& context);
void AddWatchRoutes(const RouteContext& context);
void AddOperationRoutes(const RouteContext& context);
void AddNodeRoutes(const RouteContext& context);
void AddSecurityRoutes(const RouteContext& context);
void AddWebhookRoutes(const RouteContext& context);

// Parses an instance's id out of a path; answers 404 and gives nullopt if it is none.
std::optional<InstanceId> ReadInstanceId(const std::string& text, const Reply& reply);

// How long and for what a request waits: ?wait=10s&until=state.
struct Wait {
  std::int64_t timeout_ms = 0;
  std::string until;
};
Wait ReadWait(QueryReader& query);
// Whether any version of the process (`version` empty), or that one, has what is waited for: a status or a state. Unknown processes are not
// spoken of here.
std::optional<Error> RefuseWait(const RouteContext& context, const Wait& wait, const std::string& process,
                                const std::string& version = "");

// What a client asks of one instance, with its Idempotency-Key; a malformed key is added to the mistakes. `word` and `name` say what is done to what.
CommandRequest ReadCommand(const HttpRequest& request, std::string_view word, const std::string& name,
                           const Value& body, std::vector<Error>& mistakes);
// Sends it and answers with the instance as it is then, or when `wait` is over. A refusal goes to `refuse`, from an engine thread.
void SendCommand(const RouteContext& context, const Reply& reply, CommandRequest command, const Wait& wait,
                 std::function<void(const Error&)> refuse);

// Who does it, for the history: the caller, or whom `by` names. Somebody else may be named where nobody has to say who they are, and
// by operators and admins, who act for people; otherwise it is noted (kActsForAnother).
std::string ReadBy(FieldReader& fields, const Reply& reply, std::vector<Error>& mistakes);
// The caller's name, where they act in the name of `by`; empty where that is themselves, or nobody has to say who they are.
std::string ActorOf(const Reply& reply, const std::string& by);

// Answers with the instance's view once it has got there or the time is over. Looks at storage: from Later() only.
void AnswerWithInstance(const RouteContext& context, const Reply& reply, int status, const InstanceId& id,
                        const Wait& wait, HttpHeaders headers = {});

}  // namespace fermata

#include "api/handlers/api.h"

#include <utility>

#include "api/handlers/cors.h"
#include "api/handlers/guard.h"
#include "api/handlers/routes.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

// The style is that of the errors' pages.
constexpr const char* kContentPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

}  // namespace

Api::Api(ApiServices services)
    : services_(std::move(services)),
      access_log_(services_.logs_requests),
      streams_(services_.security),
      workers_(kApiThreads, kApiQueueMax),
      guard_(services_.security, services_.engine, workers_, metrics_, access_log_) {
  const RouteContext context{services_, workers_, waits_, streams_, metrics_, router_, guard_};
  AddDefinitionRoutes(context);
  AddConnectorRoutes(context);
  AddInstanceRoutes(context);
  AddMigrationRoutes(context);
  AddExplainRoutes(context);
  AddMoveRoutes(context);
  AddPauseRoutes(context);
  AddNodeRoutes(context);
  AddBulkRoutes(context);
  AddEventRoutes(context);
  AddIncidentRoutes(context);
  AddTaskRoutes(context);
  AddJobRoutes(context);
  AddWatchRoutes(context);
  AddOperationRoutes(context);
  AddSecurityRoutes(context);
  AddWebhookRoutes(context);
}

Api::~Api() { Stop(); }

void Api::Handle(const HttpRequest& request, ResponseHandle response) {
  access_log_.Watch(request, response);
  const std::string* origin = AllowedOrigin(request, services_.origins);
  HttpHeaders headers = origin ? CorsHeaders(*origin) : HttpHeaders();
  // Nothing that is answered is a page to be shown in a frame or to run scripts in.
  headers.emplace_back("Content-Security-Policy", kContentPolicy);
  response.AlsoSend(std::move(headers));
  if (origin)
    if (std::optional<HttpResponse> answer = AnswerPreflight(request)) return response.Send(std::move(*answer));
  if (stopping_ && request.path != "/healthz")
    return response.Send(ProblemOf(
        Error{kShuttingDown, "Expected a server that takes requests, but it is stopping. Try again in a moment."}));
  if (const auto refused = guard_.asks() || origin ? std::nullopt : RefuseForeign(request))
    return response.Send(ProblemOf(*refused));
  const std::string* coding = request.FindHeader("content-encoding");
  if (coding && *coding != "identity")
    return response.Send(ProblemOf(
        Error{kUnsupportedMediaType, "Expected a body without Content-Encoding, but it is '" + *coding + "'."}));
  router_.Handle(request, std::move(response));
}

void Api::BeginStop() {
  stopping_ = true;
  waits_.Release();
  streams_.Stop();
  services_.engine.TheNews().Stop();
}

void Api::Stop() {
  workers_.Stop();
  guard_.Stop();
}

}  // namespace fermata

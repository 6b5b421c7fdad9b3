#include "api/handlers/api.h"

#include <utility>

#include "api/handlers/guard.h"
#include "api/handlers/routes.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"

namespace fermata {

Api::Api(ApiServices services) : services_(std::move(services)), workers_(kApiThreads, kApiQueueMax) {
  const RouteContext context{services_, workers_, waits_, metrics_, router_};
  AddDefinitionRoutes(context);
  AddConnectorRoutes(context);
  AddInstanceRoutes(context);
  AddMigrationRoutes(context);
  AddEventRoutes(context);
  AddIncidentRoutes(context);
  AddTaskRoutes(context);
  AddOperationRoutes(context);
}

Api::~Api() { Stop(); }

void Api::Handle(const HttpRequest& request, ResponseHandle response) {
  if (stopping_ && request.path != "/healthz")
    return response.Send(ProblemOf(
        Error{kShuttingDown, "Expected a server that takes requests, but it is stopping. Try again in a moment."}));
  if (const std::optional<Error> refused = RefuseForeign(request)) return response.Send(ProblemOf(*refused));
  const std::string* coding = request.FindHeader("content-encoding");
  if (coding && *coding != "identity")
    return response.Send(ProblemOf(
        Error{kUnsupportedMediaType, "Expected a body without Content-Encoding, but it is '" + *coding + "'."}));
  router_.Handle(request, std::move(response));
}

void Api::BeginStop() {
  stopping_ = true;
  waits_.Release();
}

void Api::Stop() { workers_.Stop(); }

}  // namespace fermata

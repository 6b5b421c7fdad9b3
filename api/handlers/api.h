// The REST API: every route under /v1, the pages of the errors, and what operators look at. api/openapi.yaml describes it.
//
// Thread-safe. HTTP threads only parse here and hand over: commands to the engine, reads to the API's own threads.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "api/handlers/access_log.h"
#include "api/handlers/event_streams.h"
#include "api/handlers/guard.h"
#include "api/handlers/metrics.h"
#include "api/handlers/open_waits.h"
#include "api/handlers/reply.h"
#include "api/http/router.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/engine.h"

namespace fermata {

class WebhookBook;

// What the API needs of the server around it. All must outlive the API.
struct ApiServices {
  Engine& engine;
  // Whether a connector can be made of a manifest, without using it.
  std::function<Status(const ManifestPtr&)> check_connector;
  std::string version;                 // of the server
  Security* security = nullptr;        // null: nobody is asked who they are, and nothing is audited
  std::vector<std::string> origins{};  // of web pages that may ask (CORS)
  bool logs_requests = false;          // a line of the log for each
  WebhookBook* webhooks = nullptr;     // null: there are none
};

class Api {
 public:
  explicit Api(ApiServices services);
  ~Api();

  // Method and pattern of every route.
  std::vector<std::pair<std::string, std::string>> Routes() const { return router_.Routes(); }
  void Handle(const HttpRequest& request, ResponseHandle response);
  // Requests after it get 503, but for /healthz; those that wait are answered with what there is. First of all stops.
  void BeginStop();
  // Finishes the reads that have begun. Requests after it get 503. Stop the HTTP server before, and the engine after it.
  void Stop();

 private:
  ApiServices services_;
  HttpMetrics metrics_;
  const AccessLog access_log_;
  std::atomic<bool> stopping_{false};
  OpenWaits waits_;
  EventStreams streams_;
  WorkerPool workers_;
  Guard guard_;
  Router router_;
};

}  // namespace fermata

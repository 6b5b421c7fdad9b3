// Serves a service's routes over HTTP, on this machine only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class RestServer {
 public:
  RestServer();
  ~RestServer();  // stops

  // Routes run on threads of the server's own, so they may block: `threads` for those that are quick, and as many for
  // those that wait for a process. `port` 0 is a free one. Gives "http://127.0.0.1:PORT". GET /healthz is there besides.
  // Requests with `service_key` in X-Service-Key are of processes and services; with an empty one none are. Once only.
  Result<std::string> Start(std::vector<RestRoute> routes, int port, int threads, const std::string& service_key = "");
  // Lets what is running finish. Idempotent.
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fermata::shop

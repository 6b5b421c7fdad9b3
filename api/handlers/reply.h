// The one answer of one request, counted when it is sent.
//
// A cheap copyable handle; any thread, any time.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/handlers/metrics.h"
#include "api/handlers/problems.h"
#include "api/http/server.h"

namespace fermata {

class Reply {
 public:
  // `metrics` must outlive every copy. `route` is the pattern.
  Reply(ResponseHandle handle, HttpMetrics& metrics, std::string method, std::string route);

  void Send(HttpResponse response) const;
  void Json(int status, const Value& body, HttpHeaders headers = {}) const;
  void Fail(const Error& error) const { Send(ProblemOf(error)); }
  void Fail(const std::vector<Error>& mistakes) const { Send(ProblemOf(mistakes)); }
  void Fail(const std::vector<Diagnostic>& diagnostics) const { Send(ProblemOf(diagnostics)); }

 private:
  struct Record {
    HttpMetrics& metrics;
    std::string method, route;
    std::chrono::steady_clock::time_point began;
  };
  ResponseHandle handle_;
  std::shared_ptr<const Record> record_;
};

}  // namespace fermata

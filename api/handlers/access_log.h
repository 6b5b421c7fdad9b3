// A line of the log for each request, written when it is answered: who asked for which route, how that went and how long it took.
//
// Thread-safe. It has the route's pattern, and neither path, query, headers nor body: these may hold anything.
#pragma once

#include <string>

#include "api/http/request.h"
#include "api/http/server.h"

namespace fermata {

class AccessLog {
 public:
  explicit AccessLog(bool wanted) : wanted_(wanted) {}

  // Says so once `response` is answered, and with what is known by now: again when more is. Only by who may still call AlsoSend of it.
  void Watch(const HttpRequest& request, const ResponseHandle& response, const std::string& route = "",
             const std::string& caller = "") const;

 private:
  const bool wanted_;
};

// The `traceparent` of a request; empty without a good one.
std::string TraceparentOf(const HttpRequest& request);

}  // namespace fermata

#include "api/handlers/access_log.h"

#include <chrono>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/trace_context.h"

namespace fermata {

void AccessLog::Watch(const HttpRequest& request, const ResponseHandle& response, const std::string& route,
                      const std::string& caller) const {
  if (!wanted_) return;
  response.WhenAnswered([method = request.method, traceparent = TraceparentOf(request), route, caller,
                         began = std::chrono::steady_clock::now()](int status) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    const TraceContext trace = ParseTraceparent(traceparent);
    LogInfo("A request is answered.", {{"trace_id", trace.trace_id},
                                       {"span_id", trace.span_id},
                                       {"method", method},
                                       {"route", route},
                                       {"status", status},
                                       {"milliseconds", took.count()},
                                       {"caller", caller}});
  });
}

std::string TraceparentOf(const HttpRequest& request) {
  const std::string* text = request.FindHeader("traceparent");
  return text && ParseTraceparent(*text).ok() ? *text : "";
}

}  // namespace fermata

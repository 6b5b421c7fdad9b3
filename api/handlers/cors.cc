#include "api/handlers/cors.h"

#include <algorithm>

namespace fermata {

const std::string* AllowedOrigin(const HttpRequest& request, const std::vector<std::string>& origins) {
  const std::string* origin = request.FindHeader("origin");
  const bool allowed = origin && std::find(origins.begin(), origins.end(), *origin) != origins.end();
  return allowed ? origin : nullptr;
}

HttpHeaders CorsHeaders(const std::string& origin) {
  return {{"Access-Control-Allow-Origin", origin},
          {"Access-Control-Expose-Headers", "Location, Retry-After, ETag, Idempotency-Replayed, WWW-Authenticate"},
          {"Vary", "Origin"}};
}

std::optional<HttpResponse> AnswerPreflight(const HttpRequest& request) {
  if (request.method != "OPTIONS" || !request.FindHeader("access-control-request-method")) return std::nullopt;
  HttpResponse answer = EmptyResponse(204);
  answer.Header("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  answer.Header("Access-Control-Allow-Headers",
                "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Match, Last-Event-ID, traceparent");
  answer.Header("Access-Control-Max-Age", "600");
  return answer;
}

}  // namespace fermata

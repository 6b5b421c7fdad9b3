#include "api/handlers/reply.h"

#include <utility>

#include "engine/model/json.h"

namespace fermata {

Reply::Reply(ResponseHandle handle, HttpMetrics& metrics, std::string method, std::string route)
    : handle_(std::move(handle)),
      record_(std::make_shared<const Record>(
          Record{metrics, std::move(method), std::move(route), std::chrono::steady_clock::now()})) {}

void Reply::Send(HttpResponse response) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - record_->began;
  record_->metrics.Count(record_->method, record_->route, response.status, took.count());
  handle_.Send(std::move(response));
}

void Reply::Json(int status, const Value& body, HttpHeaders headers) const {
  HttpResponse response = JsonResponse(status, WriteJson(body) + "\n");
  for (auto& [name, value] : headers) response.Header(std::move(name), std::move(value));
  Send(std::move(response));
}

}  // namespace fermata

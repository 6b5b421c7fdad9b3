#include "examples/shop/common/rest_client.h"

#include "engine/model/json.h"

namespace fermata::shop {

std::string RestReply::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return "";
}

RestReply RestClient::Post(const std::string& path, const Value& body, const std::string& idempotency_key,
                           int timeout_ms, const std::string& content_type) {
  HttpCall call{.method = "POST", .url = base_url_ + path};
  call.headers = {{"Content-Type", content_type}};
  if (!idempotency_key.empty()) call.headers.emplace_back("Idempotency-Key", idempotency_key);
  call.body = WriteJson(body);
  return Exchange(std::move(call), timeout_ms);
}

RestReply RestClient::Send(const std::string& method, const std::string& path, const Value& body, int timeout_ms) {
  return Exchange({.method = method,
                   .url = base_url_ + path,
                   .headers = {{"Content-Type", "application/json"}},
                   .body = WriteJson(body),
                   .deadline = {}},
                  timeout_ms);
}

RestReply RestClient::PostText(const std::string& path, const std::string& body,
                               std::vector<std::pair<std::string, std::string>> headers, int timeout_ms) {
  return Exchange(
      {.method = "POST", .url = base_url_ + path, .headers = std::move(headers), .body = body, .deadline = {}},
      timeout_ms);
}

RestReply RestClient::Get(const std::string& path, const std::vector<std::pair<std::string, std::string>>& headers,
                          int timeout_ms) {
  return Exchange({.method = "GET", .url = base_url_ + path, .headers = headers, .body = std::nullopt, .deadline = {}},
                  timeout_ms);
}

RestReply RestClient::Exchange(HttpCall call, int timeout_ms) {
  if (!service_key_.empty()) call.headers.emplace_back("X-Service-Key", service_key_);
  call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::variant<HttpAnswer, HttpFailure> exchange = transport_.Exchange(call);
  const auto* answer = std::get_if<HttpAnswer>(&exchange);
  if (answer == nullptr) return {};
  Result<Value> parsed = ParseJson(answer->body);
  return {answer->status, parsed.ok() ? *std::move(parsed) : Value(), answer->headers};
}

}  // namespace fermata::shop

#include "examples/shop/common/rest_client.h"

#include "engine/model/json.h"

namespace fermata::shop {

RestReply RestClient::Post(const std::string& path, const Value& body, const std::string& idempotency_key,
                           int timeout_ms, const std::string& content_type) {
  HttpCall call{.method = "POST", .url = base_url_ + path};
  call.headers = {{"Content-Type", content_type}};
  if (!idempotency_key.empty()) call.headers.emplace_back("Idempotency-Key", idempotency_key);
  call.body = WriteJson(body);
  call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::variant<HttpAnswer, HttpFailure> exchange = transport_.Exchange(call);
  const auto* answer = std::get_if<HttpAnswer>(&exchange);
  if (answer == nullptr) return {};
  Result<Value> parsed = ParseJson(answer->body);
  return {answer->status, parsed.ok() ? *std::move(parsed) : Value()};
}

}  // namespace fermata::shop

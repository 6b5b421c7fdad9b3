// Calls of one service to another, or to the engine.
#pragma once

#include <string>
#include <utility>

#include "connectors/http/transport.h"
#include "engine/model/value.h"

namespace fermata::shop {

struct RestReply {
  int status = 0;  // 0: no answer came
  Value body;
};

// Thread-safe.
class RestClient {
 public:
  explicit RestClient(std::string base_url) : base_url_(std::move(base_url)) {}

  // `content_type` for bodies of another JSON type (CloudEvents). Never throws; waits at most `timeout_ms`.
  RestReply Post(const std::string& path, const Value& body, const std::string& idempotency_key, int timeout_ms,
                 const std::string& content_type = "application/json");

 private:
  const std::string base_url_;
  HttpTransport transport_;
};

}  // namespace fermata::shop

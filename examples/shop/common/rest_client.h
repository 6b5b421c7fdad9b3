// Calls of one service to another, or to the engine.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/transport.h"
#include "engine/model/value.h"

namespace fermata::shop {

struct RestReply {
  int status = 0;  // 0: no answer came
  Value body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  // Empty if it is missing.
  std::string Header(std::string_view lower_case_name) const;
};

// Thread-safe.
class RestClient {
 public:
  // `service_key`: of a service that asks another one; goes with every call. Empty = none.
  explicit RestClient(std::string base_url, std::string service_key = "")
      : base_url_(std::move(base_url)), service_key_(std::move(service_key)) {}

  // `content_type` for bodies of another JSON type (CloudEvents). Never throws; waits at most `timeout_ms`.
  RestReply Post(const std::string& path, const Value& body, const std::string& idempotency_key, int timeout_ms,
                 const std::string& content_type = "application/json");
  // Any method, with a JSON body and no key.
  RestReply Send(const std::string& method, const std::string& path, const Value& body, int timeout_ms);
  // A body as it is, with headers of the caller's own.
  RestReply PostText(const std::string& path, const std::string& body,
                     std::vector<std::pair<std::string, std::string>> headers, int timeout_ms);
  RestReply Get(const std::string& path, const std::vector<std::pair<std::string, std::string>>& headers,
                int timeout_ms);

 private:
  RestReply Exchange(HttpCall call, int timeout_ms);

  const std::string base_url_, service_key_;
  HttpTransport transport_;
};

}  // namespace fermata::shop

// Requests of the command line to a running server.
//
// Not thread-safe: one client a thread. Nothing throws.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/value.h"

namespace fermata {

struct RestCall {
  std::string method = "GET";
  std::string path;  // with its query, percent-encoded
  std::string body;
  std::string content_type = "application/json";  // sent with a body only
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timeout_ms = 30'000;
};

struct RestAnswer {
  int status = 0;
  std::string body;
  Value json;  // null if the body is no JSON
  bool ok() const { return status >= 200 && status < 300; }
};

class RestClient {
 public:
  // `server`: "http://127.0.0.1:8080". Its connection is kept between calls. `api_key` goes with each, if there is one.
  explicit RestClient(std::string server, std::string api_key = "");
  ~RestClient();

  // Fails with kServerUnreachable only; what the server refuses is an answer.
  Result<RestAnswer> Call(const RestCall& call);

 private:
  class Curl;
  std::string server_, api_key_;
  std::unique_ptr<Curl> curl_;
};

// "?process=a&limit=5" of those that have a value.
std::string QueryOf(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace fermata

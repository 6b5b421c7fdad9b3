// One HTTP exchange by libcurl, with its connections kept for the next one.
//
// HTTP and HTTPS only, certificates verified, no redirects, no proxies from the environment; bounded in time and in
// size.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/http/egress.h"
#include "engine/model/limits.h"
#include "engine/model/outcome.h"

namespace fermata {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // no line ends in them: asserted
  std::optional<std::string> body;
  std::chrono::steady_clock::time_point deadline;
  std::size_t answer_bytes_max = kConnectorAnswerBytesMax;
  // Above 0: the answer is its head. Its body is read so that the connection can be used again, for about so long and up to `answer_bytes_max`;
  // what is wrong with it, or missing of it, is no failure.
  std::int64_t body_ms_max = 0;
  // Set by another thread, it ends the exchange within a second; must outlive that. Null: nothing does.
  const std::atomic<bool>* stop = nullptr;
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // The first header of this (lower-case) name; nullptr if there is none.
  const std::string* Find(std::string_view name) const;
};

// No complete answer came. `reason` names neither the URL nor anything that was sent: "the connection was refused".
struct HttpFailure {
  TechnicalError error = TechnicalError::kUnavailable;
  std::string reason;
};

// Thread-safe; as many exchanges at once as there are callers.
class HttpTransport {
 public:
  // Every connection is held against `rules`, by the address that is really connected to.
  explicit HttpTransport(EgressRules rules = EgressRules::Anything());
  ~HttpTransport();

  std::variant<HttpAnswer, HttpFailure> Exchange(const HttpCall& call);

 private:
  class Handles;
  const EgressRules rules_;
  std::unique_ptr<Handles> handles_;
};

// What the answer's Retry-After asks for, in seconds or as an HTTP date; at most `ms_max`, 0 if there is none.
std::int64_t RetryAfterMs(const HttpAnswer& answer, std::int64_t ms_max);

// Whether a header may carry this value: no CR, LF or NUL.
bool IsHeaderValue(std::string_view value);

}  // namespace fermata

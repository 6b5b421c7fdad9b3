// Requests and answers of the shop's services, as plain values: JSON in, JSON out.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/value.h"

namespace fermata {
class StreamHandle;
}

namespace fermata::shop {

struct RestRequest {
  std::string method, path;
  std::map<std::string, std::string> parameters;             // of the route: {username}
  std::map<std::string, std::string> query;                  // of a name that stands twice the first
  std::string idempotency_key;                               // empty = none given
  bool from_service = false;                                 // it has the services' key: a process asks, or a service
  std::vector<std::pair<std::string, std::string>> headers;  // lower-case names
  std::string body_text;
  Value body;  // a map, of JSON or of a form (then of texts); {} if none was sent, or one of a type that is neither

  // A text of the body; empty if it is missing or no text.
  std::string Text(std::string_view key) const;
  // A whole number of the body; nullopt if it is missing or something else.
  std::optional<long long> Integer(std::string_view key) const;
  // A header; empty if it is missing.
  std::string Header(std::string_view lower_case_name) const;
  // A cookie; empty if it is missing.
  std::string Cookie(std::string_view name) const;
  // A value of the query; empty if it is missing.
  std::string Query(const std::string& key) const;
};

struct RestAnswer {
  int status = 200;
  Value body;
  std::string html{};                                     // a page instead of `body`
  std::string content_type = "text/html; charset=utf-8";  // of `html`, which may as well be a picture
  std::vector<std::pair<std::string, std::string>> headers{};
  // Takes a stream of server-sent events that was begun instead of `body`. It must not block.
  std::function<void(const StreamHandle&)> stream{};
};

using RestHandler = std::function<RestAnswer(const RestRequest&)>;
// Which threads run a route. What waits for a process has threads of its own, so that the process, which asks the same
// service, is answered however many wait.
enum class RestLane {
  kQuick,
  kWaits,
  kWaitsForCustomers,  // a customer waits, a process does not
};
// Whom a route answers at all.
enum class RestAudience {
  kAnybody,   // the handler looks who it is, where that matters
  kServices,  // processes, other services, and the staff's programs: whoever has the services' key
};
struct RestRoute {
  std::string method, path;  // "/wallets/{username}"
  RestHandler handler;
  RestLane lane = RestLane::kQuick;
  RestAudience audience = RestAudience::kAnybody;
};

// The same route, for RestAudience::kServices.
RestRoute ForServices(RestRoute route);

// {"errorMessage": …} with this status.
RestAnswer Refusal(int status, std::string_view message);

}  // namespace fermata::shop

// One HTTP request as handlers see it: framed, limited and decoded before any handler runs.
//
// Plain data; every function is pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fermata {

// Names are lower case and keep the order in which they arrived; a name may stand twice.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"; nothing else arrives
  std::string target;  // as sent: "/v1/instances/a%20b?wait=10s"
  std::string path;    // percent-decoded, valid UTF-8, without NUL and dot segments: "/v1/instances/a b"
  std::vector<std::string>
      path_segments;  // split before decoding, so that a decoded segment may hold '/'; "/" has none, "/a/" two
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order, duplicates kept
  HttpHeaders headers;
  std::string body;  // without its transfer coding
  std::string peer;  // "127.0.0.1:50312"; after a proxy this is the proxy

  // The first header with this lower-case name, or nullptr.
  const std::string* FindHeader(std::string_view lower_case_name) const;
  // The first value of a query parameter, or nullptr. Use DuplicatedQuery() first where a name may stand only once.
  const std::string* FindQuery(std::string_view name) const;
  // The first query parameter that stands twice, or nullptr.
  const std::string* DuplicatedQuery() const;
};

}  // namespace fermata

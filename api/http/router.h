// Maps method and path to a handler. Filled before the server starts; afterwards read by all threads without a lock.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/request.h"
#include "api/http/server.h"

namespace fermata {

// What the {names} of a route matched, in its order: decoded and never empty.
class PathParams {
 public:
  void Add(std::string_view name, std::string_view value);
  // Asserts that the route has this name.
  const std::string& operator[](std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

using RouteHandler = std::function<void(const HttpRequest&, const PathParams&, ResponseHandle)>;

class Router {
 public:
  // `pattern`: segments that match literally, "{name}" (one segment), and as the last one "{name...}" (the rest of the path, at least one segment, joined by '/').
  // A literal segment goes before a "{name}". Two routes with one method and one shape are a bug and assert.
  void Add(std::string method, std::string_view pattern, RouteHandler handler);

  // Method and pattern of each.
  std::vector<std::pair<std::string, std::string>> Routes() const;

  // Answers 404 (kHttpNoSuchPath), 405 with Allow (kHttpMethodNotAllowed), OPTIONS (204 with Allow), HEAD by the route of GET, or calls the route.
  void Handle(const HttpRequest& request, ResponseHandle response) const;

 private:
  enum class SegmentKind { kLiteral, kParameter, kRest };
  struct Segment {
    SegmentKind kind;
    std::string text;  // the literal, or the name
  };
  struct Route {
    std::string method, pattern;
    std::vector<Segment> segments;
    RouteHandler handler;
  };

  static bool SameShape(const Route& a, const Route& b);
  static bool Matches(const Route& route, const std::vector<std::string>& path);
  static bool MoreLiteral(const Route& a, const Route& b);
  static PathParams Bind(const Route& route, const std::vector<std::string>& path);
  std::string AllowOf(const std::vector<std::string>& path) const;

  std::vector<Route> routes_;  // the more literal first
};

}  // namespace fermata

#include "api/http/router.h"

#include <algorithm>

#include "api/http/codes.h"
#include "api/http/problem.h"
#include "engine/base/assert.h"

namespace fermata {

void PathParams::Add(std::string_view name, std::string_view value) { values_.emplace_back(name, value); }

const std::string& PathParams::operator[](std::string_view name) const {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& pair) { return pair.first == name; });
  FERMATA_ASSERT(found != values_.end());
  return found->second;
}

void Router::Add(std::string method, std::string_view pattern, RouteHandler handler) {
  FERMATA_ASSERT(!pattern.empty() && pattern[0] == '/');
  Route route{std::move(method), std::string(pattern), {}, std::move(handler)};
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    FERMATA_ASSERT(route.segments.empty() || route.segments.back().kind != SegmentKind::kRest);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view text = pattern.substr(0, end);
    if (text.size() > 5 && text.front() == '{' && text.ends_with("...}")) {
      route.segments.push_back({SegmentKind::kRest, std::string(text.substr(1, text.size() - 5))});
    } else if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
      route.segments.push_back({SegmentKind::kParameter, std::string(text.substr(1, text.size() - 2))});
    } else {
      route.segments.push_back({SegmentKind::kLiteral, std::string(text)});
    }
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  for (const Route& other : routes_) FERMATA_ASSERT(other.method != route.method || !SameShape(other, route));
  const auto place =
      std::find_if(routes_.begin(), routes_.end(), [&](const Route& other) { return MoreLiteral(route, other); });
  routes_.insert(place, std::move(route));
}

std::vector<std::pair<std::string, std::string>> Router::Routes() const {
  std::vector<std::pair<std::string, std::string>> routes;
  for (const Route& route : routes_) routes.emplace_back(route.method, route.pattern);
  return routes;
}

bool Router::SameShape(const Route& a, const Route& b) {
  return std::equal(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                    [](const Segment& x, const Segment& y) {
                      return x.kind == y.kind && (x.kind != SegmentKind::kLiteral || x.text == y.text);
                    });
}

bool Router::MoreLiteral(const Route& a, const Route& b) {
  return std::lexicographical_compare(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
                                      [](const Segment& x, const Segment& y) { return x.kind < y.kind; });
}

bool Router::Matches(const Route& route, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (i >= path.size()) return false;
    if (segment.kind == SegmentKind::kRest) return true;
    if (segment.kind == SegmentKind::kLiteral ? segment.text != path[i] : path[i].empty()) return false;
  }
  return path.size() == route.segments.size();
}

PathParams Router::Bind(const Route& route, const std::vector<std::string>& path) {
  PathParams params;
  for (std::size_t i = 0; i < route.segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (segment.kind == SegmentKind::kParameter) params.Add(segment.text, path[i]);
    if (segment.kind != SegmentKind::kRest) continue;
    std::string rest = path[i];
    for (std::size_t j = i + 1; j < path.size(); ++j) rest += '/' + path[j];
    params.Add(segment.text, rest);
  }
  return params;
}

std::string Router::AllowOf(const std::vector<std::string>& path) const {
  std::vector<std::string> methods;
  for (const Route& route : routes_) {
    if (Matches(route, path)) methods.push_back(route.method);
  }
  if (methods.empty()) return {};
  if (std::count(methods.begin(), methods.end(), "GET") > 0) methods.push_back("HEAD");
  methods.push_back("OPTIONS");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string allow;
  for (const std::string& method : methods) allow += (allow.empty() ? "" : ", ") + method;
  return allow;
}

void Router::Handle(const HttpRequest& request, ResponseHandle response) const {
  const std::string_view wanted = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  for (const Route& route : routes_) {
    if ((route.method == wanted || route.method == request.method) && Matches(route, request.path_segments)) {
      return route.handler(request, Bind(route, request.path_segments), std::move(response));
    }
  }
  const std::string allow = AllowOf(request.path_segments);
  if (allow.empty()) {
    return response.Send(Problem(404, kHttpNoSuchPath, "Not Found",
                                 "Expected a path of this API, but there is none called " + request.path + "."));
  }
  if (request.method == "OPTIONS") return response.Send(EmptyResponse(204).Header("Allow", allow));
  response.Send(Problem(405, kHttpMethodNotAllowed, "Method Not Allowed",
                        "Expected " + allow + " on this path, but the method is " + request.method + ".")
                    .Header("Allow", allow));
}

}  // namespace fermata

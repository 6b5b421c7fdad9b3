#include "api/http/target.h"

#include <algorithm>

#include "engine/base/percent.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

enum class Plus { kPlus, kSpace };

// nullopt for bad escapes, NUL and invalid UTF-8.
std::optional<std::string> Decode(std::string_view text, Plus plus) {
  std::string spaced(text);
  if (plus == Plus::kSpace) std::replace(spaced.begin(), spaced.end(), '+', ' ');
  std::optional<std::string> decoded = PercentDecode(spaced);
  if (decoded && (decoded->find('\0') != std::string::npos || !IsValidUtf8(*decoded))) return std::nullopt;
  return decoded;
}

// The text up to `separator`, which is taken off `rest` with it.
std::string_view TakeUntil(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

bool HasDotSegment(std::string_view path) {
  while (!path.empty()) {
    const std::string_view segment = TakeUntil(path, '/');
    if (segment == "." || segment == "..") return true;
  }
  return false;
}

constexpr const char* kBadEncoding =
    "Expected percent-encoded UTF-8 without NUL, but the target holds an incomplete escape, %00 or bytes that are no "
    "UTF-8.";

}  // namespace

std::optional<std::string> DecodeTarget(std::string_view target, HttpRequest& request) {
  std::string_view query = target;
  std::string_view path = TakeUntil(query, '?');
  path.remove_prefix(1);
  for (bool more = !path.empty(); more;) {
    more = path.find('/') != std::string_view::npos;
    std::optional<std::string> segment = Decode(TakeUntil(path, '/'), Plus::kPlus);
    if (!segment) return kBadEncoding;
    request.path += '/';
    request.path += *segment;
    request.path_segments.push_back(*std::move(segment));
  }
  if (request.path.empty()) request.path = "/";
  // On the decoded path: "..%2f.." is one segment, and would be three to whoever opens a file.
  if (HasDotSegment(request.path)) return "Expected a path without '.' and '..' segments, but there is one.";
  while (!query.empty()) {
    std::string_view value = TakeUntil(query, '&');
    if (value.empty()) continue;
    std::optional<std::string> name = Decode(TakeUntil(value, '='), Plus::kSpace);
    std::optional<std::string> decoded = Decode(value, Plus::kSpace);
    if (!name || !decoded) return kBadEncoding;
    request.query.emplace_back(*std::move(name), *std::move(decoded));
  }
  return std::nullopt;
}

}  // namespace fermata

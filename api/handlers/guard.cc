#include "api/handlers/guard.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "api/handlers/codes.h"

namespace fermata {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

bool IsLoopbackAuthority(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = authority.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); })) return false;
    authority = authority.substr(0, colon);
  }
  const std::string host = Lower(authority);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::optional<Error> RefuseForeign(const HttpRequest& request) {
  const std::string* host = request.FindHeader("host");
  if (host && !IsLoopbackAuthority(*host))
    return Error{
        kForeignHost,
        "Expected a Host header that names this machine (localhost, 127.0.0.1 or [::1]), but got '" + *host + "'."};
  const bool reads_only = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  const std::string* origin = request.FindHeader("origin");
  if (reads_only || !origin || (host && Lower(*origin) == "http://" + Lower(*host))) return std::nullopt;
  return Error{kForeignOrigin,
               "Expected a request of this server's own pages or of a program, but its Origin is '" + *origin + "'."};
}

}  // namespace fermata

// What a handler answers. Plain data; the server adds the rest of the head.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fermata {

// The server adds Date, Connection, Content-Length and, unless the handler has set them: Cache-Control: no-store,
// X-Content-Type-Options: nosniff and Referrer-Policy: no-referrer. It ignores Connection, Content-Length, Date and
// Transfer-Encoding of a handler, and replaces control characters in values by spaces, so that no value can start a header of its own.
struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // not sent to HEAD, nor with 204 and 304

  HttpResponse& Header(std::string name, std::string value);
};

HttpResponse JsonResponse(int status, std::string json);
HttpResponse TextResponse(int status, std::string text, std::string content_type = "text/plain; charset=utf-8");
HttpResponse EmptyResponse(int status);  // 204, 304

// "Not Found"; "Status" for one that is not known.
std::string_view ReasonPhrase(int status);

}  // namespace fermata

// Which web pages of other origins may ask this server (CORS): those of a list; none by default.
//
// Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/http/request.h"
#include "api/http/response.h"

namespace fermata {

// The request's origin, if it is one of these.
const std::string* AllowedOrigin(const HttpRequest& request, const std::vector<std::string>& origins);

// Headers of every answer to a page of an allowed origin.
HttpHeaders CorsHeaders(const std::string& origin);

// The answer to a browser that asks beforehand (OPTIONS with Access-Control-Request-Method); nullopt for any other request.
std::optional<HttpResponse> AnswerPreflight(const HttpRequest& request);

}  // namespace fermata

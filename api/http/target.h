// Decodes the target of a request: path and query. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/request.h"

namespace fermata {

// Fills path, path_segments and query from `target` (which begins with '/'). Otherwise says what is wrong with it, as a sentence for the client:
// bad percent-encoding, NUL, invalid UTF-8, or a "." or ".." between slashes, however encoded.
std::optional<std::string> DecodeTarget(std::string_view target, HttpRequest& request);

}  // namespace fermata

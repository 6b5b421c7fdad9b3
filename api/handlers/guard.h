// Keeps web pages out while there are no keys: the API is for programs of this machine.
//
// Pure and thread-safe.
#pragma once

#include <optional>

#include "api/http/request.h"
#include "engine/base/result.h"

namespace fermata {

// Why the request is refused (403), if it is: its Host is not this machine (a page that had its name resolve to us: DNS rebinding),
// or its Origin is another than ours (a page of somebody else that posts to us).
std::optional<Error> RefuseForeign(const HttpRequest& request);

// "localhost", "127.0.0.1" or "[::1]", with or without a port.
bool IsLoopbackAuthority(std::string_view authority);

}  // namespace fermata

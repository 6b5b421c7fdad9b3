// Error answers as RFC 9457 problem details.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http/response.h"
#include "engine/base/error_code.h"
#include "engine/base/result.h"

namespace fermata {

// Further members of a problem document: a name and its value as JSON text.
using ProblemMembers = std::vector<std::pair<std::string, std::string>>;

// application/problem+json with type "/errors/FM-4904", title, status, detail and code "FM-4904", then `members`.
HttpResponse Problem(int status, ErrorCode code, std::string_view title, std::string_view detail,
                     const ProblemMembers& members = {});

// The same from an Error: its message is the detail, its path and hint become members where they are set. The title is the status' reason.
HttpResponse Problem(int status, const Error& error);

}  // namespace fermata

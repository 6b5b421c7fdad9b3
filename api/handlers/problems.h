// Errors as answers: which HTTP status a code has, and the problem document.
//
// Pure and thread-safe.
#pragma once

#include <vector>

#include "api/http/response.h"
#include "engine/base/result.h"
#include "engine/language/diagnostic.h"

namespace fermata {

// 500 for a code that no request should ever see.
int StatusOf(ErrorCode code);

// RFC 9457: title of the code's page, the message as detail, `hint`, and `errors: [{path, message}]` where a place is known. 503 gets Retry-After.
HttpResponse ProblemOf(const Error& error);
// Several mistakes of one request (at least one): all of them in `errors`, up to kDiagnosticsMax. Sentences are cut where they get too long.
HttpResponse ProblemOf(const std::vector<Error>& mistakes);
// 422 with `diagnostics`.
HttpResponse ProblemOf(const std::vector<Diagnostic>& diagnostics);

// Too many requests wait for storage.
Error TooBusy();

// One entry of `errors`: {path, message, code, hint?}.
Value MistakeView(const Error& mistake);

}  // namespace fermata

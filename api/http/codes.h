// Error codes of the HTTP adapter: 4900 to 4949 of the API's range. Each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kHttpMalformedRequest{4900};    // 400: request line, target or chunk framing
inline constexpr ErrorCode kHttpMalformedHeader{4901};     // 400: a header line
inline constexpr ErrorCode kHttpBadHost{4902};             // 400: none, two, or not a host
inline constexpr ErrorCode kHttpAmbiguousLength{4903};     // 400: Content-Length and Transfer-Encoding
inline constexpr ErrorCode kHttpBodyTooLarge{4904};        // 413
inline constexpr ErrorCode kHttpTargetTooLong{4905};       // 414
inline constexpr ErrorCode kHttpHeadTooLarge{4906};        // 431
inline constexpr ErrorCode kHttpRequestTimeout{4907};      // 408
inline constexpr ErrorCode kHttpUnknownMethod{4908};       // 501
inline constexpr ErrorCode kHttpUnsupportedVersion{4909};  // 505
inline constexpr ErrorCode kHttpUnsupportedCoding{4910};   // 501
inline constexpr ErrorCode kHttpUnknownExpectation{4911};  // 417
inline constexpr ErrorCode kHttpBadPath{4912};             // 400: encoding, NUL, dot segments
inline constexpr ErrorCode kHttpTooManyConnections{4913};  // 503
inline constexpr ErrorCode kHttpHandlerFailed{4914};       // 500
inline constexpr ErrorCode kHttpNoSuchPath{4915};          // 404
inline constexpr ErrorCode kHttpMethodNotAllowed{4916};    // 405
inline constexpr ErrorCode kHttpCannotListen{4917};        // Start()

}  // namespace fermata

// Error codes of JSON text and values. 1000 to 1019; schemas have the rest of the range.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kJsonSyntax{1001};        // not JSON
inline constexpr ErrorCode kJsonTooLarge{1002};      // more bytes than allowed
inline constexpr ErrorCode kJsonTooDeep{1003};       // nested deeper than kValueDepthMax
inline constexpr ErrorCode kJsonDuplicateKey{1004};  // one object names a key twice
inline constexpr ErrorCode kJsonNumberRange{1005};   // an integer beyond 64 bits
inline constexpr ErrorCode kJsonBadUtf8{1006};       // not UTF-8
inline constexpr ErrorCode kValueNotJson{1007};      // a value that no variable can hold

}  // namespace fermata

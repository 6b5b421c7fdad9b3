// Error codes of the REST API (4050 to 4099): each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kUnknownField{4050};          // 422: a body's field that means nothing
inline constexpr ErrorCode kWrongField{4051};            // 422: a field is missing or of the wrong kind
inline constexpr ErrorCode kUnsupportedMediaType{4052};  // 415
inline constexpr ErrorCode kWrongParameter{4053};        // 422: a query parameter is unknown, given twice or malformed
inline constexpr ErrorCode kWrongHeader{4054};           // 422: Idempotency-Key or a ce-… header
inline constexpr ErrorCode kForeignHost{4055};           // 403: the Host header names another machine
inline constexpr ErrorCode kForeignOrigin{4056};         // 403: a web page of another origin asks for a change
inline constexpr ErrorCode kDefinitionRefused{4057};     // 422: `diagnostics` says what is wrong with the files
inline constexpr ErrorCode kUnknownPage{4058};           // 404: no error has this code
inline constexpr ErrorCode kEventsRefused{4059};         // 422: some events of a batch were refused
inline constexpr ErrorCode kServerBusy{4060};            // 503: too many requests wait for storage

}  // namespace fermata

// Error codes of refused commands; each has a page in docs/errors. Behind each: the HTTP status that the API answers with.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kUnknownProcess{4001};        // 404
inline constexpr ErrorCode kUnknownVersion{4002};        // 404
inline constexpr ErrorCode kUnknownInstance{4003};       // 404
inline constexpr ErrorCode kUnknownIncident{4004};       // 404
inline constexpr ErrorCode kKeyInUse{4005};              // 409
inline constexpr ErrorCode kIdempotencyKeyReused{4006};  // 409: same key, other request
inline constexpr ErrorCode kKeyMismatch{4007};           // 422: the client's key is not what `key:` gives
inline constexpr ErrorCode kInvalidInput{4008};          // 422
inline constexpr ErrorCode kStatusForbids{4009};         // 409: the instance's status does not allow the command
inline constexpr ErrorCode kInvalidEvent{4010};          // 422
inline constexpr ErrorCode kUndeclaredEvent{4011};       // 422: no deployed process declares the type
inline constexpr ErrorCode kVersionTaken{4012};          // 409: the version is deployed with other content
inline constexpr ErrorCode kTooManyKeptEvents{4013};     // 429
inline constexpr ErrorCode kInvalidCursor{4014};         // 422
inline constexpr ErrorCode kUnknownTask{4015};           // 404
inline constexpr ErrorCode kInvalidKey{4016};            // 422: not a string, empty, too long, or failed to evaluate
inline constexpr ErrorCode kInvalidAnswer{4017};         // 422: a task's answer does not fit its form or outcomes
inline constexpr ErrorCode kActionForbids{4018};         // 409: this incident cannot be resolved in this way
inline constexpr ErrorCode kTaskClosed{4019};            // 409: somebody has answered it, or it was withdrawn
inline constexpr ErrorCode kMigrationForbids{4020};      // 409: the instance cannot be carried to that version
inline constexpr ErrorCode kIncidentClosed{4021};        // 409: somebody has resolved it, or its state was left
inline constexpr ErrorCode kUnknownVariable{4022};       // 422: the process assigns no variable of this name

}  // namespace fermata

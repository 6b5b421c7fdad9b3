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
inline constexpr ErrorCode kUnknownState{4023};          // 422: the process has no state of this name
inline constexpr ErrorCode kMoveForbids{4024};           // 409: the instance cannot be moved there from where it is
inline constexpr ErrorCode kProcessPaused{4025};         // 409: an operator has paused its starts
inline constexpr ErrorCode kUnknownPause{4026};          // 404: it is not paused
inline constexpr ErrorCode kUnknownBulk{4027};           // 404: no work in bulk has this id
inline constexpr ErrorCode kBulkForbids{4028};           // 409: it is through, or there is too much of it
inline constexpr ErrorCode kTaskTaken{4029};  // 409: somebody else has claimed the task, or it is assigned to them
inline constexpr ErrorCode kTooManyComments{4030};  // 429
inline constexpr ErrorCode kUnknownJob{4031};       // 404
inline constexpr ErrorCode kJobGone{4032};          // 410: nobody waits for its outcome any more
inline constexpr ErrorCode kLeaseLost{4033};        // 409: the lease has lapsed, was replaced or was used
inline constexpr ErrorCode kInvalidOutput{4034};    // 422: the output does not fit the operation's manifest
inline constexpr ErrorCode kUndeclaredError{4035};  // 422: the operation's manifest does not declare the error
inline constexpr ErrorCode kTooManyFetches{4036};   // 429: as many wait for jobs already
inline constexpr ErrorCode kNoEncryption{4049};     // 409: the process has `encrypted` variables, the server no keys

}  // namespace fermata

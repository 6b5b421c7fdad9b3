// Error codes of commands and of the runtime: each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"
#include "engine/base/result.h"
#include "engine/model/command_codes.h"  // those of refused commands

namespace fermata {

// ---- runtime ----
inline constexpr ErrorCode kInboxFull{5050};           // 503 with Retry-After
inline constexpr ErrorCode kShuttingDown{5051};        // 503
inline constexpr ErrorCode kStorageUnavailable{5052};  // 503: the commit failed; nothing happened
inline constexpr ErrorCode kCommitUnknown{5053};   // 503: it may have happened; ask again with the same Idempotency-Key
inline constexpr ErrorCode kQuarantined{5054};     // 500: the instance hit a bug twice
inline constexpr ErrorCode kCorruptMessage{5055};  // an inbox row or journal row cannot be read
inline constexpr ErrorCode kOverloaded{5056};      // 503: too many jobs in flight

// Whether it is the fault of who asked: asking the same again is refused again.
inline bool IsRefusal(const Error& error) { return static_cast<int>(error.code) / 1000 == 4; }

}  // namespace fermata

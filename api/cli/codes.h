// Error codes of the command line and of `fermata serve` (8000 to 8049): each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kServerUnreachable{8001};
inline constexpr ErrorCode kFileUnreadable{8002};
inline constexpr ErrorCode kNotLoopback{8003};     // --host names an address that others can reach
inline constexpr ErrorCode kFolderUnusable{8005};  // --data, --processes or --connectors
inline constexpr ErrorCode kUnknownStorage{8006};  // --storage, --database
inline constexpr ErrorCode kBenchFailed{8007};
inline constexpr ErrorCode kWebhookRetriesWrong{8011};  // --webhook-retries
inline constexpr ErrorCode kAuditBroken{8008};          // a row of the audit log is not as it was written
inline constexpr ErrorCode kRefusedByServer{8009};      // what `fermata audit verify` asked for

}  // namespace fermata

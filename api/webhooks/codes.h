// Error codes of webhooks (4090 to 4099): each has a page in docs/errors.
#pragma once

#include "engine/base/error_code.h"

namespace fermata {

inline constexpr ErrorCode kUnknownWebhook{4090};   // 404
inline constexpr ErrorCode kUnknownDelivery{4091};  // 404
inline constexpr ErrorCode kTooManyWebhooks{4092};  // 409
inline constexpr ErrorCode kWebhookUrlWrong{4093};  // 422: no http(s) URL, or one that the server may not call
inline constexpr ErrorCode kWebhookDisabled{4094};  // 409: nothing is sent to it
inline constexpr ErrorCode kTooManySecrets{4095};   // 409: more would sign along than there may

}  // namespace fermata

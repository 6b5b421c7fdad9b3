// Signatures of requests as Standard Webhooks has them: who knows the secret can tell that a request is the server's, whole and new.
//
// Pure and thread-safe, but for NewWebhookSecret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fermata {

// "whsec_" and the base64 of random bytes.
std::string NewWebhookSecret();

// "v1," and the base64 of the HMAC-SHA-256 of "<id>.<seconds>.<body>". `secret` as above.
std::string SignWebhook(std::string_view secret, std::string_view id, std::int64_t seconds, std::string_view body);

}  // namespace fermata

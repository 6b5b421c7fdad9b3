// Content hashes. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

// SHA-256 of the bytes, as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

// HMAC-SHA-256 (RFC 2104), as 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);

}  // namespace fermata

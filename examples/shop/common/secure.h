// What the services need of cryptography: passwords, one-time codes, names that nobody can guess. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fermata::shop {

// 128 random bits in the usual form 8-4-4-4-12.
std::string NewGuid();
// `bytes` random bytes as hex.
std::string RandomHex(int bytes);

// Argon2id in its encoded form, with a fresh salt. About 30 ms and 19 MiB (OWASP's least: m = 19 MiB, t = 2, p = 1).
std::string HashPassword(std::string_view password);
bool PasswordFits(std::string_view password, std::string_view encoded);

// HMAC-SHA256 as hex.
std::string Hmac(std::string_view key, std::string_view text);
// Six digits that follow from key and text, so that a repeated request sends the same code again.
std::string CodeOf(std::string_view key, std::string_view text);
// `text` for nobody but who has the key (AES-256-GCM with a fresh nonce), as hex.
std::string Seal(std::string_view key, std::string_view text);
// nullopt: it was sealed with another key, or has been changed.
std::optional<std::string> Unseal(std::string_view key, std::string_view sealed);
// Takes the same time wherever they differ.
bool SameText(std::string_view a, std::string_view b);

}  // namespace fermata::shop

// QR codes, by libqrencode. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>

namespace fermata::shop {

inline constexpr std::size_t kQrTextBytesMax = 1'000;

// An SVG picture of the code with its quiet zone, a unit a module. nullopt if `text` is empty, too long, or holds a zero
// byte.
std::optional<std::string> DrawQrCode(const std::string& text);

}  // namespace fermata::shop

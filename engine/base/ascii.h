// Digits of ASCII, whatever the locale is. Pure.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Its value, of either case; -1: it is none.
constexpr int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
// Two digits a byte, in lower case.
inline void AppendHex(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    out += kHexDigits[static_cast<unsigned char>(c) >> 4];
    out += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace fermata

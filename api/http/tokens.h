// The small words of HTTP's grammar (RFC 9110, 9112). Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/ascii.h"

namespace fermata {

inline bool IsTokenByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}
// What a header value may hold: visible bytes, space, tab, and bytes above ASCII.
inline bool IsFieldByte(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f); }

std::string LowerCase(std::string_view text);  // ASCII
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
std::string_view TrimSpace(std::string_view text);  // spaces and tabs
// Whether a comma-separated list holds `item`, ignoring case.
bool HasListItem(std::string_view list, std::string_view item);
// "localhost", "10.0.0.1:8080", "[::1]:8080"; the port at most 65535.
bool IsHostAndPort(std::string_view text);

}  // namespace fermata

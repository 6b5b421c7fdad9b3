// Percent-encoding of RFC 3986. Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fermata {

// Letters, digits, "-._~" and the characters of `also_plain` stay as they are.
std::string PercentEncode(std::string_view text, std::string_view also_plain = "");

// The bytes that %XX stand for; nullopt if a % is followed by anything but two hexadecimal digits.
std::optional<std::string> PercentDecode(std::string_view text);

// "file://" before an absolute path; slashes stay.
std::string UriOfPath(const std::string& path);

}  // namespace fermata

// Percent-encoding of RFC 3986. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace fermata {

// Letters, digits, "-._~" and the characters of `also_plain` stay as they are.
std::string PercentEncode(std::string_view text, std::string_view also_plain = "");

// "file://" before an absolute path; slashes stay.
std::string UriOfPath(const std::string& path);

}  // namespace fermata

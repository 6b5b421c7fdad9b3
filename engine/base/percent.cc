#include "engine/base/percent.h"

namespace fermata {

std::string PercentEncode(std::string_view text, std::string_view also_plain) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string encoded;
  for (const char c : text) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (alphanumeric || kPlain.find(c) != kPlain.npos || also_plain.find(c) != also_plain.npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

std::string UriOfPath(const std::string& path) {
  return (path.starts_with('/') ? "file://" : "") + PercentEncode(path, "/");
}

}  // namespace fermata

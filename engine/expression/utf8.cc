#include "engine/expression/utf8.h"

#include <algorithm>

namespace fermata {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

std::int64_t CountCodePoints(std::string_view utf8) {
  std::int64_t count = 0;
  for (const char byte : utf8) count += IsContinuation(byte) ? 0 : 1;
  return count;
}

std::size_t OffsetOfCodePoint(std::string_view utf8, std::int64_t index) {
  std::int64_t seen = 0;
  for (std::size_t offset = 0; offset < utf8.size(); ++offset) {
    if (IsContinuation(utf8[offset])) continue;
    if (seen++ == index) return offset;
  }
  return utf8.size();
}

char32_t NextCodePoint(std::string_view utf8, std::size_t& offset) {
  const auto lead = static_cast<unsigned char>(utf8[offset++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (more == 0) return 0xFFFD;
  char32_t value = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (offset == utf8.size() || !IsContinuation(utf8[offset])) return 0xFFFD;
    value = value << 6 | (static_cast<unsigned char>(utf8[offset++]) & 0x3Fu);
  }
  return value;
}

std::string_view Shortened(std::string_view utf8) {
  std::size_t size = std::min<std::size_t>(utf8.size(), 100);
  while (size > 0 && size < utf8.size() && IsContinuation(utf8[size])) --size;
  return utf8.substr(0, size);
}

void AppendCodePoint(char32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

}  // namespace fermata

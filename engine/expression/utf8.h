// Code points of valid UTF-8. Pure; what comes in has been validated where it came in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fermata {

std::int64_t CountCodePoints(std::string_view utf8);

// The byte offset of code point `index`; utf8.size() if there are not more than `index`.
std::size_t OffsetOfCodePoint(std::string_view utf8, std::int64_t index);

// Reads the code point at `offset` (which must be inside) and moves past it. A broken byte reads as U+FFFD.
char32_t NextCodePoint(std::string_view utf8, std::size_t& offset);

// At most 100 bytes of it, for messages; never half a code point.
std::string_view Shortened(std::string_view utf8);

void AppendCodePoint(char32_t code_point, std::string& out);

}  // namespace fermata

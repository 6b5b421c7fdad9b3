// Bounds of the language server, each with its reason.
#pragma once

#include <cstddef>

namespace fermata {

inline constexpr std::size_t kFrameHeadBytesMax = 4 << 10;   // editors send one line of 25 bytes
inline constexpr std::size_t kFrameBodyBytesMax = 16 << 20;  // many times the largest process, escaped
inline constexpr std::size_t kOpenDocumentsMax = 1'000;      // further ones are not looked at
inline constexpr std::size_t kCompletionsMax = 500;          // of one list: more than anybody reads

}  // namespace fermata

// Randomness that nobody can guess, and comparing it without telling how far a guess was right. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fermata {

// `bytes` random bytes as lower-case hex digits.
std::string RandomHex(std::size_t bytes);

// In a time that depends on the lengths only.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace fermata

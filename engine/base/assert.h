// Assertions for bugs. On in every build, and never reachable by input: what a user can cause is a Result.
#pragma once

namespace fermata {

// Prints the expression and the place to stderr and ends the process.
[[noreturn]] void AssertionFailed(const char* expression, const char* file, int line);

}  // namespace fermata

#define FERMATA_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::fermata::AssertionFailed(#expression, __FILE__, __LINE__))

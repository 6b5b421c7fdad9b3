#include "engine/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace fermata {

void AssertionFailed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "fermata: assertion failed at %s:%d: %s\n", file, line, expression);
  std::abort();
}

}  // namespace fermata

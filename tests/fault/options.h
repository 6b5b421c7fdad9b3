// What the environment says about the size of a test and the chance in it.
#pragma once

#include <cstdlib>
#include <random>

namespace fermata::test {

inline int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

inline int Seed() { return FromEnvironment("FERMATA_SEED", static_cast<int>(std::random_device()() & 0x7fffffff)); }

}  // namespace fermata::test

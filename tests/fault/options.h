// What the environment says about the size of a test, and the chance in it.
#pragma once

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

namespace fermata::test {

inline int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

inline int Seed() { return FromEnvironment("FERMATA_SEED", static_cast<int>(std::random_device()() & 0x7fffffff)); }

// The random moment itself is what is tested; nothing depends on how long it is.
inline void PauseAtRandom(std::mt19937& random, int ms_max) {
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, ms_max * 1'000)(random)));
}

}  // namespace fermata::test

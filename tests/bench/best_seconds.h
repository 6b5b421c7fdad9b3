// The time that something takes when nothing else gets in the way.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

namespace fermata::test {

// The quickest of many short rounds, for one call: what else runs on the machine makes some of them slow, not all.
inline double BestSeconds(const std::function<void()>& what) {
  constexpr int kRounds = 40;
  constexpr int kCallsPerRound = 10;
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < kCallsPerRound; ++i) what();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  return best / kCallsPerRound;
}

}  // namespace fermata::test

// The load of the benchmark: starts workflows, one after the other or many at once, and takes times.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/result.h"
#include "engine/runtime/engine.h"

namespace fermata {

struct LoadResult {
  std::int64_t completed = 0;
  double seconds = 0;
  std::vector<double> latencies_ms;  // from the start to its end being known; of all or of a sample
};

// Not thread-safe.
class Load {
 public:
  virtual ~Load() = default;
  // `count` workflows, each begun after the one before has ended.
  virtual Result<LoadResult> Alone(int count) = 0;
  // As many at once as `concurrency`, for `seconds`; then waits for the rest (which counts as time, too).
  virtual Result<LoadResult> Loaded(int concurrency, int seconds) = 0;
};

// By the engine's own interface. `engine` must outlive the load.
std::unique_ptr<Load> MakeInProcessLoad(Engine& engine);
// Over HTTP, a connection a workflow at a time: `concurrency` is then bounded by kBenchClientsMax.
std::unique_ptr<Load> MakeRestLoad(int port);

inline constexpr const char* kBenchProcess = "chain5";

// Of values that need not be sorted; 0 if there are none.
double Percentile(std::vector<double> values, double share);

}  // namespace fermata

// Makes the outside calls of built-in and HTTP connectors: a queue an operation, a pool of threads for all of them.
//
// Fair: the operations that have something to do take turns, so a long queue of one does not hold up another; and one
// operation never gets more than three quarters of the threads, whatever its manifest allows, so slow calls of one
// leave room. Limits of the manifest (`concurrency`, `per_second`) hold per operation over all instances. Retries
// belong to the engine.
#pragma once

#include <memory>

#include "connectors/host/registry.h"
#include "engine/model/limits.h"
#include "engine/runtime/job_executor.h"

namespace fermata {

struct ConnectorHostOptions {
  int threads_max = kHostThreadsMax;                  // started as they are needed
  int concurrency_default = kHostConcurrencyDefault;  // of an operation whose manifest has no `limits`
};

// Thread-safe.
class ConnectorHost final : public JobExecutor {
 public:
  // `registry` must outlive the host.
  ConnectorHost(ConnectorRegistry& registry, ConnectorHostOptions options);
  // Stops.
  ~ConnectorHost() override;

  // After Stop(): the job is taken and forgotten (see there).
  void Submit(Job job, std::int64_t timeout_ms, Completion completion, Wanted wanted = {}) override;

  std::size_t InFlight() const override;

  // Waits for the tries that are running, at most until their deadlines, and forgets those that have not begun: their
  // completions are never called. The journal knows them; recovery submits them again when the engine starts.
  // Completions of running tries are called before it returns. Safe to call twice.
  void Stop();

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace fermata

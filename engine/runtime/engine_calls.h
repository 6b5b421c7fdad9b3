// The engine as a connector: `engine.cancel` and `engine.find`, asynchronous, on the engine's own API.
//
// Thread-safe. `engine` must outlive it. Its reads of storage have a thread of their own, so that no shard waits for them.
#pragma once

#include <memory>
#include <string>

#include "connectors/sdk/connector.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/job_executor.h"

namespace fermata {

class EngineCalls {
 public:
  explicit EngineCalls(Engine& engine);

  // Returns at once. Completes with {cancelled: n} once every instance is through its undo, or with [{id, status, states}].
  void Run(Job job, JobExecutor::Completion completion);
  // Takes no more calls and waits for what is queued.
  void Stop() { reads_.Stop(); }

 private:
  void RunNow(const Job& job, JobExecutor::Completion completion);
  class Cancelling;
  void Cancel(const Job& job, JobExecutor::Completion completion);
  void AwaitEnd(const InstanceId& id, const std::shared_ptr<Cancelling>& cancelling);
  void Find(const Job& job, JobExecutor::Completion completion);
  bool IsAncestor(const std::string& candidate, const std::string& of);

  Engine& engine_;
  WorkerPool reads_;
};

}  // namespace fermata

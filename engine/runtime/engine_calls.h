// The engine as a connector: `engine.cancel` and `engine.find`, asynchronous, on the engine's own API.
//
// Thread-safe. The engine must outlive it. Its reads of storage have a thread of their own, so that no shard waits for them.
#pragma once

#include <memory>
#include <string>

#include "connectors/sdk/connector.h"
#include "engine/base/worker_pool.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/job_executor.h"

namespace fermata {

// The doors of the engine that its own processes go through; engine.h says what is behind each.
class CalledEngine {
 public:
  virtual ~CalledEngine() = default;
  virtual void Send(CommandRequest request, Answer<CommandReply> answer) = 0;
  virtual Result<InstanceOwner> FindOwner(const InstanceId& id) = 0;
  virtual Result<InstanceView> Get(const InstanceId& id) = 0;
  virtual Result<Page<InstanceSummary>> List(const InstanceQuery& query) = 0;
  virtual void WhenReached(const InstanceId& id, std::string until, std::int64_t timeout_ms,
                           std::function<void(bool reached)> callback) = 0;
};

class EngineCalls {
 public:
  explicit EngineCalls(CalledEngine& engine);

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

  CalledEngine& engine_;
  WorkerPool reads_;
};

}  // namespace fermata

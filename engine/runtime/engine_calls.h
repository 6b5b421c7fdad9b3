// The engine as a connector: `engine.cancel` and `engine.find`, asynchronous, on the engine's own API.
//
// Thread-safe. `engine` must outlive it.
#pragma once

#include <string>

#include "connectors/sdk/connector.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/job_executor.h"

namespace fermata {

class EngineCalls {
 public:
  explicit EngineCalls(Engine& engine) : engine_(engine) {}

  // Completes with {cancelled: n} once every instance is through its undo, or with [{id, status, states}].
  void Run(const Job& job, JobExecutor::Completion completion);

 private:
  void Cancel(const Job& job, JobExecutor::Completion completion);
  void Find(const Job& job, JobExecutor::Completion completion);
  bool IsAncestor(const std::string& candidate, const std::string& of);

  Engine& engine_;
};

}  // namespace fermata

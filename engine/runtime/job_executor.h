// The port through which the runtime has outside calls made. connectors/host implements it for built-in and HTTP connectors.
#pragma once

#include <functional>

#include "connectors/sdk/connector.h"

namespace fermata {

class JobExecutor {
 public:
  virtual ~JobExecutor() = default;

  // Called with the outcome exactly once, from any thread, after Submit() has returned or before.
  using Completion = std::function<void(Outcome)>;

  // Asked just before the try begins, from any thread: whether it is still this node's to make.
  using Wanted = std::function<bool()>;

  // Queues one try; returns at once, from any thread. Within the operation's limits it runs as soon as a thread is free; it is never dropped,
  // but forgotten, without a completion, if it is not wanted any more (empty: it always is).
  // The job's deadline counts from the moment it starts to run: `job.deadline` is set by the executor from `timeout_ms`.
  // An operation that no connector here has is completed with TechnicalFailure{kUnavailable}.
  virtual void Submit(Job job, std::int64_t timeout_ms, Completion completion, Wanted wanted) = 0;

  // Jobs queued and running, for admission control and metrics.
  virtual std::size_t InFlight() const = 0;
};

}  // namespace fermata

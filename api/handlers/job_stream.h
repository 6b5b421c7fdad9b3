// Jobs sent to a worker as they come: each is leased when it is sent, and only so many at a time.
//
// Thread-safe. Lives until its client has gone or the engine stops.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "api/handlers/event_streams.h"
#include "engine/runtime/engine.h"

namespace fermata {

class JobStream : public std::enable_shared_from_this<JobStream> {
 public:
  // `engine` must outlive it. `wanted.max` is how many jobs the worker may hold.
  static void Begin(Engine& engine, EventStream stream, JobFetch wanted);

 private:
  JobStream(Engine& engine, EventStream stream, JobFetch wanted);

  // Asks for as many jobs as there is room for, unless that is being done.
  void Ask();
  void OnJobs(Result<std::vector<WorkerJob>> jobs);
  void OnLeaseOver();
  void OnClosed();

  Engine& engine_;
  EventStream stream_;
  const JobFetch wanted_;
  std::mutex mutex_;
  std::int64_t held_ = 0;
  std::int64_t fetch_ = 0;  // number of the newest one
  bool asking_ = false;
};

}  // namespace fermata

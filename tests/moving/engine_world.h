// An engine with a few processes that wait for different things, on a storage that can be closed and opened again, here or elsewhere.
//
// Not thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "engine/runtime/engine.h"
#include "engine/storage/storage.h"

namespace fermata::test {

// The machine's clock, some time ahead.
class AheadClock : public Clock {
 public:
  std::int64_t NowUs() override { return SystemClock().NowUs() + ahead_us.load(); }
  std::atomic<std::int64_t> ahead_us = 0;
};

class NobodyExecutor : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion, Wanted) override {}
  std::size_t InFlight() const override { return 0; }
};

class EngineWorld {
 public:
  using OpenStorage = std::function<Result<std::unique_ptr<Storage>>()>;

  // Opens a storage and an engine of this many threads on it, which has what was deployed there before.
  void Open(const OpenStorage& open, int threads = 1);
  void Close();
  // The processes order, listen, pack, family and approve, and the connector store.
  void DeployAll();

  Engine& engine() { return *engine_; }
  Storage& storage() { return *storage_; }
  AheadClock& clock() { return clock_; }

  // Each waits for the answer and expects one.
  InstanceId Start(const std::string& process, const std::string& id);
  Result<StartReply> TryStart(const std::string& process, const std::string& id,
                              const std::string& idempotency_key = "");
  EventReply Publish(const std::string& type, const std::string& field, const std::string& value,
                     const std::string& event_id);
  std::vector<WorkerJob> Fetch(std::int64_t lease_ms);
  Status Complete(const WorkerJob& job);
  Status Answer(const InstanceId& id);
  // Whether it has ended or entered the state within ten seconds.
  bool Reaches(const InstanceId& id, const std::string& until = "");
  std::string StatusOf(const InstanceId& id);

 private:
  AheadClock clock_;
  NobodyExecutor executor_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace fermata::test

// One of several nodes, in one thread: the real leases, exchange and shards, driven by whoever holds it, over a storage that shares its rows with
// the others'. It does what EngineImpl does, and nothing by itself: no time passes and nothing is polled unless Act() or TimePasses() is called.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/runtime/auditor.h"
#include "engine/runtime/exchange.h"
#include "engine/runtime/leases.h"
#include "engine/runtime/pauses.h"
#include "engine/runtime/shard.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/sim_storage.h"

namespace fermata {

// Passes for all nodes alike; what their clocks show differs.
struct SimTime {
  std::int64_t wall_us = 1'600'000'000'000'000;
  std::int64_t steady_us = 3'600'000'000;
};

// A machine's clock: it may be wrong, and be set.
class SimNodeClock final : public Clock {
 public:
  explicit SimNodeClock(const SimTime& time) : time_(time) {}
  std::int64_t NowUs() override { return time_.wall_us + wrong_us; }
  std::int64_t wrong_us = 0;

 private:
  const SimTime& time_;
};

// What all nodes of a world have in common. Must outlive them.
struct SimSurroundings {
  SimTime time;
  DefinitionRegistry definitions;
  ShardCounters counters;
  SimOutside outside;
  std::shared_ptr<SimCluster> cluster = std::make_shared<SimCluster>();
};

class SimNode final : private ShardRouter, private ShardHolder {
 public:
  // Starts as a new process. `clock` must outlive it.
  SimNode(std::uint64_t seed, const std::string& name, int shard_threads, SimNodeClock& clock,
          SimSurroundings& surroundings);
  // Dies. What it has handed over may be written.
  ~SimNode();

  // How often, of 1,000, storage fails, a hint gets lost, a call fails.
  struct Faults {
    int storage = 0, hints = 0, calls = 0;
  };
  void SetFaults(const Faults& per_mille);
  // One random thing happens in it.
  void Act();
  // All that can move moves; false once nothing could.
  bool ActAll();
  // It will not act for a while. What it has handed over may be written all the same.
  void FallAsleep();
  // Its threads look at the clock: it beats, and polls.
  void TimePasses();
  void Audit();
  // Gives its shards away and ends, as a server that is asked to stop. Only its destruction is left.
  void Leave();

  // A client's order comes in here.
  void Post(int logical_shard, ShardItem order);
  // Its own threads, and all the other nodes as one more.
  std::size_t desks() const { return shards_.size() + 1; }
  void Fetch(std::size_t desk, LeaseOrder order);
  void SetPause(const Pause& pause);
  void EndPauses();

  // Those that it thinks are its own.
  const ShardSet& mine() const { return mine_; }

 private:
  using Moment = std::chrono::steady_clock::time_point;

  Shard& OwnerOf(int logical_shard) override {
    return *shards_[static_cast<std::size_t>(logical_shard) % shards_.size()];
  }
  bool RunHere(const Job&, JobExecutor::Completion) override { return false; }
  void Deliver(InboxRow row) override;
  void Forward(ShardItem item) override;
  void Fenced() override { looks_soon_ = true; }

  void GainShards(const ShardSet& shards) override;
  void GiveShards(const ShardSet& shards, std::function<void()> done) override;
  void GiveUpShards(std::function<void()> done) override;
  void Joined(const NodeRow& self) override { mailbox_ = self.mailbox; }
  Generations ReadChanges(const Generations& seen, const Generations& newest) override;

  void Recover();
  void TakeHint(const Hint& hint);
  void Look();
  bool StepAll();
  bool RunAside();
  bool RunACall();
  bool IsMine(int logical_shard) const { return mine_[static_cast<std::size_t>(logical_shard)]; }
  void ChangePauses(Batch rows, std::function<void()> committed);

  std::mt19937_64 random_;
  SimNodeClock& clock_;
  SimSurroundings& surroundings_;
  SimStorage storage_;
  SimExecutor executor_;
  Pauses pauses_;
  Auditor auditor_;
  Waiters waiters_;
  ShardSet mine_;
  int mailbox_ = 0;
  bool looks_soon_ = false;
  std::int64_t next_look_us_ = 0;            // steady
  std::deque<std::function<void()>> aside_;  // what the leases do beside their looks
  std::vector<std::unique_ptr<Shard>> shards_;
  std::optional<Exchange> exchange_;
  std::optional<Leases> leases_;
};

}  // namespace fermata

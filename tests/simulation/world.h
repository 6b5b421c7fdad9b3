// A whole node in one thread and one seed: shards, storage, connectors, clients and clock, with faults in each.
//
// The seed decides everything, so a run that fails can be run again. What must hold is checked by Verify().
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "engine/runtime/shard.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/people.h"
#include "tests/simulation/sim_storage.h"

namespace fermata {

class SimClock final : public Clock {
 public:
  std::int64_t NowUs() override { return now_us; }
  std::int64_t now_us = 1'600'000'000'000'000;
};

class World final : private ShardRouter, private SimDoor {
 public:
  explicit World(std::uint64_t seed, int shard_threads, int shard_count);
  ~World();

  // One random thing happens.
  void Tick();
  // Faults end; everything that can move moves until nothing does.
  void Settle();
  // Adds failures to the running test.
  void Verify();
  const SimPeople& people() const { return people_; }
  int parcels_unpacked() const { return parcels_unpacked_; }
  // A process waits for a timer whose row goes missing; the auditor has to find it, and only it. Without faults.
  void LoseATimer();

 private:
  void Boot();
  void Crash();
  void OperatorPauses();
  void EndPauses();
  void Audit();
  bool StepAll();
  bool Quiet();

  Shard& OwnerOf(int logical_shard) override {
    return *shards_[static_cast<std::size_t>(logical_shard) % shards_.size()];
  }
  bool RunHere(const Job&, JobExecutor::Completion) override { return false; }
  void Post(int logical_shard, ShardItem order) override { OwnerOf(logical_shard).Post(std::move(order)); }
  std::size_t desks() const override { return shards_.size(); }
  void Fetch(std::size_t desk, LeaseOrder order) override { shards_[desk]->Post(std::move(order)); }

  std::mt19937_64 random_;
  int shard_threads_, shard_count_;
  SimClock clock_;
  SimStorage storage_;
  SimOutside outside_;
  SimExecutor executor_;
  DefinitionRegistry definitions_;
  ShardCounters counters_;
  Pauses pauses_;
  Auditor auditor_;
  SimClients clients_;
  SimPeople people_;
  std::unique_ptr<Waiters> waiters_;
  std::vector<std::unique_ptr<Shard>> shards_;
  int parcels_unpacked_ = 0;
};

}  // namespace fermata

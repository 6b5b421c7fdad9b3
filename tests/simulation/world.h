// A whole node in one thread and one seed: shards, storage, connectors, clients and clock, with faults in each.
//
// The seed decides everything, so a run that fails can be run again. What must hold is checked by Verify().
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/runtime/shard.h"
#include "tests/simulation/people.h"
#include "tests/simulation/sim_storage.h"

namespace fermata {

class SimClock final : public Clock {
 public:
  std::int64_t NowUs() override { return now_us; }
  std::int64_t now_us = 1'600'000'000'000'000;
};

// Calls in flight, and the outside world: every effect by idempotency key, taken once however often it is asked for.
class SimExecutor final : public JobExecutor {
 public:
  explicit SimExecutor(std::uint64_t seed) : random_(seed) {}
  void Submit(Job job, std::int64_t timeout_ms, Completion completion, Wanted wanted) override;
  std::size_t InFlight() const override { return calls_.size(); }
  bool RunOne();
  // The node dies: calls under way may have reached the world, their answers are lost.
  void Die();
  void SetFaults(int per_mille) { faults_per_mille_ = per_mille; }
  // Idempotency keys in the order of their first effect, by operation.
  const std::map<std::string, std::string>& effects() const { return effects_; }

 private:
  struct Call {
    Job job;
    Completion completion;
  };
  Outcome Reach(const Job& job);
  static bool MayArriveUnheard(const Job& job);

  std::mt19937_64 random_;
  int faults_per_mille_ = 0;
  std::deque<Call> calls_;
  std::map<std::string, std::string> effects_;  // idempotency key -> operation
  std::map<std::string, Outcome> answers_;
};

class World final : private ShardRouter {
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
  void ClientStarts();
  void ClientRepeatsAStart();
  void ClientSendsAnEvent();
  void ClientCancels();
  void OperatorRetries();
  void OperatorMoves();
  // Another value for a variable, another version, and back.
  void OperatorMends();
  void OperatorPauses();
  void EndPauses();
  void Audit();
  void Post(const std::string& process, const std::string& customer, const std::string& idempotency_key);
  void VerifyReceipts(const std::map<InstanceId, InstanceRow>& rows);
  void VerifySweeps(const std::map<InstanceId, InstanceRow>& rows);
  bool StepAll();
  bool Quiet();

  Shard& OwnerOf(int logical_shard) override {
    return *shards_[static_cast<std::size_t>(logical_shard) % shards_.size()];
  }
  bool RunHere(const Job&, JobExecutor::Completion) override { return false; }

  std::mt19937_64 random_;
  int shard_threads_, shard_count_;
  SimClock clock_;
  SimStorage storage_;
  SimExecutor executor_;
  DefinitionRegistry definitions_;
  ShardCounters counters_;
  Pauses pauses_;
  Auditor auditor_;
  SimPeople people_;
  std::unique_ptr<Waiters> waiters_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::uint64_t boot_ = 0;  // answers of an earlier boot are not counted
  std::int64_t next_ = 1;
  int parcels_unpacked_ = 0;
  std::map<std::string, InstanceId> answered_;                 // idempotency key -> the id that a client was told
  std::vector<std::pair<std::string, std::string>> requests_;  // process, customer; the index is the idempotency key
  std::set<std::string> accepted_events_;
};

}  // namespace fermata

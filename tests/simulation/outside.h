// The world outside: every effect by idempotency key, taken once however often it is asked for; and a node's calls that are on their way to it.
//
// Single-threaded, like the whole simulated world.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>

#include "engine/runtime/job_executor.h"
#include "engine/storage/shard_set.h"

namespace fermata {

// All nodes call the same one.
class SimOutside {
 public:
  Outcome Reach(const Job& job, std::mt19937_64& random);
  bool Knows(const Job& job) const { return answers_.count(job.idempotency_key) > 0; }
  // Idempotency keys in the order of their first effect, by operation.
  const std::map<std::string, std::string>& effects() const { return effects_; }

 private:
  std::map<std::string, std::string> effects_;  // idempotency key -> operation
  std::map<std::string, Outcome> answers_;
};

class SimExecutor final : public JobExecutor {
 public:
  // `outside` must outlive it.
  SimExecutor(std::uint64_t seed, SimOutside& outside) : random_(seed), outside_(outside) {}
  void Submit(Job job, std::int64_t timeout_ms, Completion completion, Wanted wanted) override;
  std::size_t InFlight() const override { return calls_.size(); }
  bool RunOne();
  // The node dies: calls under way may have reached the world, their answers are lost.
  void Die();
  // Another node carries the calls of these shards out from now on, with the same keys. Those that may not arrive unheard never will.
  void Yield(const ShardSet& shards);
  void SetFaults(int per_mille) { faults_per_mille_ = per_mille; }

 private:
  struct Call {
    Job job;
    Completion completion;
    Wanted wanted;
  };
  static bool MayArriveUnheard(const Job& job);

  std::mt19937_64 random_;
  SimOutside& outside_;
  int faults_per_mille_ = 0;
  std::deque<Call> calls_;
};

}  // namespace fermata

// One shard on a work bench: every commit, outcome and tick of the clock happens when the test says so.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/runtime/shard.h"
#include "tests/simulation/sim_storage.h"

namespace fermata {

class BenchClock final : public Clock {
 public:
  std::int64_t NowUs() override { return now_us; }
  std::int64_t now_us = 1'600'000'000'000'000;
};

// Keeps jobs until the test answers them.
class BenchExecutor final : public JobExecutor {
 public:
  struct Call {
    Job job;
    Completion completion;
  };
  void Submit(Job job, std::int64_t, Completion completion, Wanted) override {
    calls.push_back({std::move(job), std::move(completion)});
  }
  std::size_t InFlight() const override { return calls.size(); }
  void Answer(Outcome outcome) {
    Call call = std::move(calls.front());
    calls.pop_front();
    call.completion(std::move(outcome));
  }
  std::deque<Call> calls;
};

class ShardBench : private ShardRouter {
 public:
  // `processes`: YAML texts; `manifest` too.
  ShardBench(const std::string& manifest, const std::vector<std::string>& processes);

  // Posts a start; the reply lands in the returned place once there is one.
  using Reply = std::shared_ptr<std::optional<Result<StartReply>>>;
  Reply Start(const std::string& process, Value input, const std::string& idempotency_key = "",
              const std::string& request_hash = "");
  std::shared_ptr<std::optional<Result<EventReply>>> Send(const std::string& type, const std::string& id, Value data);
  std::shared_ptr<std::optional<Result<std::string>>> Command(const InstanceId& id, fermata::Command command);

  // Decides, commits and settles until nothing moves (jobs stay unanswered).
  void Settle();
  // The state as storage knows it.
  InstanceState Stored(const InstanceId& id);
  std::string StatusOf(const InstanceId& id) { return std::string(StatusName(Stored(id).status)); }
  std::vector<InstanceRow> Rows();
  // The node dies and comes back.
  void Restart();
  void Advance(std::int64_t ms) { clock.now_us += ms * 1000; }

  BenchClock clock;
  SimStorage storage{1, 1};
  BenchExecutor executor;
  DefinitionRegistry definitions;
  ShardCounters counters;
  Pauses pauses;
  Waiters waiters;
  Webhooks webhooks{nullptr};
  std::unique_ptr<Shard> shard;
  std::shared_ptr<JobDesk> desk =
      std::make_shared<JobDesk>(1, waiters, [this](int, const JobFetch& fetch, auto answer) {
        EXPECT_TRUE(shard->Post(LeaseOrder{fetch, answer}));
      });

 private:
  Shard& OwnerOf(int) override { return *shard; }
  bool RunHere(const Job&, JobExecutor::Completion) override { return false; }
  void JobsAvailable(const std::string& tenant, const std::string& operation, int number, int count) override {
    desk->JobsAvailable(tenant, operation, number, count);
  }
  void AnythingAvailable() override { desk->AnythingAvailable(); }
  void LeaseOver(const JobKey& key) override { desk->LeaseOver(key); }
  void LeaseExtended(const JobKey& key, std::int64_t lease_ms) override { desk->LeaseExtended(key, lease_ms); }
};

}  // namespace fermata

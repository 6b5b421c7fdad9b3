#include "tests/simulation/world.h"

#include <gtest/gtest.h>

#include "tests/simulation/processes.h"
#include "tests/simulation/promises.h"

namespace fermata {

World::World(std::uint64_t seed, int shard_threads, int shard_count)
    : random_(seed),
      shard_threads_(shard_threads),
      shard_count_(shard_count),
      storage_(seed + 1, shard_count),
      executor_(seed + 2, outside_),
      definitions_({kSimManifest, kHandsManifest}),
      auditor_(storage_, definitions_),
      clients_(random_, clock_, definitions_, shard_count, *this),
      people_(seed + 3, storage_.tables(), *this, SimPeople::Hear::kAtOnce) {
  DeploySimProcesses(definitions_);
  Boot();
  storage_.SetFaults(20);
  executor_.SetFaults(100);
}

World::~World() = default;

void World::Boot() {
  waiters_ = std::make_unique<Waiters>();
  shards_.clear();
  for (int i = 0; i < shard_threads_; ++i) {
    ShardServices services{clock_, storage_, executor_, definitions_, *waiters_, *this, counters_, pauses_};
    shards_.push_back(
        std::make_unique<Shard>(ShardOptions{i, shard_threads_, kInboxCommandsMax, random_() | 1}, services));
  }
  for (auto& shard : shards_)
    while (!shard->Recover().ok()) {
    }
}

void World::Crash() {
  storage_.LosePower();
  executor_.Die();
  shards_.clear();
  Boot();
}

void World::OperatorPauses() {
  if (!pauses_.none()) return EndPauses();
  if (random_() % 2 == 0)
    pauses_.Put({PauseKind::kConnector, random_() % 2 == 0 ? "world" : "hands", "", "operator", clock_.now_us});
  else
    pauses_.Put({PauseKind::kOperation, "world.touch", "", "operator", clock_.now_us});
}

void World::EndPauses() {
  pauses_.Drop(PauseKind::kConnector, "world");
  pauses_.Drop(PauseKind::kConnector, "hands");
  pauses_.Drop(PauseKind::kOperation, "world.touch");
  for (auto& shard : shards_) shard->PostInternal(PauseOver{});
}

void World::Audit() {
  while (auditor_.IsDue(clock_.now_us)) {
    Result<std::vector<InstanceId>> suspects = auditor_.Next(clock_.now_us, 20);
    if (!suspects.ok()) return;
    for (const InstanceId& id : *suspects) OwnerOf(id.shard()).PostInternal(AuditSuspect{id});
  }
}

void World::LoseATimer() {
  storage_.SetFaults(0);
  executor_.SetFaults(0);
  clients_.StartThis("wait", "c-1");
  while (!Quiet()) {
  }
  Audit();
  while (!Quiet()) {
  }
  EXPECT_EQ(counters_.losses_found, 0u) << "all is well";
  const std::vector<TimerRow> timers = storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10);
  ASSERT_EQ(timers.size(), 1u);
  Batch lost;
  lost.timers_deleted = timers;
  storage_.Commit(99, std::move(lost), [](CommitOutcome) {});
  while (!Quiet()) {
  }
  ASSERT_TRUE(storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10).empty());
  for (int round = 0; round < 2; ++round) {
    clock_.now_us += kAuditEveryMs * 1000;
    Audit();
    while (!Quiet()) {
    }
    EXPECT_EQ(counters_.losses_found, 1u) << "found once, and put back";
  }
  EXPECT_EQ(storage_.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10), timers);
  IncidentFilter open;
  open.open = true;
  const std::vector<IncidentRow> incidents = storage_.tables().ListIncidents(open);
  ASSERT_EQ(incidents.size(), 1u);
  EXPECT_EQ(incidents[0].error, "internal");
  EXPECT_EQ(incidents[0].state, "waiting");
  counters_.losses_found = 0;
}

bool World::StepAll() {
  bool moved = false;
  for (auto& shard : shards_) moved |= shard->Step() > 0;
  return moved;
}

void World::Tick() {
  switch (random_() % 18) {
    case 0:
    case 1:
      return clients_.Start();
    case 2:
      return clients_.RepeatAStart();
    case 3:
      return clients_.SendAnEvent();
    case 4:
      clock_.now_us += static_cast<std::int64_t>(random_() % 2'000'000);
      return;
    case 5:
      clock_.now_us -= static_cast<std::int64_t>(random_() % 1'000'000);
      return;  // clocks may step back
    case 6:
    case 7:
    case 8:
      executor_.RunOne();
      return;
    case 9:
    case 10:
    case 11:
      storage_.FinishOne();
      return;
    case 12:
      if (random_() % 40 == 0) return Crash();
      if (random_() % 10 == 0) return clients_.Cancel();
      if (random_() % 10 == 0) return clients_.Move();
      if (random_() % 20 == 0) return OperatorPauses();
      if (random_() % 10 == 0) return Audit();
      return clients_.Mend();
    case 13:
    case 14:
      return people_.Act();
    default:
      StepAll();
      return;
  }
}

bool World::Quiet() {
  bool moved = false;
  while (storage_.FinishOne()) moved = true;
  while (executor_.RunOne()) moved = true;
  return !StepAll() && !moved && storage_.in_flight() == 0 && executor_.InFlight() == 0;
}

void World::Settle() {
  storage_.SetFaults(0);
  executor_.SetFaults(0);
  EndPauses();
  // Long enough for every retry and timeout of the simulated processes.
  for (int round = 0; round < 400; ++round) {
    for (int i = 0; i < 1'000 && !Quiet(); ++i) {
    }
    clients_.Retry(storage_.tables());
    people_.WorkOff();
    Audit();
    clock_.now_us += 60'000'000;
  }
}

void World::Verify() {
  const auto clocks = shard_threads_ > 1 ? SimRun::Clocks::kSeveral : SimRun::Clocks::kOne;
  parcels_unpacked_ = VerifyPromises({storage_.tables(), shard_count_, clients_, people_, outside_, counters_, clocks});
}

}  // namespace fermata

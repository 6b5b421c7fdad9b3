// Schedules: ticks, overlaps, restarts, and which version counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/language/cron.h"
#include "engine/model/limits.h"
#include "engine/runtime/schedule_row.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kMinute = 60'000'000;

Schedule EveryMinute(Overlap overlap) {
  Schedule schedule;
  schedule.cron = "* * * * *";
  schedule.fields = ParseCron(schedule.cron).fields.value();
  schedule.overlap = overlap;
  return schedule;
}

ScheduleState StateOf(const Schedule& schedule, std::int64_t now_us) {
  ScheduleState state;
  state.Follow(&schedule, now_us);
  return state;
}

// ---- the pure part ----

TEST(ScheduleState, BeginsWithTheNextTick) { EXPECT_EQ(StateOf(EveryMinute(Overlap::kSkip), 10).due_us, kMinute); }

TEST(ScheduleState, TicksThatWereMissedRunOnce) {
  const Schedule schedule = EveryMinute(Overlap::kAllow);
  ScheduleState state = StateOf(schedule, 0);
  EXPECT_THAT(state.TakeDue(schedule, kMinute - 1), IsEmpty());
  EXPECT_THAT(state.TakeDue(schedule, 10 * kMinute + 5), ElementsAre(kMinute));
  EXPECT_EQ(state.due_us, 11 * kMinute);
  EXPECT_THAT(state.TakeDue(schedule, 10 * kMinute + 5), IsEmpty());
}

TEST(ScheduleState, SkipDropsATickWhileAnInstanceIsLive) {
  const Schedule schedule = EveryMinute(Overlap::kSkip);
  ScheduleState state = StateOf(schedule, 0);
  state.running = {ScheduledId(0, "p", 0)};
  EXPECT_THAT(state.TakeDue(schedule, kMinute), IsEmpty());
  EXPECT_THAT(state.TakeEnd(ScheduledId(0, "p", 0)), IsEmpty());
  EXPECT_THAT(state.TakeDue(schedule, 2 * kMinute), ElementsAre(2 * kMinute));
}

TEST(ScheduleState, AllowStartsBesideOthers) {
  const Schedule schedule = EveryMinute(Overlap::kAllow);
  ScheduleState state = StateOf(schedule, 0);
  state.running = {ScheduledId(0, "p", 0)};
  EXPECT_THAT(state.TakeDue(schedule, kMinute), ElementsAre(kMinute));
}

TEST(ScheduleState, QueueStartsOneAfterTheOther) {
  const Schedule schedule = EveryMinute(Overlap::kQueue);
  ScheduleState state = StateOf(schedule, 0);
  const InstanceId first = ScheduledId(0, "p", 0), second = ScheduledId(0, "p", kMinute);
  state.running = {first};
  EXPECT_THAT(state.TakeDue(schedule, kMinute), IsEmpty());
  EXPECT_THAT(state.TakeDue(schedule, 2 * kMinute), IsEmpty());
  EXPECT_THAT(state.TakeEnd(second), IsEmpty()) << "that one is not running";
  EXPECT_THAT(state.TakeEnd(first), ElementsAre(kMinute));
  state.running = {second};
  EXPECT_THAT(state.TakeEnd(second), ElementsAre(2 * kMinute));
  EXPECT_THAT(state.queue, IsEmpty());
}

TEST(ScheduleState, TheQueueIsBounded) {
  const Schedule schedule = EveryMinute(Overlap::kQueue);
  ScheduleState state = StateOf(schedule, 0);
  state.running = {ScheduledId(0, "p", 0)};
  for (std::size_t i = 1; i <= kScheduleQueueMax + 5; ++i)
    EXPECT_THAT(state.TakeDue(schedule, static_cast<std::int64_t>(i) * kMinute), IsEmpty());
  EXPECT_EQ(state.queue.size(), kScheduleQueueMax);
}

TEST(ScheduleState, TheSameTimesKeepTheirPlaceOthersBeginAnew) {
  Schedule schedule = EveryMinute(Overlap::kSkip);
  ScheduleState state = StateOf(schedule, 0);
  schedule.overlap = Overlap::kQueue;
  state.Follow(&schedule, 10 * kMinute);
  EXPECT_EQ(state.due_us, kMinute) << "what fell due meanwhile is still to be run";
  schedule.cron = "30 * * * *";
  schedule.fields = ParseCron(schedule.cron).fields.value();
  state.Follow(&schedule, 10 * kMinute);
  EXPECT_EQ(state.due_us, 30 * kMinute);
  state.Follow(nullptr, 10 * kMinute);
  EXPECT_EQ(state, ScheduleState());
}

TEST(ScheduleState, ComesBackFromItsRow) {
  ScheduleState state = StateOf(EveryMinute(Overlap::kQueue), 0);
  state.running = {ScheduledId(0, "p", 0), ScheduledId(7, "p", kMinute)};
  state.queue = {5, 6};
  EXPECT_EQ(DecodeSchedule(EncodeSchedule(state)).value(), state);
  EXPECT_FALSE(DecodeSchedule("{}").ok());
  EXPECT_FALSE(DecodeSchedule("nonsense").ok());
}

TEST(ScheduleState, AnIdTellsWhetherItsScheduleStartedIt) {
  const InstanceId id = ScheduledId(3, "p", 5 * kMinute);
  EXPECT_TRUE(IsScheduled(id, "p"));
  EXPECT_FALSE(IsScheduled(id, "q"));
  EXPECT_FALSE(IsScheduled(InstanceId::Make(3, id.epoch_ms(), 1, 1), "p"));
  EXPECT_NE(id, ScheduledId(3, "p", 6 * kMinute));
}

// ---- on a shard ----

constexpr const char* kSweepManifest = "connector: shop\nversion: 1.0.0\noperations:\n  sweep: {}\n";

std::string Nightly(const std::string& version, const std::string& schedule) {
  return "fermata: 1\nprocess: sweep\nversion: " + version +
         "\ninput: { type: object, properties: { depth: { type: integer } } }\n" + schedule +
         "\nstates:\n  sweep: { call: shop.sweep, next: done }\n"
         "  done: { end: {} }\n";
}

class ScheduleTest : public ::testing::Test {
 protected:
  void Deploy(const std::string& schedule) { Deploy("1.0.0", schedule); }
  void Deploy(const std::string& version, const std::string& schedule) {
    const std::string yaml = Nightly(version, schedule);
    if (!bench) {
      bench = std::make_unique<ShardBench>(kSweepManifest, std::vector<std::string>{yaml});
      bench->clock.now_us = bench->clock.now_us / (60 * kMinute) * (60 * kMinute);  // a full hour
      bench->Restart();
    } else {
      StoredBundle bundle{"sweep.yaml", yaml, {}, {}};
      bundle.manifests = bench->definitions.ManifestTextsFor(bundle);
      CompiledBundle compiled = bench->definitions.Compile(bundle);
      ASSERT_TRUE(compiled.definition) << FormatDiagnostics(compiled.diagnostics);
      bench->definitions.Add(compiled.definition, 2);
      GoLive(compiled.definition->version);
    }
    bench->Settle();
  }
  void GoLive(const std::string& version) {
    bench->definitions.SetLive("sweep", bench->definitions.Find("sweep", version)->hash);
    bench->shard->Post(ScheduleChanged{"sweep", nullptr});
    bench->Settle();
  }
  void Pass(std::int64_t minutes) {
    bench->Advance(minutes * 60'000);
    bench->Settle();
  }
  void Finish() {
    bench->executor.Answer(JobSuccess{Value()});
    bench->Settle();
  }
  std::size_t Started() { return bench->Rows().size(); }

  std::unique_ptr<ShardBench> bench;
};

TEST_F(ScheduleTest, StartsAnInstanceAtEachTick) {
  Deploy("schedule: { cron: '*/10 * * * *', overlap: allow, input: { depth: 7 } }");
  Pass(9);
  EXPECT_EQ(Started(), 0u);
  Pass(1);
  ASSERT_EQ(Started(), 1u);
  const InstanceRow row = bench->Rows()[0];
  EXPECT_EQ(bench->Stored(row.id).input, Value::Object({{"depth", Value::Int(7)}}));
  EXPECT_EQ(row.id, ScheduledId(0, "sweep", bench->clock.now_us));
  Pass(10);
  EXPECT_EQ(Started(), 2u);
}

TEST_F(ScheduleTest, WithoutInputItIsEmpty) {
  Deploy("schedule: { cron: '* * * * *' }");
  Pass(1);
  EXPECT_EQ(bench->Stored(bench->Rows().at(0).id).input, Value::Map({}));
}

TEST_F(ScheduleTest, SkipIsTheDefaultAndWaitsForTheOwnInstance) {
  Deploy("schedule: { cron: '* * * * *' }");
  bench->Start("sweep", Value());
  bench->Settle();
  Pass(1);
  EXPECT_EQ(Started(), 2u) << "an instance that somebody else started does not count";
  Pass(1);
  EXPECT_EQ(Started(), 2u);
  Finish();
  Finish();
  Pass(1);
  EXPECT_EQ(Started(), 3u);
}

TEST_F(ScheduleTest, QueuedTicksFollowWhenTheInstanceEnds) {
  Deploy("schedule: { cron: '* * * * *', overlap: queue }");
  Pass(1);
  Pass(1);
  Pass(1);
  EXPECT_EQ(Started(), 1u);
  bench->Restart();
  bench->Settle();
  Finish();
  EXPECT_EQ(Started(), 2u);
  Finish();
  EXPECT_EQ(Started(), 3u);
  Finish();
  EXPECT_EQ(Started(), 3u);
}

TEST_F(ScheduleTest, TicksMissedWhileDownRunOnce) {
  Deploy("schedule: { cron: '* * * * *', overlap: allow }");
  bench->Advance(10 * 60'000);
  bench->Restart();
  bench->Settle();
  EXPECT_EQ(Started(), 1u);
  Pass(1);
  EXPECT_EQ(Started(), 2u);
}

TEST_F(ScheduleTest, ATickIsTakenOnceHoweverOftenThePowerFails) {
  Deploy("schedule: { cron: '0 * * * *', overlap: allow }");
  bench->Advance(60 * 60'000);
  for (int i = 0; i < 6; ++i) {
    bench->shard->Step();
    if (i % 2 == 1) bench->storage.FinishOne();
    bench->Restart();
  }
  bench->Settle();
  EXPECT_EQ(Started(), 1u);
}

TEST_F(ScheduleTest, TheLiveVersionDecides) {
  Deploy("1.0.0", "schedule: { cron: '0 * * * *', overlap: allow }");
  Deploy("1.1.0", "schedule: { cron: '*/20 * * * *', overlap: allow }");
  Pass(20);
  ASSERT_EQ(Started(), 1u);
  EXPECT_EQ(bench->Rows()[0].version, "1.1.0");
  GoLive("1.0.0");
  Pass(20);
  EXPECT_EQ(Started(), 1u);
  Pass(20);
  ASSERT_EQ(Started(), 2u);
  EXPECT_EQ(bench->Rows()[0].version, "1.0.0");
}

TEST_F(ScheduleTest, AVersionWithoutAScheduleEndsIt) {
  Deploy("1.0.0", "schedule: { cron: '* * * * *', overlap: allow }");
  Deploy("1.1.0", "");
  EXPECT_THAT(bench->storage.tables().ReadSchedules(), IsEmpty());
  Pass(5);
  EXPECT_EQ(Started(), 0u);
  bench->Restart();
  Pass(5);
  EXPECT_EQ(Started(), 0u);
}

TEST_F(ScheduleTest, AnInstanceThatIsRefusedDoesNotBlockTheNextTick) {
  const std::string keyed =
      "fermata: 1\nprocess: keyed\nversion: 1.0.0\nkey: nightly\nunique: running\n"
      "schedule: { cron: '* * * * *' }\nstates:\n  sweep: { call: shop.sweep, next: done }\n  done: { end: {} }\n";
  bench = std::make_unique<ShardBench>(kSweepManifest, std::vector<std::string>{keyed});
  bench->Start("keyed", Value());
  bench->Settle();
  Pass(1);
  EXPECT_EQ(Started(), 1u) << "the key is in use";
  Finish();
  Pass(1);
  EXPECT_EQ(Started(), 2u);
}

}  // namespace
}  // namespace fermata

// What leaves when its retention is over, and what is found by its variables meanwhile.
#include "engine/runtime/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/limits.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kRetentionManifest = "connector: shop\nversion: 1.0.0\noperations:\n  ship: {}\n";
constexpr const char* kShort =
    "fermata: 1\nprocess: short\nversion: 1.0.0\nretention: 1h\nstates:\n  done: { end: {} }\n";
constexpr const char* kKept = "fermata: 1\nprocess: long\nversion: 1.0.0\nstates:\n  done: { end: {} }\n";
constexpr const char* kLive =
    "fermata: 1\nprocess: live\nversion: 1.0.0\nretention: 1h\nstates:\n  ship: { call: shop.ship, next: done }\n"
    "  done: { end: {} }\n";
constexpr const char* kEnding =
    "fermata: 1\nprocess: parent\nversion: 1.0.0\nstates:\n  child: { run: short, next: ship }\n"
    "  ship: { call: shop.ship, next: done }\n  done: { end: {} }\n";
constexpr const char* kFound = R"yaml(
fermata: 1
process: found
version: 1.0.0
searchable: [city, size, parts, later]
vars: { city: "${input.city}", size: 5, parts: [a], other: x }
states:
  ship: { call: shop.ship, set: { size: "${size + 1}" }, save: later, next: done }
  done: { end: {} }
)yaml";

class RetentionTest : public ::testing::Test {
 protected:
  InstanceId Run(const std::string& process, Value input = Value()) {
    ShardBench::Reply reply = bench.Start(process, std::move(input));
    bench.Settle();
    return (*reply)->value().id;
  }
  // What one pass finds.
  std::vector<InstanceId> Pass(int limit = 100) {
    std::vector<InstanceId> over;
    while (true) {
      const Retention::Helping helping = retention.Next(bench.clock.now_us, limit).value();
      if (helping.last) return over;
      EXPECT_LE(helping.over.size(), static_cast<std::size_t>(limit));
      over.insert(over.end(), helping.over.begin(), helping.over.end());
    }
  }
  void Delete(const InstanceId& id) {
    Batch batch;
    batch.instances_deleted = {id};
    std::optional<CommitOutcome> committed;
    bench.storage.Commit(7, batch, [&](CommitOutcome outcome) { committed = outcome; });
    bench.Settle();
    ASSERT_EQ(committed, CommitOutcome::kCommitted);
  }
  std::size_t Found(std::vector<std::pair<std::string, std::string>> values) {
    InstanceFilter filter;
    filter.values = std::move(values);
    return bench.storage.tables().ListInstances(filter).size();
  }
  ShardBench bench{kRetentionManifest, {kShort, kKept, kLive, kEnding, kFound}};
  Retention retention{bench.storage, bench.definitions};
};

TEST_F(RetentionTest, WhatHasEndedLeavesWhenItsTimeIsOverAndNotBefore) {
  const InstanceId id = Run("short");
  bench.Advance(3'600'000 - 1);
  EXPECT_THAT(Pass(), IsEmpty());
  bench.Advance(1);
  EXPECT_THAT(Pass(), ElementsAre(id));
}

TEST_F(RetentionTest, WithoutARetentionThirtyDaysCount) {
  const InstanceId id = Run("long");
  bench.Advance(kRetentionDefaultMs - 1);
  EXPECT_THAT(Pass(), IsEmpty());
  bench.Advance(1);
  EXPECT_THAT(Pass(), ElementsAre(id));
}

TEST_F(RetentionTest, WhatIsLiveStays) {
  Run("live");
  bench.Advance(kRetentionDefaultMs * 2);
  EXPECT_THAT(Pass(), IsEmpty());
}

TEST_F(RetentionTest, AChildStaysAsLongAsItsParent) {
  const InstanceId parent = Run("parent");
  bench.Advance(7'200'000);
  EXPECT_THAT(Pass(), IsEmpty()) << "whoever undoes the parent reopens the child";
  bench.executor.Answer(JobSuccess{Value()});
  bench.Settle();
  bench.Advance(kRetentionDefaultMs);
  EXPECT_THAT(Pass(), ElementsAre(parent));
}

TEST_F(RetentionTest, AChildLeavesOnceItsParentHasLeft) {
  const InstanceId parent = Run("parent");
  bench.executor.Answer(JobSuccess{Value()});
  bench.Settle();
  bench.Advance(kRetentionDefaultMs);
  ASSERT_THAT(Pass(), ElementsAre(parent));
  Delete(parent);
  bench.Advance(Retention::kAgainMs);
  EXPECT_EQ(Pass().size(), 1u);
}

TEST_F(RetentionTest, APassGoesOnWhereTheLastOneStopped) {
  const InstanceId first = Run("short");
  bench.Advance(1'000);
  const InstanceId second = Run("short");
  bench.Advance(3'600'000 - 1'000);
  EXPECT_THAT(Pass(), ElementsAre(first));
  EXPECT_THAT(Pass(), IsEmpty());
  bench.Advance(1'000);
  EXPECT_THAT(Pass(), ElementsAre(second));
  bench.Advance(Retention::kAgainMs);
  EXPECT_THAT(Pass(), ElementsAre(first, second)) << "nobody has deleted them";
}

TEST_F(RetentionTest, HelpingsMissNoneAndTakeNoneTwice) {
  std::vector<InstanceId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Run("short"));
  const InstanceId other = Run("long");
  bench.Advance(kRetentionDefaultMs);
  for (const int limit : {1, 2, 5, 6}) {
    EXPECT_THAT(Pass(limit), UnorderedElementsAre(ids[0], ids[1], ids[2], ids[3], ids[4], other));
    bench.Advance(Retention::kAgainMs);
  }
}

TEST_F(RetentionTest, WhatIsKeptLongHidesNothingBehindIt) {
  for (int i = 0; i < 5; ++i) Run("long");
  bench.Advance(1);
  const InstanceId id = Run("short");
  bench.Advance(3'600'000);
  const Retention::Helping first = retention.Next(bench.clock.now_us, 2).value();
  EXPECT_THAT(first.over, ElementsAre(id));
}

TEST_F(RetentionTest, SearchableVariablesFollowTheInstance) {
  Run("found", Value::Object({{"city", Value::String("Berlin")}}));
  EXPECT_EQ(Found({{"city", "Berlin"}}), 1u);
  EXPECT_EQ(Found({{"size", "6"}, {"city", "Berlin"}}), 1u);
  EXPECT_EQ(Found({{"size", "5"}}), 0u);
  EXPECT_EQ(Found({{"other", "x"}}), 0u) << "it is not declared";
  EXPECT_EQ(Found({{"parts", "[\"a\"]"}}), 0u) << "lists have no text";
  bench.Restart();
  bench.Settle();
  bench.executor.Answer(JobSuccess{Value::Bool(true)});
  bench.Settle();
  EXPECT_EQ(Found({{"later", "true"}}), 1u);
}

}  // namespace
}  // namespace fermata

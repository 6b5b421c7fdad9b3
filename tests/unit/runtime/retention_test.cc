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
  std::vector<InstanceId> Next(int limit = 100) { return retention.Next(bench.clock.now_us, limit).value(); }
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
  EXPECT_THAT(Next(), IsEmpty());
  bench.Advance(1);
  EXPECT_THAT(Next(), ElementsAre(id));
}

TEST_F(RetentionTest, WithoutARetentionThirtyDaysCount) {
  const InstanceId id = Run("long");
  bench.Advance(kRetentionDefaultMs - 1);
  EXPECT_THAT(Next(), IsEmpty());
  bench.Advance(1);
  EXPECT_THAT(Next(), ElementsAre(id));
}

TEST_F(RetentionTest, WhatIsLiveStays) {
  Run("live");
  bench.Advance(kRetentionDefaultMs * 2);
  EXPECT_THAT(Next(), IsEmpty());
}

TEST_F(RetentionTest, AChildStaysAsLongAsItsParent) {
  const InstanceId parent = Run("parent");
  bench.Advance(7'200'000);
  EXPECT_THAT(Next(), IsEmpty()) << "whoever undoes the parent reopens the child";
  bench.executor.Answer(JobSuccess{Value()});
  bench.Settle();
  bench.Advance(kRetentionDefaultMs);
  EXPECT_THAT(Next(), ElementsAre(parent));
}

TEST_F(RetentionTest, HelpingsGoAroundWithoutMissingAny) {
  std::vector<InstanceId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Run("short"));
  bench.Advance(3'600'000);
  std::vector<InstanceId> over;
  for (int i = 0; i < 3; ++i)
    for (const InstanceId& id : Next(2)) over.push_back(id);
  EXPECT_THAT(over, UnorderedElementsAre(ids[0], ids[1], ids[2], ids[3], ids[4]));
  EXPECT_EQ(Next(2).size(), 2u) << "from the first one on again";
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

// The rows of human tasks on one shard: what storage has, also from earlier releases, and what follows from the state.
#include <gtest/gtest.h>

#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

constexpr const char* kAsks = R"yaml(
fermata: 1
process: asks
version: 1.0.0
states:
  ask:  { ask: Well?, next: done }
  done: { end: {} }
)yaml";
constexpr const char* kNoConnector = "connector: none\nversion: 1.0.0\nkind: builtin\noperations: { nothing: {} }\n";

TEST(StoredTasks, OneThatWasAnsweredDuringASuspensionLeavesTheListAtTheEndThoughAnEarlierReleaseHadKeptIt) {
  ShardBench bench(kNoConnector, {kAsks});
  ShardBench::Reply started = bench.Start("asks", Value::Map({}));
  bench.Settle();
  const InstanceId id = (*started)->value().id;
  const std::vector<TaskRow> open = bench.storage.tables().ListTasks({});
  ASSERT_EQ(open.size(), 1u);
  bench.Command(id, SuspendInstance{});
  auto answered = bench.Command(id, CompleteTask{open[0].activation, std::nullopt, Value(), "ann"});
  bench.Settle();
  ASSERT_TRUE((*answered)->ok());
  ASSERT_TRUE(bench.storage.tables().ListTasks({}).empty());
  Batch kept;
  kept.tasks = open;
  bench.storage.Commit(99, std::move(kept), [](CommitOutcome) {});
  bench.Settle();
  bench.Restart();
  bench.Command(id, ResumeInstance{});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "completed");
  EXPECT_TRUE(bench.storage.tables().ListTasks({}).empty());
}

}  // namespace
}  // namespace fermata

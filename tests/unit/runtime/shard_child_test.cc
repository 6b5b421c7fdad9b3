// Children that nobody waits for and that cannot start, and whose manifest a call follows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/replay.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;

constexpr const char* kShipManifest = R"yaml(
connector: shop
version: 1.0.0
operations:
  ship: {}
)yaml";

constexpr const char* kChild = R"yaml(
fermata: 1
process: child
version: 1.0.0
key: ${input.id}
unique: running
input: { type: object, required: [id], properties: { id: { type: string } } }
states:
  wait: { after: { 1h: done } }
  done: { end: {} }
)yaml";

std::string Parent(const std::string& process, const std::string& run) {
  return "fermata: 1\nprocess: " + process + "\nversion: 1.0.0\nstates:\n  child: { run: " + run +
         ", detach: true, next: wait }\n  wait: { after: { 30m: done } }\n  done: { end: {} }\n";
}

class ShardChildTest : public ::testing::Test {
 protected:
  InstanceState Started(const std::string& process, Value input = Value()) {
    ShardBench::Reply reply = bench.Start(process, std::move(input));
    bench.Settle();
    EXPECT_TRUE(reply->has_value() && (*reply)->ok());
    return bench.Stored((*reply)->value().id);
  }

  ShardBench bench{kShipManifest,
                   {kChild, Parent("parent", "child, with: { id: c-1 }"), Parent("wrong", "child, with: { id: 5 }"),
                    Parent("lost", "nobody")}};
};

TEST_F(ShardChildTest, ADetachedChildWhoseKeyIsInUseIsAnIncidentOfItsParent) {
  EXPECT_TRUE(Started("parent").incidents.empty());
  const InstanceState second = Started("parent");
  ASSERT_EQ(second.incidents.size(), 1u);
  EXPECT_EQ(second.incidents.begin()->second.error.name, "duplicate");
  EXPECT_THAT(ActiveStates(second), ElementsAre("wait"));
}

TEST_F(ShardChildTest, ADetachedChildOfAnUnknownProcessIsAnIncidentOfTheRunState) {
  const InstanceState parent = Started("lost");
  ASSERT_EQ(parent.incidents.size(), 1u);
  EXPECT_EQ(parent.incidents.begin()->second.state, "child");
  EXPECT_EQ(parent.incidents.begin()->second.error.name, "schema");
}

TEST_F(ShardChildTest, ADetachedChildWithAWrongInputIsAnIncidentOfTheRunState) {
  const InstanceState parent = Started("wrong");
  ASSERT_EQ(parent.incidents.size(), 1u);
  EXPECT_EQ(parent.incidents.begin()->second.error.name, "schema");
  EXPECT_THAT(ActiveStates(parent), ElementsAre("child"));
}

TEST_F(ShardChildTest, ACallFollowsTheManifestThatItsProcessWasCheckedAgainst) {
  const std::string manifest = "connector: shop\nversion: 2.0.0\noperations: { ship: {} }\n";
  for (const auto& [process, own] : {std::pair("first", std::string(kShipManifest)), std::pair("second", manifest)}) {
    StoredBundle bundle{"bench.yaml",
                        std::string("fermata: 1\nprocess: ") + process +
                            "\nversion: 1.0.0\nstates:\n  ship: { call: shop.ship, next: done }\n  done: { end: {} }\n",
                        {},
                        {{"shop.yaml", own}}};
    const CompiledBundle compiled = bench.definitions.Compile(bundle);
    ASSERT_TRUE(compiled.definition) << FormatDiagnostics(compiled.diagnostics);
    bench.definitions.Add(compiled.definition, 1);
    bench.definitions.SetLive(process, compiled.definition->hash);
  }
  Started("first");
  Started("second");
  // A restart must not lose it: recovery calls again.
  for (const bool restarted : {false, true}) {
    if (restarted) bench.Restart();
    ASSERT_EQ(bench.executor.calls.size(), 2u);
    for (const BenchExecutor::Call& call : bench.executor.calls) {
      ASSERT_NE(call.job.manifest, nullptr);
      EXPECT_EQ(call.job.manifest->version, call.job.process == "first" ? "1.0.0" : "2.0.0");
    }
  }
}

constexpr const char* kLate = R"yaml(
fermata: 1
process: late
version: 1.0.0
key: ${input.id}
events:
  paid: { key: "${event.data.id}", keep: 1h }
  sent: { key: "${event.data.parcel}", keep: 1h }
  go: { key: "${event.data.id}" }
states:
  idle: { on: { go: wait } }
  wait:
    parallel:
      pay: { states: { pay: { on: { paid: done } }, done: { end: {} } } }
      send: { states: { send: { on: { sent: { if: "false", match: "p-1", go: over } } }, over: { end: {} } } }
    next: end
  end: { end: {} }
)yaml";

class ShardKeepTest : public ::testing::Test {
 protected:
  ShardBench bench{kShipManifest, {kLate}};
};

TEST_F(ShardKeepTest, AnEventThatEntersAnInstanceExpiresWhenItWouldHave) {
  const Value data = Value::Object({{"id", Value::String("o-1")}, {"parcel", Value::String("p-1")}});
  const std::int64_t arrived_us = bench.clock.now_us;
  bench.Send("paid", "e-1", data);
  bench.Send("sent", "e-2", data);
  bench.Settle();
  bench.Advance(30 * 60'000);
  ShardBench::Reply reply = bench.Start("late", Value::Object({{"id", Value::String("o-1")}}));
  bench.Settle();
  const InstanceId id = (*reply)->value().id;
  // By its key, at the start.
  ASSERT_EQ(bench.Stored(id).kept.size(), 1u);
  EXPECT_EQ(bench.Stored(id).kept.begin()->second.until_us, arrived_us + 3'600'000'000);
  // By `match`, when somebody waits for it; his `if` does not take it.
  bench.Advance(60'000);
  bench.Send("go", "e-3", data);
  bench.Settle();
  ASSERT_EQ(bench.Stored(id).kept.size(), 1u);
  EXPECT_EQ(bench.Stored(id).kept.begin()->second.event.type, "sent");
  EXPECT_EQ(bench.Stored(id).kept.begin()->second.until_us, arrived_us + 3'600'000'000);
}

}  // namespace
}  // namespace fermata

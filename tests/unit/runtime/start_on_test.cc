// Events that start instances. language.md 10.13.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/codes.h"
#include "engine/runtime/event_door.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

constexpr const char* kStartingManifest = "connector: shop\nversion: 1.0.0\noperations:\n  ship: {}\n";

// Unique: the order's instance takes further events of its key.
constexpr const char* kStartedOrder = R"yaml(
fermata: 1
process: order
version: 1.0.0
key: ${input.id}
unique: running
input: { type: object, required: [id], properties: { id: { type: string }, amount: { type: integer } } }
events:
  ordered: { key: "${event.data.id}" }
start_on: ordered
states:
  open: { on: { ordered: { save: again, go: done } } }
  done: { end: { again: "${again}" } }
)yaml";

// Starts anew each time, and does not know the key.
constexpr const char* kLog = R"yaml(
fermata: 1
process: log
version: 1.0.0
events:
  ordered: {}
start_on: ordered
states:
  written: { end: { id: "${input.id}" } }
)yaml";

// Waits for what starts the others.
constexpr const char* kWatcher = R"yaml(
fermata: 1
process: watcher
version: 1.0.0
key: ${input.id}
events:
  ordered: { key: "${event.data.id}", keep: 1h }
states:
  watch: { on: { ordered: done } }
  done: { end: {} }
)yaml";

constexpr const char* kOnce = R"yaml(
fermata: 1
process: once
version: 1.0.0
key: ${input.id}
unique: ever
events:
  ordered: {}
start_on: ordered
states:
  done: { end: {} }
)yaml";

constexpr const char* kSender = R"yaml(
fermata: 1
process: sender
version: 1.0.0
states:
  send: { emit: ordered, with: { id: "${input.id}" }, next: done }
  done: { end: {} }
)yaml";

Value Known(std::string_view id) { return Value::Object({{"id", Value::String(id)}}); }

CloudEvent Ordered(const std::string& id, Value data) {
  CloudEvent event;
  event.id = id;
  event.source = "/tests";
  event.type = "ordered";
  event.data = std::move(data);
  return event;
}

class StartOnTest : public ::testing::Test {
 protected:
  void Deploy(std::vector<std::string> processes) {
    bench = std::make_unique<ShardBench>(kStartingManifest, std::move(processes));
  }
  EventReply Send(const std::string& id, Value data) {
    auto reply = bench->Send("ordered", id, std::move(data));
    bench->Settle();
    EXPECT_TRUE(reply->has_value() && (*reply)->ok());
    return (*reply)->value();
  }
  std::vector<InstanceRow> Of(const std::string& process) {
    std::vector<InstanceRow> rows = bench->Rows();
    std::erase_if(rows, [&](const InstanceRow& row) { return row.process != process; });
    return rows;
  }
  std::unique_ptr<ShardBench> bench;
};

TEST_F(StartOnTest, AnEventStartsAnInstanceWithItsDataAsInput) {
  Deploy({kStartedOrder});
  const EventReply reply = Send("e-1", Known("o-1"));
  ASSERT_EQ(reply.started.size(), 1u);
  EXPECT_EQ(reply.delivered, 0);
  EXPECT_FALSE(reply.kept);
  const InstanceState state = bench->Stored(reply.started[0]);
  EXPECT_EQ(state.key, "o-1");
  EXPECT_EQ(state.input, Known("o-1"));
}

TEST_F(StartOnTest, TheSameEventStartsOnceAlsoAfterARestart) {
  Deploy({kStartedOrder, kLog});
  Send("e-1", Known("o-1"));
  EXPECT_TRUE(Send("e-1", Known("o-1")).duplicate);
  bench->Restart();
  EXPECT_TRUE(Send("e-1", Known("o-1")).duplicate);
  EXPECT_EQ(Of("order").size(), 1u);
}

TEST_F(StartOnTest, WhereTheUniqueKeyIsLiveItsInstanceTakesTheEventInstead) {
  Deploy({kStartedOrder});
  const InstanceId first = Send("e-1", Known("o-1")).started.at(0);
  const EventReply second = Send("e-2", Known("o-1"));
  EXPECT_TRUE(second.started.empty());
  EXPECT_EQ(second.delivered, 1);
  EXPECT_EQ(Of("order").size(), 1u);
  EXPECT_EQ(*bench->Stored(first).output.Find("again"), Known("o-1"));
  EXPECT_EQ(Send("e-3", Known("o-1")).started.size(), 1u) << "the key is free again";
}

TEST_F(StartOnTest, TwoEventsOfOneBatchAreToldApartToo) {
  Deploy({kStartedOrder});
  auto first = bench->Send("ordered", "e-1", Known("o-1"));
  auto second = bench->Send("ordered", "e-2", Known("o-1"));
  bench->Settle();
  EXPECT_EQ((*first)->value().started.size(), 1u);
  EXPECT_EQ((*second)->value().delivered, 1);
  EXPECT_EQ(Of("order").size(), 1u);
}

TEST_F(StartOnTest, WithoutAKeyEveryEventStartsAnInstance) {
  Deploy({kLog});
  EXPECT_EQ(Send("e-1", Known("a")).started.size(), 1u);
  EXPECT_EQ(Send("e-2", Known("a")).started.size(), 1u);
  EXPECT_EQ(Of("log").size(), 2u);
}

TEST_F(StartOnTest, OthersThatKnowTheEventGetItOrItIsKeptForThem) {
  Deploy({kStartedOrder, kWatcher});
  EXPECT_TRUE(Send("e-1", Known("o-1")).kept);
  bench->Start("watcher", Known("o-1"));
  bench->Settle();
  EXPECT_EQ(Of("watcher").at(0).status, "completed");
  bench->Start("watcher", Known("o-2"));
  bench->Settle();
  const EventReply reply = Send("e-2", Known("o-2"));
  EXPECT_EQ(reply.delivered, 1);
  EXPECT_EQ(reply.started.size(), 1u);
}

TEST_F(StartOnTest, AKeyThatIsTakenForEverIsRefusedAndNothingHappens) {
  Deploy({kOnce});
  EXPECT_EQ(Send("e-1", Known("o-1")).started.size(), 1u);
  for (int i = 0; i < 2; ++i) {
    auto reply = bench->Send("ordered", "e-2", Known("o-1"));
    bench->Settle();
    ASSERT_TRUE(reply->has_value());
    ASSERT_FALSE((*reply)->ok());
    EXPECT_EQ((*reply)->error().code, kKeyInUse);
  }
  EXPECT_EQ(Of("once").size(), 1u);
}

TEST_F(StartOnTest, AnEmittedEventStartsAnInstanceToo) {
  Deploy({kLog, kSender});
  bench->Start("sender", Known("x"));
  bench->Settle();
  ASSERT_EQ(Of("log").size(), 1u);
  EXPECT_EQ(bench->Stored(Of("log")[0].id).input, Known("x"));
}

TEST_F(StartOnTest, AnEmittedEventThatFitsNoInputIsLostAndTheShardGoesOn) {
  Deploy({kStartedOrder, kSender});
  bench->Start("sender", Value::Object({{"id", Value::Int(5)}}));
  bench->Settle();
  EXPECT_EQ(Of("sender").at(0).status, "completed");
  EXPECT_EQ(Of("order").size(), 0u);
  EXPECT_EQ(Send("e-1", Known("o-1")).started.size(), 1u);
}

TEST_F(StartOnTest, TheDoorRefusesDataThatIsNoInput) {
  Deploy({kStartedOrder, kLog});
  Result<CloudEvent> refused =
      ValidateEvent(bench->definitions, Ordered("e-1", Value::Object({{"amount", Value::String("much")}})), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, kInvalidEvent);
  EXPECT_THAT(refused.error().path, testing::StartsWith("/data"));
  EXPECT_FALSE(ValidateEvent(bench->definitions, Ordered("e-1", Value::Int(5)), 0).ok());
  EXPECT_TRUE(ValidateEvent(bench->definitions, Ordered("e-1", Known("a")), 0).ok());
}

TEST_F(StartOnTest, DataThatIsNoInputMayStillBeForTheInstanceThatHasTheKey) {
  Deploy({kStartedOrder});
  const Value misfit = Value::Object({{"id", Value::String("o-1")}, {"amount", Value::String("much")}});
  EXPECT_TRUE(ValidateEvent(bench->definitions, Ordered("e-1", misfit), 0).ok());
  auto refused = bench->Send("ordered", "e-1", misfit);
  bench->Settle();
  ASSERT_FALSE((*refused)->ok());
  EXPECT_EQ((*refused)->error().path, "/data/amount");
  Send("e-2", Known("o-1"));
  EXPECT_EQ(Send("e-1", misfit).delivered, 1) << "what was refused was not accepted: it may come again";
}

TEST_F(StartOnTest, TheLiveVersionDecides) {
  Deploy({kStartedOrder});
  std::string quiet = kStartedOrder;
  quiet.replace(quiet.find("1.0.0"), 5, "1.1.0");
  quiet.erase(quiet.find("start_on: ordered\n"), std::string("start_on: ordered\n").size());
  StoredBundle bundle{"quiet.yaml", quiet, {}, {}};
  CompiledBundle compiled = bench->definitions.Compile(bundle);
  ASSERT_TRUE(compiled.definition);
  const std::string old_hash = bench->definitions.Live("order")->hash;
  bench->definitions.Add(compiled.definition, 2);
  bench->definitions.SetLive("order", compiled.definition->hash);
  EXPECT_TRUE(Send("e-1", Known("o-1")).started.empty());
  bench->definitions.SetLive("order", old_hash);
  EXPECT_EQ(Send("e-2", Known("o-2")).started.size(), 1u);
}

TEST_F(StartOnTest, APowerCutLeavesAllOrNothing) {
  Deploy({kLog});
  bench->Send("ordered", "e-1", Known("a"));
  bench->shard->Step();
  bench->Restart();
  const EventReply again = Send("e-1", Known("a"));
  EXPECT_EQ(Of("log").size(), 1u);
  EXPECT_EQ(again.started.size() + (again.duplicate ? 1u : 0u), 1u);
}

TEST(EventDoor, AKeylessStartGoesByTheIdentityOfTheEvent) {
  ShardBench bench(kStartingManifest, {kLog});
  const auto messages = RouteEvent(bench.definitions, "default", Ordered("e-1", Known("a")), std::nullopt, 0);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].processes.empty());
  EXPECT_EQ(messages[0].starts, (std::vector<EventStart>{{"log", "1.0.0", false}}));
  EXPECT_TRUE(RouteEvent(bench.definitions, "default", Ordered("e-1", Known("a")),
                         std::pair<std::string, std::string>("log", "k"), 0)[0]
                  .starts.empty())
      << "addressed events start nothing";
}

}  // namespace
}  // namespace fermata

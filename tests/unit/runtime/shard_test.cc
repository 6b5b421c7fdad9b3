#include "engine/runtime/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/codes.h"
#include "engine/storage/codes.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;

constexpr const char* kManifest = R"yaml(
connector: shop
version: 1.0.0
operations:
  hold:    { errors: [declined] }
  release: {}
  ship:    { retry: { attempts: 3, first: 10s, factor: 2 } }
)yaml";

constexpr const char* kOrder = R"yaml(
fermata: 1
process: order
version: 1.0.0
key: ${input.id}
unique: running
events:
  paid: { key: "${event.data.order}", keep: 1h }
states:
  pay:
    on: { paid: { save: payment, go: ship } }
    after: { 30m: late }
  ship: { call: shop.ship, next: done }
  late: { fail: not-paid }
  done: { end: { by: "${payment.by}" } }
)yaml";

constexpr const char* kHold = R"yaml(
fermata: 1
process: hold
version: 1.0.0
states:
  hold: { call: shop.hold, save: held, undo: { call: shop.release, with: { hold: "${held.id}" } }, next: ship }
  ship: { call: shop.ship, next: done }
  done: { end: {} }
)yaml";

constexpr const char* kParent = R"yaml(
fermata: 1
process: parent
version: 1.0.0
states:
  child: { run: order, with: { id: "${input.id}" }, save: result, on_error: { duplicate: busy, not-paid: busy }, next: done }
  busy:  { end: { busy: true } }
  done:  { end: { result: "${result}" } }
)yaml";

constexpr const char* kCashier = R"yaml(
fermata: 1
process: cashier
version: 1.0.0
states:
  tell: { emit: paid, to: { process: order, key: "${input.id}" }, with: { by: cash }, next: done }
  done: { end: {} }
)yaml";

constexpr const char* kStop = R"yaml(
fermata: 1
process: stop
version: 1.0.0
key: ${input.id}
events: { stop: { key: "${event.data.id}" } }
vars: { share: "${10 / input.parts}" }
states:
  wait: { on: { stop: done }, after: { 1d: done } }
  done: { end: {} }
)yaml";

constexpr const char* kBegun = R"yaml(
fermata: 1
process: begun
version: 1.0.0
key: ${input.id}
unique: running
start_on: begin
events: { begin: {}, halt: { key: "${event.data.id}" } }
states:
  wait: { on: { halt: done }, after: { 1d: done } }
  done: { end: {} }
)yaml";

Value Id(std::string_view id) { return Value::Object({{"id", Value::String(id)}}); }
Value Paid(std::string_view order) {
  return Value::Object({{"order", Value::String(order)}, {"by", Value::String("card")}});
}
Outcome Ok() { return JobSuccess{Value::Object({{"id", Value::String("h-1")}})}; }

class ShardTest : public ::testing::Test {
 protected:
  InstanceId Started(const std::string& process, Value input) {
    ShardBench::Reply reply = bench.Start(process, std::move(input));
    bench.Settle();
    EXPECT_TRUE(reply->has_value() && (*reply)->ok());
    return (*reply)->value().id;
  }
  ShardBench bench{kManifest, {kOrder, kHold, kParent, kCashier, kStop, kBegun}};
};

TEST_F(ShardTest, AnswersAndCallsOutOnlyAfterTheCommit) {
  ShardBench::Reply reply = bench.Start("hold", Value());
  bench.shard->Step();
  EXPECT_EQ(bench.storage.in_flight(), 1u);
  EXPECT_FALSE(reply->has_value());
  EXPECT_TRUE(bench.executor.calls.empty());
  bench.storage.FinishOne();
  bench.shard->Step();
  ASSERT_TRUE(reply->has_value());
  EXPECT_TRUE((*reply)->ok());
  EXPECT_EQ(bench.executor.calls.size(), 1u);
}

TEST_F(ShardTest, ABatchEndsWhenItHasEnoughBytes) {
  const std::string text(100'000, 'x');
  for (int i = 0; i < 60; ++i) {
    const std::string id = "o-" + std::to_string(i);
    bench.Start("order", Value::Object({{"id", Value::String(id)}, {"text", Value::String(text)}}));
  }
  bench.shard->Step();
  EXPECT_EQ(bench.counters.started, kBatchBytesMax / text.size() + 1);
  EXPECT_EQ(bench.shard->InboxDepth(), 60 - bench.counters.started);
  bench.Settle();
  EXPECT_EQ(bench.counters.started, 60u);
  EXPECT_EQ(bench.Rows().size(), 60u);
}

TEST_F(ShardTest, ADecisionIsOneJournalRow) {
  InstanceId id = Started("hold", Value());
  bench.executor.Answer(Ok());
  bench.Settle();
  bench.executor.Answer(Ok());
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "completed");
  EXPECT_EQ(bench.storage.tables().ReadJournal(id, 0, 100).size(), 3u);
}

TEST_F(ShardTest, EveryTryOfACallHasTheSameIdempotencyKeyAndAnUndoItsOwn) {
  InstanceId id = Started("hold", Value());
  std::string hold_key = bench.executor.calls.front().job.idempotency_key;
  bench.executor.Answer(Ok());
  bench.Settle();
  std::string first = bench.executor.calls.front().job.idempotency_key;
  bench.executor.Answer(TechnicalFailure{TechnicalError::kUnavailable, "", 0});
  bench.Settle();
  EXPECT_TRUE(bench.executor.calls.empty());
  bench.Advance(10'000);
  bench.Settle();
  ASSERT_EQ(bench.executor.calls.size(), 1u);
  EXPECT_EQ(bench.executor.calls.front().job.idempotency_key, first);
  EXPECT_EQ(bench.executor.calls.front().job.attempt, 2);
  bench.executor.Answer(Ok());
  bench.Command(id, CancelInstance{"late"});
  bench.Settle();
  EXPECT_NE(first, hold_key);
}

TEST_F(ShardTest, UndoesWhatWasDoneWhenItIsCancelled) {
  InstanceId id = Started("hold", Value());
  bench.executor.Answer(Ok());
  bench.Settle();
  auto cancelled = bench.Command(id, CancelInstance{"changed my mind"});
  bench.Settle();
  ASSERT_TRUE(cancelled->has_value() && (*cancelled)->ok());
  EXPECT_EQ((*cancelled)->value(), "compensating");
  ASSERT_EQ(bench.executor.calls.size(), 2u);  // the ship call that was let go, and the undo
  EXPECT_EQ(bench.executor.calls.back().job.operation, "release");
  std::swap(bench.executor.calls.front(), bench.executor.calls.back());
  bench.executor.Answer(Ok());
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "cancelled");
}

TEST_F(ShardTest, TheSameIdempotencyKeyGetsTheSameAnswer) {
  ShardBench::Reply first = bench.Start("hold", Value(), "k-1", "h");
  ShardBench::Reply in_flight = bench.Start("hold", Value(), "k-1", "h");
  bench.Settle();
  ShardBench::Reply durable = bench.Start("hold", Value(), "k-1", "h");
  ShardBench::Reply other = bench.Start("hold", Value(), "k-1", "another request");
  bench.Settle();
  EXPECT_EQ((*in_flight)->value().id, (*first)->value().id);
  EXPECT_EQ((*durable)->value().id, (*first)->value().id);
  EXPECT_TRUE((*durable)->value().repeated);
  ASSERT_FALSE((*other)->ok());
  EXPECT_EQ((*other)->error().code, kIdempotencyKeyReused);
  EXPECT_EQ(bench.Rows().size(), 1u);
}

TEST_F(ShardTest, AKeyInUseIsRefusedAlsoBeforeItsFirstStartIsDurable) {
  ShardBench::Reply first = bench.Start("order", Id("o-1"));
  ShardBench::Reply same_batch = bench.Start("order", Id("o-1"));
  bench.shard->Step();
  ShardBench::Reply next_batch = bench.Start("order", Id("o-1"));
  bench.Settle();
  ShardBench::Reply durable = bench.Start("order", Id("o-1"));
  bench.Settle();
  EXPECT_TRUE((*first)->ok());
  for (const ShardBench::Reply& reply : {same_batch, next_batch, durable}) {
    ASSERT_FALSE((*reply)->ok());
    EXPECT_EQ((*reply)->error().code, kKeyInUse);
  }
}

TEST_F(ShardTest, AKeyIsFreeAgainWhenItsInstanceHasEnded) {
  InstanceId id = Started("order", Id("o-1"));
  bench.Command(id, CancelInstance{""});
  bench.Settle();
  ShardBench::Reply again = bench.Start("order", Id("o-1"));
  bench.Settle();
  EXPECT_TRUE((*again)->ok());
}

TEST_F(ShardTest, AnEventMovesTheInstanceWithItsKey) {
  InstanceId id = Started("order", Id("o-1"));
  InstanceId other = Started("order", Id("o-2"));
  auto reply = bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  EXPECT_EQ((*reply)->value().delivered, 1);
  EXPECT_FALSE((*reply)->value().kept);
  EXPECT_THAT(ActiveStates(bench.Stored(id)), ElementsAre("ship"));
  EXPECT_THAT(ActiveStates(bench.Stored(other)), ElementsAre("pay"));
}

TEST_F(ShardTest, AnEventIsAcceptedOnce) {
  InstanceId id = Started("order", Id("o-1"));
  auto first = bench.Send("paid", "e-1", Paid("o-1"));
  auto same_batch = bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  auto durable = bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  EXPECT_FALSE((*first)->value().duplicate);
  EXPECT_TRUE((*same_batch)->value().duplicate);
  EXPECT_TRUE((*durable)->value().duplicate);
  EXPECT_TRUE(bench.Stored(id).kept.empty());
}

TEST_F(ShardTest, AnEventsIdentityStandsForItWhateverItCarriesTheSecondTime) {
  Started("order", Id("o-1"));
  InstanceId other = Started("order", Id("o-2"));
  auto first = bench.Send("paid", "e-1", Paid("o-1"));
  auto same_batch = bench.Send("paid", "e-1", Paid("o-2"));
  bench.Settle();
  auto durable = bench.Send("paid", "e-1", Paid("o-2"));
  bench.Settle();
  EXPECT_FALSE((*first)->value().duplicate);
  EXPECT_TRUE((*same_batch)->value().duplicate);
  EXPECT_TRUE((*durable)->value().duplicate);
  EXPECT_THAT(ActiveStates(bench.Stored(other)), ElementsAre("pay"));
}

TEST_F(ShardTest, AnEventThatComesBeforeItsInstanceWaitsForIt) {
  auto reply = bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  EXPECT_TRUE((*reply)->value().kept);
  InstanceId id = Started("order", Id("o-1"));
  EXPECT_THAT(ActiveStates(bench.Stored(id)), ElementsAre("ship"));
  EXPECT_TRUE(bench.storage.tables().FindKeptEvents(kDefaultTenant, "o-1", "order", std::nullopt).empty());
}

TEST_F(ShardTest, AnEventForAnInstanceThatIsNotThereYetWaitsForIt) {
  Started("cashier", Id("o-1"));
  EXPECT_EQ(bench.storage.tables().FindKeptEvents(kDefaultTenant, "o-1", "order", std::nullopt).size(), 1u);
  InstanceId id = Started("order", Id("o-1"));
  EXPECT_THAT(ActiveStates(bench.Stored(id)), ElementsAre("ship"));
}

Value Parts(std::string_view id, std::int64_t parts) {
  return Value::Object({{"id", Value::String(id)}, {"parts", Value::Int(parts)}});
}

TEST_F(ShardTest, AnEventThatMeetsAnInstanceEndedInTheSameBatchIsKept) {
  Started("stop", Parts("s-1", 2));
  auto first = bench.Send("stop", "e-1", Id("s-1"));
  auto second = bench.Send("stop", "e-2", Id("s-1"));
  bench.Settle();
  EXPECT_EQ((*first)->value().delivered, 1);
  EXPECT_EQ((*second)->value().delivered, 0);
  EXPECT_TRUE((*second)->value().kept);
}

TEST_F(ShardTest, AKeyThatAnInstanceEndedInTheSameBatchHadIsFree) {
  bench.Send("begin", "b-1", Id("k-1"));
  bench.Settle();
  auto stopped = bench.Send("halt", "e-1", Id("k-1"));
  auto begun = bench.Send("begin", "b-2", Id("k-1"));
  bench.Settle();
  EXPECT_EQ((*stopped)->value().delivered, 1);
  EXPECT_EQ((*begun)->value().started.size(), 1u);
}

TEST_F(ShardTest, ARefusedStartLeavesTheEventsThatWaitForItsKey) {
  bench.Send("stop", "e-1", Id("s-1"));
  bench.Settle();
  ShardBench::Reply refused = bench.Start("stop", Parts("s-1", 0));
  bench.Settle();
  ASSERT_TRUE(refused->has_value());
  EXPECT_FALSE((*refused)->ok());
  EXPECT_EQ(bench.StatusOf(Started("stop", Parts("s-1", 2))), "completed");
}

TEST_F(ShardTest, OneEventIdentityWithTwoKeysStartsOneInstance) {
  auto first = bench.Send("begin", "b-1", Id("k-1"));
  auto second = bench.Send("begin", "b-1", Id("k-2"));
  bench.Settle();
  ASSERT_EQ((*first)->value().started.size(), 1u);
  EXPECT_TRUE((*second)->value().duplicate);
  EXPECT_TRUE((*second)->value().started.empty());
}

TEST_F(ShardTest, AKeptEventThatExpiredIsNotGiven) {
  bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  bench.Advance(3'600'001);
  InstanceId id = Started("order", Id("o-1"));
  EXPECT_THAT(ActiveStates(bench.Stored(id)), ElementsAre("pay"));
}

TEST_F(ShardTest, ATimerFiresWhenItsTimeHasComeAlsoAfterARestart) {
  InstanceId id = Started("order", Id("o-1"));
  bench.Advance(30 * 60'000 - 1);
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "waiting");
  bench.Restart();
  bench.Advance(1);
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "failed");
  EXPECT_TRUE(bench.storage.tables().ReadTimers(AllShards(), INT64_MAX, std::nullopt, 10).empty());
}

TEST_F(ShardTest, TimeGoesOnWhereTheClockOfTheServerBeforeWasAhead) {
  const std::int64_t first_us = bench.Stored(Started("hold", Value())).started_us;
  bench.clock.now_us -= 60'000'000;  // another server's
  bench.Restart();
  bench.Advance(8'000);
  const std::int64_t second_us = bench.Stored(Started("hold", Value())).started_us;
  EXPECT_GE(second_us - first_us, 6'000'000) << "time must not stand still until the clock has caught up";
  EXPECT_LE(second_us - first_us, 8'000'000);
  bench.Advance(3'600'000);
  EXPECT_EQ(bench.Stored(Started("hold", Value())).started_us, bench.clock.now_us) << "in the end it is the clock's";
}

TEST_F(ShardTest, AJobInFlightIsDispatchedAgainAfterARestart) {
  InstanceId id = Started("hold", Value());
  std::string key = bench.executor.calls.front().job.idempotency_key;
  bench.Restart();
  ASSERT_EQ(bench.executor.calls.size(), 1u);
  EXPECT_EQ(bench.executor.calls.front().job.idempotency_key, key);
  bench.executor.Answer(Ok());
  bench.Settle();
  EXPECT_THAT(ActiveStates(bench.Stored(id)), ElementsAre("ship"));
}

TEST_F(ShardTest, AFailedCommitAnswersItsCallersAndLeavesNothing) {
  bench.storage.SetFaults(1'000);
  ShardBench::Reply reply = bench.Start("hold", Value());
  bench.shard->Step();
  bench.storage.FinishOne();
  bench.storage.SetFaults(0);
  bench.Settle();
  ASSERT_TRUE(reply->has_value());
  ASSERT_FALSE((*reply)->ok());
  EXPECT_TRUE((*reply)->error().code == kStorageUnavailable || (*reply)->error().code == kCommitUnknown);
  ShardBench::Reply next = bench.Start("hold", Value());
  bench.Settle();
  EXPECT_TRUE((*next)->ok());
}

TEST_F(ShardTest, AShardThatAnotherNodeHasTakenOverDoesNothingAnyMore) {
  InstanceId id = Started("hold", Value());
  ASSERT_EQ(bench.executor.calls.size(), 1u);
  bench.storage.Fence();
  bench.executor.Answer(Ok());
  bench.Settle();
  EXPECT_FALSE(bench.shard->healthy());
  EXPECT_TRUE(bench.executor.calls.empty()) << "the call belongs to the new owner";
  ShardBench::Reply reply = bench.Start("hold", Value());
  bench.Advance(60'000);
  bench.Settle();
  ASSERT_TRUE(reply->has_value());
  ASSERT_FALSE((*reply)->ok());
  EXPECT_EQ((*reply)->error().code, kStorageFenced);
  EXPECT_TRUE(bench.executor.calls.empty());
  EXPECT_EQ(bench.storage.tables().ReadJournal(id, 0, 100).size(), 1u);
  EXPECT_EQ(bench.Rows().size(), 1u);
}

TEST_F(ShardTest, ANodeThatSleptMeetsWhatTheNewOwnerHasWrittenByAClockAhead) {
  ShardBench other{kManifest, {kHold}};
  other.clock.now_us += 60'000'000;
  ShardBench::Reply started = other.Start("hold", Value());
  other.Settle();
  const InstanceId id = (*started)->value().id;
  const StoredInstance stored = *other.storage.tables().LoadInstance(id);
  Batch rows;
  rows.journal = stored.tail;
  rows.instances = {stored.row};
  bench.storage.Commit(1, std::move(rows), [](CommitOutcome) {});
  bench.storage.FinishOne();
  bench.storage.Fence();
  const auto reply = bench.Command(id, CancelInstance{});
  bench.Settle();
  ASSERT_TRUE(reply->has_value());
  EXPECT_FALSE((*reply)->ok());
  EXPECT_EQ(bench.storage.tables().ReadJournal(id, 0, 100).size(), 1u);
}

TEST_F(ShardTest, AChildEndsIntoItsParent) {
  InstanceId parent = Started("parent", Id("o-1"));
  EXPECT_EQ(bench.Rows().size(), 2u);
  bench.Send("paid", "e-1", Paid("o-1"));
  bench.Settle();
  bench.executor.Answer(Ok());
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(parent), "completed");
  EXPECT_EQ(*bench.Stored(parent).output.Find("result")->Find("by"), Value::String("card"));
  EXPECT_TRUE(bench.storage.tables().ReadInbox(AllShards(), std::nullopt, 10).empty());
}

TEST_F(ShardTest, AChildWhoseKeyIsInUseRaisesDuplicate) {
  Started("order", Id("o-1"));
  InstanceId parent = Started("parent", Id("o-1"));
  EXPECT_EQ(bench.StatusOf(parent), "completed");
  EXPECT_EQ(*bench.Stored(parent).output.Find("busy"), Value::Bool(true));
}

TEST_F(ShardTest, AMessageOutlivesARestartBetweenSenderAndReceiver) {
  bench.Start("parent", Id("o-1"));
  bench.shard->Step();
  bench.storage.FinishOne();  // the parent is durable, its child not yet started
  bench.Restart();
  bench.Settle();
  EXPECT_EQ(bench.Rows().size(), 2u);
}

class Messages : public ::testing::Test {
 protected:
  Messages() {
    auto started = bench_.Start("order", Value::Object({{"id", Value::String("o-1")}}));
    bench_.Settle();
    id_ = started->value().value().id;
    cancel_ = {0, InstanceId::Make(0, 5, 5, 5), 1, 0, EncodeMessage(InstanceMessage{id_, CancelInstance{"x"}})};
  }
  void Put(const InboxRow& row) {
    Batch batch;
    batch.inbox = {row};
    bench_.storage.Commit(99, std::move(batch),
                          [](CommitOutcome outcome) { EXPECT_EQ(outcome, CommitOutcome::kCommitted); });
    bench_.Settle();
  }

  ShardBench bench_{kManifest, {kOrder}};
  InstanceId id_;
  InboxRow cancel_;
};

TEST_F(Messages, OfAShardThatGoesAreNotTakenWhenItComesBack) {
  bench_.shard->PostMessage(cancel_);  // another node takes it from storage meanwhile
  bool gone = false;
  bench_.shard->Give(AllShards(), [&] { gone = true; });
  bench_.Settle();
  EXPECT_TRUE(gone);
  bench_.shard->Gain(AllShards());
  bench_.Settle();
  EXPECT_EQ(bench_.StatusOf(id_), "waiting");
}

TEST_F(Messages, TheSameRowInMemoryTwiceIsTakenOnce) {
  Put(cancel_);
  bench_.shard->PostMessage(cancel_);
  bench_.shard->PostMessage(cancel_);
  EXPECT_EQ(bench_.shard->InboxDepth(), 1u);
  bench_.Settle();
  EXPECT_EQ(bench_.StatusOf(id_), "cancelled");
  bench_.shard->PostMessage(cancel_);
  EXPECT_EQ(bench_.shard->InboxDepth(), 1u) << "maybe it is there again";
}

TEST_F(Messages, OneThatCannotBeReadStaysAndHoldsNothingUp) {
  InboxRow newer = cancel_;
  newer.index = 1;
  newer.bytes = "of a newer release";
  for (const InboxRow& row : {newer, cancel_}) {
    Put(row);
    bench_.shard->PostMessage(row);
  }
  bench_.Settle();
  EXPECT_EQ(bench_.StatusOf(id_), "cancelled");
  EXPECT_EQ(bench_.storage.tables().ReadInbox(AllShards(), std::nullopt, 9).size(), 1u);
  bench_.shard->PostMessage(newer);
  EXPECT_EQ(bench_.shard->InboxDepth(), 0u) << "it is not taken again and again";
}

TEST_F(Messages, AnInstanceThatCannotBeReadStandsStillAlone) {
  const InstanceId newer = InstanceId::Make(0, 7, 7, 7);
  const auto clock_us = bench_.clock.NowUs();
  Batch batch;
  batch.instances.push_back(bench_.storage.tables().LoadInstance(id_)->row);
  batch.instances.back().id = newer;
  batch.instances.back().key.reset();
  batch.journal = {{newer, 1, clock_us, "of a newer release"}};
  batch.timers = {{newer, 1, 0, clock_us + 1}};
  bench_.storage.Commit(99, std::move(batch), [](CommitOutcome) {});
  bench_.Settle();
  ASSERT_TRUE(bench_.shard->Recover().ok());
  InboxRow for_it = cancel_;
  for_it.index = 1;
  for_it.bytes = EncodeMessage(InstanceMessage{newer, CancelInstance{"x"}});
  for (const InboxRow& row : {for_it, cancel_}) {
    Put(row);
    bench_.shard->PostMessage(row);
  }
  bench_.Advance(10'000);
  bench_.Settle();
  EXPECT_TRUE(bench_.shard->healthy());
  EXPECT_EQ(bench_.StatusOf(id_), "cancelled");
  EXPECT_EQ(bench_.storage.tables().ReadInbox(AllShards(), std::nullopt, 9).size(), 1u)
      << "it waits for a newer server";
}

TEST_F(Messages, ARowThatIsThereAgainIsDeletedThoughItIsKnown) {
  for (int i = 0; i < 2; ++i) {
    Put(cancel_);
    bench_.shard->PostMessage(cancel_);
    bench_.Settle();
    EXPECT_TRUE(bench_.storage.tables().ReadInbox(AllShards(), std::nullopt, 9).empty());
  }
}

}  // namespace
}  // namespace fermata

// Orders on their way between nodes: none has no end, and none that is there is overlooked.
#include "engine/runtime/exchange.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "engine/runtime/codes.h"
#include "engine/storage/memory/memory_storage.h"

namespace fermata {
namespace {

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    Exchange::Host host{[this] { return mine_; }, [](int) { return true; },
                        [this](const InboxRow& row) { delivered_.push_back(row.seq); },
                        [this] { return storage_->nodes()->self().mailbox; }, [] { return false; }};
    host.now = [this] { return now_; };
    exchange_.emplace(*storage_->nodes(), *storage_, std::move(host));
    for (int polls = 0; polls < 11; ++polls) Wait(kNodePollMs);  // from here on it polls seldom
  }
  ~ExchangeTest() override { exchange_->Stop(); }

  void Wait(std::int64_t ms) {
    now_ += std::chrono::milliseconds(ms);
    exchange_->Turn();
  }
  std::future<Result<Value>> Send(int shard) {
    auto promise = std::make_shared<std::promise<Result<Value>>>();
    exchange_->Send(shard, "start", Value(), [promise](Result<Value> reply) { promise->set_value(std::move(reply)); });
    return promise->get_future();
  }
  static void Commit(Storage& storage, Batch batch) {
    std::promise<CommitOutcome> committed;
    storage.Commit(0, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
    EXPECT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  }
  std::vector<InboxRow> Inbox() { return storage_->ReadInbox(AllShards(), std::nullopt, 2'000).value(); }
  void AwaitRows(std::size_t count) {
    while (Inbox().size() < count) std::this_thread::yield();
    Commit(*storage_, {});  // behind it: whoever sent them has heard
  }

  MemoryCluster cluster_;
  std::unique_ptr<Storage> storage_ = cluster_.Open("a");
  ShardSet mine_;
  std::vector<std::int64_t> delivered_;
  std::chrono::steady_clock::time_point now_{};
  std::optional<Exchange> exchange_;
};

TEST_F(ExchangeTest, AnOrderThatNobodyTakesInTimeIsWithdrawnAndNothingHappened) {
  std::future<Result<Value>> reply = Send(7);
  AwaitRows(1);
  Wait(kNodeAnswerMs);
  EXPECT_EQ(reply.get().error().code, kInboxFull);
  EXPECT_TRUE(Inbox().empty());
}

TEST_F(ExchangeTest, AnOrderThatWasTakenAndIsNotAnsweredInTimeMayHaveHappened) {
  std::future<Result<Value>> reply = Send(7);
  AwaitRows(1);
  Batch taken;
  taken.inbox_taken = Inbox();
  const auto other = cluster_.Open("b");
  Commit(*other, taken);
  Wait(kNodeAnswerMs);
  EXPECT_EQ(reply.get().error().code, kCommitUnknown);
}

TEST_F(ExchangeTest, WhoStopsWithdrawsItsOrders) {
  std::future<Result<Value>> reply = Send(7);
  exchange_->Stop();
  EXPECT_EQ(reply.get().error().code, kCommitUnknown);
  EXPECT_TRUE(Inbox().empty());
}

TEST_F(ExchangeTest, AShardThatDoesNotAnswerLeavesRoomForOthers) {
  for (int i = 0; i < 1'000; ++i) (void)Send(7);
  EXPECT_EQ(Send(7).get().error().code, kInboxFull);
  (void)Send(8);
  AwaitRows(1'001);
}

TEST_F(ExchangeTest, AnOrderForAShardThatHasComeHereMeanwhileIsLookedFor) {
  mine_.set(7);
  (void)Send(7);
  AwaitRows(1);
  exchange_->Turn();
  EXPECT_EQ(delivered_.size(), 1u);
}

TEST_F(ExchangeTest, WhoIsAlonePollsNowAndThen) {
  mine_.set(7);
  Batch missed;
  missed.inbox = {{7, InstanceId::Make(0, 1, 1, 1), 1, 0, "message"}};
  Commit(*storage_, std::move(missed));
  for (int polls = 0; polls < 10; ++polls) Wait(kNodePollMs);
  EXPECT_EQ(delivered_.size(), 1u);
}

}  // namespace
}  // namespace fermata

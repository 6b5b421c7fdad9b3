// Lanes, atomicity and visibility: what Commit() promises.
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Commit : public StorageTest {
 protected:
  // Hands over without waiting; the outcomes are in the order of the batches.
  std::vector<CommitOutcome> HandOverAll(std::vector<std::pair<int, Batch>> batches) {
    std::vector<std::promise<CommitOutcome>> promises(batches.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
      storage().Commit(batches[i].first, std::move(batches[i].second),
                       [&promises, i](CommitOutcome outcome) { promises[i].set_value(outcome); });
    }
    std::vector<CommitOutcome> outcomes;
    for (auto& promise : promises) outcomes.push_back(promise.get_future().get());
    return outcomes;
  }
};
FERMATA_FOR_EACH_STORAGE(Commit);

constexpr CommitOutcome kCommitted = CommitOutcome::kCommitted;
constexpr CommitOutcome kFailed = CommitOutcome::kFailed;

TEST_P(Commit, AnEmptyBatchIsCommitted) { EXPECT_EQ(CommitAndWait(storage(), Batch()), kCommitted); }

TEST_P(Commit, TheCallbackComesFromAnotherThread) {
  std::promise<std::thread::id> thread;
  storage().Commit(0, BatchOf({JournalWith(Id(1), 1)}),
                   [&](CommitOutcome) { thread.set_value(std::this_thread::get_id()); });
  EXPECT_NE(thread.get_future().get(), std::this_thread::get_id());
}

TEST_P(Commit, AReadAfterTheCallbackSeesTheRows) {
  for (int seq = 1; seq <= 50; ++seq) {
    Put(BatchOf({JournalWith(Id(1), seq)}));
    ASSERT_EQ(storage().ReadJournal(Id(1), 0, 100)->size(), static_cast<std::size_t>(seq));
  }
}

TEST_P(Commit, AReadInsideTheCallbackSeesTheRows) {
  std::promise<std::size_t> seen;
  storage().Commit(0, BatchOf({JournalWith(Id(1), 1)}),
                   [&](CommitOutcome) { seen.set_value(storage().ReadJournal(Id(1), 0, 10)->size()); });
  EXPECT_EQ(seen.get_future().get(), 1u);
}

TEST_P(Commit, BatchesOfALaneBecomeDurableInTheirOrder) {
  std::vector<std::pair<int, Batch>> batches;
  for (int i = 1; i <= 100; ++i) {
    Batch batch;
    InstanceRow row = InstanceWith(Id(1));
    row.updated_us = i;
    batch.instances = {row};
    batch.journal = {JournalWith(Id(1), i)};
    batches.emplace_back(3, std::move(batch));
  }
  EXPECT_THAT(HandOverAll(std::move(batches)), testing::Each(kCommitted));
  EXPECT_EQ(storage().LoadInstance(Id(1)).value()->row.updated_us, 100);
}

TEST_P(Commit, CallbacksOfALaneComeInTheirOrder) {
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> last;
  for (int i = 1; i <= 100; ++i) {
    storage().Commit(0, BatchOf({JournalWith(Id(1), i)}), [&, i](CommitOutcome) {
      std::lock_guard lock(mutex);
      order.push_back(i);
      if (i == 100) last.set_value();
    });
  }
  last.get_future().get();
  std::lock_guard lock(mutex);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), 100u);
}

TEST_P(Commit, AJournalRowThatIsThereFailsTheBatchAndNothingOfItStays) {
  Put(BatchOf({JournalWith(Id(1), 1, "first")}));
  Batch batch = BatchOf({JournalWith(Id(2), 1), JournalWith(Id(1), 1, "second")});
  batch.instances = {InstanceWith(Id(2))};
  batch.live_versions = {{"signup", "hash"}};
  batch.timers = {{Id(2), 1, 0, 10}};
  EXPECT_EQ(CommitAndWait(storage(), std::move(batch)), kFailed);
  EXPECT_THAT(Payloads(Id(1)), ElementsAre("first"));
  EXPECT_THAT(Payloads(Id(2)), IsEmpty());
  EXPECT_FALSE(storage().LoadInstance(Id(2))->has_value());
  EXPECT_THAT(storage().ReadLiveVersions().value(), IsEmpty());
  EXPECT_THAT(storage().ReadTimers(AllShards(), 1'000, std::nullopt, 10).value(), IsEmpty());
}

TEST_P(Commit, ADefinitionThatIsThereFailsTheBatch) {
  Batch batch;
  batch.definitions = {{"signup", "1.0.0", "hash1", 1, "bundle1"}};
  Put(batch);
  batch.definitions[0].bundle = "bundle2";
  EXPECT_EQ(CommitAndWait(storage(), batch), kFailed);
  EXPECT_EQ(storage().ReadDefinitions()->at(0).bundle, "bundle1");
}

TEST_P(Commit, AfterAFailureItsLaneFailsUntilItIsReset) {
  Put(BatchOf({JournalWith(Id(1), 1)}));
  std::vector<std::pair<int, Batch>> batches;
  batches.emplace_back(0, BatchOf({JournalWith(Id(1), 1)}));  // there already
  batches.emplace_back(0, BatchOf({JournalWith(Id(1), 2)}));
  EXPECT_THAT(HandOverAll(std::move(batches)), ElementsAre(kFailed, kFailed));
  EXPECT_EQ(CommitAndWait(storage(), BatchOf({JournalWith(Id(1), 2)})), kFailed);
  EXPECT_THAT(Payloads(Id(1)), ElementsAre("event"));

  storage().ResetLane(0);
  EXPECT_EQ(CommitAndWait(storage(), BatchOf({JournalWith(Id(1), 2)})), kCommitted);
}

TEST_P(Commit, ALanesFailureIsNotAnotherLanes) {
  Put(BatchOf({JournalWith(Id(1), 1)}));
  std::vector<std::pair<int, Batch>> batches;
  for (int i = 1; i <= 20; ++i) {
    batches.emplace_back(1, BatchOf({JournalWith(Id(10), i)}));
    if (i == 10) batches.emplace_back(2, BatchOf({JournalWith(Id(1), 1)}));  // there already
    batches.emplace_back(2, BatchOf({JournalWith(Id(20), i)}));
    batches.emplace_back(3, BatchOf({JournalWith(Id(30), i)}));
  }
  HandOverAll(std::move(batches));
  EXPECT_EQ(Payloads(Id(10)).size(), 20u);
  EXPECT_EQ(Payloads(Id(20)).size(), 9u);
  EXPECT_EQ(Payloads(Id(30)).size(), 20u);
}

TEST_P(Commit, ResettingALaneThatDidNotFailChangesNothing) {
  storage().ResetLane(5);
  EXPECT_EQ(CommitAndWait(storage(), BatchOf({JournalWith(Id(1), 1)}), 5), kCommitted);
}

TEST_P(Commit, ManyLanesAtOnceLoseNothing) {
  constexpr int kLanes = 6;
  constexpr int kBatches = 40;
  std::atomic<int> committed{0};
  std::vector<std::thread> writers;
  for (int lane = 0; lane < kLanes; ++lane) {
    writers.emplace_back([&, lane] {
      for (int i = 1; i <= kBatches; ++i) {
        const CommitOutcome outcome = CommitAndWait(storage(), BatchOf({JournalWith(Id(lane + 1), i)}), lane);
        if (outcome == kCommitted) ++committed;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(committed, kLanes * kBatches);
  for (int lane = 0; lane < kLanes; ++lane)
    EXPECT_EQ(Payloads(Id(lane + 1)).size(), static_cast<std::size_t>(kBatches));
}

// A reader beside the writer: never half a batch, never less than what was reported before it began.
TEST_P(Commit, ReadersSeeWholeBatchesAndAllThatWereReported) {
  constexpr int kBatches = 150;
  std::atomic<int> reported{0};
  std::atomic<bool> finished{false};
  std::string complaint;
  std::thread reader([&] {
    while (!finished && complaint.empty()) {
      const int reported_before = reported;
      const auto stored = storage().LoadInstance(Id(1));
      if (!stored || !*stored) continue;
      const std::size_t rows = (*stored)->tail.size();
      if (rows % 3 != 0) complaint = "half a batch";
      if ((*stored)->row.updated_us != static_cast<std::int64_t>(rows / 3))
        complaint = "row and journal of two moments";
      if (rows / 3 < static_cast<std::size_t>(reported_before)) complaint = "a reported batch is missing";
    }
  });
  for (int i = 1; i <= kBatches; ++i) {
    Batch batch = BatchOf({JournalWith(Id(1), 3 * i - 2), JournalWith(Id(1), 3 * i - 1), JournalWith(Id(1), 3 * i)});
    InstanceRow row = InstanceWith(Id(1));
    row.updated_us = i;
    batch.instances = {row};
    EXPECT_EQ(CommitAndWait(storage(), std::move(batch)), kCommitted);
    reported = i;
  }
  finished = true;
  reader.join();
  EXPECT_EQ(complaint, "");
}

TEST_P(Commit, ClosingCommitsWhatWasHandedOverFirst) {
  std::atomic<int> committed{0};
  const InstanceId id = Id(1);
  for (int i = 1; i <= 30; ++i) {
    storage().Commit(i % 3, BatchOf({JournalWith(Id(i), 1)}),
                     [&](CommitOutcome outcome) { committed += outcome == kCommitted; });
  }
  Reopen();
  EXPECT_EQ(committed, 30);
  if (backend().durable()) {
    EXPECT_EQ(Payloads(id).size(), 1u);
  }
}

}  // namespace
}  // namespace fermata::test

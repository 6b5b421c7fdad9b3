#include "engine/storage/commit_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

namespace fermata {
namespace {

using testing::ElementsAre;

constexpr CommitOutcome kOk = CommitOutcome::kCommitted;
constexpr CommitOutcome kBad = CommitOutcome::kFailed;

// Hands batches 0, 1, … over while the first is being committed, so that the rest queues up behind it.
class CommitQueueTest : public testing::Test {
 protected:
  // One batch for each of these lanes; gives their outcomes, in that order.
  std::vector<CommitOutcome> Run(CommitQueueOptions options, const std::vector<int>& lanes, std::size_t bytes = 0,
                                 const std::vector<std::int64_t>& epochs = {}) {
    std::vector<CommitOutcome> outcomes(lanes.size());
    {
      CommitQueue queue(options, [this](std::span<const Batch* const> group, std::int64_t epoch) {
        return CommitGroup(group, epoch);
      });
      for (std::size_t i = 0; i < lanes.size(); ++i) {
        Batch batch;
        batch.journal = {{InstanceId(), 1, static_cast<std::int64_t>(i), std::string(bytes, 'x')}};
        queue.Commit(
            lanes[i], std::move(batch), [&outcomes, i](CommitOutcome outcome) { outcomes[i] = outcome; },
            epochs.empty() ? 0 : epochs[i]);
        if (i == 0) entered_.get_future().wait();
      }
      release_.set_value();
    }
    return outcomes;
  }

  CommitOutcome CommitGroup(std::span<const Batch* const> group, std::int64_t epoch) {
    if (groups_.empty()) {
      entered_.set_value();
      release_.get_future().wait();
    }
    std::string text;
    CommitOutcome outcome = kOk;
    for (const Batch* batch : group) {
      const std::int64_t number = batch->journal[0].time_us;
      text += (text.empty() ? "" : " ") + std::to_string(number);
      if (number == bad_batch_) outcome = outcome_of_bad_;
    }
    groups_.push_back(text);
    epochs_.push_back(epoch);
    return outcome;
  }

  std::int64_t bad_batch_ = -1;
  CommitOutcome outcome_of_bad_ = kBad;
  std::vector<std::string> groups_;
  std::vector<std::int64_t> epochs_;  // of the groups
  std::promise<void> entered_, release_;
};

TEST_F(CommitQueueTest, WhatWaitsBecomesOneGroup) {
  EXPECT_THAT(Run({10, 1'000}, {1, 2, 1, 3}), ElementsAre(kOk, kOk, kOk, kOk));
  EXPECT_THAT(groups_, ElementsAre("0", "1 2 3"));
}

TEST_F(CommitQueueTest, AGroupHasAtMostSoManyBatches) {
  Run({2, 1'000}, {1, 1, 1, 1});
  EXPECT_THAT(groups_, ElementsAre("0", "1 2", "3"));
}

TEST_F(CommitQueueTest, AGroupIsOfOneEpoch) {
  Run({10, 1'000}, {1, 1, 1, 2, 2}, 0, {4, 4, 4, 7, 7});
  EXPECT_THAT(groups_, ElementsAre("0", "1 2", "3 4"));
  EXPECT_THAT(epochs_, ElementsAre(4, 4, 7));
}

TEST_F(CommitQueueTest, AGroupHasAtMostSoManyBytes) {
  Run({10, 250}, {1, 1, 1, 1}, 100);
  EXPECT_THAT(groups_, ElementsAre("0", "1 2", "3"));
}

TEST_F(CommitQueueTest, ABatchThatIsTooLargeIsAGroupOfItsOwn) {
  Run({10, 50}, {1, 1, 1}, 100);
  EXPECT_THAT(groups_, ElementsAre("0", "1", "2"));
}

TEST_F(CommitQueueTest, AFailedGroupIsTriedOneByOneAndOnlyTheBadLaneFails) {
  bad_batch_ = 2;
  EXPECT_THAT(Run({10, 1'000}, {1, 1, 2, 2, 1}), ElementsAre(kOk, kOk, kBad, kBad, kOk));
  EXPECT_THAT(groups_, ElementsAre("0", "1 2 3 4", "1", "2", "4"));
}

TEST_F(CommitQueueTest, AnUnknownGroupIsUnknownToAllAndNotTriedAgain) {
  bad_batch_ = 2;
  outcome_of_bad_ = CommitOutcome::kUnknown;
  EXPECT_THAT(Run({2, 1'000}, {1, 1, 2, 1, 2, 3}),
              ElementsAre(kOk, CommitOutcome::kUnknown, CommitOutcome::kUnknown, kBad, kBad, kOk));
  EXPECT_THAT(groups_, ElementsAre("0", "1 2", "5"));
}

TEST_F(CommitQueueTest, APoisonedLaneIsUsableAfterItsReset) {
  release_.set_value();
  bad_batch_ = 7;
  CommitQueue queue(
      {}, [this](std::span<const Batch* const> group, std::int64_t epoch) { return CommitGroup(group, epoch); });
  const auto commit = [&](std::int64_t number) {
    std::promise<CommitOutcome> outcome;
    Batch batch;
    batch.journal = {{InstanceId(), 1, number, ""}};
    queue.Commit(4, std::move(batch), [&](CommitOutcome o) { outcome.set_value(o); });
    return outcome.get_future().get();
  };
  EXPECT_EQ(commit(7), kBad);
  EXPECT_EQ(commit(8), kBad);
  queue.ResetLane(4);
  EXPECT_EQ(commit(9), kOk);
  EXPECT_THAT(groups_, ElementsAre("7", "9"));
}

TEST_F(CommitQueueTest, APostedTaskIsRunBeforeTheQueueEnds) {
  bool ran = false;
  {
    CommitQueue queue({}, [](std::span<const Batch* const>, std::int64_t) { return kOk; });
    queue.Post([&] { ran = true; });
  }
  EXPECT_TRUE(ran);
}

TEST_F(CommitQueueTest, ATaskRunsOnTheCommittingThreadAndIsWaitedFor) {
  CommitQueue queue({}, [](std::span<const Batch* const>, std::int64_t) { return kOk; });
  std::promise<std::thread::id> committing;
  queue.Commit(1, Batch(), [&](CommitOutcome) { committing.set_value(std::this_thread::get_id()); });
  std::thread::id ran;
  queue.Run([&] { ran = std::this_thread::get_id(); });
  EXPECT_EQ(ran, committing.get_future().get());
}

}  // namespace
}  // namespace fermata

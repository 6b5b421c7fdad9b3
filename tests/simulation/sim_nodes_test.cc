// The simulator's storages as nodes of one cluster: what they promise is what the others promise (tests/storage/nodes_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/sim_storage.h"

namespace fermata {
namespace {

using testing::ElementsAre;

class SimNodesTest : public testing::Test {
 protected:
  static Batch OneRow(std::int64_t seq) {
    Batch batch;
    batch.journal = {{InstanceId::Make(7, 1'700'000'000'000, 1, 1), seq, 5, "event"}};
    return batch;
  }
  // Hands a batch over; what comes of it is appended to outcomes_.
  void HandOver(SimStorage& storage, std::int64_t seq) {
    storage.Commit(0, OneRow(seq), [this](CommitOutcome outcome) { outcomes_.push_back(outcome); });
  }

  std::shared_ptr<SimCluster> cluster_ = std::make_shared<SimCluster>();
  SimStorage a_{1, cluster_, "a"}, b_{2, cluster_, "b"};
  std::vector<CommitOutcome> outcomes_;
};

TEST_F(SimNodesTest, ShareTheRowsAndFenceWhomTheyExpel) {
  HandOver(a_, 1);
  HandOver(a_, 2);
  ASSERT_TRUE(a_.FinishOne());
  const ClusterView view = b_.nodes()->Beat(false, {}).value();
  ASSERT_EQ(view.nodes.size(), 2u);
  ASSERT_TRUE(b_.nodes()->Expel(view.nodes[0]).value());
  ASSERT_TRUE(a_.FinishOne());
  EXPECT_THAT(outcomes_, ElementsAre(CommitOutcome::kCommitted, CommitOutcome::kFenced));
  EXPECT_EQ(b_.tables().LastTimeUs(), 5);
  EXPECT_EQ(a_.nodes()->Beat(false, {})->standing, ClusterView::Standing::kExpelled);
  ASSERT_TRUE(a_.nodes()->Join());
  a_.ResetLane(0);
  HandOver(a_, 2);
  ASSERT_TRUE(a_.FinishOne());
  EXPECT_EQ(outcomes_.back(), CommitOutcome::kCommitted);
}

TEST_F(SimNodesTest, WhatWasHandedOverBeforeJoiningAnewIsFenced) {
  HandOver(a_, 1);
  ASSERT_TRUE(a_.nodes()->Join());
  ASSERT_TRUE(a_.FinishOne());
  EXPECT_THAT(outcomes_, ElementsAre(CommitOutcome::kFenced));
}

TEST_F(SimNodesTest, HintsArriveWhenTheSimulatorSaysSo) {
  std::vector<std::string> heard;
  b_.nodes()->Listen([&](const Hint& hint) { heard.push_back(hint.words.at(0)); });
  a_.nodes()->Tell(Hint::Kind::kInbox, "7");
  EXPECT_THAT(heard, ElementsAre());
  EXPECT_TRUE(b_.sim_nodes()->DeliverHint());
  EXPECT_THAT(heard, ElementsAre("7"));
  EXPECT_FALSE(b_.sim_nodes()->DeliverHint());
  EXPECT_FALSE(a_.sim_nodes()->DeliverHint());
}

TEST_F(SimNodesTest, CallsThatFailMayHaveHappened) {
  a_.SetFaults(500);
  ShardSet told;
  int failed = 0;
  for (int shard = 0; shard < kShardsMax; ++shard) {
    const Result<ShardSet> taken = a_.nodes()->Take(ShardSet().set(static_cast<std::size_t>(shard)));
    failed += taken.ok() ? 0 : 1;
    if (taken.ok()) told |= *taken;
  }
  a_.SetFaults(0);
  const ClusterView view = b_.nodes()->Beat(false, {}).value();
  ShardSet owned;
  for (std::size_t shard = 0; shard < view.shards.size(); ++shard) owned[shard] = view.shards[shard].node == "a";
  EXPECT_GT(failed, 0);
  EXPECT_TRUE((told & ~owned).none());
  EXPECT_TRUE((owned & ~told).any()) << "taken, but nobody was told";
  EXPECT_EQ(a_.nodes()->Take(owned).value(), owned) << "asking again tells";
}

}  // namespace
}  // namespace fermata

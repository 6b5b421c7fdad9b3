// Servers that share one storage: membership, shards, fencing, mailboxes and hints, on PostgreSQL and in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "engine/storage/codes.h"
#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/nodes.h"
#include "engine/storage/postgres/postgres_storage.h"
#include "tests/storage/backend.h"
#include "tests/storage/ear.h"
#include "tests/support/postgres.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Standing = ClusterView::Standing;

class Cluster {
 public:
  virtual ~Cluster() = default;
  virtual std::unique_ptr<Storage> Open(const std::string& node) = 0;
};

class InMemory : public Cluster {
 public:
  std::unique_ptr<Storage> Open(const std::string& node) override { return cluster_.Open(node); }

 private:
  MemoryCluster cluster_;
};

class OnPostgres : public Cluster {
 public:
  std::unique_ptr<Storage> Open(const std::string& node) override {
    Result<std::unique_ptr<Storage>> storage = OpenPostgres({.connection = connection_, .node = node, .readers = 2});
    if (!storage) ADD_FAILURE() << storage.error().message;
    return *std::move(storage);
  }
  const std::string& connection() const { return connection_; }

 private:
  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
};

ShardSet Some(std::initializer_list<int> shards) {
  ShardSet set;
  for (const int shard : shards) set.set(static_cast<std::size_t>(shard));
  return set;
}

ShardSet OwnedBy(const ClusterView& view, const std::string& node) {
  ShardSet owned;
  for (std::size_t shard = 0; shard < view.shards.size(); ++shard)
    if (view.shards[shard].node == node) owned.set(shard);
  return owned;
}

std::vector<std::string> NamesIn(const ClusterView& view) {
  std::vector<std::string> names;
  for (const NodeRow& node : view.nodes) names.push_back(node.name);
  return names;
}

ClusterView BeatOf(Storage& storage, const Generations& seen = {}) {
  return storage.nodes()->Beat(false, seen).value();
}

// As `storage` sees it, which beats by looking.
NodeRow RowOf(Storage& storage, const std::string& name) {
  for (const NodeRow& node : BeatOf(storage).nodes)
    if (node.name == name) return node;
  ADD_FAILURE() << name << " is no member";
  return {};
}

CommitOutcome WriteSeq(Storage& storage, std::int64_t seq, int lane = 0) {
  return CommitAndWait(storage, BatchOf({JournalWith(IdOf(storage, 1), seq)}), lane);
}

std::size_t RowsOf(Storage& storage) { return storage.ReadJournal(IdOf(storage, 1), 0, 100)->size(); }

enum class ClusterKind { kMemory, kPostgres };

class NodesTest : public testing::TestWithParam<ClusterKind> {
 protected:
  std::unique_ptr<Storage> Open(const std::string& node) { return cluster_->Open(node); }

 private:
  std::unique_ptr<Cluster> cluster_ = GetParam() == ClusterKind::kMemory
                                          ? std::unique_ptr<Cluster>(std::make_unique<InMemory>())
                                          : std::make_unique<OnPostgres>();
};
INSTANTIATE_TEST_SUITE_P(Memory, NodesTest, testing::Values(ClusterKind::kMemory));
INSTANTIATE_TEST_SUITE_P(Postgres, NodesTest, testing::Values(ClusterKind::kPostgres));

TEST_P(NodesTest, ThoseWithDifferentNamesShareTheRowsAndSeeEachOther) {
  const auto a = Open("a"), b = Open("b");
  EXPECT_EQ(WriteSeq(*a, 1), CommitOutcome::kCommitted);
  EXPECT_EQ(WriteSeq(*b, 2), CommitOutcome::kCommitted);
  EXPECT_EQ(WriteSeq(*a, 3), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsOf(*b), 3u);
  const ClusterView view = BeatOf(*b);
  EXPECT_EQ(view.standing, Standing::kMember);
  EXPECT_THAT(NamesIn(view), ElementsAre("a", "b"));
  EXPECT_THAT(view.shards, SizeIs(kShardsMax));
  EXPECT_TRUE(OwnedBy(view, "").all());
  EXPECT_NE(view.nodes[0].mailbox, view.nodes[1].mailbox);
  EXPECT_GE(view.nodes[0].mailbox, kMailboxFirst);
  EXPECT_EQ(view.nodes[0].epoch, a->nodes()->self().epoch);
  EXPECT_EQ(view.nodes[1].mailbox, b->nodes()->self().mailbox);
  EXPECT_GT(view.nodes[1].started_us, 0);
}

TEST_P(NodesTest, ABeatTellsThatANodeLivesWhetherItLeavesAndWhatItHasSeen) {
  const auto a = Open("a"), b = Open("b");
  EXPECT_TRUE(RowOf(*b, "a").leaving) << "until its first beat it wants nothing";
  ASSERT_TRUE(a->nodes()->Beat(false, {}));
  const NodeRow before = RowOf(*b, "a");
  ASSERT_TRUE(a->nodes()->Beat(true, {3, 4, 5}));
  const NodeRow after = RowOf(*b, "a");
  EXPECT_GT(after.beats, before.beats);
  EXPECT_FALSE(before.leaving);
  EXPECT_TRUE(after.leaving);
  EXPECT_EQ(after.seen, (Generations{3, 4, 5}));
  EXPECT_EQ(RowOf(*b, "a"), after) << "who looks does not beat for others";
}

TEST_P(NodesTest, AShardIsTakenOnceAndItsEpochGrowsWithEachOwner) {
  const auto a = Open("a"), b = Open("b");
  EXPECT_EQ(a->nodes()->Take(Some({1, 2, 255})).value(), Some({1, 2, 255}));
  EXPECT_EQ(b->nodes()->Take(Some({2, 3})).value(), Some({3}));
  EXPECT_EQ(a->nodes()->Take(Some({1, 3})).value(), Some({1})) << "what it has stays its own";
  ClusterView view = BeatOf(*a);
  EXPECT_EQ(OwnedBy(view, "a"), Some({1, 2, 255}));
  EXPECT_EQ(OwnedBy(view, "b"), Some({3}));
  EXPECT_EQ(view.shards[2].epoch, 1);
  EXPECT_EQ(view.shards[4].epoch, 0);

  EXPECT_TRUE(b->nodes()->Release(Some({2, 3, 4})));
  EXPECT_TRUE(a->nodes()->Release(Some({2})));
  view = BeatOf(*a);
  EXPECT_EQ(OwnedBy(view, "a"), Some({1, 255}));
  EXPECT_EQ(OwnedBy(view, "b"), ShardSet());
  EXPECT_EQ(b->nodes()->Take(Some({2})).value(), Some({2}));
  EXPECT_EQ(BeatOf(*a).shards[2].epoch, 2);
}

TEST_P(NodesTest, ThreadsThatTakeTheSameShardsGetEachOnce) {
  std::vector<std::unique_ptr<Storage>> storages;
  for (const char* name : {"a", "b", "c", "d"}) storages.push_back(Open(name));
  std::vector<ShardSet> taken(storages.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < storages.size(); ++i)
    threads.emplace_back([&, i] { taken[i] = storages[i]->nodes()->Take(AllShards()).value(); });
  for (std::thread& thread : threads) thread.join();
  ShardSet together;
  for (const ShardSet& own : taken) {
    EXPECT_TRUE((together & own).none());
    together |= own;
  }
  EXPECT_TRUE(together.all());
}

TEST_P(NodesTest, WhoIsExpelledWritesNothingMoreAndItsShardsAreFree) {
  const auto a = Open("a"), b = Open("b");
  ASSERT_EQ(a->nodes()->Take(Some({7, 8})).value(), Some({7, 8}));
  ASSERT_EQ(WriteSeq(*a, 1), CommitOutcome::kCommitted);
  ASSERT_TRUE(b->nodes()->Expel(RowOf(*b, "a")).value());
  EXPECT_EQ(WriteSeq(*a, 2), CommitOutcome::kFenced);
  EXPECT_EQ(WriteSeq(*a, 2, 1), CommitOutcome::kFenced) << "on each lane";
  EXPECT_EQ(RowsOf(*b), 1u);
  const ClusterView view = BeatOf(*b);
  EXPECT_THAT(NamesIn(view), ElementsAre("b"));
  EXPECT_TRUE(OwnedBy(view, "").all());
  EXPECT_EQ(a->nodes()->Take(Some({9})).error().code, kStorageFenced);
  EXPECT_EQ(a->nodes()->Release(Some({7})).error().code, kStorageFenced);
  EXPECT_EQ(BeatOf(*a).standing, Standing::kExpelled);
  EXPECT_THAT(NamesIn(BeatOf(*b)), ElementsAre("b")) << "its beat does not bring it back";
  EXPECT_EQ(b->nodes()->Take(Some({7})).value(), Some({7}));
}

TEST_P(NodesTest, WhoIsExpelledDeletesNothingMore) {
  const auto a = Open("a"), b = Open("b");
  EXPECT_TRUE(a->DeleteExpired(1, 1).ok());
  ASSERT_EQ(b->nodes()->Expel(RowOf(*b, "a")).value(), true);
  EXPECT_FALSE(a->DeleteExpired(1, 1).ok());
}

TEST_P(NodesTest, WhoHasBeatenMeanwhileIsNotExpelled) {
  const auto a = Open("a"), b = Open("b");
  ASSERT_EQ(a->nodes()->Take(Some({7})).value(), Some({7}));
  const NodeRow seen = RowOf(*b, "a");
  BeatOf(*a);
  EXPECT_FALSE(b->nodes()->Expel(seen).value());
  EXPECT_EQ(WriteSeq(*a, 1), CommitOutcome::kCommitted);
  EXPECT_EQ(OwnedBy(BeatOf(*b), "a"), Some({7}));
  EXPECT_EQ(BeatOf(*a).standing, Standing::kMember);
  EXPECT_TRUE(b->nodes()->Expel(RowOf(*b, "a")).value());
  EXPECT_TRUE(b->nodes()->Expel(seen).value()) << "it is gone already";
}

TEST_P(NodesTest, WhoWasExpelledJoinsAnewUnderAnotherEpochAndWithoutShards) {
  const auto a = Open("a"), b = Open("b");
  ASSERT_EQ(a->nodes()->Take(Some({7})).value(), Some({7}));
  const std::int64_t epoch = a->nodes()->self().epoch;
  const NodeRow seen = RowOf(*b, "a");
  ASSERT_TRUE(b->nodes()->Expel(seen).value());
  ASSERT_EQ(WriteSeq(*a, 1), CommitOutcome::kFenced);
  ASSERT_TRUE(a->nodes()->Join());
  EXPECT_GT(a->nodes()->self().epoch, epoch);
  EXPECT_EQ(WriteSeq(*a, 1), CommitOutcome::kFailed) << "the lane does not forget by itself";
  a->ResetLane(0);
  EXPECT_EQ(WriteSeq(*a, 1), CommitOutcome::kCommitted);
  EXPECT_EQ(BeatOf(*a).standing, Standing::kMember);
  EXPECT_EQ(OwnedBy(BeatOf(*a), "a"), ShardSet());
  EXPECT_FALSE(b->nodes()->Expel(seen).value()) << "it is another one than was seen";
  EXPECT_EQ(WriteSeq(*a, 2), CommitOutcome::kCommitted);
}

TEST_P(NodesTest, WhatWasHandedOverBeforeJoiningAnewIsNeverCommitted) {
  const auto a = Open("a");
  std::promise<CommitOutcome> second;
  // The lane is between two batches while it joins: the second was decided by who was a member before.
  a->Commit(0, BatchOf({JournalWith(IdOf(*a, 1), 1)}), [&](CommitOutcome first) {
    EXPECT_EQ(first, CommitOutcome::kCommitted);
    a->Commit(0, BatchOf({JournalWith(IdOf(*a, 1), 2)}), [&](CommitOutcome outcome) { second.set_value(outcome); });
    EXPECT_TRUE(a->nodes()->Join());
  });
  EXPECT_EQ(second.get_future().get(), CommitOutcome::kFenced);
  EXPECT_EQ(RowsOf(*a), 1u);
  a->ResetLane(0);
  EXPECT_EQ(WriteSeq(*a, 2), CommitOutcome::kCommitted);
}

TEST_P(NodesTest, AnotherProcessWithTheNameReplacesWhoHadItAndOwnsWhatItOwned) {
  const auto first = Open("a");
  ASSERT_EQ(first->nodes()->Take(Some({7})).value(), Some({7}));
  const auto second = Open("a");
  EXPECT_EQ(second->nodes()->self().mailbox, first->nodes()->self().mailbox);
  EXPECT_EQ(second->nodes()->self().beats, first->nodes()->self().beats) << "to join is no beat";
  EXPECT_GT(second->nodes()->self().epoch, first->nodes()->self().epoch);
  EXPECT_EQ(WriteSeq(*first, 1), CommitOutcome::kFenced);
  EXPECT_EQ(BeatOf(*first).standing, Standing::kReplaced);
  EXPECT_EQ(first->nodes()->Join().error().code, kStorageFenced) << "it must not come back";
  EXPECT_EQ(first->nodes()->Take(Some({8})).error().code, kStorageFenced);
  const ClusterView view = BeatOf(*second);
  EXPECT_EQ(view.standing, Standing::kMember);
  EXPECT_EQ(OwnedBy(view, "a"), Some({7}));
  EXPECT_EQ(view.shards[7].epoch, 2);
  EXPECT_EQ(WriteSeq(*second, 1), CommitOutcome::kCommitted);
  EXPECT_TRUE(first->nodes()->Leave());
  EXPECT_EQ(WriteSeq(*second, 2), CommitOutcome::kCommitted) << "only itself leaves";
}

TEST_P(NodesTest, WhoLeavesGivesEverythingAwayAndWritesNothingMore) {
  const auto a = Open("a"), b = Open("b");
  ASSERT_EQ(a->nodes()->Take(Some({7})).value(), Some({7}));
  ASSERT_TRUE(a->nodes()->Leave());
  EXPECT_EQ(WriteSeq(*a, 1), CommitOutcome::kFenced);
  const ClusterView view = BeatOf(*b);
  EXPECT_THAT(NamesIn(view), ElementsAre("b"));
  EXPECT_TRUE(OwnedBy(view, "").all());
  EXPECT_TRUE(a->nodes()->Leave()) << "twice is once";
}

TEST_P(NodesTest, EpochsOfANameNeverComeAgain) {
  const auto first = Open("a");
  ASSERT_TRUE(first->nodes()->Leave());
  const auto second = Open("a");
  EXPECT_GT(second->nodes()->self().epoch, first->nodes()->self().epoch);
  EXPECT_EQ(WriteSeq(*first, 1), CommitOutcome::kFenced) << "it left, whoever has its name now";
}

TEST_P(NodesTest, AMailboxIsReadByItsOwnerInOrderAndInPages) {
  const auto a = Open("a"), b = Open("b");
  const int mailbox = a->nodes()->self().mailbox;
  const InstanceId sender = IdOf(*b, 1);
  Batch batch;
  batch.inbox = {{mailbox, sender, 2, 0, "third"},
                 {mailbox, sender, 1, 1, "second"},
                 {mailbox, sender, 1, 0, "first"},
                 {b->nodes()->self().mailbox, sender, 3, 0, "other"},
                 {7, sender, 4, 0, "shard"}};
  ASSERT_EQ(CommitAndWait(*b, batch), CommitOutcome::kCommitted);
  const std::vector<InboxRow> page = a->nodes()->ReadMailbox(std::nullopt, 2).value();
  ASSERT_THAT(page, SizeIs(2));
  EXPECT_EQ(page[0].bytes, "first");
  EXPECT_EQ(page[1].bytes, "second");
  const std::vector<InboxRow> rest = a->nodes()->ReadMailbox(page[1], 2).value();
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].bytes, "third");
  EXPECT_EQ(rest[0].shard, mailbox);
}

TEST_P(NodesTest, AMailboxIsFreeAndEmptyWhenItsOwnerIsGone) {
  const auto a = Open("a"), b = Open("b");
  const int mailbox = a->nodes()->self().mailbox;
  const auto send = [&](std::int64_t seq) {
    Batch batch;
    batch.inbox = {{mailbox, IdOf(*b, 1), seq, 0, "mail"}};
    ASSERT_EQ(CommitAndWait(*b, batch), CommitOutcome::kCommitted);
  };
  send(1);
  ASSERT_TRUE(b->nodes()->Expel(RowOf(*b, "a")).value());
  EXPECT_THAT(a->nodes()->ReadMailbox(std::nullopt, 9).value(), IsEmpty());
  send(2);  // by somebody who does not know yet
  const auto c = Open("c");
  EXPECT_EQ(c->nodes()->self().mailbox, mailbox) << "the lowest free one";
  EXPECT_THAT(c->nodes()->ReadMailbox(std::nullopt, 9).value(), IsEmpty());
}

TEST_P(NodesTest, WhatNobodyHasTakenIsWithdrawn) {
  const auto a = Open("a"), b = Open("b");
  const InstanceId sender = IdOf(*a, 1);
  const InboxRow first{7, sender, 1, 0, ""}, second{8, sender, 2, 0, ""}, absent{9, sender, 3, 0, ""};
  Batch batch, taken;
  batch.inbox = {first, second};
  taken.inbox_taken = {first};
  ASSERT_EQ(CommitAndWait(*a, batch), CommitOutcome::kCommitted);
  ASSERT_EQ(CommitAndWait(*b, taken), CommitOutcome::kCommitted);
  const std::vector<InboxRow> withdrawn = a->nodes()->Withdraw({first, second, absent}).value();
  ASSERT_THAT(withdrawn, SizeIs(1));
  EXPECT_EQ(withdrawn[0].seq, 2);
  EXPECT_EQ(withdrawn[0].shard, 8);
  EXPECT_THAT(b->ReadInbox(AllShards(), std::nullopt, 9).value(), IsEmpty());
  ASSERT_TRUE(b->nodes()->Expel(RowOf(*b, "a")).value());
  EXPECT_EQ(a->nodes()->Withdraw({first}).error().code, kStorageFenced);
}

TEST_P(NodesTest, EachBatchThatChangesWhatAllNodesKeepRaisesItsGeneration) {
  const auto a = Open("a"), b = Open("b");
  const Generations none = BeatOf(*b).newest;
  const auto after = [&](Batch batch) {
    EXPECT_EQ(CommitAndWait(*a, std::move(batch)), CommitOutcome::kCommitted);
    return BeatOf(*b).newest;
  };
  Batch definition, live, manifest, order, no_order, key, no_key, all;
  definition.definitions = {{"order", "1.0.0", "hash", 1, "bundle"}};
  live.live_versions = {{"order", "hash"}};
  manifest.manifests = {{"mail", "1.0.0", 1, "text"}};
  order.standing_orders = {{"pause", "x", "bytes"}};
  no_order.standing_orders_deleted = {{"pause", "x", ""}};
  key.api_keys = {{"k", "bytes"}};
  no_key.api_keys_deleted = {"k"};
  EXPECT_EQ(after(definition), (Generations{none.definitions + 1, none.orders, none.keys}));
  EXPECT_EQ(after(live), (Generations{none.definitions + 2, none.orders, none.keys}));
  EXPECT_EQ(after(manifest), (Generations{none.definitions + 3, none.orders, none.keys}));
  EXPECT_EQ(after(order), (Generations{none.definitions + 3, none.orders + 1, none.keys}));
  EXPECT_EQ(after(no_order), (Generations{none.definitions + 3, none.orders + 2, none.keys}));
  EXPECT_EQ(after(key), (Generations{none.definitions + 3, none.orders + 2, none.keys + 1}));
  EXPECT_EQ(after(no_key), (Generations{none.definitions + 3, none.orders + 2, none.keys + 2}));
  EXPECT_EQ(after(BatchOf({JournalWith(IdOf(*a, 1), 1)})),
            (Generations{none.definitions + 3, none.orders + 2, none.keys + 2}));
}

TEST_P(NodesTest, HintsReachTheOthersWithTheirWordsAndNotWhoToldThem) {
  const auto a = Open("a"), b = Open("b");
  BeatOf(*a);
  BeatOf(*b);
  Ear ear(*b), own(*a);
  ear.AwaitFrom(*a, Hint::Kind::kShards, "");
  ear.AwaitFrom(*a, Hint::Kind::kChanged, "");
  ear.AwaitFrom(*a, Hint::Kind::kProgress, IdOf(*a, 1).ToString());
  ear.AwaitFrom(*a, Hint::Kind::kJobs, "default/store.pack");
  ear.AwaitFrom(*a, Hint::Kind::kInbox, "256");
  ear.AwaitFrom(*a, Hint::Kind::kInbox, "7");
  own.AwaitFrom(*b, Hint::Kind::kShards, "");
  EXPECT_THAT(own.heard(), testing::Each(std::pair(Hint::Kind::kShards, std::string())));
}

TEST_P(NodesTest, WhoStoppedListeningHearsNothingMore) {
  const auto a = Open("a"), b = Open("b"), c = Open("c");
  for (Storage* storage : {a.get(), b.get(), c.get()}) BeatOf(*storage);
  std::atomic<int> heard{0};
  Ear last(*c);
  b->nodes()->Listen([&](const Hint&) { ++heard; });
  b->nodes()->Listen(nullptr);
  last.AwaitFrom(*a, Hint::Kind::kChanged, "");
  EXPECT_EQ(heard, 0);
}

TEST(MemoryStorage, HasNoNodesOfItsOwn) { EXPECT_EQ(MakeMemoryStorage()->nodes(), nullptr); }

}  // namespace
}  // namespace fermata::test

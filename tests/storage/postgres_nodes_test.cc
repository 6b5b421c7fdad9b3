// What nodes meet on a real database: commits under way, sessions that are killed, a server that crashes.
#include <gmock/gmock.h>

#include "engine/storage/codes.h"
#include "engine/storage/nodes.h"
#include "engine/storage/postgres/group.h"
#include "tests/storage/ear.h"
#include "tests/storage/postgres_fixture.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;

class PostgresNodesTest : public PostgresServer {
 protected:
  static NodeRow Seen(Storage& storage, const std::string& name) {
    const ClusterView view = storage.nodes()->Beat(false, {}).value();
    for (const NodeRow& node : view.nodes)
      if (node.name == name) return node;
    ADD_FAILURE() << name << " is no member";
    return {};
  }
};

// It waits only shortly; whoever expels tries again.
bool ExpelInTheEnd(Storage& by, const NodeRow& silent) {
  while (true)
    if (Result<bool> expelled = by.nodes()->Expel(silent); expelled.ok()) return *expelled;
}

TEST_F(PostgresNodesTest, ExpellingWaitsForTheCommitUnderWayAndFencesTheNext) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  ASSERT_EQ(a->nodes()->Take(ShardSet(1)).value(), ShardSet(1));
  const NodeRow seen = Seen(*b, "a");
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; LOCK TABLE journal IN SHARE MODE"));
  std::future<CommitOutcome> under_way = Begin(*a, BatchOf({JournalWith(IdOf(*a, 1), 1)}));
  AwaitWaiting(1);
  std::future<bool> expelled = std::async(std::launch::async, [&] { return ExpelInTheEnd(*b, seen); });
  AwaitWaiting(2);
  EXPECT_EQ(Run("SELECT node FROM shards WHERE shard = 0"), "a") << "nobody may have it yet";
  EXPECT_TRUE(b->nodes()->Beat(false, {})) << "who waits goes on beating";
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  EXPECT_EQ(under_way.get(), CommitOutcome::kCommitted);
  EXPECT_TRUE(expelled.get());
  EXPECT_EQ(Write(*a, 2), CommitOutcome::kFenced);
  EXPECT_EQ(RowsIn(*b), 1u);
  EXPECT_EQ(a->LastCommitError()->code, kStorageFenced);
  EXPECT_THAT(a->LastCommitError()->message, HasSubstr("'a'"));
  EXPECT_THAT(a->LastCommitError()->message, HasSubstr("not a member"));
}

TEST_F(PostgresNodesTest, WhoseAnswerGotLostCanWaitForTheEndOfItsCommits) {
  const auto a = MustOpen("a");
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; SELECT 1 FROM nodes WHERE name = 'a' FOR SHARE"));
  std::future<bool> awaited = std::async(std::launch::async, [&] { return a->AwaitCommits().ok(); });
  AwaitWaiting(1);
  ASSERT_TRUE(gate->Execute("COMMIT"));
  EXPECT_TRUE(awaited.get());
  EXPECT_EQ(Write(*a, 1), CommitOutcome::kCommitted);
}

TEST_F(PostgresNodesTest, WhoCannotBeExpelledAtOnceHoldsUpNobody) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  const NodeRow seen = Seen(*b, "a");
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; SELECT 1 FROM nodes WHERE name = 'a' FOR SHARE"));
  EXPECT_FALSE(b->nodes()->Expel(seen).ok());
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  EXPECT_TRUE(ExpelInTheEnd(*b, seen));
}

TEST_F(PostgresNodesTest, ABeatWhileItIsBeingExpelledSavesANode) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  const NodeRow seen = Seen(*b, "a");
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; SELECT 1 FROM nodes WHERE name = 'a' FOR SHARE"));
  std::future<bool> expelled = std::async(std::launch::async, [&] { return ExpelInTheEnd(*b, seen); });
  AwaitWaiting(1);
  ASSERT_TRUE(a->nodes()->Beat(false, {}));
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  EXPECT_FALSE(expelled.get());
  EXPECT_EQ(Write(*a, 1), CommitOutcome::kCommitted);
}

TEST_F(PostgresNodesTest, LeavingWaitsForTheCommitUnderWay) {
  const auto a = MustOpen("a");
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; LOCK TABLE journal IN SHARE MODE"));
  std::future<CommitOutcome> under_way = Begin(*a, BatchOf({JournalWith(IdOf(*a, 1), 1)}));
  AwaitWaiting(1);
  std::future<bool> left = std::async(std::launch::async, [&] { return a->nodes()->Leave().ok(); });
  AwaitWaiting(2);
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  EXPECT_EQ(under_way.get(), CommitOutcome::kCommitted);
  EXPECT_TRUE(left.get());
  EXPECT_EQ(Run("SELECT count(*) FROM nodes"), "0");
  EXPECT_EQ(Run("SELECT count(*) FROM heartbeats"), "0");
}

TEST_F(PostgresNodesTest, ATransactionRaisesEachGenerationOnceAndAllNodesDoItInOneOrder) {
  Batch keys, orders, definitions;
  keys.api_keys_deleted = {"k"};
  orders.standing_orders = {{"pause", "x", "bytes"}};
  definitions.manifests = {{"mail", "1.0.0", 1, "text"}};
  const auto raised = [](const std::vector<const Batch*>& group) {
    std::vector<postgres::Query> queries;
    postgres::AppendGenerations(group, queries);
    std::vector<std::string> names;
    for (const postgres::Query& query : queries) names.push_back(*query.parameters.at(0).bytes);
    return names;
  };
  const std::vector<std::string> all = raised({&keys, &orders, &definitions});
  EXPECT_THAT(all, testing::UnorderedElementsAre("keys", "orders", "definitions"));
  EXPECT_EQ(raised({&definitions, &keys, &orders, &keys}), all);
  EXPECT_THAT(raised({&orders}), testing::ElementsAre("orders"));
}

TEST_F(PostgresNodesTest, ABeatFindsItsWayBackWhenItsSessionIsKilled) {
  const auto a = MustOpen("a");
  KillSessions();
  const Result<ClusterView> view = a->nodes()->Beat(false, {});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->standing, ClusterView::Standing::kMember);
}

TEST_F(PostgresNodesTest, WithoutTheDatabaseEveryCallFailsAndLaterServes) {
  const auto a = MustOpen("a");
  const NodeRow self = Seen(*a, "a");
  PostgresCluster::Shared().Crash();
  EXPECT_FALSE(a->nodes()->Beat(false, {}));
  EXPECT_FALSE(a->nodes()->Take(AllShards()));
  EXPECT_FALSE(a->nodes()->Release(AllShards()));
  EXPECT_FALSE(a->nodes()->Expel(self));
  EXPECT_FALSE(a->nodes()->Join());
  EXPECT_FALSE(a->nodes()->Leave());
  EXPECT_FALSE(a->nodes()->ReadMailbox(std::nullopt, 9));
  PostgresCluster::Shared().Start();
  EXPECT_TRUE(a->nodes()->Beat(false, {}));
  EXPECT_TRUE(a->nodes()->Take(AllShards()).value().all());
}

TEST_F(PostgresNodesTest, HintsComeAgainAfterTheirSessionsWereKilled) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  for (Storage* storage : {a.get(), b.get()}) ASSERT_TRUE(storage->nodes()->Beat(false, {}));
  Ear ear(*b);
  ear.AwaitFrom(*a, Hint::Kind::kInbox, "256");
  KillSessions();
  ear.AwaitFrom(*a, Hint::Kind::kInbox, "257");
}

TEST_F(PostgresNodesTest, TooMuchToTellIsToldInPart) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  for (Storage* storage : {a.get(), b.get()}) ASSERT_TRUE(storage->nodes()->Beat(false, {}));
  Ear ear(*b);
  ear.AwaitFrom(*a, Hint::Kind::kChanged, "");
  for (int i = 0; i < 20'000; ++i) a->nodes()->Tell(Hint::Kind::kProgress, IdOf(*a, i).ToString());
  for (int i = 0; i < 512; ++i) a->nodes()->Tell(Hint::Kind::kInbox, std::to_string(i));
  a->nodes()->Tell(Hint::Kind::kJobs, "a word with dividers is not told");
  ear.AwaitFrom(*a, Hint::Kind::kProgress, IdOf(*a, 1).ToString());
  for (int i = 0; i < 512; ++i) ear.AwaitFrom(*a, Hint::Kind::kInbox, std::to_string(i));
  for (const auto& [kind, word] : ear.heard()) EXPECT_NE(kind, Hint::Kind::kJobs) << word;
}

TEST_F(PostgresNodesTest, ANodeAloneListensToNobody) {
  const auto a = MustOpen("a");
  ASSERT_TRUE(a->nodes()->Beat(false, {}));
  a->nodes()->Tell(Hint::Kind::kChanged, "");
  EXPECT_EQ(Run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR "
                "query LIKE '%pg_notify%') AND pid <> pg_backend_pid()"),
            "0");
}

TEST_F(PostgresNodesTest, MailOfNobodyIsDeletedWithWhatIsOver) {
  const auto a = MustOpen("a"), b = MustOpen("b");
  const int mailbox = a->nodes()->self().mailbox;
  ASSERT_TRUE(a->nodes()->Leave());
  Batch late;
  late.inbox = {{mailbox, IdOf(*b, 1), 1, 1, "answer"},
                {b->nodes()->self().mailbox, IdOf(*b, 1), 2, 1, "answer"},
                {7, IdOf(*b, 1), 3, 0, "message"}};
  ASSERT_EQ(CommitAndWait(*b, late), CommitOutcome::kCommitted);
  EXPECT_EQ(b->DeleteExpired(1, 10).value(), 1);
  EXPECT_EQ(Run("SELECT count(*) FROM inbox"), "2");
}

}  // namespace
}  // namespace fermata::test

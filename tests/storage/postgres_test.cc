// What only the database has: connections that break, leases, versions, servers that start together.
#include <gmock/gmock.h>

#include <thread>

#include "engine/storage/codes.h"
#include "engine/storage/postgres/bench_database.h"
#include "engine/storage/postgres/connection.h"
#include "engine/storage/postgres/migrations.h"
#include "engine/storage/postgres/raw_insert.h"
#include "tests/storage/postgres_fixture.h"
#include "tests/support/cutting_proxy.h"

namespace fermata::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(PostgresServer, TellsWhatItIs) {
  const StorageInfo info = MustOpen()->Info();
  EXPECT_EQ(info.name, "postgres");
  EXPECT_EQ(info.shard_count, 256);
  EXPECT_EQ(info.sync, "none") << "the test cluster runs with fsync=off, and must not claim more";
}

TEST_F(PostgresServer, WhoOpensLaterUnderANameFencesWhoHadItBefore) {
  const std::unique_ptr<Storage> first = MustOpen("a");
  ASSERT_EQ(Write(*first, 1), CommitOutcome::kCommitted);
  const std::unique_ptr<Storage> second = MustOpen("a");
  EXPECT_EQ(Write(*first, 2), CommitOutcome::kFenced);
  EXPECT_EQ(first->LastCommitError()->code, kStorageFenced);
  EXPECT_EQ(first->LastCommitError()->message, "Expected node 'a' to write with epoch 1, but it has epoch 2 now.");
  EXPECT_EQ(RowsIn(*first), 1u) << "it may still read, and wrote nothing";
  EXPECT_EQ(Write(*second, 2), CommitOutcome::kCommitted);
  EXPECT_FALSE(second->LastCommitError());
  first->ResetLane(0);
  EXPECT_EQ(Write(*first, 3), CommitOutcome::kFenced);
}

TEST_F(PostgresServer, EachOpeningRaisesTheEpoch) {
  MustOpen();
  MustOpen();
  EXPECT_EQ(Run("SELECT name, epoch FROM nodes"), "a|2");
}

TEST_F(PostgresServer, ServersThatStartTogetherMakeOneSchema) {
  std::vector<std::thread> servers;
  std::atomic<int> opened{0};
  for (int i = 0; i < 4; ++i) servers.emplace_back([&] { opened += Open().ok(); });
  for (std::thread& server : servers) server.join();
  EXPECT_EQ(opened, 4);
  EXPECT_EQ(Run("SELECT version FROM fermata_schema"), std::to_string(postgres::AllMigrations().size()));
  EXPECT_EQ(Run("SELECT epoch FROM nodes"), "4");
}

TEST_F(PostgresServer, RefusesASchemaOfANewerVersion) {
  MustOpen();
  Run("UPDATE fermata_schema SET version = 1000");
  const auto storage = Open();
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageTooNew);
  EXPECT_THAT(storage.error().message, HasSubstr("1000"));
}

TEST_F(PostgresServer, ADatabaseOfTheReleaseBeforeIsUpgraded) {
  ASSERT_EQ(Write(*MustOpen(), 1), CommitOutcome::kCommitted);
  Run("DROP TABLE nodes, heartbeats, shards, node_counters; DROP INDEX instances_ended");
  Run("UPDATE fermata_schema SET version = 7; UPDATE lease SET node = 'old', epoch = 41");
  const auto storage = MustOpen();
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsIn(*storage), 2u) << "with what was there before";
  EXPECT_EQ(Run("SELECT epoch FROM lease"), "42") << "a server of the release before is fenced";
  EXPECT_EQ(Run("SELECT count(*), min(shard), max(shard), max(node), max(epoch) FROM shards"), "256|0|255||0");
  EXPECT_EQ(Run("SELECT version FROM fermata_schema"), std::to_string(postgres::AllMigrations().size()));
}

TEST_F(PostgresServer, MigrationsAreNumberedWithoutAGap) {
  int number = 0;
  for (const postgres::Migration& migration : postgres::AllMigrations()) EXPECT_EQ(migration.number, ++number);
  EXPECT_GT(number, 0);
}

TEST_F(PostgresServer, ConnectionsThatWereCutAreMadeAgain) {
  const std::unique_ptr<Storage> storage = MustOpen();
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  ASSERT_EQ(RowsIn(*storage), 1u);
  KillSessions();
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsIn(*storage), 2u);
}

TEST_F(PostgresServer, ADatabaseThatIsDownFailsCommitsAndReadsAndThenServesThem) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  const std::unique_ptr<Storage> storage = MustOpen();
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  cluster.Crash();
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kFailed);
  EXPECT_EQ(storage->LastCommitError()->code, kStorageOpenFailed);
  EXPECT_FALSE(storage->LastTimeUs());
  EXPECT_FALSE(Open());
  cluster.Start();
  storage->ResetLane(0);
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsIn(*storage), 2u);
}

TEST_F(PostgresServer, ADatabaseThatRefusesWritesFailsCommitsAndServesReads) {
  const std::unique_ptr<Storage> storage = MustOpen();
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  Run("ALTER ROLE fermata IN DATABASE " + Run("SELECT current_database()") + " SET default_transaction_read_only = on");
  KillSessions();
  EXPECT_NE(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_THAT(storage->LastCommitError()->message, HasSubstr("read-only"));
  EXPECT_EQ(RowsIn(*storage), 1u);
  EXPECT_FALSE(Open());
}

TEST_F(PostgresServer, BatchesThatWaitTogetherDoWhatTheyWouldOneAfterTheOther) {
  const auto storage = MustOpen();
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; LOCK TABLE journal IN SHARE MODE"));
  const InstanceId stays = IdOf(*storage, 1), goes = IdOf(*storage, 2);
  std::vector<std::future<CommitOutcome>> outcomes;
  outcomes.push_back(Begin(*storage, BatchOf({JournalWith(stays, 1)})));
  AwaitWaiting(1);
  Batch start = BatchOf({JournalWith(stays, 2), JournalWith(goes, 1)});
  start.instances = {InstanceWith(stays), InstanceWith(goes)};
  Batch end = BatchOf({JournalWith(stays, 3)});
  end.instances = {InstanceWith(stays, "completed")};
  end.timers = {{goes, 5, 0, 10}};
  Batch remove;
  remove.instances_deleted = {goes};
  remove.timers_deleted = {{goes, 5, 0, 10}};
  for (const Batch& batch : {start, end, remove}) outcomes.push_back(Begin(*storage, batch));
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  for (auto& outcome : outcomes) EXPECT_EQ(outcome.get(), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsIn(*storage), 3u);
  EXPECT_EQ(storage->LoadInstance(stays).value()->row, end.instances[0]);
  EXPECT_FALSE(storage->LoadInstance(goes)->has_value());
  EXPECT_EQ(Run("SELECT count(*) FROM journal"), "3");
  EXPECT_EQ(Run("SELECT count(*) FROM timers"), "0");
}

TEST_F(PostgresServer, ACommitRaisesOneTimeHoweverManyShardsItTouches) {
  const auto storage = MustOpen();
  Batch batch;
  for (std::uint8_t shard = 9; shard > 4; --shard)
    batch.journal.push_back({InstanceId::Make(shard, 1, 1, 1), 1, 100 + shard, "event"});
  ASSERT_EQ(CommitAndWait(*storage, batch), CommitOutcome::kCommitted);
  EXPECT_EQ(Run("SELECT shard || ' ' || value FROM counters"), "5 109");
  EXPECT_EQ(storage->LastTimeUs().value(), 109);
}

TEST_F(PostgresServer, AReadThatTakesTooLongIsGivenUp) {
  MustOpen();
  PostgresOptions options;
  options.connection = connection_;
  options.statement_timeout_ms = 100;
  const std::unique_ptr<Storage> storage = OpenPostgres(options).value();
  const auto blocker = postgres::Connection::Connect({connection_, 5'000, 0}).value();
  ASSERT_TRUE(blocker->Execute("BEGIN; LOCK TABLE instances IN ACCESS EXCLUSIVE MODE"));
  const auto read = storage->ListInstances({});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, kStorageReadFailed);
  const auto loaded = storage->LoadInstance(IdOf(*storage, 1));
  EXPECT_FALSE(loaded);
  ASSERT_TRUE(blocker->Execute("COMMIT"));
  EXPECT_TRUE(storage->ListInstances({}));
  EXPECT_TRUE(storage->LoadInstance(IdOf(*storage, 1)));
}

class PostgresCut : public PostgresServer {
 protected:
  std::unique_ptr<Storage> OpenThrough(const CuttingProxy& proxy, std::int64_t answer_timeout_ms = kPostgresAnswerMs) {
    PostgresOptions options;
    options.answer_timeout_ms = answer_timeout_ms;
    options.connection =
        connection_ + " host=127.0.0.1 sslmode=disable gssencmode=disable port=" + std::to_string(proxy.port());
    return OpenPostgres(options).value();
  }
  const std::string kCommit = std::string("COMMIT\0", 7);  // as it stands in a message
  CuttingProxy proxy_{PostgresCluster::Shared().port()};
};

TEST_F(PostgresCut, ACommitWhoseAnswerGotLostIsFoundInTheJournal) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  proxy_.CutNext(CuttingProxy::Cut::kAfter, kCommit);
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_FALSE(proxy_.waiting());
  EXPECT_EQ(RowsIn(*storage), 2u);
  EXPECT_EQ(Write(*storage, 3), CommitOutcome::kCommitted);
}

TEST_F(PostgresCut, ACommitOfAServerThatFallsSilentIsAskedFor) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_, 200);
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  proxy_.CutNext(CuttingProxy::Cut::kSilent, kCommit);
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_FALSE(proxy_.waiting());
  EXPECT_EQ(RowsIn(*storage), 2u);
}

TEST_F(PostgresCut, AReadFromAServerThatFallsSilentFailsAndTheNextOneIsAnswered) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_, 200);
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  proxy_.CutNext(CuttingProxy::Cut::kSilent, "FROM journal");
  const auto read = storage->ReadJournal(IdOf(*storage, 1), 0, 100);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("silent for 200 ms"));
  EXPECT_EQ(RowsIn(*storage), 1u);
}

TEST_F(PostgresCut, ALargeCommitIsSentWhileItsAnswersAreRead) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  Batch batch;
  for (std::int64_t seq = 1; seq <= 64; ++seq)
    batch.journal.push_back(JournalWith(IdOf(*storage, 1), seq, std::string(256 << 10, 'x')));
  EXPECT_EQ(CommitAndWait(*storage, std::move(batch)), CommitOutcome::kCommitted);
  EXPECT_EQ(RowsIn(*storage), 64u);
}

TEST_F(PostgresServer, ATransactionIsBrokenOffWhereTheServerCan) {
  const auto connection = postgres::Connection::Connect({connection_, 5'000, 0, 7'000}).value();
  const auto set = connection->Run(
      {"SELECT current_setting('server_version_num')::int8, coalesce(current_setting('transaction_timeout', true), '')",
       {}});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->Text(0, 1), set->Int(0, 0) >= 170'000 ? "7s" : "");
}

TEST_F(PostgresCut, ACommitThatGotLostOnItsWayIsTriedAgain) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  proxy_.CutNext(CuttingProxy::Cut::kBefore, kCommit);
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kCommitted);
  EXPECT_FALSE(proxy_.waiting());
  EXPECT_EQ(RowsIn(*storage), 2u);
}

TEST_F(PostgresCut, ACommitThatLeavesNoProofIsDoneAgainWhenItsAnswerGotLost) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  for (const auto cut : {CuttingProxy::Cut::kAfter, CuttingProxy::Cut::kBefore}) {
    Batch batch;
    batch.instances = {InstanceWith(IdOf(*storage, 1))};
    batch.standing_orders = {{"pause", cut == CuttingProxy::Cut::kAfter ? "a" : "b", "bytes"}};
    proxy_.CutNext(cut, kCommit);
    EXPECT_EQ(CommitAndWait(*storage, std::move(batch)), CommitOutcome::kCommitted);
    EXPECT_FALSE(proxy_.waiting());
  }
  EXPECT_EQ(storage->ReadStandingOrders("pause")->size(), 2u);
}

TEST_F(PostgresCut, AMessageThatWasTakenBeforeItsSenderHeardOfTheCommitDoesNotComeBack) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  Batch batch;
  batch.inbox = {{7, IdOf(*storage, 1), 1, 0, "order"}};
  for (int i = 0; i < 2; ++i) {
    proxy_.CutNext(CuttingProxy::Cut::kAfter, kCommit, [&] { Run("DELETE FROM inbox"); });
    EXPECT_EQ(CommitAndWait(*storage, batch), CommitOutcome::kCommitted);
    EXPECT_FALSE(proxy_.waiting());
    EXPECT_EQ(storage->ReadInbox(AllShards(), std::nullopt, 10)->size(), 0u);
  }
  proxy_.CutNext(CuttingProxy::Cut::kBefore, kCommit);
  EXPECT_EQ(CommitAndWait(*storage, batch), CommitOutcome::kCommitted);
  EXPECT_EQ(storage->ReadInbox(AllShards(), std::nullopt, 10)->size(), 1u);
  Batch taken;
  taken.inbox_taken = {{7, IdOf(*storage, 1), 1, 0, ""}};
  proxy_.CutNext(CuttingProxy::Cut::kAfter, kCommit);
  EXPECT_EQ(CommitAndWait(*storage, taken), CommitOutcome::kCommitted) << "it is gone because of this very commit";
}

TEST_F(PostgresCut, DefinitionsAndAuditRowsWhoseAnswerGotLostAreFound) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  Batch definition, audit;
  definition.definitions = {{"order", "1.0.0", "hash", 1, "bundle"}};
  audit.audit = {{"default", 1, 1, "anna", "cancel", "x", "200", "", "hash"}};
  for (Batch* batch : {&definition, &audit}) {
    proxy_.CutNext(CuttingProxy::Cut::kAfter, kCommit);
    EXPECT_EQ(CommitAndWait(*storage, std::move(*batch)), CommitOutcome::kCommitted);
    EXPECT_FALSE(proxy_.waiting());
  }
  EXPECT_EQ(storage->ReadDefinitions()->size(), 1u);
  EXPECT_EQ(storage->ReadAudit("default", 0, 9)->size(), 1u);
}

TEST_F(PostgresCut, ACommitWhoseAnswerGotLostIsUnknownToWhomAnotherHasFenced) {
  const std::unique_ptr<Storage> storage = OpenThrough(proxy_);
  ASSERT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  std::unique_ptr<Storage> taker;
  const std::string own_name = PostgresOptions().node;
  proxy_.CutNext(CuttingProxy::Cut::kAfter, kCommit, [&] { taker = MustOpen(own_name); });
  EXPECT_EQ(Write(*storage, 2), CommitOutcome::kFenced);
  EXPECT_EQ(RowsIn(*taker), 2u);
}

TEST(PostgresLost, ACommitIsUnknownWhenTheDatabaseGoesWithItsAnswer) {
  PostgresCluster cluster;
  CuttingProxy proxy(cluster.port());
  PostgresOptions options;
  options.connection = cluster.CreateDatabase() +
                       " host=127.0.0.1 sslmode=disable gssencmode=disable port=" + std::to_string(proxy.port());
  const std::unique_ptr<Storage> storage = OpenPostgres(options).value();
  proxy.CutNext(CuttingProxy::Cut::kAfter, std::string("COMMIT\0", 7), [&] { cluster.Crash(); });
  EXPECT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(IdOf(*storage, 1), 1, "event")})), CommitOutcome::kUnknown);
}

TEST(PostgresOptions, RefusesAConnectionStringThatCannotBeUnderstoodWithoutRepeatingIt) {
  const auto storage = OpenPostgres({.connection = "host=localhost password=a secret word"});
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageOptionsInvalid);
  EXPECT_THAT(storage.error().message + storage.error().hint, Not(HasSubstr("secret")));
}

TEST(PostgresOptions, NeverShowsThePassword) {
  // The password stands in the name of the user too, which libpq's message has.
  const auto storage =
      OpenPostgres({.connection = PostgresCluster::Shared().CreateDatabase() + " user=xtopsecretx password=topsecret"});
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageOpenFailed);
  EXPECT_THAT(storage.error().message, HasSubstr("***"));
  EXPECT_THAT(storage.error().message + storage.error().hint, Not(HasSubstr("topsecret")));
}

Error ErrorOf(const std::string& connection) {
  const auto storage = OpenPostgres({.connection = connection});
  return storage.ok() ? Error{} : storage.error();
}

TEST(PostgresOptions, NoPieceOfAPasswordIsTakenForAHostOrAPort) {
  for (const char* uri : {"postgresql://me:go@pher@127.0.0.1/x", "postgres://me:pa/ss:w@127.0.0.1/x",
                          "postgresql://me:gopher?@127.0.0.1/x", "postgresql://me:pa/gopher:w@pher@127.0.0.1:1/x",
                          "postgresql://me:#gopher@127.0.0.1"}) {
    const Error error = ErrorOf(uri);
    EXPECT_EQ(error.code, kStorageOptionsInvalid) << uri;
    EXPECT_THAT(error.message, AllOf(Not(HasSubstr("pher")), Not(HasSubstr("ss:w")))) << uri;
    EXPECT_THAT(error.hint, HasSubstr("%40"));
  }
  const Error forgotten = ErrorOf("postgresql://me:gopher/x");  // without a host
  EXPECT_EQ(forgotten.code, kStorageOptionsInvalid);
  EXPECT_THAT(forgotten.message, Not(HasSubstr("gopher")));
}

TEST(PostgresOptions, EachCauseHasItsHint) {
  const std::string good = PostgresCluster::Shared().CreateDatabase();
  EXPECT_THAT(ErrorOf(good + " dbname=absent_one").hint, HasSubstr("createdb absent_one"));
  EXPECT_THAT(ErrorOf(good + " user=nobody_here").hint, HasSubstr("createuser nobody_here"));
  const Error down = ErrorOf("host=127.0.0.1 port=1 dbname=x");
  EXPECT_THAT(down.hint, HasSubstr("Start the database server"));
  EXPECT_THAT(down.message, Not(HasSubstr("?.")));
  PostgresCluster::Shared().Run(good, "ALTER DATABASE " +
                                          PostgresCluster::Shared().Run(good, "SELECT current_database()") +
                                          " SET default_transaction_read_only = on");
  EXPECT_THAT(ErrorOf(good).hint, HasSubstr("target_session_attrs=read-write"));
}

TEST(PostgresOptions, ANameForPeopleHasNoPassword) {
  EXPECT_EQ(PostgresNameOf("postgresql://me:secret@db1,db2/fermata"), "database 'fermata' at db1,db2");
  EXPECT_EQ(PostgresNameOf("host=/run dbname=x port=5433 password=secret"), "database 'x' at /run port 5433");
}

TEST_F(PostgresServer, ABenchmarkFindsWhoElseUsesTheDatabase) {
  EXPECT_EQ(OtherUseOf(connection_, "chain5").value(), "");
  auto bench = MustOpen(std::string(kBenchNodePrefix) + "a");
  Run("INSERT INTO definitions VALUES ('chain5', '1.0.0', '', 0, '')");
  EXPECT_EQ(OtherUseOf(connection_, "chain5").value(), "");
  const auto server = MustOpen("db1:8080");
  EXPECT_EQ(OtherUseOf(connection_, "chain5").value(), "the server 'db1:8080'");
  Run("INSERT INTO definitions VALUES ('orders', '1.0.0', '', 0, '')");
  EXPECT_EQ(OtherUseOf(connection_, "chain5").value(), "the process 'orders'");
}

TEST(PostgresOptions, TriesTheHostsOfAListInTheirOrder) {
  const std::string good = PostgresCluster::Shared().CreateDatabase();
  const std::string port = std::to_string(PostgresCluster::Shared().port());
  const auto storage = OpenPostgres(
      {.connection = good + " host=127.0.0.1,127.0.0.1 port=1," + port + " target_session_attrs=read-write"});
  EXPECT_TRUE(storage) << storage.error().message;
}

TEST(PostgresOptions, MeasuresBareInserts) {
  const std::string connection = PostgresCluster::Shared().CreateDatabase();
  EXPECT_FALSE(MeasurePostgresInserts(connection, {10, 100, 10})) << "there is no schema yet";
  ASSERT_TRUE(OpenPostgres({.connection = connection}));
  const Result<double> rate = MeasurePostgresInserts(connection, {1'001, 100, 100});
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_GT(*rate, 0);
  EXPECT_EQ(
      PostgresCluster::Shared().Run(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = 'raw_inserts'"),
      "0");
}

}  // namespace
}  // namespace fermata::test

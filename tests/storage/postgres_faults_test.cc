// What a real PostgreSQL does to commits when things go wrong: what is worth another try gets it, and nothing is written twice or by halves.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <future>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/connection.h"
#include "tests/storage/postgres_fixture.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;

class PostgresFaults : public PostgresServer {};

TEST_F(PostgresFaults, ADeadlockIsTriedAgain) {
  Run("ALTER DATABASE " + Run("SELECT current_database()") + " SET deadlock_timeout = '50ms'");
  const std::unique_ptr<Storage> storage = MustOpen();
  // This one never looks for deadlocks, so that the storage's session is the one that is broken off.
  const auto other = Connect(), gate = Connect();
  ASSERT_TRUE(other->Execute("SET deadlock_timeout = '1h'; BEGIN; LOCK TABLE timers"));
  ASSERT_TRUE(gate->Execute("BEGIN; LOCK TABLE journal"));

  const InstanceId id = IdOf(*storage, 1);
  Batch batch = BatchOf({JournalWith(id, 1)});
  batch.instances = {InstanceWith(id)};
  batch.timers = {{id, 1, 0, 7}};
  std::future<CommitOutcome> outcome = Begin(*storage, std::move(batch));
  AwaitWaiting(1);  // it has its row and waits at the gate
  std::thread closes_the_circle([&] { EXPECT_TRUE(other->Execute("UPDATE nodes SET epoch = epoch; ROLLBACK")); });
  AwaitWaiting(2);
  ASSERT_TRUE(gate->Execute("ROLLBACK"));
  // The other gets the row only when the storage's transaction has been broken off.
  closes_the_circle.join();
  EXPECT_EQ(outcome.get(), CommitOutcome::kCommitted);
  EXPECT_FALSE(storage->LastCommitError());
  EXPECT_EQ(RowsIn(*storage), 1u);
  EXPECT_EQ(storage->ReadTimers(AllShards(), 100, std::nullopt, 10)->size(), 1u);
}

// A database that refuses so many transactions, at a statement or at COMMIT, with this state.
struct Refusal {
  const char* name;
  const char* state;
  bool at_commit;
};

class PostgresRefusal : public PostgresFaults, public testing::WithParamInterface<Refusal> {
 protected:
  void RefuseTransactions(int count) {
    const std::string when = GetParam().at_commit
                                 ? "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON journal DEFERRABLE "
                                   "INITIALLY DEFERRED FOR EACH ROW"
                                 : "CREATE TRIGGER refuse BEFORE INSERT ON journal FOR EACH ROW";
    Run("CREATE SEQUENCE tries; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF "
        "nextval(''tries'') <= " +
        std::to_string(count) + " THEN RAISE EXCEPTION ''not now'' USING ERRCODE = ''" + GetParam().state +
        "''; END IF; RETURN NEW; END'; " + when + " EXECUTE FUNCTION refuse()");
  }
  std::string Tries() { return Run("SELECT last_value FROM tries"); }
};

INSTANTIATE_TEST_SUITE_P(, PostgresRefusal,
                         testing::Values(Refusal{"SerializationAtAStatement", "40001", false},
                                         Refusal{"SerializationAtCommit", "40001", true},
                                         Refusal{"DeadlockAtAStatement", "40P01", false},
                                         Refusal{"DeadlockAtCommit", "40P01", true},
                                         Refusal{"LockNotAvailable", "55P03", false},
                                         Refusal{"ReadOnly", "25006", false}),
                         [](const auto& info) { return info.param.name; });

TEST_P(PostgresRefusal, IsTriedAgainAndWrittenOnce) {
  const std::unique_ptr<Storage> storage = MustOpen();
  RefuseTransactions(kPostgresCommitTries - 1);
  EXPECT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
  EXPECT_FALSE(storage->LastCommitError());
  EXPECT_EQ(RowsIn(*storage), 1u);
  EXPECT_EQ(Tries(), std::to_string(kPostgresCommitTries));
}

TEST_P(PostgresRefusal, IsGivenUpAfterSomeTriesWithNothingWritten) {
  const std::unique_ptr<Storage> storage = MustOpen();
  RefuseTransactions(kPostgresCommitTries);
  EXPECT_EQ(Write(*storage, 1), CommitOutcome::kFailed);
  ASSERT_TRUE(storage->LastCommitError());
  EXPECT_EQ(storage->LastCommitError()->code, kStorageCommitFailed);
  EXPECT_THAT(storage->LastCommitError()->message, HasSubstr("not now"));
  EXPECT_EQ(RowsIn(*storage), 0u);
  EXPECT_EQ(Tries(), std::to_string(kPostgresCommitTries));
  storage->ResetLane(0);
  EXPECT_EQ(Write(*storage, 1), CommitOutcome::kCommitted);
}

class PostgresFinalRefusal : public PostgresRefusal {};

INSTANTIATE_TEST_SUITE_P(, PostgresFinalRefusal,
                         testing::Values(Refusal{"CheckAtAStatement", "23514", false},
                                         Refusal{"CheckAtCommit", "23514", true}, Refusal{"DiskFull", "53100", false}),
                         [](const auto& info) { return info.param.name; });

TEST_P(PostgresFinalRefusal, IsNotTriedAgain) {
  const std::unique_ptr<Storage> storage = MustOpen();
  RefuseTransactions(1);
  EXPECT_EQ(Write(*storage, 1), CommitOutcome::kFailed);
  EXPECT_EQ(Tries(), "1");
  EXPECT_EQ(storage->LastCommitError()->code,
            GetParam().state == std::string("53100") ? kStorageFull : kStorageCommitFailed);
  EXPECT_EQ(RowsIn(*storage), 0u);
}

// ---- a server that freezes ----

// What the frozen one does: a commit, a second one (in which it is frozen), and a third one after a reset. Reports each outcome.
[[noreturn]] void WriteThreeTimes(const std::string& connection, int orders, int reports) {
  PostgresOptions options;
  options.connection = connection;
  options.node = "frozen";
  options.readers = 1;
  Result<std::unique_ptr<Storage>> storage = OpenPostgres(options);
  if (!storage) ::_exit(3);
  for (std::int64_t seq = 1; seq <= 3; ++seq) {
    char order = 0;
    if (::read(orders, &order, 1) != 1) ::_exit(4);
    if (seq == 3) (*storage)->ResetLane(0);
    const CommitOutcome outcome = CommitAndWait(**storage, BatchOf({JournalWith(IdOf(**storage, 1), seq, "frozen")}));
    if (::write(reports, &outcome, sizeof outcome) != sizeof outcome) ::_exit(5);
  }
  ::_exit(0);
}

class FrozenServer {
 public:
  explicit FrozenServer(const std::string& connection) {
    EXPECT_EQ(::pipe(orders_.data()), 0);
    EXPECT_EQ(::pipe(reports_.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) WriteThreeTimes(connection, orders_[0], reports_[1]);
  }
  ~FrozenServer() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    for (const int end : {orders_[0], orders_[1], reports_[0], reports_[1]}) ::close(end);
  }
  void Order() { EXPECT_EQ(::write(orders_[1], "!", 1), 1); }
  CommitOutcome Report() {
    CommitOutcome outcome{};
    EXPECT_EQ(::read(reports_[0], &outcome, sizeof outcome), static_cast<ssize_t>(sizeof outcome));
    return outcome;
  }
  void Freeze() {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, WUNTRACED), pid_);
    EXPECT_TRUE(WIFSTOPPED(status)) << "each of its threads stands still from here on";
  }
  void Wake() { ::kill(pid_, SIGCONT); }

 private:
  std::array<int, 2> orders_{}, reports_{};
  pid_t pid_ = -1;
};

TEST_F(PostgresFaults, AServerThatIsFrozenInACommitDoesNotKeepItsSuccessorOutAndWritesNothingMoreWhenItWakes) {
  FrozenServer frozen(connection_);
  frozen.Order();
  ASSERT_EQ(frozen.Report(), CommitOutcome::kCommitted);
  const auto gate = Connect();
  ASSERT_TRUE(gate->Execute("BEGIN; LOCK TABLE journal IN SHARE MODE"));
  frozen.Order();
  AwaitWaiting(1);  // in the middle of its transaction, with its row locked and COMMIT on its way
  frozen.Freeze();
  ASSERT_TRUE(gate->Execute("ROLLBACK"));

  const std::unique_ptr<Storage> storage = MustOpen("frozen");
  EXPECT_EQ(Write(*storage, 3), CommitOutcome::kCommitted);
  frozen.Wake();
  EXPECT_EQ(frozen.Report(), CommitOutcome::kCommitted) << "before the other took over";
  frozen.Order();
  EXPECT_EQ(frozen.Report(), CommitOutcome::kFenced);
  const std::vector<JournalRow> rows = storage->ReadJournal(IdOf(*storage, 1), 0, 10).value();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].bytes, "frozen");
  EXPECT_EQ(rows[2].bytes, "event");
  EXPECT_EQ(Write(*storage, 4), CommitOutcome::kCommitted);
}

// ---- failover ----

TEST(PostgresFailover, AStandbyThatIsPromotedIsFoundAndHasEverything) {
  auto primary = std::make_unique<PostgresCluster>();
  const std::string connection = primary->CreateDatabase();
  const std::string admin = primary->CreateDatabase();
  PostgresCluster standby(*primary);
  primary->Run(admin, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  primary->Run(admin, "ALTER SYSTEM SET synchronous_commit = 'remote_apply'");
  primary->Run(admin, "SELECT pg_reload_conf()");

  PostgresOptions options;
  options.connection = "host=" + primary->host() + "," + standby.host() + " port=" + std::to_string(primary->port()) +
                       "," + std::to_string(standby.port()) + " user=fermata dbname=test1";
  {
    PostgresOptions reading = options;
    reading.connection =
        "host=" + standby.host() + " port=" + std::to_string(standby.port()) + " user=fermata dbname=test1";
    const auto refused = OpenPostgres(reading);
    ASSERT_FALSE(refused) << "a standby takes no writes";
    EXPECT_THAT(refused.error().message, HasSubstr("read-only"));
  }
  options.connection += " target_session_attrs=read-write";
  const std::unique_ptr<Storage> storage = OpenPostgres(options).value();
  const InstanceId id = IdOf(*storage, 1);
  ASSERT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 1)})), CommitOutcome::kCommitted);
  primary->Crash();
  EXPECT_NE(CommitAndWait(*storage, BatchOf({JournalWith(id, 2)})), CommitOutcome::kCommitted);
  standby.Promote();
  storage->ResetLane(0);
  EXPECT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 2)})), CommitOutcome::kCommitted);
  EXPECT_EQ(storage->ReadJournal(id, 0, 10)->size(), 2u);
}

}  // namespace
}  // namespace fermata::test

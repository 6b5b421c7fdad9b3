// What only the file has: its lock, its damage, its disk, its schema.
#include "engine/storage/sqlite/sqlite_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/sqlite/migrations.h"
#include "engine/storage/sqlite/raw_insert.h"
#include "tests/storage/backend.h"
#include "tests/support/small_disk.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;

class SqliteFile : public testing::Test {
 protected:
  std::string Path() const { return folder_.File("data.db"); }
  Result<std::unique_ptr<Storage>> Open() { return OpenSqlite({Path(), SqliteSync::kFull, 2}); }
  std::unique_ptr<Storage> MustOpen() {
    Result<std::unique_ptr<Storage>> storage = Open();
    if (!storage) ADD_FAILURE() << storage.error().message;
    return *std::move(storage);
  }
  // With a database of one journal row.
  void MakeData() {
    const std::unique_ptr<Storage> storage = MustOpen();
    ASSERT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(IdOf(*storage, 1), 1)})), CommitOutcome::kCommitted);
  }
  void RunSql(const std::string& sql) {
    auto connection = sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    ASSERT_TRUE(connection);
    ASSERT_TRUE((*connection)->Execute(sql));
  }
  void Overwrite(std::streamoff at, const std::string& bytes) {
    std::fstream file(Path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  }
  void ExpectRefused(ErrorCode code, const std::string& words) {
    const Result<std::unique_ptr<Storage>> storage = Open();
    ASSERT_FALSE(storage);
    EXPECT_EQ(storage.error().code, code) << storage.error().message;
    EXPECT_THAT(storage.error().message, HasSubstr(words));
  }

  TempFolder folder_;
};

TEST_F(SqliteFile, TellsWhatItIs) {
  EXPECT_EQ(MustOpen()->Info().name, "sqlite");
  EXPECT_EQ(MustOpen()->Info().sync, "full");
  EXPECT_EQ(MustOpen()->Info().shard_count, 1);
  EXPECT_EQ(OpenSqlite({folder_.File("fast.db"), SqliteSync::kNone, 1}).value()->Info().sync, "none");
}

TEST_F(SqliteFile, IsForItsOwnerOnly) {
  MakeData();
  struct stat status {};
  ASSERT_EQ(::stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SqliteFile, RefusesASecondServer) {
  const std::unique_ptr<Storage> first = MustOpen();
  ExpectRefused(kStorageInUse, "process " + std::to_string(::getpid()));
}

TEST_F(SqliteFile, RefusesASecondServerThatComesByALink) {
  const std::unique_ptr<Storage> first = MustOpen();
  std::filesystem::create_symlink(Path(), folder_.File("link.db"));
  const auto second = OpenSqlite({folder_.File("link.db"), SqliteSync::kFull, 1});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, kStorageInUse);
}

TEST_F(SqliteFile, MayBeOpenedAgainWhenTheFirstIsGone) {
  MakeData();
  EXPECT_EQ(MustOpen()->LastTimeUs().value() > 0, true);
}

TEST_F(SqliteFile, LeavesNoLogBehind) {
  MakeData();
  EXPECT_FALSE(std::filesystem::exists(Path() + "-wal"));
}

TEST_F(SqliteFile, RefusesAnEmptyPath) {
  const auto storage = OpenSqlite({"", SqliteSync::kFull, 1});
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageOptionsInvalid);
}

TEST_F(SqliteFile, RefusesAFolderThatIsNotThere) {
  const auto storage = OpenSqlite({folder_.File("absent/data.db"), SqliteSync::kFull, 1});
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageOpenFailed);
  EXPECT_THAT(storage.error().message, HasSubstr("absent/data.db"));
}

TEST_F(SqliteFile, RefusesAFolderInPlaceOfAFile) {
  std::filesystem::create_directory(folder_.File("folder"));
  const auto storage = OpenSqlite({folder_.File("folder"), SqliteSync::kFull, 1});
  ASSERT_FALSE(storage);
  EXPECT_EQ(storage.error().code, kStorageOpenFailed);
}

TEST_F(SqliteFile, RefusesAFileThatIsNoDatabase) {
  std::ofstream(Path()) << std::string(5'000, 'x');
  ExpectRefused(kStorageNotOurs, Path());
}

TEST_F(SqliteFile, RefusesADatabaseWhoseFirstPageIsDamaged) {
  MakeData();
  Overwrite(100, std::string(3'000, '\xff'));
  ExpectRefused(kStorageNotOurs, Path());
}

TEST_F(SqliteFile, RefusesAnotherProgramsDatabaseAndLeavesItAsItIs) {
  RunSql("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  ExpectRefused(kStorageNotOurs, "another program");
  auto connection = sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE).value();
  EXPECT_EQ(connection->QueryInt("SELECT count(*) FROM sqlite_schema").value(), 1);
  EXPECT_EQ(connection->QueryInt("SELECT journal_mode = 'delete' FROM pragma_journal_mode").value(), 1);
}

TEST_F(SqliteFile, RefusesASchemaOfANewerVersion) {
  MakeData();
  RunSql("PRAGMA user_version = 1000");
  ExpectRefused(kStorageTooNew, "version 1000");
}

TEST_F(SqliteFile, MigrationsAreNumberedWithoutAGap) {
  int number = 0;
  for (const sqlite::Migration& migration : sqlite::AllMigrations()) EXPECT_EQ(migration.number, ++number);
  EXPECT_GT(number, 0);
}

TEST_F(SqliteFile, MigratingTwiceIsMigratingOnce) {
  MakeData();
  auto connection = sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE).value();
  EXPECT_TRUE(sqlite::Migrate(*connection));
  EXPECT_TRUE(sqlite::Migrate(*connection));
  EXPECT_EQ(connection->QueryInt("SELECT count(*) FROM journal").value(), 1);
}

// Stands in for a full disk: the file may not grow beyond a limit.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_;
};

TEST_F(SqliteFile, ADiskThatTakesNothingFailsCommitsAndThenGoesOn) {
  const std::unique_ptr<Storage> storage = MustOpen();
  const InstanceId id = IdOf(*storage, 1);
  ASSERT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 1)})), CommitOutcome::kCommitted);
  {
    const FileSizeLimit full(std::filesystem::file_size(Path() + "-wal"));
    const std::string too_much(kSqliteLogBytesReserved, 'x');
    EXPECT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 2, too_much)})), CommitOutcome::kFailed);
    ASSERT_TRUE(storage->LastCommitError());
    EXPECT_EQ(storage->LastCommitError()->code, kStorageCommitFailed);
    EXPECT_EQ(storage->ReadJournal(id, 0, 10)->size(), 1u);
  }
  storage->ResetLane(0);
  EXPECT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 2, "again")})), CommitOutcome::kCommitted);
  EXPECT_FALSE(storage->LastCommitError());
  EXPECT_EQ(storage->ReadJournal(id, 0, 10)->size(), 2u);
}

TEST_F(SqliteFile, ACommitFindsTheRoomOfItsLogMade) {
  const std::unique_ptr<Storage> storage = MustOpen();
  const auto before = std::filesystem::file_size(Path() + "-wal");
  EXPECT_GE(before, static_cast<std::uintmax_t>(kSqliteLogBytesReserved));
  EXPECT_GT(kSqliteLogBytesReserved, std::int64_t{kSqliteLogPages} * (kSqlitePageBytes + 24));
  ASSERT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(IdOf(*storage, 1), 1, std::string(100'000, 'x'))})),
            CommitOutcome::kCommitted);
  EXPECT_EQ(std::filesystem::file_size(Path() + "-wal"), before);
}

TEST_F(SqliteFile, OpensWithoutRoomForItsLog) {
  MakeData();
  const FileSizeLimit full(kSqliteLogBytesReserved / 2);
  const std::unique_ptr<Storage> storage = MustOpen();
  EXPECT_LT(std::filesystem::file_size(Path() + "-wal"), static_cast<std::uintmax_t>(kSqliteLogBytesReserved / 2));
  const InstanceId id = IdOf(*storage, 1);
  EXPECT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(id, 2, "on")})), CommitOutcome::kCommitted);
}

TEST(SqliteDisk, AFullDiskFailsCommitsAndThenTheyGoOn) {
  SmallDisk disk(4 << 20);
  if (!disk.missing().empty()) GTEST_SKIP() << disk.missing();
  const SqliteOptions options{(disk.path() / "data.db").string(), SqliteSync::kFull, 1};
  std::unique_ptr<Storage> storage = OpenSqlite(options).value();
  const InstanceId id = IdOf(*storage, 1);
  const auto write = [&](std::int64_t seq) {
    return CommitAndWait(*storage, BatchOf({JournalWith(id, seq, std::string(50'000, 'x'))}));
  };
  ASSERT_EQ(write(1), CommitOutcome::kCommitted);
  disk.Fill();
  // The log may have some room of its own.
  std::int64_t seq = 2;
  CommitOutcome outcome = write(seq);
  for (; outcome == CommitOutcome::kCommitted && seq < 1'000; outcome = write(++seq)) {
  }
  EXPECT_EQ(outcome, CommitOutcome::kFailed);
  ASSERT_TRUE(storage->LastCommitError());
  EXPECT_EQ(storage->LastCommitError()->code, kStorageFull) << storage->LastCommitError()->message;
  EXPECT_EQ(storage->ReadJournal(id, 0, 1'000)->size(), static_cast<std::size_t>(seq - 1));

  disk.MakeRoom();
  storage->ResetLane(0);
  EXPECT_EQ(write(seq), CommitOutcome::kCommitted);
  EXPECT_FALSE(storage->LastCommitError());
  storage.reset();
  storage = OpenSqlite(options).value();
  EXPECT_EQ(storage->ReadJournal(id, 0, 1'000)->size(), static_cast<std::size_t>(seq));
}

TEST_F(SqliteFile, TheLogStartsAnewWhileCommitsGoOn) {
  const std::unique_ptr<Storage> storage = OpenSqlite({Path(), SqliteSync::kNone, 1}).value();
  constexpr int kBatches = 300;
  for (int i = 1; i <= kBatches; ++i) {
    ASSERT_EQ(CommitAndWait(*storage, BatchOf({JournalWith(IdOf(*storage, i), 1, std::string(400'000, 'x'))})),
              CommitOutcome::kCommitted);
  }
  EXPECT_LT(std::filesystem::file_size(Path() + "-wal"), kBatches * 400'000u * 2 / 3);
}

TEST_F(SqliteFile, MeasuresBareInserts) {
  const Result<double> rate = MeasureSqliteInserts(folder_.File("raw.db"), SqliteSync::kNone, {1'001, 100, 10});
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_GT(*rate, 0);
  auto connection = sqlite::Connection::Open(folder_.File("raw.db"), SQLITE_OPEN_READWRITE).value();
  EXPECT_EQ(connection->QueryInt("SELECT count(*) FROM journal").value(), 1'001);
  EXPECT_FALSE(MeasureSqliteInserts(folder_.File("raw.db"), SqliteSync::kNone, {10, 100, 10}))
      << "the rows are there already";
}

TEST_F(SqliteFile, GivesTheRoomOfDeletedRowsBackToTheDisk) {
  std::unique_ptr<Storage> storage = MustOpen();
  const InstanceId kept = IdOf(*storage, 1);
  Batch batch;
  batch.journal = {JournalWith(kept, 1)};
  batch.instances = {InstanceWith(kept)};
  Batch deletes;
  for (int i = 2; i <= 200; ++i) {
    deletes.instances_deleted.push_back(IdOf(*storage, i));
    batch.instances.push_back(InstanceWith(deletes.instances_deleted.back()));
    batch.journal.push_back(JournalWith(deletes.instances_deleted.back(), 1, std::string(100'000, 'x')));
  }
  ASSERT_EQ(CommitAndWait(*storage, batch), CommitOutcome::kCommitted);
  EXPECT_FALSE(storage->ReturnSpace().value()) << "there is none yet";
  ASSERT_EQ(CommitAndWait(*storage, deletes), CommitOutcome::kCommitted);
  int helpings = 0;
  while (storage->ReturnSpace().value()) ++helpings;
  EXPECT_GT(helpings, 5) << "a little at once";
  EXPECT_EQ(storage->ReadJournal(kept, 0, 9)->size(), 1u);
  storage.reset();
  EXPECT_LT(std::filesystem::file_size(Path()), 6u << 20);
  EXPECT_EQ(MustOpen()->ReadJournal(kept, 0, 9)->size(), 1u);
}

TEST_F(SqliteFile, AFileOfAnEarlierVersionCanGiveRoomBackFromThenOn) {
  MakeData();
  RunSql("PRAGMA auto_vacuum = NONE; VACUUM");
  const auto mode = [this] {
    return sqlite::Connection::Open(Path(), SQLITE_OPEN_READONLY).value()->QueryInt("PRAGMA auto_vacuum").value();
  };
  ASSERT_EQ(mode(), 0);
  const std::unique_ptr<Storage> storage = MustOpen();
  EXPECT_EQ(mode(), 2);
  EXPECT_EQ(storage->ReadJournal(IdOf(*storage, 1), 0, 9)->size(), 1u);
}

}  // namespace
}  // namespace fermata::test

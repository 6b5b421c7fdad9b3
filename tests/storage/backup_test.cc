// A copy of the file while a server has it.
#include "engine/storage/sqlite/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "engine/storage/codes.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "tests/storage/backend.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

class SqliteBackup : public testing::Test {
 protected:
  SqliteBackup() {
    options_.from = folder_.File("data.db");
    options_.to = folder_.File("copy.db");
    options_.share_percent = 100;
  }
  std::unique_ptr<Storage> Open(const std::string& path) {
    Result<std::unique_ptr<Storage>> storage = OpenSqlite({path, SqliteSync::kNone, 1});
    if (!storage.ok()) ADD_FAILURE() << storage.error().message;
    return *std::move(storage);
  }
  // Several steps' worth of pages.
  static void Fill(Storage& storage) {
    Batch batch;
    for (int i = 1; i <= 30; ++i) batch.journal.push_back(JournalWith(IdOf(storage, i), 1, std::string(100'000, 'x')));
    ASSERT_EQ(CommitAndWait(storage, batch), CommitOutcome::kCommitted);
  }

  TempFolder folder_;
  BackupOptions options_;
};

TEST_F(SqliteBackup, IsOfTheMomentInWhichItBegan) {
  const auto server = Open(options_.from);
  Fill(*server);
  int steps = 0;
  options_.on_progress = [&](std::int64_t, std::int64_t) {
    ++steps;
    EXPECT_EQ(CommitAndWait(*server, BatchOf({JournalWith(IdOf(*server, 1), 1 + steps)})), CommitOutcome::kCommitted);
  };
  const Status made = BackupSqlite(options_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_GT(steps, 2);
  EXPECT_LT(steps, 20) << "it began anew after each commit";
  const auto copy = Open(options_.to);
  EXPECT_EQ(copy->ReadJournal(IdOf(*copy, 1), 0, 99)->size(), 1u);
  EXPECT_EQ(copy->ReadJournal(IdOf(*copy, 30), 0, 99)->size(), 1u);
  EXPECT_EQ(server->ReadJournal(IdOf(*server, 1), 0, 99)->size(), 1u + static_cast<std::size_t>(steps));
}

TEST_F(SqliteBackup, IsForItsOwnerOnly) {
  Fill(*Open(options_.from));
  ASSERT_TRUE(BackupSqlite(options_).ok());
  struct stat status {};
  ASSERT_EQ(::stat(options_.to.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SqliteBackup, ReplacesNoFile) {
  Fill(*Open(options_.from));
  ASSERT_TRUE(BackupSqlite(options_).ok());
  const Status again = BackupSqlite(options_);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, kImportRefused);
}

TEST_F(SqliteBackup, LeavesNothingOfADamagedFile) {
  Fill(*Open(options_.from));
  {
    std::fstream file(options_.from, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40 * 4'096);
    file << std::string(50'000, '\xee');
  }
  const Status made = BackupSqlite(options_);
  ASSERT_FALSE(made.ok());
  EXPECT_FALSE(std::filesystem::exists(options_.to));
  EXPECT_FALSE(std::filesystem::exists(options_.to + ".part"));
}

TEST_F(SqliteBackup, GoesOverWhatAnInterruptedOneLeft) {
  Fill(*Open(options_.from));
  std::ofstream(options_.to + ".part") << "half";
  ASSERT_TRUE(BackupSqlite(options_).ok());
  EXPECT_FALSE(std::filesystem::exists(options_.to + ".part"));
}

TEST_F(SqliteBackup, NeedsAFile) {
  const Status made = BackupSqlite(options_);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, kStorageOpenFailed);
}

}  // namespace
}  // namespace fermata::test

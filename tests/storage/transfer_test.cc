// Export and import between storages, interrupted, damaged, and what an imported storage finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/storage/archive/importing.h"
#include "engine/storage/codes.h"
#include "engine/storage/postgres/postgres_tables.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "tests/storage/postgres_fixture.h"
#include "tests/storage/sample_rows.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr int kMessageShard = 42;

std::string BytesIn(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Stops after some writes, as a process that is killed.
class StoppingWriter : public TableWriter {
 public:
  StoppingWriter(TableWriter& inner, int writes) : inner_(inner), left_(writes) {}
  Status Write(const std::vector<TableChange>& changes) override {
    if (left_-- <= 0) return Error{kStorageReadFailed, "Stopped."};
    return inner_.Write(changes);
  }
  Result<bool> IsEmpty() override { return inner_.IsEmpty(); }
  Result<std::int64_t> ReadCounter(std::string_view name) override { return inner_.ReadCounter(name); }
  int shard_count() const override { return inner_.shard_count(); }

 private:
  TableWriter& inner_;
  int left_;
};

class Transfer : public testing::Test {
 protected:
  std::string File(const std::string& name) const { return folder_.File(name); }
  std::unique_ptr<TableWriter> Writer(const std::string& name) { return WriteSqliteTables(File(name)).value(); }
  std::unique_ptr<TableReader> Reader(const std::string& name) { return ReadSqliteTables(File(name)).value(); }

  static void Fill(TableWriter& writer) {
    std::vector<TableChange> changes;
    for (const TableSpec& table : AllTables()) {
      TableChange& change = changes.emplace_back();
      change.table = &table;
      change.kind = TableChange::Kind::kInsert;
      for (int number = 1; number <= 5; ++number) change.rows.push_back(SampleRow(table, number));
    }
    const Status written = writer.Write(changes);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  // A filled file, and its export.
  void MakeExport() {
    Fill(*Writer("from.db"));
    ASSERT_TRUE(Export(*Reader("from.db"), File("all.export"), {}).ok());
  }
  Result<ImportReport> ImportInto(TableWriter& writer, const std::string& name = "all.export") {
    const ImportOptions options{[](std::string_view, int) { return Result<std::optional<int>>(kMessageShard); }, {}};
    Result<WholeExport> file = CheckExport(File(name));
    if (!file.ok()) return file.error();
    return Import(*file, writer, options, {});
  }

  TempFolder folder_;
};

class SqliteTransfer : public Transfer {};

TEST_F(SqliteTransfer, AFileThatIsInIsNotTakenAgain) {
  MakeExport();
  EXPECT_FALSE(ImportInto(*Writer("to.db"))->already);
  const AllRows before = ReadEverything(*Reader("to.db"));
  const Result<ImportReport> again = ImportInto(*Writer("to.db"));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->already);
  EXPECT_EQ(ReadEverything(*Reader("to.db")), before);
  EXPECT_EQ(ImportInto(*Writer("from.db")).error().code, kImportRefused);
}

TEST_F(SqliteTransfer, EveryRowArrives) {
  MakeExport();
  const Result<ImportReport> report = ImportInto(*Writer("to.db"));
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->rows, static_cast<std::int64_t>(AllTables().size() * 5));
  EXPECT_EQ(ReadEverything(*Reader("to.db")), ReadEverything(*Reader("from.db")));
  EXPECT_TRUE(OpenSqlite({File("to.db"), SqliteSync::kNone, 1}).ok());
}

TEST_F(SqliteTransfer, WhatIsForNobodyIsLeftOut) {
  MakeExport();
  const auto writer = Writer("to.db");
  const ImportOptions options{[](std::string_view, int) { return Result<std::optional<int>>(std::nullopt); }, {}};
  ASSERT_TRUE(Import(CheckExport(File("all.export")).value(), *writer, options, {}).ok());
  AllRows there = ReadEverything(*Reader("to.db")), all = ReadEverything(*Reader("from.db"));
  EXPECT_NE(there, all);
  EXPECT_EQ(all.erase("inbox"), 1u);
  there.erase("inbox");
  EXPECT_EQ(there, all);
}

TEST_F(SqliteTransfer, AnExportIsOfOneMoment) {
  Fill(*Writer("from.db"));
  const auto reader = Reader("from.db");
  const AllRows before = ReadEverything(*reader);
  const TableSpec& journal = TableCalled("journal");
  ASSERT_TRUE(Writer("from.db")->Write({{&journal, TableChange::Kind::kInsert, {SampleRow(journal, 9)}}}).ok());
  EXPECT_EQ(ReadEverything(*reader), before);
  EXPECT_NE(ReadEverything(*Reader("from.db")), before);
}

TEST_F(SqliteTransfer, AnExportGoesOnWhereItWasInterrupted) {
  MakeExport();
  const std::string whole = BytesIn(File("all.export"));
  fs::remove(File("all.export"));
  for (const std::size_t size : {whole.size() / 3, whole.size() / 2, whole.size() - 90}) {
    WriteBytes(File("all.export.part"), whole.substr(0, size));
    const Result<ExportReport> report = Export(*Reader("from.db"), File("all.export"), {});
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_GT(report->rows_there, 0);
    EXPECT_FALSE(report->began_anew);
    EXPECT_TRUE(BytesIn(File("all.export")) == whole) << size;
    fs::remove(File("all.export"));
  }
}

TEST_F(SqliteTransfer, AnExportThatWentOnBehindEmptyTablesIsWhole) {
  const TableSpec& journal = TableCalled("journal");
  ASSERT_TRUE(Writer("from.db")->Write({{&journal, TableChange::Kind::kInsert, {SampleRow(journal, 1)}}}).ok());
  ASSERT_TRUE(Export(*Reader("from.db"), File("all.export"), {}).ok());
  const std::string whole = BytesIn(File("all.export"));
  fs::remove(File("all.export"));
  WriteBytes(File("all.export.part"), whole.substr(0, whole.size() - 1));
  const Result<ExportReport> report = Export(*Reader("from.db"), File("all.export"), {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->rows_there, 1);
  const Result<ImportReport> imported = ImportInto(*Writer("to.db"));
  ASSERT_TRUE(imported.ok()) << imported.error().message;
}

TEST_F(SqliteTransfer, AnExportBeginsAnewWhenTheStorageHasChanged) {
  MakeExport();
  fs::rename(File("all.export"), File("all.export.part"));
  const TableSpec& journal = TableCalled("journal");
  ASSERT_TRUE(Writer("from.db")->Write({{&journal, TableChange::Kind::kInsert, {SampleRow(journal, 9)}}}).ok());
  const Result<ExportReport> report = Export(*Reader("from.db"), File("all.export"), {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_TRUE(report->began_anew);
  ASSERT_TRUE(ImportInto(*Writer("to.db")).ok());
  EXPECT_EQ(ReadEverything(*Reader("to.db")), ReadEverything(*Reader("from.db")));
}

TEST_F(SqliteTransfer, AnExportReplacesNoFile) {
  MakeExport();
  const Result<ExportReport> again = Export(*Reader("from.db"), File("all.export"), {});
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, kImportRefused);
}

TEST_F(SqliteTransfer, AnImportGoesOnWhereItWasInterrupted) {
  MakeExport();
  for (const int writes : {0, 1, 7}) {
    const std::string name = "to" + std::to_string(writes) + ".db";
    const auto writer = Writer(name);
    StoppingWriter stopping(*writer, writes);
    ASSERT_FALSE(ImportInto(stopping).ok());
    const Result<ImportReport> report = ImportInto(*writer);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(report->rows_there, writes * 5);
    EXPECT_EQ(ReadEverything(*Reader(name)), ReadEverything(*Reader("from.db")));
  }
}

TEST_F(SqliteTransfer, NobodyOpensWhatIsHalfImported) {
  MakeExport();
  {
    const auto writer = Writer("to.db");
    StoppingWriter stopping(*writer, 3);
    ASSERT_FALSE(ImportInto(stopping).ok());
  }
  const Result<std::unique_ptr<Storage>> server = OpenSqlite({File("to.db"), SqliteSync::kNone, 1});
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code, kStorageHalfImported);
  const Result<std::unique_ptr<TableReader>> reader = ReadSqliteTables(File("to.db"));
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, kStorageHalfImported);
}

TEST_F(SqliteTransfer, AnImportOfAnotherFileCannotGoOn) {
  MakeExport();
  const auto writer = Writer("to.db");
  StoppingWriter stopping(*writer, 3);
  ASSERT_FALSE(ImportInto(stopping).ok());
  Fill(*Writer("other.db"));
  ASSERT_TRUE(Export(*Reader("other.db"), File("other.export"), {}).ok());
  const Result<ImportReport> other = ImportInto(*writer, "other.export");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, kImportRefused);
  EXPECT_THAT(other.error().message, HasSubstr("another file"));
}

TEST_F(SqliteTransfer, ImportsIntoAnEmptyStorageOnly) {
  MakeExport();
  const Result<ImportReport> report = ImportInto(*Writer("from.db"));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, kImportRefused);
  EXPECT_THAT(report.error().message, HasSubstr("has rows"));
}

TEST_F(SqliteTransfer, WritesNothingOfAFileThatIsNotWhole) {
  MakeExport();
  const std::string whole = BytesIn(File("all.export"));
  const auto writer = Writer("to.db");
  const auto expect_refused = [&](const std::string& bytes, const std::string& what) {
    WriteBytes(File("bad.export"), bytes);
    const Result<ImportReport> report = ImportInto(*writer, "bad.export");
    ASSERT_FALSE(report.ok()) << what;
    EXPECT_EQ(report.error().code, kExportUnreadable) << what;
    EXPECT_TRUE(writer->IsEmpty().value()) << what;
  };
  for (std::size_t at = 20; at < whole.size(); at += 97) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    expect_refused(changed, "changed at " + std::to_string(at));
  }
  for (std::size_t size = 0; size < whole.size(); size += 211)
    expect_refused(whole.substr(0, size), "cut off at " + std::to_string(size));
  expect_refused(whole + "x", "with something behind it");
  expect_refused("fermata export 2\n" + whole.substr(17), "of a newer version");
}

TEST_F(SqliteTransfer, RefusesAFileThatIsNotThere) {
  const Result<ImportReport> report = ImportInto(*Writer("to.db"), "absent");
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, kExportUnreadable);
}

TEST_F(SqliteTransfer, LooksAtNoFileThatIsNotThere) {
  const Result<std::unique_ptr<TableReader>> reader = ReadSqliteTables(File("absent.db"));
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, kStorageOpenFailed);
  EXPECT_FALSE(fs::exists(File("absent.db")));
}

class PostgresTransfer : public Transfer {
 protected:
  std::unique_ptr<TableWriter> Database() { return WritePostgresTables(connection_).value(); }
  std::unique_ptr<TableReader> ReadDatabase() { return ReadPostgresTables(connection_).value(); }
  std::string Run(const std::string& sql) { return PostgresCluster::Shared().Run(connection_, sql); }
  std::unique_ptr<Storage> OpenDatabase() {
    PostgresOptions options;
    options.connection = connection_;
    return OpenPostgres(options).value();
  }

  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
};

TEST_F(PostgresTransfer, ThereAndBackEveryRowIsTheSame) {
  MakeExport();
  const Result<ImportReport> there = ImportInto(*Database());
  ASSERT_TRUE(there.ok()) << there.error().message;
  EXPECT_EQ(WithoutShards(ReadEverything(*ReadDatabase())), WithoutShards(ReadEverything(*Reader("from.db"))));
  ASSERT_TRUE(Export(*ReadDatabase(), File("back.export"), {}).ok());
  const Result<ImportReport> back = ImportInto(*Writer("back.db"), "back.export");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->shards_before, 256);
  EXPECT_EQ(WithoutShards(ReadEverything(*Reader("back.db"))), WithoutShards(ReadEverything(*Reader("from.db"))));
}

TEST_F(PostgresTransfer, AnInterruptedImportGoesOn) {
  MakeExport();
  const auto writer = Database();
  StoppingWriter stopping(*writer, 7);
  ASSERT_FALSE(ImportInto(stopping).ok());
  PostgresOptions options;
  options.connection = connection_;
  const Result<std::unique_ptr<Storage>> server = OpenPostgres(options);
  ASSERT_FALSE(server.ok());
  EXPECT_EQ(server.error().code, kStorageHalfImported);
  ASSERT_TRUE(ImportInto(*Database()).ok());
  EXPECT_EQ(WithoutShards(ReadEverything(*ReadDatabase())), WithoutShards(ReadEverything(*Reader("from.db"))));
}

// Whatever the database server writes for itself looks like a change; then it begins anew, which is harmless.
TEST_F(PostgresTransfer, AnInterruptedExportGoesOn) {
  Fill(*Database());
  bool went_on = false;
  for (int tries = 0; tries < 5 && !went_on; ++tries) {
    ASSERT_TRUE(Export(*ReadDatabase(), File("all.export"), {}).ok());
    const std::string whole = BytesIn(File("all.export"));
    fs::remove(File("all.export"));
    WriteBytes(File("all.export.part"), whole.substr(0, whole.size() / 2));
    const Result<ExportReport> report = Export(*ReadDatabase(), File("all.export"), {});
    ASSERT_TRUE(report.ok()) << report.error().message;
    went_on = report->rows_there > 0;
    EXPECT_TRUE(!went_on || BytesIn(File("all.export")) == whole);
    fs::remove(File("all.export"));
  }
  EXPECT_TRUE(went_on);
}

TEST_F(PostgresTransfer, AnImportEndsTheWritingOfServers) {
  const auto server = OpenDatabase();
  MakeExport();
  ASSERT_TRUE(ImportInto(*Database()).ok());
  EXPECT_EQ(CommitAndWait(*server, BatchOf({JournalWith(IdOf(*server, 8), 1)})), CommitOutcome::kFenced);
}

TEST_F(PostgresTransfer, AServerEndsTheWritingOfAnImport) {
  MakeExport();
  const auto writer = Database();
  const auto server = OpenDatabase();
  const Result<ImportReport> report = ImportInto(*writer);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, kStorageFenced);
}

TEST_F(PostgresTransfer, MessagesGoToTheShardThatTakesThem) {
  MakeExport();
  ASSERT_TRUE(ImportInto(*Database()).ok());
  EXPECT_EQ(Run("SELECT DISTINCT shard FROM inbox"), std::to_string(kMessageShard));
}

// What comes from one shard is found by its key, though the key's home is another one.
TEST_F(PostgresTransfer, FindsInstancesAndEventsOfAStorageOfOneShard) {
  std::string key = "k0";
  for (int i = 1; HomeShard(kDefaultTenant, key, 256) == 0; ++i) key = "k" + std::to_string(i);
  InstanceId id;
  {
    const auto storage = OpenSqlite({File("from.db"), SqliteSync::kNone, 1}).value();
    id = IdOf(*storage, 1);
    Batch batch;
    batch.instances = {InstanceWith(id)};
    batch.instances[0].key = key;
    batch.journal = {JournalWith(id, 1)};
    batch.event_identities = {{0, std::string(kDefaultTenant), "source", "id", "", 99}};
    batch.kept_events = {KeptWith(*storage, "p", "t", "v", 77)};
    ASSERT_EQ(CommitAndWait(*storage, batch), CommitOutcome::kCommitted);
  }
  ASSERT_TRUE(Export(*Reader("from.db"), File("all.export"), {}).ok());
  ASSERT_TRUE(ImportInto(*Database()).ok());
  const auto storage = OpenDatabase();
  const auto live = storage->FindLiveByKey(kDefaultTenant, "", key).value();
  ASSERT_EQ(live.size(), 1u);
  EXPECT_EQ(live[0].id, id);
  InstanceFilter filter;
  filter.key = key;
  EXPECT_EQ(storage->ListInstances(filter)->size(), 1u);
  EXPECT_TRUE(storage->FindEventIdentity(kDefaultTenant, "source", "id", "whatever")->has_value());
  EXPECT_FALSE(storage->FindEventIdentity(kDefaultTenant, "source", "other", "whatever")->has_value());
  EXPECT_EQ(storage->FindKeptEvents(kDefaultTenant, "p", "v")->size(), 1u);
  EXPECT_EQ(storage->LastKeptEventOrder(AllShards()).value(), 77);
  EXPECT_EQ(storage->ReadJournal(id, 0, 9)->size(), 1u);
}

TEST_F(PostgresTransfer, LooksAtNoDatabaseOfAnother) {
  const Result<std::unique_ptr<TableReader>> reader = ReadPostgresTables(connection_);
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().code, kStorageNotOurs);
}

}  // namespace
}  // namespace fermata::test

// Instances begin on one storage and end on the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runtime/codes.h"
#include "engine/runtime/message_shard.h"
#include "engine/runtime/store_check.h"
#include "engine/storage/archive/importing.h"
#include "engine/storage/postgres/postgres_storage.h"
#include "engine/storage/postgres/postgres_tables.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "tests/moving/engine_world.h"
#include "tests/support/postgres.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

constexpr std::int64_t kThreeDaysUs = 3LL * 24 * 3600 * 1'000'000;

class Moving : public testing::Test {
 protected:
  EngineWorld::OpenStorage SqliteCalled(const std::string& name) {
    return [path = folder_.File(name)] { return OpenSqlite({path, SqliteSync::kNone, 2}); };
  }
  EngineWorld::OpenStorage Database() {
    return [this] {
      PostgresOptions options;
      options.connection = connection_;
      return OpenPostgres(options);
    };
  }
  std::unique_ptr<TableReader> ReadFile(const std::string& name) {
    return ReadSqliteTables(folder_.File(name)).value();
  }
  std::unique_ptr<TableReader> ReadDatabase() { return ReadPostgresTables(connection_).value(); }

  static std::vector<TableRow> JournalsIn(TableReader& reader) {
    return reader.Open(TableCalled("journal"), TableOrder::kInstance, std::nullopt).value()->Next(100'000).value();
  }
  static void ExpectSound(TableReader& reader, const std::string& when) {
    StoreCheckOptions options;
    options.on_finding = [&](const Finding& finding) {
      ADD_FAILURE() << when << ": " << finding.table << " " << (finding.instance ? finding.instance->ToString() : "")
                    << ": " << finding.message;
    };
    const Result<StoreCheckReport> report = CheckStore(reader, options);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_GT(report->journal_rows, 10);
  }
  void Move(TableReader& from, TableWriter& to) {
    const std::string file = folder_.File("moved-" + std::to_string(++moves_));
    const Result<ExportReport> exported = Export(from, file, {});
    ASSERT_TRUE(exported.ok()) << exported.error().message;
    const Result<ImportReport> imported = Import(CheckExport(file).value(), to, {ShardOfMessage, {}}, {});
    ASSERT_TRUE(imported.ok()) << imported.error().message;
  }

  // One of everything that waits.
  void Begin() {
    world_.DeployAll();
    over_ = world_.Start("order", "o-0");
    EXPECT_EQ(world_.Publish("paid", "id", "o-0", "pay-0").delivered, 1);
    ASSERT_TRUE(world_.Reaches(over_));
    paid_ = world_.Start("order", "o-1");
    late_ = world_.Start("order", "o-2");
    listens_ = world_.Start("listen", "l-1");
    packs_ = world_.Start("pack", "p-1");
    leased_ = world_.Fetch(60'000);
    ASSERT_EQ(leased_.size(), 1u);
    packs_later_ = world_.Start("pack", "p-2");
    family_ = world_.Start("family", "f-1");
    approves_ = world_.Start("approve", "a-1");
    EXPECT_TRUE(world_.Publish("paid", "id", "o-9", "pay-9").kept);
    once_ = world_.TryStart("order", "o-3", "once")->id;
    ASSERT_TRUE(world_.Reaches(paid_, "waiting"));
    ASSERT_TRUE(world_.Reaches(family_, "runs"));
    ASSERT_TRUE(world_.Reaches(packs_later_, "packing"));
    ASSERT_TRUE(world_.Reaches(approves_, "asking"));
  }

  // Whatever they waited for comes where they are now.
  void GoOn() {
    EXPECT_EQ(world_.StatusOf(over_), "completed");
    EXPECT_TRUE(world_.Publish("paid", "id", "o-0", "pay-0").duplicate);
    const Result<StartReply> again = world_.TryStart("order", "o-3", "once");
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->id, once_);
    const Result<StartReply> second = world_.TryStart("order", "o-2");
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, kKeyInUse);

    EXPECT_EQ(world_.Publish("paid", "id", "o-1", "pay-1").delivered, 1);
    world_.Publish("paid", "id", "child-f-1", "pay-f");
    world_.Publish("told", "value", "v-l-1", "tell-1");
    const InstanceId kept = world_.Start("order", "o-9");
    EXPECT_TRUE(world_.Answer(approves_).ok());
    EXPECT_TRUE(world_.Complete(leased_.front()).ok());
    const std::vector<WorkerJob> jobs = world_.Fetch(60'000);
    ASSERT_EQ(jobs.size(), 1u);
    EXPECT_EQ(jobs.front().key.instance, packs_later_);
    EXPECT_TRUE(world_.Complete(jobs.front()).ok());
    for (const InstanceId& id : {paid_, listens_, packs_, packs_later_, family_, approves_, kept})
      EXPECT_TRUE(world_.Reaches(id)) << world_.StatusOf(id);
    EXPECT_EQ(world_.StatusOf(late_), "waiting");
  }

  // Timers fall due, wherever they were armed.
  void EndTimers(const EngineWorld::OpenStorage& open, int threads) {
    world_.Close();
    world_.clock().ahead_us = kThreeDaysUs;
    world_.Open(open, threads);
    EXPECT_TRUE(world_.Reaches(late_));
    EXPECT_EQ(world_.StatusOf(late_), "completed");
    world_.Close();
  }

  TempFolder folder_;
  const std::string connection_ = PostgresCluster::Shared().CreateDatabase();
  EngineWorld world_;
  int moves_ = 0;
  InstanceId over_, paid_, late_, listens_, packs_, packs_later_, family_, approves_, once_;
  std::vector<WorkerJob> leased_;
};

TEST_F(Moving, WhatBeganInAFileEndsInPostgres) {
  world_.Open(SqliteCalled("from.db"));
  Begin();
  world_.Close();
  ExpectSound(*ReadFile("from.db"), "before");
  Move(*ReadFile("from.db"), *WritePostgresTables(connection_).value());
  EXPECT_EQ(JournalsIn(*ReadDatabase()), JournalsIn(*ReadFile("from.db")));
  ExpectSound(*ReadDatabase(), "after the move");
  world_.Open(Database(), 4);
  GoOn();
  EndTimers(Database(), 4);
  ExpectSound(*ReadDatabase(), "at the end");
}

TEST_F(Moving, WhatBeganInPostgresEndsInAFile) {
  world_.Open(Database(), 4);
  Begin();
  world_.Close();
  ExpectSound(*ReadDatabase(), "before");
  Move(*ReadDatabase(), *WriteSqliteTables(folder_.File("to.db")).value());
  EXPECT_EQ(JournalsIn(*ReadDatabase()), JournalsIn(*ReadFile("to.db")));
  ExpectSound(*ReadFile("to.db"), "after the move");
  world_.Open(SqliteCalled("to.db"));
  GoOn();
  EndTimers(SqliteCalled("to.db"), 1);
  ExpectSound(*ReadFile("to.db"), "at the end");
}

// Killed between sending messages and taking them: they wait in the inbox, and the shard that takes them is another one there.
TEST_F(Moving, MessagesOnTheirWayArriveInPostgres) {
  world_.Open(SqliteCalled("from.db"));
  Begin();
  world_.Close();
  const std::unique_ptr<TableWriter> writer = WriteSqliteTables(folder_.File("from.db")).value();
  const TableSpec& inbox = TableCalled("inbox");
  const std::string event =
      R"({"kind":"event","tenant":"default","value":"o-1","processes":["order"],"addressed":false,"keepMs":1000,)"
      R"("event":{"id":"e","source":"s","type":"paid","subject":"","time":"2026-01-01T00:00:00Z",)"
      R"("data":{"id":"o-1"},"extensions":null},"starts":[],"alone":true})";
  TableRow row(inbox.columns.size());
  row[inbox.At("sender")] = std::string(over_.bytes().begin(), over_.bytes().end());
  row[inbox.At("seq")] = std::int64_t{77};
  row[inbox.At("position")] = std::int64_t{0};
  row[inbox.At("bytes")] = event;
  ASSERT_TRUE(writer->Write({{&inbox, TableChange::Kind::kInsert, {row}}}).ok());
  Move(*ReadFile("from.db"), *WritePostgresTables(connection_).value());
  EXPECT_EQ(PostgresCluster::Shared().Run(connection_, "SELECT shard FROM inbox"),
            std::to_string(HomeShard(kDefaultTenant, "o-1", 256)));
  world_.Open(Database(), 4);
  EXPECT_TRUE(world_.Reaches(paid_)) << world_.StatusOf(paid_);
  world_.Close();
}

}  // namespace
}  // namespace fermata::test

// `fermata verify` finds each kind of damage, says whether it can be mended, and mends it.
#include "engine/runtime/store_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage/codes.h"
#include "engine/storage/sealed/sealed_storage.h"
#include "engine/storage/sqlite/connection.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "tests/moving/engine_world.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

using testing::Each;
using testing::Field;
using testing::HasSubstr;

class StoreCheck : public testing::Test {
 protected:
  std::string Path() const { return folder_.File("data.db"); }
  Result<std::unique_ptr<Storage>> OpenStore() {
    Result<std::unique_ptr<Storage>> inner = OpenSqlite({Path(), SqliteSync::kNone, 1});
    if (!inner.ok()) return inner;
    return SealStorage(*std::move(inner), keys_);
  }
  // A stopped server's file, with an instance of each kind that waits and one that has ended.
  void MakeStore() {
    EngineWorld world;
    world.Open([this] { return OpenStore(); });
    world.DeployAll();
    const InstanceId over = world.Start("order", "o-0");
    world.Publish("paid", "id", "o-0", "pay-0");
    ASSERT_TRUE(world.Reaches(over));
    ASSERT_TRUE(world.Reaches(world.Start("order", "o-1"), "waiting"));
    ASSERT_TRUE(world.Reaches(world.Start("listen", "l-1"), "waiting"));
    ASSERT_TRUE(world.Reaches(world.Start("pack", "p-1"), "packing"));
    ASSERT_EQ(world.Fetch(60'000).size(), 1u);
    ASSERT_TRUE(world.Reaches(world.Start("approve", "a-1"), "asking"));
    ASSERT_TRUE(world.Reaches(world.Start("family", "f-1"), "runs"));
    world.Publish("paid", "id", "o-9", "pay-9");
    world.Close();
  }
  void Damage(const std::string& sql) {
    const auto connection = sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE).value();
    const Status done = connection->Execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().message;
    ASSERT_GT(sqlite3_total_changes(connection->handle()), 0) << sql;
  }
  std::vector<Finding> Look(TableWriter* repair = nullptr) {
    std::vector<Finding> findings;
    StoreCheckOptions options;
    options.keys = keys_;
    options.repair = repair;
    options.on_finding = [&](const Finding& finding) { findings.push_back(finding); };
    report_ = CheckStore(*ReadSqliteTables(Path()).value(), options);
    EXPECT_TRUE(report_.ok());
    return findings;
  }
  std::vector<Finding> Mend() {
    const std::unique_ptr<TableWriter> writer = WriteSqliteTables(Path()).value();
    return Look(writer.get());
  }
  static std::string Said(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings) text += finding.table + ": " + finding.message + "\n";
    return text;
  }

  TempFolder folder_;
  SealingKeys keys_;
  Result<StoreCheckReport> report_{StoreCheckReport()};
};

TEST_F(StoreCheck, AStoppedServersStoreIsSound) {
  MakeStore();
  EXPECT_EQ(Said(Look()), "");
  EXPECT_EQ(report_->instances, 7);
  EXPECT_EQ(report_->live, 6);
  EXPECT_EQ(report_->definitions, 5);
}

TEST_F(StoreCheck, ARunningServersStoreIsSound) {
  EngineWorld world;
  world.Open([this] { return OpenStore(); });
  world.DeployAll();
  for (int i = 0; i < 20; ++i) {
    world.Start("order", "o-" + std::to_string(i));
    world.Start("family", "f-" + std::to_string(i));
    EXPECT_EQ(Said(Look()), "");
  }
}

TEST_F(StoreCheck, AnEmptyStoreIsSound) {
  ASSERT_TRUE(OpenStore().ok());
  EXPECT_EQ(Said(Look()), "");
}

TEST_F(StoreCheck, ASealedStoreNeedsItsKeys) {
  keys_ = SealingKeys::Parse(SealingKeys::NewLine("first")).value();
  MakeStore();
  EXPECT_EQ(Said(Look()), "");
  const Result<StoreCheckReport> report = CheckStore(*ReadSqliteTables(Path()).value(), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, kSealingKeyMissing);
}

TEST_F(StoreCheck, WhatIsMendedInASealedStoreIsSealed) {
  keys_ = SealingKeys::Parse(SealingKeys::NewLine("first")).value();
  MakeStore();
  Damage("DELETE FROM tasks; DELETE FROM jobs");
  EXPECT_EQ(Mend().size(), 2u);
  EXPECT_EQ(Said(Look()), "");
  const auto connection = sqlite::Connection::Open(Path(), SQLITE_OPEN_READWRITE).value();
  EXPECT_EQ(connection->QueryInt("SELECT count(*) FROM jobs WHERE instr(bytes, CAST('input' AS BLOB)) > 0").value(), 0);
}

TEST_F(StoreCheck, AChangedSealedRowIsFound) {
  keys_ = SealingKeys::Parse(SealingKeys::NewLine("first")).value();
  MakeStore();
  Damage(
      "UPDATE journal SET bytes = (SELECT bytes FROM journal j WHERE j.seq = 1 AND j.instance = journal.instance) "
      "WHERE "
      "seq = 2");
  const std::vector<Finding> findings = Look();
  ASSERT_FALSE(findings.empty());
  EXPECT_THAT(findings, Each(Field(&Finding::mendable, false)));
}

// A part of the file that follows from the journals: the damage, and what is said of it.
struct Mendable {
  const char* name;
  const char* sql;
  const char* table;
  const char* said;
};

class StoreCheckMends : public StoreCheck, public testing::WithParamInterface<Mendable> {};

TEST_P(StoreCheckMends, WhatFollowsFromAJournal) {
  MakeStore();
  Damage(GetParam().sql);
  const std::vector<Finding> findings = Look();
  ASSERT_FALSE(findings.empty());
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.table, GetParam().table) << finding.message;
    EXPECT_THAT(finding.message, HasSubstr(GetParam().said));
    EXPECT_TRUE(finding.mendable);
  }
  EXPECT_EQ(Look().size(), findings.size()) << "looking has changed something";
  EXPECT_EQ(Mend().size(), findings.size());
  EXPECT_EQ(report_->mended, report_->findings);
  EXPECT_EQ(Said(Look()), "");
}

INSTANTIATE_TEST_SUITE_P(
    Damage, StoreCheckMends,
    testing::Values(
        Mendable{"Timers", "DELETE FROM timers", "timers", "there is none"},
        Mendable{"MovedTimers", "UPDATE timers SET due_us = due_us + 1 WHERE slot >= 0", "timers", "Expected"},
        Mendable{"TooManyTimers",
                 "INSERT INTO timers SELECT due_us + 5, instance, activation, slot FROM timers WHERE slot >= 0",
                 "timers", "the journal says nothing of it"},
        Mendable{"TimersOfNobody", "INSERT INTO timers VALUES (5, zeroblob(16), 1, 0)", "timers",
                 "an instance that is not there"},
        Mendable{"Subscriptions", "DELETE FROM subscriptions", "subscriptions", "there is none"},
        Mendable{"OtherSubscriptions",
                 "INSERT INTO subscriptions SELECT tenant, type, 'x', instance, activation FROM subscriptions",
                 "subscriptions", "the journal says nothing of it"},
        Mendable{"Jobs", "DELETE FROM jobs", "jobs", "there is none"},
        Mendable{"Tasks", "DELETE FROM tasks", "tasks", "there is none"},
        Mendable{"ChangedTasks", "UPDATE tasks SET role = 'somebody'", "tasks", "it is not"},
        Mendable{
            "Incidents",
            "INSERT INTO incidents SELECT id, 1, tenant, process, 's', 'e', 'm', 1, 5, 0 FROM instances WHERE live",
            "incidents", "the journal says nothing of it"},
        Mendable{"SearchValues", "UPDATE search_values SET value = 'x'", "search_values", "it is not"},
        Mendable{"MissingSearchValues", "DELETE FROM search_values", "search_values", "there is none"},
        Mendable{"Instances", "UPDATE instances SET status = 'failed', live = 0, key = 'z' WHERE key = 'o-1'",
                 "instances", "key, status, live"},
        Mendable{"MissingInstances", "DELETE FROM instances WHERE process <> 'order'", "instances",
                 "there is only its journal"},
        Mendable{"UnreadableSnapshots",
                 "INSERT INTO snapshots SELECT instance, max(seq), X'00' FROM journal GROUP BY 1", "snapshots",
                 "is not"},
        Mendable{"SnapshotsOfTheFuture",
                 "INSERT INTO snapshots SELECT instance, max(seq) + 1, X'00' FROM journal GROUP BY 1", "snapshots",
                 "beyond the journal's end"},
        Mendable{"Counters", "UPDATE counters SET value = 1", "counters", "it is lower"}),
    [](const auto& info) { return std::string(info.param.name); });

struct Unmendable {
  const char* name;
  const char* sql;
  const char* table;
  const char* said;
};

class StoreCheckTells : public StoreCheck, public testing::WithParamInterface<Unmendable> {};

TEST_P(StoreCheckTells, WhatOnlyABackupCanMend) {
  MakeStore();
  Damage(GetParam().sql);
  const std::vector<Finding> findings = Look();
  ASSERT_FALSE(findings.empty());
  EXPECT_THAT(findings, testing::Contains(testing::AllOf(Field(&Finding::table, GetParam().table),
                                                         Field(&Finding::mendable, false),
                                                         Field(&Finding::message, HasSubstr(GetParam().said)))))
      << Said(findings);
}

INSTANTIATE_TEST_SUITE_P(
    Damage, StoreCheckTells,
    testing::Values(
        Unmendable{"Gap", "DELETE FROM journal WHERE seq = 1", "journal", "Expected the row 1"},
        Unmendable{"UnreadableJournal", "UPDATE journal SET bytes = X'00' WHERE seq = 2", "journal", "readable"},
        Unmendable{"NoJournal", "DELETE FROM journal", "journal", "no row of it"},
        Unmendable{"NoDefinition", "DELETE FROM definitions WHERE process = 'pack'", "definitions", "runs by"},
        Unmendable{"UnreadableDefinition", "UPDATE definitions SET bundle = X'7b7d' WHERE process = 'pack'",
                   "definitions", "'pack'"},
        Unmendable{"NoLiveVersion", "UPDATE live_versions SET hash = 'x' WHERE process = 'pack'", "live_versions",
                   "'pack'"},
        Unmendable{"UnreadableMessage", "INSERT INTO inbox VALUES (zeroblob(16), 1, 0, X'00')", "inbox", "readable"},
        Unmendable{"NoChild",
                   "DELETE FROM journal WHERE instance IN (SELECT id FROM instances WHERE parent IS NOT NULL);"
                   "DELETE FROM instances WHERE parent IS NOT NULL",
                   "instances", "the child"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace fermata::test

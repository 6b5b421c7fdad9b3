// Encryption at rest: on an SQLite file, where what is sealed can be looked for.
#include "engine/storage/sealed/sealed_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>

#include "engine/storage/codes.h"
#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/nodes.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/sqlite/sqlite_tables.h"
#include "tests/storage/backend.h"
#include "tests/support/read_file.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

class SqliteSealed : public testing::Test {
 protected:
  Result<std::unique_ptr<Storage>> Open(const std::string& keys) {
    storage_.reset();
    Result<std::unique_ptr<Storage>> inner = OpenSqlite({Path(), SqliteSync::kNone, 1});
    if (!inner.ok()) return inner;
    return SealStorage(*std::move(inner), SealingKeys::Parse(keys).value());
  }
  void Reopen(const std::string& keys) {
    Result<std::unique_ptr<Storage>> opened = Open(keys);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    storage_ = *std::move(opened);
  }
  std::string Path() const { return folder_.File("data.db"); }
  // Both files of the database.
  std::string OnDisk() const {
    std::string all;
    for (const std::string& file : {Path(), Path() + "-wal"}) all += test::ReadFile(file);
    return all;
  }
  // Every kind of row that may carry a variable's value.
  Batch WithCanaries() const {
    const InstanceId id = IdOf(*storage_, 1);
    Batch batch;
    batch.journal = {JournalWith(id, 1, "canary")};
    batch.snapshots = {{id, 0, "canary"}};
    batch.instances = {InstanceWith(id)};
    batch.inbox = {{0, id, 1, 1, "canary"}};
    batch.kept_events = {KeptWith(*storage_, "p", "t", "v", 1)};
    batch.kept_events[0].bytes = "canary";
    batch.tasks = {{id, 1, "default", "p", "s", "", "", 5, 5, "canary"}};
    batch.jobs = {JobRow{id, 1, false, "default", "p", "s", "c.o"}};
    batch.jobs[0].bytes = "canary";
    batch.schedules = {{0, "default", "p", "canary"}};
    batch.incidents = {{id, 1, "default", "p", "s", "error", "canary", true, 5, 0}};
    batch.idempotency_keys = {{0, "default", "k", "hash", "canary", 99}};
    batch.standing_orders = {{"webhook", "wh-1", "canary"}};
    batch.deliveries = {{0, "wh-1", "e-1", "default", "pending", 5, 6, "canary"}};
    return batch;
  }
  void ExpectCanaries() {
    const InstanceId id = IdOf(*storage_, 1);
    const StoredInstance stored = storage_->LoadInstance(id).value().value();
    EXPECT_EQ(stored.snapshot->bytes, "canary");
    ASSERT_EQ(stored.tail.size(), 1u);
    EXPECT_EQ(stored.tail[0].bytes, "canary");
    EXPECT_EQ(storage_->ReadJournal(id, 0, 9)->front().bytes, "canary");
    EXPECT_EQ(storage_->ReadInbox(AllShards(), std::nullopt, 9)->front().bytes, "canary");
    EXPECT_EQ(storage_->FindKeptEvents("default", "p", "v")->front().bytes, "canary");
    EXPECT_EQ(storage_->FindKeptEventsOfType("default", "t", "v")->front().bytes, "canary");
    EXPECT_EQ(storage_->ListTasks({})->front().bytes, "canary");
    EXPECT_EQ(storage_->ListJobs({})->front().bytes, "canary");
    EXPECT_EQ(storage_->FindJob(id, 1, false)->value().bytes, "canary");
    EXPECT_EQ(storage_->ReadSchedules()->front().bytes, "canary");
    EXPECT_EQ(storage_->ListIncidents({})->front().message, "canary");
    EXPECT_EQ(storage_->FindIdempotencyKey("default", "k")->value().answer, "canary");
    EXPECT_EQ(storage_->ReadStandingOrders("webhook")->front().bytes, "canary");
    EXPECT_EQ(storage_->FindDelivery(0, "wh-1", "e-1")->value().bytes, "canary");
    EXPECT_EQ(storage_->ListDeliveries({"wh-1"})->front().bytes, "canary");
    EXPECT_EQ(storage_->ReadDeliveries(AllShards(), "wh-1", "pending", 9, 9)->front().bytes, "canary");
  }
  void Put(Batch batch) { ASSERT_EQ(CommitAndWait(*storage_, std::move(batch)), CommitOutcome::kCommitted); }

  TempFolder folder_;
  std::unique_ptr<Storage> storage_;
};

TEST_F(SqliteSealed, NoPayloadIsOnTheDiskAndAllComeBack) {
  const std::string keys = SealingKeys::NewLine("a");
  Reopen(keys);
  Put(WithCanaries());
  ExpectCanaries();
  EXPECT_EQ(OnDisk().find("canary"), std::string::npos);
  Reopen(keys);
  ExpectCanaries();
}

// What treats all tables alike seals and opens their payloads as the storage does.
TEST_F(SqliteSealed, PayloadsAsCellsOpenWithTheSameKeys) {
  const std::string keys = SealingKeys::NewLine("a");
  Reopen(keys);
  Put(WithCanaries());
  storage_.reset();
  const SealingKeys parsed = SealingKeys::Parse(keys).value();
  const std::unique_ptr<TableReader> reader = ReadSqliteTables(Path()).value();
  int opened = 0;
  for (const TableSpec& table : AllTables()) {
    if (table.payload.empty()) continue;
    const auto rows = reader->Open(table, TableOrder::kKey, std::nullopt).value()->Next(9).value();
    for (TableRow row : rows) {
      if (table.name == "standing_orders" && TextIn(row[table.At("kind")]) == kSealingKeyNotes) continue;
      TableRow sealed = row;
      ASSERT_TRUE(OpenPayload(table, parsed, row).ok()) << table.name;
      EXPECT_EQ(TextIn(row[table.At(table.payload)]), "canary") << table.name;
      SealPayload(table, parsed, row);
      EXPECT_NE(row, sealed);
      ASSERT_TRUE(OpenPayload(table, parsed, row).ok()) << table.name;
      sealed[table.At(table.place.back())] = Cell(std::string("elsewhere"));
      EXPECT_FALSE(OpenPayload(table, parsed, sealed).ok()) << table.name;
      ++opened;
    }
  }
  EXPECT_EQ(opened, 11);
}

TEST_F(SqliteSealed, WithoutKeysTheDiskHasThem) {
  Reopen("");
  Put(WithCanaries());
  EXPECT_NE(OnDisk().find("canary"), std::string::npos);
  Reopen(SealingKeys::NewLine("a"));
  ExpectCanaries();  // written before there were keys
}

TEST_F(SqliteSealed, ANewKeySealsWhatIsNewAndTheOldOneStaysNeeded) {
  const std::string old_key = SealingKeys::NewLine("old"), new_key = SealingKeys::NewLine("new");
  Reopen(old_key);
  Put(WithCanaries());
  Reopen(old_key + new_key);
  ExpectCanaries();
  Put(BatchOf({JournalWith(IdOf(*storage_, 2), 1, "second canary")}));
  EXPECT_EQ(storage_->ReadJournal(IdOf(*storage_, 2), 0, 9)->front().bytes, "second canary");
  EXPECT_EQ(OnDisk().find("canary"), std::string::npos);
  for (const std::string& missing :
       {std::string(), old_key, new_key, old_key + SealingKeys::NewLine("new"), SealingKeys::NewLine("other")})
    EXPECT_EQ(Open(missing).error().code, kSealingKeyMissing);
  Reopen(new_key + old_key);
  ExpectCanaries();
}

TEST_F(SqliteSealed, ARowThatWasPutElsewhereIsNotTaken) {
  const std::string keys = SealingKeys::NewLine("a");
  Reopen(keys);
  Put(BatchOf({JournalWith(IdOf(*storage_, 1), 1, "one"), JournalWith(IdOf(*storage_, 2), 1, "two")}));
  storage_.reset();
  std::unique_ptr<Storage> inner = OpenSqlite({Path(), SqliteSync::kNone, 1}).value();
  JournalRow moved = inner->ReadJournal(IdOf(*inner, 1), 0, 1)->front();
  moved.seq = 2;
  ASSERT_EQ(CommitAndWait(*inner, BatchOf({moved})), CommitOutcome::kCommitted);
  inner.reset();
  Reopen(keys);
  EXPECT_EQ(storage_->ReadJournal(IdOf(*storage_, 1), 0, 1)->front().bytes, "one");
  EXPECT_EQ(storage_->ReadJournal(IdOf(*storage_, 1), 1, 1).error().code, kSealedRowUnreadable);
}

TEST(MemorySealed, AMailboxIsSealedAndOpenedByWhoHasTheKey) {
  MemoryCluster cluster;
  const std::string keys = SealingKeys::NewLine("a");
  const auto sender = SealStorage(cluster.Open("a"), SealingKeys::Parse(keys).value()).value();
  const auto receiver = SealStorage(cluster.Open("b"), SealingKeys::Parse(keys).value()).value();
  Batch batch;
  batch.inbox = {{receiver->nodes()->self().mailbox, IdOf(*sender, 1), 1, 1, "canary"}};
  ASSERT_EQ(CommitAndWait(*sender, batch), CommitOutcome::kCommitted);
  EXPECT_EQ(receiver->nodes()->ReadMailbox(std::nullopt, 9)->at(0).bytes, "canary");
  EXPECT_EQ(receiver->nodes()->Take(AllShards()).value(), AllShards());
  EXPECT_EQ(sender->nodes()->Take(AllShards()).value(), ShardSet());
  ASSERT_TRUE(receiver->nodes()->Leave());

  const auto thief = cluster.Open("c");
  ASSERT_EQ(CommitAndWait(*sender, batch), CommitOutcome::kCommitted) << "to the mailbox that is the thief's now";
  EXPECT_NE(thief->nodes()->ReadMailbox(std::nullopt, 9)->at(0).bytes, "canary");
}

}  // namespace
}  // namespace fermata::test

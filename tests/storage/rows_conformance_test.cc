// Instances and what hangs on them, definitions: what was put comes back as it was, in the order and by the filters that storage.h names.
#include <limits>

#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Rows : public StorageTest {
 protected:
  std::vector<InstanceId> ListIds(const InstanceFilter& filter) {
    std::vector<InstanceId> ids;
    const std::vector<InstanceRow> rows = storage().ListInstances(filter).value();
    for (const InstanceRow& row : rows) ids.push_back(row.id);
    return ids;
  }
  std::vector<std::int64_t> IncidentNumbers(const IncidentFilter& filter) {
    std::vector<std::int64_t> numbers;
    const std::vector<IncidentRow> rows = storage().ListIncidents(filter).value();
    for (const IncidentRow& row : rows) numbers.push_back(row.number);
    return numbers;
  }
};
FERMATA_FOR_EACH_STORAGE(Rows);

TEST_P(Rows, AnInstanceComesBackAsItWasPut) {
  InstanceRow row = InstanceWith(IdFor(1, kHardText));
  row.key = kHardText;
  row.states = {"outer", "inner"};
  row.error = kHardText;
  row.open_incidents = 3;
  row.parent = Id(9);
  row.ended_us = 77;
  Batch batch;
  batch.instances = {row};
  Put(batch);
  const StoredInstance stored = storage().LoadInstance(row.id).value().value();
  EXPECT_EQ(stored.row, row);
  EXPECT_FALSE(stored.snapshot);
  EXPECT_THAT(stored.tail, IsEmpty());
}

TEST_P(Rows, AnInstanceWithoutKeyParentAndStatesHasNone) {
  Batch batch;
  batch.instances = {InstanceWith(Id(1))};
  Put(batch);
  EXPECT_EQ(storage().LoadInstance(Id(1)).value()->row, InstanceWith(Id(1)));
}

TEST_P(Rows, AnEmptyKeyIsAKey) {
  InstanceRow row = InstanceWith(IdFor(1, ""));
  row.key = "";
  Batch batch;
  batch.instances = {row, InstanceWith(Id(2))};
  Put(batch);
  EXPECT_EQ(storage().LoadInstance(row.id).value()->row.key, "");
  EXPECT_THAT(storage().FindLiveByKey(kDefaultTenant, "signup", "").value(), ElementsAre(row));
}

TEST_P(Rows, AnUnknownInstanceIsNone) {
  EXPECT_FALSE(storage().LoadInstance(Id(1))->has_value());
  EXPECT_THAT(storage().ReadJournal(Id(1), 0, 10).value(), IsEmpty());
}

TEST_P(Rows, ManyInstancesAreLoadedAtOnce) {
  Batch batch = BatchOf({JournalWith(Id(1), 1, "a"), JournalWith(Id(1), 2, "b"), JournalWith(Id(3), 1, "c")});
  batch.instances = {InstanceWith(Id(1)), InstanceWith(Id(3)), InstanceWith(Id(4))};
  batch.snapshots = {{Id(1), 1, "snapshot"}};
  Put(batch);
  const std::vector<InstanceId> ids = {Id(3), Id(2), Id(1)};
  const std::vector<StoredInstance> loaded = storage().LoadInstances(ids).value();
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_EQ(loaded[0].row, batch.instances[1]);
  EXPECT_FALSE(loaded[0].snapshot);
  ASSERT_EQ(loaded[0].tail.size(), 1u);
  EXPECT_EQ(loaded[0].tail[0].bytes, "c");
  EXPECT_EQ(loaded[1].row, batch.instances[0]);
  EXPECT_EQ(loaded[1].snapshot->bytes, "snapshot");
  ASSERT_EQ(loaded[1].tail.size(), 1u);
  EXPECT_EQ(loaded[1].tail[0].bytes, "b");
  EXPECT_THAT(storage().LoadInstances({}).value(), IsEmpty());
}

TEST_P(Rows, AnInstancePutAgainIsReplaced) {
  Batch batch;
  batch.instances = {InstanceWith(Id(1))};
  batch.instances[0].states = {"one"};
  Put(batch);
  batch.instances[0] = InstanceWith(Id(1), "completed");
  batch.instances[0].version = "1.3.0";
  Put(batch);
  EXPECT_EQ(storage().LoadInstance(Id(1)).value()->row, batch.instances[0]);
  EXPECT_EQ(storage().ListInstances({})->size(), 1u);
}

TEST_P(Rows, PayloadsAreBytes) {
  const std::string large(1 << 20, '\xff');
  Put(BatchOf({JournalWith(Id(1), 1, AllBytes()), JournalWith(Id(1), 2, ""), JournalWith(Id(1), 3, large)}));
  EXPECT_EQ(Payloads(Id(1)), (std::vector<std::string>{AllBytes(), "", large}));
}

TEST_P(Rows, AJournalIsReadInPagesAndInOrder) {
  Put(BatchOf({JournalWith(Id(1), 2), JournalWith(Id(2), 1, "other"), JournalWith(Id(1), 1), JournalWith(Id(1), 3)}));
  const std::vector<JournalRow> page = storage().ReadJournal(Id(1), 1, 1).value();
  ASSERT_EQ(page.size(), 1u);
  EXPECT_EQ(page[0].seq, 2);
  EXPECT_EQ(page[0].time_us, JournalWith(Id(1), 2).time_us);
  EXPECT_EQ(page[0].instance, Id(1));
  EXPECT_EQ(storage().ReadJournal(Id(1), 2, 10)->size(), 1u);
  EXPECT_THAT(storage().ReadJournal(Id(1), 3, 10).value(), IsEmpty());
}

TEST_P(Rows, AnInstanceIsLoadedWithItsNewestSnapshotAndTheTailAfterIt) {
  Batch batch = BatchOf({JournalWith(Id(1), 1), JournalWith(Id(1), 2), JournalWith(Id(1), 3, "tail")});
  batch.instances = {InstanceWith(Id(1))};
  batch.snapshots = {{Id(1), 1, "old"}};
  Put(batch);
  Batch newer;
  newer.snapshots = {{Id(1), 2, AllBytes()}};
  Put(newer);
  const StoredInstance stored = storage().LoadInstance(Id(1)).value().value();
  ASSERT_TRUE(stored.snapshot);
  EXPECT_EQ(stored.snapshot->seq, 2);
  EXPECT_EQ(stored.snapshot->bytes, AllBytes());
  ASSERT_EQ(stored.tail.size(), 1u);
  EXPECT_EQ(stored.tail[0].bytes, "tail");
}

TEST_P(Rows, InstancesAreListedNewestFirstAndInPages) {
  Batch batch;
  for (int i : {3, 1, 2, 4}) batch.instances.push_back(InstanceWith(Id(i)));
  for (InstanceRow& row : batch.instances) row.started_us = row.id == Id(4) ? 20 : 10;  // equal times go by id
  Put(batch);
  EXPECT_THAT(ListIds({}), ElementsAre(Id(4), Id(3), Id(2), Id(1)));
  InstanceFilter filter;
  filter.limit = 2;
  EXPECT_THAT(ListIds(filter), ElementsAre(Id(4), Id(3)));
  filter.before = {10, Id(3)};
  EXPECT_THAT(ListIds(filter), ElementsAre(Id(2), Id(1)));
  filter.before = {10, Id(1)};
  EXPECT_THAT(ListIds(filter), IsEmpty());
}

TEST_P(Rows, EachFilterOfInstancesHolds) {
  Batch batch;
  batch.instances = {
      InstanceWith(Id(1)),           InstanceWith(IdFor(2, "k"), "waiting"), InstanceWith(Id(3), "completed"),
      InstanceWith(Id(4), "failed"), InstanceWith(Id(5), "cancelled"),       InstanceWith(Id(6))};
  batch.instances[0].states = {"outer", "pay"};
  batch.instances[1].key = "k";
  batch.instances[1].states = {"payment"};
  batch.instances[2].process = "other";
  batch.instances[5].tenant = "somebody";
  for (std::size_t i = 0; i < 6; ++i) batch.instances[i].started_us = static_cast<std::int64_t>(i + 1) * 10;
  Put(batch);

  const auto with = [](auto set) {
    InstanceFilter filter;
    set(filter);
    return filter;
  };
  EXPECT_THAT(ListIds(with([](auto& f) { f.process = "other"; })), ElementsAre(Id(3)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.status = "running"; })), ElementsAre(Id(1)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.status = "failed"; })), ElementsAre(Id(4)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.status = "nonsense"; })), IsEmpty());
  EXPECT_THAT(ListIds(with([](auto& f) { f.state = "pay"; })), ElementsAre(Id(1)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.state = "outer"; })), ElementsAre(Id(1)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.state = "%"; })), IsEmpty());
  EXPECT_THAT(ListIds(with([](auto& f) { f.key = "k"; })), ElementsAre(IdFor(2, "k")));
  EXPECT_THAT(ListIds(with([](auto& f) { f.key = "K"; })), IsEmpty());
  EXPECT_THAT(ListIds(with([](auto& f) { f.live = true; })), ElementsAre(IdFor(2, "k"), Id(1)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.live = false; })), ElementsAre(Id(5), Id(4), Id(3)));
  EXPECT_THAT(ListIds(with([](auto& f) {
                f.started_from_us = 30;
                f.started_before_us = 50;
              })),
              ElementsAre(Id(4), Id(3)));
  EXPECT_THAT(ListIds(with([](auto& f) { f.tenant = "somebody"; })), ElementsAre(Id(6)));
  EXPECT_THAT(ListIds(with([](auto& f) {
                f.status = "failed";
                f.process = "other";
              })),
              IsEmpty());
  EXPECT_THAT(ListIds(with([](auto& f) {
                f.state = "pay";
                f.live = false;
              })),
              IsEmpty());
}

TEST_P(Rows, OnlyLiveInstancesAreFoundByKey) {
  Batch batch;
  batch.instances = {InstanceWith(IdFor(1, "k")), InstanceWith(IdFor(2, "k"), "completed"),
                     InstanceWith(IdFor(3, "k"), "waiting"), InstanceWith(IdFor(4, "other")),
                     InstanceWith(IdFor(5, "k"))};
  for (InstanceRow& row : batch.instances) row.key = row.id == IdFor(4, "other") ? "other" : "k";
  batch.instances[2].process = "payment";
  batch.instances[4].tenant = "somebody";
  Put(batch);
  EXPECT_THAT(storage().FindLiveByKey(kDefaultTenant, "signup", "k").value(), ElementsAre(batch.instances[0]));
  EXPECT_THAT(storage().FindLiveByKey(kDefaultTenant, "", "k").value(),
              ElementsAre(batch.instances[0], batch.instances[2]));
  EXPECT_THAT(storage().FindLiveByKey(kDefaultTenant, "signup", "absent").value(), IsEmpty());

  Batch ended;
  ended.instances = {InstanceWith(IdFor(1, "k"), "completed")};
  ended.instances[0].key = "k";
  Put(ended);
  EXPECT_THAT(storage().FindLiveByKey(kDefaultTenant, "signup", "k").value(), IsEmpty());
}

TEST_P(Rows, BusyInstancesAreListedInPages) {
  Batch batch;
  batch.instances = {InstanceWith(Id(1)),
                     InstanceWith(Id(2), "waiting"),
                     InstanceWith(Id(3), "compensating"),
                     InstanceWith(Id(4), "completed"),
                     InstanceWith(Id(5), "suspended"),
                     InstanceWith(Id(6))};
  Put(batch);
  EXPECT_THAT(storage().ListBusyInstances(AllShards(), InstanceId(), 10).value(), ElementsAre(Id(1), Id(3), Id(6)));
  EXPECT_THAT(storage().ListBusyInstances(AllShards(), InstanceId(), 2).value(), ElementsAre(Id(1), Id(3)));
  EXPECT_THAT(storage().ListBusyInstances(AllShards(), Id(3), 2).value(), ElementsAre(Id(6)));
}

TEST_P(Rows, TimersAreReadInTheOrderOfTheirDueTimes) {
  const TimerRow a{Id(2), 1, 0, 10}, b{Id(1), 1, 0, 20}, c{Id(1), 1, 1, 20}, d{Id(1), 2, 0, 20}, e{Id(1), 3, 0, 30};
  Batch batch;
  batch.timers = {d, e, b, a, c};
  Put(batch);
  EXPECT_THAT(storage().ReadTimers(AllShards(), 30, std::nullopt, 10).value(), ElementsAre(a, b, c, d));
  EXPECT_THAT(storage().ReadTimers(AllShards(), 31, std::nullopt, 2).value(), ElementsAre(a, b));
  EXPECT_THAT(storage().ReadTimers(AllShards(), 31, b, 10).value(), ElementsAre(c, d, e));
  EXPECT_THAT(storage().ReadTimers(AllShards(), 10, std::nullopt, 10).value(), IsEmpty());
}

TEST_P(Rows, ATimerIsDeletedByItsDueTimeAndPutAgainWithAnother) {
  const TimerRow before{Id(1), 1, 0, 10}, after{Id(1), 1, 0, 50};
  Batch batch;
  batch.timers = {before};
  Put(batch);
  Batch move;
  move.timers_deleted = {before};
  move.timers = {after};
  Put(move);
  EXPECT_THAT(storage().ReadTimers(AllShards(), 100, std::nullopt, 10).value(), ElementsAre(after));
}

TEST_P(Rows, DeletingWhatIsNotThereIsNoError) {
  Batch batch;
  batch.timers_deleted = {{Id(1), 1, 0, 10}};
  batch.inbox_deleted = {{Id(1).shard(), Id(1), 1, 0, ""}};
  batch.subscriptions_deleted = {{Shard("v"), std::string(kDefaultTenant), "type", "v", Id(1), 1}};
  batch.kept_events_deleted = {KeptWith(storage(), "signup", "type", "v", 1)};
  EXPECT_EQ(CommitAndWait(storage(), batch), CommitOutcome::kCommitted);
}

TEST_P(Rows, TheLastTimeIsThatOfTheNewestJournalRow) {
  EXPECT_EQ(storage().LastTimeUs().value(), 0);
  Put(BatchOf({{Id(1), 1, 500, "a"}, {Id(2), 1, 400, "b"}}));
  Put(BatchOf({{Id(3), 1, 300, "c"}}));
  EXPECT_EQ(storage().LastTimeUs().value(), 500);
}

TEST_P(Rows, IncidentsAreListedByTheirFilters) {
  const auto incident = [&](int instance, std::int64_t number, const std::string& process, bool open) {
    return IncidentRow{Id(instance), number, std::string(kDefaultTenant), process, "pay", "timeout", kHardText, open, 5,
                       open ? 0 : 9};
  };
  Batch batch;
  batch.incidents = {incident(2, 4, "signup", true), incident(1, 2, "signup", false), incident(1, 1, "signup", true),
                     incident(3, 5, "other", true)};
  Put(batch);
  EXPECT_EQ(storage().ListIncidents({})->at(0), incident(1, 1, "signup", true));
  EXPECT_THAT(IncidentNumbers({}), ElementsAre(1, 2, 4, 5));
  IncidentFilter filter;
  filter.open = true;
  EXPECT_THAT(IncidentNumbers(filter), ElementsAre(1, 4, 5));
  filter.after = {Id(1), 1};
  filter.limit = 1;
  EXPECT_THAT(IncidentNumbers(filter), ElementsAre(4));
  filter = {};
  filter.instance = Id(1);
  filter.open = false;
  EXPECT_THAT(IncidentNumbers(filter), ElementsAre(2));
  filter = {};
  filter.process = "other";
  EXPECT_THAT(IncidentNumbers(filter), ElementsAre(5));
  filter.tenant = "somebody";
  EXPECT_THAT(IncidentNumbers(filter), IsEmpty());
  const std::string tenant(kDefaultTenant);
  EXPECT_THAT(storage().CountIncidents(9).value(),
              ElementsAre(IncidentCount{tenant, "other", "pay", 1}, IncidentCount{tenant, "signup", "pay", 2}));
  EXPECT_EQ(storage().CountIncidents(1)->size(), 1u);

  Batch closed;
  closed.incidents = {incident(1, 1, "signup", false)};
  Put(closed);
  filter = {};
  filter.open = true;
  EXPECT_THAT(IncidentNumbers(filter), ElementsAre(4, 5));
}

TEST_P(Rows, DefinitionsVersionsAndManifestsComeBack) {
  Batch batch;
  batch.definitions = {{"signup", "1.10.0", "h2", 2, AllBytes()}, {"signup", "1.9.0", "h1", 1, "bundle"}};
  batch.live_versions = {{"signup", "h1"}, {"order", "h9"}};
  batch.manifests = {{"billing", "1.0.0", 3, "kind: http"}};
  Put(batch);
  Batch newer;
  newer.live_versions = {{"signup", "h2"}};
  newer.manifests = {{"billing", "1.0.0", 4, "kind: worker"}};
  Put(newer);
  const std::vector<DefinitionRow> definitions = storage().ReadDefinitions().value();
  ASSERT_EQ(definitions.size(), 2u);
  EXPECT_EQ(definitions[0].version, "1.10.0");
  EXPECT_EQ(definitions[0].bundle, AllBytes());
  EXPECT_EQ(definitions[0].hash, "h2");
  EXPECT_EQ(definitions[1].deployed_us, 1);
  EXPECT_THAT(storage().ReadLiveVersions().value(), ElementsAre(std::pair("order", "h9"), std::pair("signup", "h2")));
  const std::vector<ManifestRow> manifests = storage().ReadManifests().value();
  ASSERT_EQ(manifests.size(), 1u);
  EXPECT_EQ(manifests[0].text, "kind: worker");
  EXPECT_EQ(manifests[0].deployed_us, 4);
}

TEST_P(Rows, ApiKeysComeBackAndDeletedOnesAreGone) {
  Batch batch;
  batch.api_keys = {{"b", AllBytes()}, {"a", "first"}};
  Put(batch);
  Batch later;
  later.api_keys = {{"a", "second"}};
  later.api_keys_deleted = {"b", "absent"};
  Put(later);
  Reopen();
  if (!backend().durable()) return;
  EXPECT_THAT(storage().ReadApiKeys().value(), ElementsAre(ApiKeyRow{"a", "second"}));
}

TEST_P(Rows, TheAuditLogIsReadByTenantInItsOrder) {
  const auto row = [](const std::string& tenant, std::int64_t seq) {
    return AuditRow{tenant, seq, 7, kHardText, "cancel", kHardText, "200", "before", "hash" + std::to_string(seq)};
  };
  Batch batch;
  batch.audit = {row("b", 1), row("a", 2), row("a", 1), row("a", 3)};
  Put(batch);
  EXPECT_THAT(storage().ReadAudit("a", 0, 2).value(), ElementsAre(row("a", 1), row("a", 2)));
  EXPECT_THAT(storage().ReadAudit("a", 2, 10).value(), ElementsAre(row("a", 3)));
  EXPECT_THAT(storage().ReadAudit("nobody", 0, 10).value(), IsEmpty());
  EXPECT_THAT(storage().ReadAuditHeads().value(), ElementsAre(row("a", 3), row("b", 1)));
}

TEST_P(Rows, AnAuditRowThatIsThereAlreadyFailsTheBatch) {
  Batch batch;
  batch.audit = {{"a", 1, 7, "ann", "cancel", "i", "200", "", "h"}};
  Put(batch);
  Batch again = batch;
  again.live_versions = {{"signup", "h1"}};
  EXPECT_EQ(CommitAndWait(storage(), again), CommitOutcome::kFailed);
  EXPECT_THAT(storage().ReadLiveVersions().value(), IsEmpty());
}

TEST_P(Rows, EverythingIsThereAfterReopening) {
  if (!backend().durable()) {
    Put(BatchOf({JournalWith(Id(1), 1)}));
    Reopen();
    EXPECT_THAT(Payloads(Id(1)), IsEmpty());
    return;
  }
  Batch batch = BatchOf({JournalWith(Id(1), 1)});
  batch.instances = {InstanceWith(Id(1))};
  batch.timers = {{Id(1), 1, 0, 10}};
  batch.kept_events = {KeptWith(storage(), "signup", "paid", "v", 12)};
  batch.live_versions = {{"signup", "h1"}};
  Put(batch);
  for (int i = 0; i < 2; ++i) {
    Reopen();
    EXPECT_EQ(storage().LoadInstance(Id(1)).value()->tail.size(), 1u);
    EXPECT_EQ(storage().ReadTimers(AllShards(), 100, std::nullopt, 10)->size(), 1u);
    EXPECT_EQ(storage().LastKeptEventOrder(AllShards()).value(), 12);
    EXPECT_EQ(storage().LastTimeUs().value(), batch.journal[0].time_us);
    EXPECT_EQ(storage().ReadLiveVersions()->size(), 1u);
  }
  Put(BatchOf({JournalWith(Id(1), 2)}));
}

}  // namespace
}  // namespace fermata::test

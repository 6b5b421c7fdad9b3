#include "engine/storage/sealed/sealed_storage.h"

#include <future>
#include <utility>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/nodes.h"

namespace fermata {
namespace {

// The standing orders' kind under which the names of used keys are noted, each with a text sealed by it.
constexpr const char* kNoted = "sealing-key";
constexpr const char* kNotedText = "this key was used";

// Where a payload stands: table and primary key. One that is put elsewhere cannot be opened.
template <class... Parts>
std::string Place(const char* table, const Parts&... parts) {
  std::string place(table);
  const auto add = [&](const auto& part) {
    place += '\n';
    if constexpr (std::is_same_v<std::decay_t<decltype(part)>, InstanceId>) {
      place += part.ToString();
    } else if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      place += std::to_string(part);
    } else {
      place += std::to_string(part.size()) + ":" + part;
    }
  };
  (add(parts), ...);
  return place;
}

std::string PlaceOf(const JournalRow& row) { return Place("journal", row.instance, row.seq); }
std::string PlaceOf(const SnapshotRow& row) { return Place("snapshots", row.instance, row.seq); }
std::string PlaceOf(const InboxRow& row) { return Place("inbox", row.sender, row.seq, row.index); }
std::string PlaceOf(const KeptEventRow& row) {
  return Place("kept_events", row.tenant, row.process, row.value, row.order);
}
std::string PlaceOf(const TaskRow& row) { return Place("tasks", row.instance, row.activation); }
std::string PlaceOf(const JobRow& row) { return Place("jobs", row.instance, row.activation, row.undo); }
std::string PlaceOf(const ScheduleRow& row) { return Place("schedules", row.tenant, row.process); }
std::string PlaceOf(const IncidentRow& row) { return Place("incidents", row.instance, row.number); }
std::string PlaceOf(const DeliveryRow& row) { return Place("deliveries", row.webhook, row.id); }
std::string PlaceOf(const StandingOrderRow& row) { return Place("standing_orders", row.kind, row.id); }
std::string PlaceOf(const IdempotencyRow& row) { return Place("idempotency_keys", row.tenant, row.key); }

template <class Row>
std::string& PayloadOf(Row& row) {
  if constexpr (std::is_same_v<Row, IncidentRow>) {
    return row.message;
  } else if constexpr (std::is_same_v<Row, IdempotencyRow>) {
    return row.answer;
  } else {
    return row.bytes;
  }
}

template <class Row>
Status OpenOne(const SealingKeys& keys, Row& row) {
  Result<std::string> plain = keys.Open(PayloadOf(row), PlaceOf(row));
  if (!plain.ok()) return Error{kSealedRowUnreadable, plain.error().message};
  PayloadOf(row) = *std::move(plain);
  return Done{};
}

template <class Row>
Result<std::vector<Row>> OpenAllWith(const SealingKeys& keys, Result<std::vector<Row>> rows) {
  if (!rows.ok()) return rows;
  for (Row& row : *rows)
    if (Status opened = OpenOne(keys, row); !opened.ok()) return opened.error();
  return rows;
}

// The nodes as they are, but for what lies in the mailbox.
class SealedNodes final : public Nodes {
 public:
  // Both must outlive it.
  SealedNodes(Nodes& inner, const SealingKeys& keys) : inner_(inner), keys_(keys) {}

  const NodeRow& self() const override { return inner_.self(); }
  Status Join() override { return inner_.Join(); }
  Result<ClusterView> Beat(bool leaving, const Generations& seen) override { return inner_.Beat(leaving, seen); }
  Result<ShardSet> Take(const ShardSet& wanted) override { return inner_.Take(wanted); }
  Status Release(const ShardSet& shards) override { return inner_.Release(shards); }
  Result<bool> Expel(const NodeRow& silent) override { return inner_.Expel(silent); }
  Status Leave() override { return inner_.Leave(); }
  Result<std::vector<InboxRow>> ReadMailbox(const std::optional<InboxRow>& after, int limit) override {
    return OpenAllWith(keys_, inner_.ReadMailbox(after, limit));
  }
  Result<std::vector<InboxRow>> Withdraw(const std::vector<InboxRow>& rows) override { return inner_.Withdraw(rows); }
  void Tell(Hint::Kind kind, std::string_view word) override { inner_.Tell(kind, word); }
  void Listen(std::function<void(const Hint&)> listener) override { inner_.Listen(std::move(listener)); }

 private:
  Nodes& inner_;
  const SealingKeys& keys_;
};

class SealedStorage final : public Storage {
 public:
  SealedStorage(std::unique_ptr<Storage> inner, SealingKeys keys) : inner_(std::move(inner)), keys_(std::move(keys)) {
    if (inner_->nodes() != nullptr) nodes_.emplace(*inner_->nodes(), keys_);
  }

  StorageInfo Info() const override { return inner_->Info(); }
  Nodes* nodes() override { return nodes_ ? &*nodes_ : nullptr; }
  void Commit(int lane, Batch batch, CommitCallback done) override {
    SealAll(batch.journal);
    SealAll(batch.snapshots);
    SealAll(batch.inbox);
    SealAll(batch.kept_events);
    SealAll(batch.tasks);
    SealAll(batch.jobs);
    SealAll(batch.schedules);
    SealAll(batch.incidents);
    SealAll(batch.idempotency_keys);
    SealAll(batch.standing_orders);
    SealAll(batch.deliveries);
    inner_->Commit(lane, std::move(batch), std::move(done));
  }
  void ResetLane(int lane) override { inner_->ResetLane(lane); }
  std::optional<Error> LastCommitError() const override { return inner_->LastCommitError(); }

  Status AwaitCommits() override { return inner_->AwaitCommits(); }

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) override {
    Result<std::optional<StoredInstance>> stored = inner_->LoadInstance(id);
    if (!stored.ok() || !stored->has_value()) return stored;
    if (Status opened = Open(**stored); !opened.ok()) return opened.error();
    return stored;
  }
  Result<std::vector<StoredInstance>> LoadInstances(std::span<const InstanceId> ids) override {
    Result<std::vector<StoredInstance>> all = inner_->LoadInstances(ids);
    if (!all.ok()) return all;
    for (StoredInstance& stored : *all)
      if (Status opened = Open(stored); !opened.ok()) return opened.error();
    return all;
  }
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) override {
    return OpenAll(inner_->ReadJournal(id, after_seq, limit));
  }
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) override {
    return inner_->ListInstances(filter);
  }
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) override {
    return inner_->FindLiveByKey(tenant, process, key);
  }
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) override {
    return inner_->FindEverKey(tenant, process, key);
  }
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    return inner_->FindSubscriptions(tenant, type, value);
  }
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) override {
    return OpenAll(inner_->FindKeptEvents(tenant, process, value));
  }
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    return OpenAll(inner_->FindKeptEventsOfType(tenant, type, value));
  }
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) override {
    return inner_->FindEventIdentity(tenant, source, id, value);
  }
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) override {
    return OpenFound(inner_->FindIdempotencyKey(tenant, key));
  }
  Result<std::vector<IncidentCount>> CountIncidents(int limit) override { return inner_->CountIncidents(limit); }
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) override {
    return OpenAll(inner_->ListIncidents(filter));
  }
  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) override {
    return OpenAll(inner_->ListTasks(filter));
  }
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user,
                                            std::int64_t now_us) override {
    return inner_->CountTasks(tenant, user, now_us);
  }
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) override { return OpenAll(inner_->ListJobs(filter)); }
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) override {
    return OpenFound(inner_->FindJob(instance, activation, undo));
  }
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) override {
    return OpenAll(inner_->FindAvailableJobs(wanted));
  }
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) override {
    return inner_->NextLeaseEnd(tenant, operation, now_us);
  }
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) override { return inner_->CountJobs(now_us); }

  Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) override {
    return inner_->ListBusyInstances(of, after, limit);
  }
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) override {
    return inner_->ReadEndedInstances(filter);
  }
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) override {
    return inner_->ReadLiveInstances(after, limit);
  }
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit) override {
    return inner_->ReadTimers(of, due_before_us, after, limit);
  }
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after,
                                          int limit) override {
    return OpenAll(inner_->ReadInbox(of, after, limit));
  }
  Result<std::vector<ScheduleRow>> ReadSchedules() override { return OpenAll(inner_->ReadSchedules()); }
  Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) override { return inner_->LastKeptEventOrder(of); }
  Result<std::int64_t> LastTimeUs() override { return inner_->LastTimeUs(); }
  Result<std::vector<DefinitionRow>> ReadDefinitions() override { return inner_->ReadDefinitions(); }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    return inner_->ReadLiveVersions();
  }
  Result<std::vector<ManifestRow>> ReadManifests() override { return inner_->ReadManifests(); }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() override { return inner_->ReadApiKeys(); }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) override {
    return inner_->ReadAudit(tenant, after_seq, limit);
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() override { return inner_->ReadAuditHeads(); }
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) override {
    return OpenAll(inner_->ReadStandingOrders(kind));
  }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) override {
    return OpenAll(inner_->ListDeliveries(filter));
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int shard, std::string_view webhook, std::string_view id) override {
    return OpenFound(inner_->FindDelivery(shard, webhook, id));
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) override {
    return OpenAll(inner_->ReadDeliveries(of, webhook, status, due_before_us, limit));
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() override { return inner_->CountDeliveries(); }
  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    return inner_->DeleteExpired(now_us, limit);
  }
  Result<bool> ReturnSpace() override { return inner_->ReturnSpace(); }

 private:
  Status Open(StoredInstance& stored) const {
    if (stored.snapshot)
      if (Status opened = OpenOne(keys_, *stored.snapshot); !opened.ok()) return opened;
    for (JournalRow& row : stored.tail)
      if (Status opened = OpenOne(keys_, row); !opened.ok()) return opened;
    return Done{};
  }
  template <class Row>
  void SealAll(std::vector<Row>& rows) const {
    for (Row& row : rows) PayloadOf(row) = keys_.Seal(PayloadOf(row), PlaceOf(row));
  }
  template <class Row>
  Result<std::vector<Row>> OpenAll(Result<std::vector<Row>> rows) const {
    return OpenAllWith(keys_, std::move(rows));
  }
  template <class Row>
  Result<std::optional<Row>> OpenFound(Result<std::optional<Row>> row) const {
    if (!row.ok() || !row->has_value()) return row;
    if (Status opened = OpenOne(keys_, **row); !opened.ok()) return opened.error();
    return row;
  }

  const std::unique_ptr<Storage> inner_;
  const SealingKeys keys_;
  std::optional<SealedNodes> nodes_;
};

Error Missing(const std::string& name, const std::string& reason) {
  return {kSealingKeyMissing, "Expected the key '" + name + "', by which stored data is sealed, but " + reason + ".",
          "", "Give the key file with all keys that were ever used (--encryption-keys)."};
}

}  // namespace

Result<std::unique_ptr<Storage>> SealStorage(std::unique_ptr<Storage> inner, SealingKeys keys) {
  Result<std::vector<StandingOrderRow>> noted = inner->ReadStandingOrders(kNoted);
  if (!noted.ok()) return noted.error();
  bool newest_noted = false;
  for (const StandingOrderRow& row : *noted) {
    if (!keys.Has(row.id)) return Missing(row.id, "it is not among the keys given");
    if (Result<std::string> text = keys.Open(row.bytes, Place(kNoted, row.id)); !text.ok() || *text != kNotedText)
      return Missing(row.id, "the key given under this name is another");
    newest_noted = newest_noted || row.id == keys.newest();
  }
  if (keys.empty()) return inner;
  if (!newest_noted) {
    Batch batch;
    batch.standing_orders.push_back({kNoted, keys.newest(), keys.Seal(kNotedText, Place(kNoted, keys.newest()))});
    std::promise<CommitOutcome> committed;
    inner->Commit(kSecurityLane, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
    if (committed.get_future().get() != CommitOutcome::kCommitted)
      return Error{kStorageCommitFailed, "Expected storage to note the key '" + keys.newest() + "', but it did not."};
  }
  return std::unique_ptr<Storage>(std::make_unique<SealedStorage>(std::move(inner), std::move(keys)));
}

}  // namespace fermata

#include "engine/storage/memory/memory_storage.h"

#include <mutex>
#include <optional>

#include "engine/storage/codes.h"
#include "engine/storage/commit_queue.h"
#include "engine/storage/memory/memory_nodes.h"

namespace fermata {
namespace {

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryOptions options) : options_(options), shared_(std::make_shared<memory::Shared>()) {}
  // One of those that share their rows.
  MemoryStorage(std::shared_ptr<memory::Shared> shared, const std::string& node)
      : options_({kShardsMax}), shared_(std::move(shared)) {
    nodes_.emplace(shared_, node, [this](std::function<void()> task) { queue_.Post(std::move(task)); });
  }

  ~MemoryStorage() override {
    if (nodes_) nodes_->Close();
  }

  StorageInfo Info() const override { return {"memory", "none", options_.shard_count}; }
  Nodes* nodes() override { return nodes_ ? &*nodes_ : nullptr; }

  void Commit(int lane, Batch batch, CommitCallback done) override {
    queue_.Commit(lane, std::move(batch), std::move(done), nodes_ ? nodes_->epoch() : 0);
  }
  void ResetLane(int lane) override { queue_.ResetLane(lane); }

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.LoadInstance(id);
  }
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadJournal(id, after_seq, limit);
  }
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListInstances(filter);
  }
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindLiveByKey(tenant, process, key);
  }
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindEverKey(tenant, process, key);
  }
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindSubscriptions(tenant, type, value);
  }
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindKeptEvents(tenant, value, process, std::nullopt);
  }
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindKeptEvents(tenant, value, std::nullopt, type);
  }
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindEventIdentity(tenant, source, id, value);
  }
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindIdempotencyKey(tenant, key);
  }
  Result<std::vector<IncidentCount>> CountIncidents(int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.CountIncidents(limit);
  }
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListIncidents(filter);
  }

  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListTasks(filter);
  }
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user,
                                            std::int64_t now_us) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.CountTasks(tenant, user, now_us);
  }
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListJobs(filter);
  }
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindJob(instance, activation, undo);
  }
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindAvailableJobs(wanted);
  }
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.NextLeaseEnd(tenant, operation, now_us);
  }
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.CountJobs(now_us);
  }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListDeliveries(filter);
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int, std::string_view webhook, std::string_view id) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.FindDelivery(webhook, id);
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadDeliveries(of, webhook, status, due_before_us, limit);
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.CountDeliveries();
  }
  Result<std::vector<ScheduleRow>> ReadSchedules() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadSchedules();
  }
  Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ListBusyInstances(of, after, limit);
  }
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadEndedInstances(filter);
  }
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadLiveInstances(after, limit);
  }
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadStandingOrders(kind);
  }
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadTimers(of, due_before_us, after, limit);
  }
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after,
                                          int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadInbox(of, after, limit);
  }
  Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.LastKeptEventOrder(of);
  }
  Result<std::int64_t> LastTimeUs() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.LastTimeUs();
  }

  Result<std::vector<DefinitionRow>> ReadDefinitions() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadDefinitions();
  }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadLiveVersions();
  }
  Result<std::vector<ManifestRow>> ReadManifests() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadManifests();
  }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadApiKeys();
  }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadAudit(tenant, after_seq, limit);
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() override {
    std::lock_guard lock(shared_->mutex);
    return shared_->tables.ReadAuditHeads();
  }

  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    const std::int64_t epoch = nodes_ ? nodes_->epoch() : 0;
    std::lock_guard lock(shared_->mutex);
    if (nodes_ && !nodes_->Holds(epoch))
      return Error{kStorageFenced, "Expected the node to be a member of the cluster, but it is not any more."};
    return shared_->tables.DeleteExpired(now_us, limit);
  }

 private:
  CommitOutcome CommitGroup(std::span<const Batch* const> group, std::int64_t epoch) {
    FERMATA_ASSERT(group.size() == 1);
    std::lock_guard lock(shared_->mutex);
    if (nodes_ && !nodes_->Holds(epoch)) return CommitOutcome::kFenced;
    if (!shared_->tables.Apply(*group.front())) return CommitOutcome::kFailed;
    shared_->members.CountChanges(*group.front());
    return CommitOutcome::kCommitted;
  }

  const MemoryOptions options_;
  const std::shared_ptr<memory::Shared> shared_;
  std::optional<memory::MemoryNodes> nodes_;
  // Last: its thread uses all of the above.
  CommitQueue queue_{
      {}, [this](std::span<const Batch* const> group, std::int64_t epoch) { return CommitGroup(group, epoch); }};
};

}  // namespace

std::unique_ptr<Storage> MakeMemoryStorage(MemoryOptions options) { return std::make_unique<MemoryStorage>(options); }

MemoryCluster::MemoryCluster() : shared_(std::make_shared<memory::Shared>()) {}

std::unique_ptr<Storage> MemoryCluster::Open(const std::string& node) {
  return std::make_unique<MemoryStorage>(shared_, node);
}

}  // namespace fermata

#include "engine/storage/memory/memory_storage.h"

#include <mutex>

#include "engine/storage/commit_queue.h"
#include "engine/storage/memory/tables.h"

namespace fermata {
namespace {

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryOptions options)
      : options_(options), queue_({}, [this](std::span<const Batch* const> group) { return CommitGroup(group); }) {}

  StorageInfo Info() const override { return {"memory", "none", options_.shard_count}; }

  void Commit(int lane, Batch batch, CommitCallback done) override {
    queue_.Commit(lane, std::move(batch), std::move(done));
  }
  void ResetLane(int lane) override { queue_.ResetLane(lane); }

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) override {
    std::lock_guard lock(mutex_);
    return tables_.LoadInstance(id);
  }
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadJournal(id, after_seq, limit);
  }
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ListInstances(filter);
  }
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) override {
    std::lock_guard lock(mutex_);
    return tables_.FindLiveByKey(tenant, process, key);
  }
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) override {
    std::lock_guard lock(mutex_);
    return tables_.FindEverKey(tenant, process, key);
  }
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    std::lock_guard lock(mutex_);
    return tables_.FindSubscriptions(tenant, type, value);
  }
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) override {
    std::lock_guard lock(mutex_);
    return tables_.FindKeptEvents(tenant, value, process, std::nullopt);
  }
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override {
    std::lock_guard lock(mutex_);
    return tables_.FindKeptEvents(tenant, value, std::nullopt, type);
  }
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) override {
    std::lock_guard lock(mutex_);
    return tables_.FindEventIdentity(tenant, source, id, value);
  }
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) override {
    std::lock_guard lock(mutex_);
    return tables_.FindIdempotencyKey(tenant, key);
  }
  Result<std::vector<IncidentCount>> CountIncidents(int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.CountIncidents(limit);
  }
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ListIncidents(filter);
  }

  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ListTasks(filter);
  }
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user,
                                            std::int64_t now_us) override {
    std::lock_guard lock(mutex_);
    return tables_.CountTasks(tenant, user, now_us);
  }
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ListJobs(filter);
  }
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) override {
    std::lock_guard lock(mutex_);
    return tables_.FindJob(instance, activation, undo);
  }
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) override {
    std::lock_guard lock(mutex_);
    return tables_.FindAvailableJobs(wanted);
  }
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) override {
    std::lock_guard lock(mutex_);
    return tables_.NextLeaseEnd(tenant, operation, now_us);
  }
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) override {
    std::lock_guard lock(mutex_);
    return tables_.CountJobs(now_us);
  }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ListDeliveries(filter);
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int, std::string_view webhook, std::string_view id) override {
    std::lock_guard lock(mutex_);
    return tables_.FindDelivery(webhook, id);
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadDeliveries(webhook, status, due_before_us, limit);
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() override {
    std::lock_guard lock(mutex_);
    return tables_.CountDeliveries();
  }
  Result<std::vector<ScheduleRow>> ReadSchedules() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadSchedules();
  }
  Result<std::vector<InstanceId>> ListBusyInstances(const InstanceId& after, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ListBusyInstances(after, limit);
  }
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadEndedInstances(filter);
  }
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadLiveInstances(after, limit);
  }
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadStandingOrders(kind);
  }
  Result<std::vector<TimerRow>> ReadTimers(std::int64_t due_before_us, const std::optional<TimerRow>& after,
                                           int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadTimers(due_before_us, after, limit);
  }
  Result<std::vector<InboxRow>> ReadInbox(const std::optional<InboxRow>& after, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadInbox(after, limit);
  }
  Result<std::int64_t> LastKeptEventOrder() override {
    std::lock_guard lock(mutex_);
    return tables_.last_kept_event_order();
  }
  Result<std::int64_t> LastTimeUs() override {
    std::lock_guard lock(mutex_);
    return tables_.last_time_us();
  }

  Result<std::vector<DefinitionRow>> ReadDefinitions() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadDefinitions();
  }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadLiveVersions();
  }
  Result<std::vector<ManifestRow>> ReadManifests() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadManifests();
  }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadApiKeys();
  }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.ReadAudit(tenant, after_seq, limit);
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() override {
    std::lock_guard lock(mutex_);
    return tables_.ReadAuditHeads();
  }

  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    std::lock_guard lock(mutex_);
    return tables_.DeleteExpired(now_us, limit);
  }

 private:
  CommitOutcome CommitGroup(std::span<const Batch* const> group) {
    FERMATA_ASSERT(group.size() == 1);
    std::lock_guard lock(mutex_);
    return tables_.Apply(*group.front()) ? CommitOutcome::kCommitted : CommitOutcome::kFailed;
  }

  const MemoryOptions options_;
  std::mutex mutex_;
  memory::Tables tables_;
  CommitQueue queue_;  // last: its thread uses all of the above
};

}  // namespace

std::unique_ptr<Storage> MakeMemoryStorage(MemoryOptions options) { return std::make_unique<MemoryStorage>(options); }

}  // namespace fermata

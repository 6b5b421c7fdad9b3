// The tables of the memory storage, as ordered maps under one lock of the caller's.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "engine/storage/storage.h"

namespace fermata::memory {

class Tables {
 public:
  // All of the batch, or nothing and false: a journal row or a definition is there already, or a message is not.
  bool Apply(const Batch& batch);

  std::optional<StoredInstance> LoadInstance(const InstanceId& id) const;
  std::vector<JournalRow> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) const;
  std::vector<InstanceRow> ListInstances(const InstanceFilter& filter) const;
  std::vector<InstanceRow> FindLiveByKey(std::string_view tenant, std::string_view process, std::string_view key) const;
  std::optional<EverKeyRow> FindEverKey(std::string_view tenant, std::string_view process, std::string_view key) const;
  std::vector<SubscriptionRow> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                 std::string_view value) const;
  // Of every process if `process` is nullopt, of every type if `type` is.
  std::vector<KeptEventRow> FindKeptEvents(std::string_view tenant, std::string_view value,
                                           std::optional<std::string_view> process,
                                           std::optional<std::string_view> type) const;
  std::optional<EventIdentityRow> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                    std::string_view id, std::string_view value) const;
  std::optional<IdempotencyRow> FindIdempotencyKey(std::string_view tenant, std::string_view key) const;
  std::vector<IncidentRow> ListIncidents(const IncidentFilter& filter) const;
  std::vector<IncidentCount> CountIncidents(int limit) const;
  std::vector<TaskRow> ListTasks(const TaskFilter& filter) const;
  std::vector<TaskCount> CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us) const;
  // jobs.cc
  std::vector<JobRow> ListJobs(const JobFilter& filter) const;
  std::optional<JobRow> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) const;
  std::vector<JobRow> FindAvailableJobs(const JobsWanted& wanted) const;
  std::int64_t NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) const;
  std::vector<JobCount> CountJobs(std::int64_t now_us) const;
  // deliveries.cc
  std::vector<DeliveryRow> ListDeliveries(const DeliveryFilter& filter) const;
  std::optional<DeliveryRow> FindDelivery(std::string_view webhook, std::string_view id) const;
  std::vector<DeliveryRow> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                          std::int64_t due_before_us, int limit) const;
  std::vector<DeliveryCount> CountDeliveries() const;
  // tables.cc
  std::vector<ScheduleRow> ReadSchedules() const;
  std::vector<InstanceId> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) const;
  std::vector<InstanceRow> ReadEndedInstances(const EndedFilter& filter) const;
  std::vector<InstanceRow> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) const;
  std::vector<StandingOrderRow> ReadStandingOrders(std::string_view kind) const;
  std::vector<TimerRow> ReadTimers(const ShardSet& of, std::int64_t due_before_us, const std::optional<TimerRow>& after,
                                   int limit) const;
  std::vector<InboxRow> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) const;
  std::vector<InboxRow> ReadMailbox(int mailbox, const std::optional<InboxRow>& after, int limit) const;
  std::int64_t LastKeptEventOrder(const ShardSet& of) const;
  std::int64_t LastTimeUs() const { return last_time_us_; }
  std::vector<DefinitionRow> ReadDefinitions() const;
  std::vector<std::pair<std::string, std::string>> ReadLiveVersions() const;
  std::vector<ManifestRow> ReadManifests() const;
  std::vector<ApiKeyRow> ReadApiKeys() const;
  std::vector<AuditRow> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) const;
  std::vector<AuditRow> ReadAuditHeads() const;
  void EmptyMailbox(int mailbox);
  bool HasMessages(const std::vector<InboxRow>& rows) const;
  std::vector<InboxRow> Withdraw(const std::vector<InboxRow>& rows);  // those that were there
  std::int64_t DeleteExpired(std::int64_t now_us, int limit);

 private:
  using Words = std::vector<std::string>;
  using RowKey = std::pair<InstanceId, std::int64_t>;
  using TimerKey = std::tuple<std::int64_t, InstanceId, std::int64_t, std::int64_t>;
  using SubscriptionKey = std::tuple<Words, InstanceId, std::int64_t>;
  using InboxKey = std::tuple<InstanceId, std::int64_t, std::int64_t>;

  bool Allowed(const Batch& batch) const;
  void ApplyDeletes(const Batch& batch);
  void ApplyInstances(const Batch& batch);
  void ApplyEvents(const Batch& batch);
  void ApplyTasks(const Batch& batch);
  void ApplyJobs(const Batch& batch);
  void ApplyDeliveries(const Batch& batch);
  std::int64_t DeleteOldDeliveries(std::int64_t now_us, int limit);
  void DeleteTask(const RowKey& key);
  void DeleteInstance(const InstanceId& id);
  bool HasValues(const InstanceRow& row, const InstanceFilter& filter) const;
  void ApplyDefinitions(const Batch& batch);
  void ApplySecurity(const Batch& batch);

  std::map<RowKey, JournalRow> journal_;
  std::map<InstanceId, SnapshotRow> snapshots_;
  std::map<InstanceId, InstanceRow> instances_;
  std::set<std::pair<std::int64_t, InstanceId>> by_start_;
  std::set<std::pair<Words, InstanceId>> live_keys_;  // tenant, key
  std::map<TimerKey, TimerRow> timers_;
  std::map<SubscriptionKey, SubscriptionRow> subscriptions_;
  std::map<InboxKey, InboxRow> inbox_;
  std::map<std::tuple<Words, std::string, std::int64_t>, KeptEventRow> kept_events_;  // (tenant, value), process, order
  std::map<Words, EventIdentityRow> event_identities_;
  std::map<Words, IdempotencyRow> idempotency_keys_;
  std::map<Words, EverKeyRow> ever_keys_;
  std::map<RowKey, IncidentRow> incidents_;
  std::map<RowKey, TaskRow> tasks_;
  std::set<std::tuple<std::int64_t, InstanceId, std::int64_t>> tasks_by_due_;
  using JobKey = std::tuple<InstanceId, std::int64_t, bool>;
  std::map<JobKey, JobRow> jobs_;
  std::map<std::pair<std::string, std::string>, DeliveryRow> deliveries_;  // webhook, id
  std::map<Words, ScheduleRow> schedules_;
  std::map<std::pair<InstanceId, std::string>, SearchRow> search_values_;
  std::map<std::pair<std::string, std::string>, DefinitionRow> definitions_;
  std::map<std::string, std::string> live_versions_;
  std::map<std::pair<std::string, std::string>, ManifestRow> manifests_;
  std::map<std::string, ApiKeyRow> api_keys_;
  std::map<std::pair<std::string, std::int64_t>, AuditRow> audit_;                   // tenant, seq
  std::map<std::pair<std::string, std::string>, StandingOrderRow> standing_orders_;  // kind, id
  std::map<int, std::int64_t> last_kept_event_orders_;                               // by shard
  std::int64_t last_time_us_ = 0;
};

}  // namespace fermata::memory

// The queries of Storage on one connection: every method is one statement, or several in one read transaction.
//
// Not thread-safe: the pool gives a reader to one thread at a time.
#pragma once

#include <memory>

#include "engine/storage/sqlite/connection.h"
#include "engine/storage/storage.h"

namespace fermata::sqlite {

// The number of the one shard, which every row is of.
inline constexpr std::size_t kTheShard = 0;

class Reader {
 public:
  explicit Reader(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id);
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit);
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter);
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key);
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key);
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value);
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value);
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value);
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value);
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key);
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter);
  Result<std::vector<IncidentCount>> CountIncidents(int limit);
  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter);
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us);
  // job_reader.cc
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter);
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo);
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted);
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us);
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us);
  // delivery_reader.cc
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter);
  Result<std::optional<DeliveryRow>> FindDelivery(int shard, std::string_view webhook, std::string_view id);
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit);
  Result<std::vector<DeliveryCount>> CountDeliveries();
  // reader.cc
  Result<std::vector<ScheduleRow>> ReadSchedules();
  Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit);
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter);
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit);
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind);
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit);
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit);
  Result<std::int64_t> ReadCounter(std::string_view name, const ShardSet& of);
  Result<std::vector<DefinitionRow>> ReadDefinitions();
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions();
  Result<std::vector<ManifestRow>> ReadManifests();
  Result<std::vector<ApiKeyRow>> ReadApiKeys();
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit);
  Result<std::vector<AuditRow>> ReadAuditHeads();

 private:
  Result<std::optional<StoredInstance>> LoadInTransaction(const InstanceId& id);

  std::unique_ptr<Connection> connection_;
};

}  // namespace fermata::sqlite

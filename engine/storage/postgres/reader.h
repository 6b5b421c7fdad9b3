// The queries of Storage, on a connection that is made again when it was lost.
//
// Not thread-safe: the pool gives a reader to one thread at a time.
#pragma once

#include <memory>
#include <span>

#include "engine/storage/postgres/connection.h"
#include "engine/storage/storage.h"

namespace fermata::postgres {

class Reader {
 public:
  explicit Reader(ConnectSettings settings) : settings_(std::move(settings)) {}

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id);
  Result<std::vector<StoredInstance>> LoadInstances(std::span<const InstanceId> ids);
  Status AwaitCommits(const std::string& node);
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit);
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter);
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key);
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key);
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key);
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter);
  Result<std::vector<IncidentCount>> CountIncidents(int limit);
  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter);
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us);
  // event_reader.cc
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value);
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value);
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value);
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value);
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
  Result<std::vector<InboxRow>> ReadMailbox(int mailbox, const std::optional<InboxRow>& after, int limit);
  Result<std::int64_t> ReadCounter(std::string_view name, const ShardSet& of);
  Result<std::vector<DefinitionRow>> ReadDefinitions();
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions();
  Result<std::vector<ManifestRow>> ReadManifests();
  Result<std::vector<ApiKeyRow>> ReadApiKeys();
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit);
  Result<std::vector<AuditRow>> ReadAuditHeads();
  // All or nothing, and nothing where `fence` stands in the way.
  Result<std::int64_t> DeleteExpired(const Query& fence, std::int64_t now_us, int limit);

  // Runs `query` for some shards only: " AND shard = ANY(…)" where it says {of}; nothing if all are wanted, so that nobody plans for it in vain.
  static Query Of(const ShardSet& of, Query query);

 private:
  Status Connect();
  bool HasGuests();
  Parameter Guests(std::string_view tenant, std::string_view key);
  // Connects if need be. A connection that turns out to be lost is made again once: a query may run twice, and changes nothing by that.
  Result<std::vector<Rows>> RunAll(const std::vector<Query>& queries);

  template <class Row>
  Result<std::vector<Row>> Read(const Query& query, Row (*read)(const Rows&, int row)) {
    Result<std::vector<Rows>> all = RunAll({query});
    if (!all) return std::move(all).error();
    std::vector<Row> rows;
    for (int i = 0; i < all->front().count(); ++i) rows.push_back(read(all->front(), i));
    return rows;
  }
  template <class Row>
  Result<std::optional<Row>> ReadFirst(const Query& query, Row (*read)(const Rows&, int row)) {
    Result<std::vector<Row>> rows = Read(query, read);
    if (!rows) return std::move(rows).error();
    if (rows->empty()) return std::optional<Row>();
    return std::optional<Row>(std::move(rows->front()));
  }

  const ConnectSettings settings_;
  std::unique_ptr<Connection> connection_;
  bool has_guests_ = false;  // as of the connection
};

}  // namespace fermata::postgres

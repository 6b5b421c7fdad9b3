// The reads of a storage, each done by one of its readers.
//
// Thread-safe. `Reader` has a method for each read of Storage, and is used by one thread at a time; reads wait while all readers are out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/storage/reader_pool.h"
#include "engine/storage/storage.h"

namespace fermata {

template <class Reader>
class PooledReads : public Storage {
 public:
  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) final {
    return readers().With([&](Reader& reader) { return reader.LoadInstance(id); });
  }
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ReadJournal(id, after_seq, limit); });
  }
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ListInstances(filter); });
  }
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) final {
    return readers().With([&](Reader& reader) { return reader.FindLiveByKey(tenant, process, key); });
  }
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) final {
    return readers().With([&](Reader& reader) { return reader.FindEverKey(tenant, process, key); });
  }
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) final {
    return readers().With([&](Reader& reader) { return reader.FindSubscriptions(tenant, type, value); });
  }
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) final {
    return readers().With([&](Reader& reader) { return reader.FindKeptEvents(tenant, process, value); });
  }
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) final {
    return readers().With([&](Reader& reader) { return reader.FindKeptEventsOfType(tenant, type, value); });
  }
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) final {
    return readers().With([&](Reader& reader) { return reader.FindEventIdentity(tenant, source, id, value); });
  }
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) final {
    return readers().With([&](Reader& reader) { return reader.FindIdempotencyKey(tenant, key); });
  }
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ListIncidents(filter); });
  }
  Result<std::vector<IncidentCount>> CountIncidents(int limit) final {
    return readers().With([&](Reader& reader) { return reader.CountIncidents(limit); });
  }

  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ListTasks(filter); });
  }
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user, std::int64_t now_us) final {
    return readers().With([&](Reader& reader) { return reader.CountTasks(tenant, user, now_us); });
  }
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ListJobs(filter); });
  }
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) final {
    return readers().With([&](Reader& reader) { return reader.FindJob(instance, activation, undo); });
  }
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) final {
    return readers().With([&](Reader& reader) { return reader.FindAvailableJobs(wanted); });
  }
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) final {
    return readers().With([&](Reader& reader) { return reader.NextLeaseEnd(tenant, operation, now_us); });
  }
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) final {
    return readers().With([&](Reader& reader) { return reader.CountJobs(now_us); });
  }
  Result<std::vector<ScheduleRow>> ReadSchedules() final {
    return readers().With([](Reader& reader) { return reader.ReadSchedules(); });
  }
  Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ListBusyInstances(of, after, limit); });
  }
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ReadEndedInstances(filter); });
  }
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ReadLiveInstances(after, limit); });
  }
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) final {
    return readers().With([&](Reader& reader) { return reader.ReadStandingOrders(kind); });
  }
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ReadTimers(of, due_before_us, after, limit); });
  }
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ReadInbox(of, after, limit); });
  }
  Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) final {
    return readers().With([&](Reader& reader) { return reader.ReadCounter("kept_event_order", of); });
  }
  Result<std::int64_t> LastTimeUs() final {
    return readers().With([](Reader& reader) { return reader.ReadCounter("time_us", AllShards()); });
  }

  Result<std::vector<DefinitionRow>> ReadDefinitions() final {
    return readers().With([](Reader& reader) { return reader.ReadDefinitions(); });
  }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() final {
    return readers().With([](Reader& reader) { return reader.ReadLiveVersions(); });
  }
  Result<std::vector<ManifestRow>> ReadManifests() final {
    return readers().With([](Reader& reader) { return reader.ReadManifests(); });
  }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() final {
    return readers().With([](Reader& reader) { return reader.ReadApiKeys(); });
  }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) final {
    return readers().With([&](Reader& reader) { return reader.ReadAudit(tenant, after_seq, limit); });
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() final {
    return readers().With([](Reader& reader) { return reader.ReadAuditHeads(); });
  }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) final {
    return readers().With([&](Reader& reader) { return reader.ListDeliveries(filter); });
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int shard, std::string_view webhook, std::string_view id) final {
    return readers().With([&](Reader& reader) { return reader.FindDelivery(shard, webhook, id); });
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) final {
    return readers().With(
        [&](Reader& reader) { return reader.ReadDeliveries(of, webhook, status, due_before_us, limit); });
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() final {
    return readers().With([](Reader& reader) { return reader.CountDeliveries(); });
  }

 protected:
  // Kept by the storage, which knows in what order its connections may be closed.
  virtual ReaderPool<Reader>& readers() = 0;
};

}  // namespace fermata

// A storage whose every outcome the simulator decides: commits finish when it says so, fail, or get lost on the way back.
//
// Single-threaded, like the whole simulated world.
#pragma once

#include <deque>
#include <random>
#include <set>
#include <utility>

#include "engine/storage/memory/tables.h"
#include "engine/storage/storage.h"

namespace fermata {

class SimStorage : public Storage {
 public:
  SimStorage(std::uint64_t seed, int shard_count) : random_(seed), shard_count_(shard_count) {}

  // How often, of 1,000, a commit fails, gets lost in either way, or a read fails.
  void SetFaults(int per_mille) { faults_per_mille_ = per_mille; }
  // Another node takes over: from now on every commit is refused.
  void Fence() { fenced_ = true; }
  // Finishes the oldest commit, well or badly. False if there is none.
  bool FinishOne();
  // The power goes: of the commits handed over, each may or may not have made it, in order; no callback comes.
  void LosePower();
  std::size_t in_flight() const { return queue_.size(); }
  const memory::Tables& tables() const { return tables_; }

  StorageInfo Info() const override { return {"simulated", "full", shard_count_}; }
  void Commit(int lane, Batch batch, CommitCallback done) override;
  void ResetLane(int lane) override { poisoned_.erase(lane); }

  Result<std::optional<StoredInstance>> LoadInstance(const InstanceId& id) override;
  Result<std::vector<JournalRow>> ReadJournal(const InstanceId& id, std::int64_t after_seq, int limit) override;
  Result<std::vector<InstanceRow>> ListInstances(const InstanceFilter& filter) override;
  Result<std::vector<InstanceRow>> FindLiveByKey(std::string_view tenant, std::string_view process,
                                                 std::string_view key) override;
  Result<std::optional<EverKeyRow>> FindEverKey(std::string_view tenant, std::string_view process,
                                                std::string_view key) override;
  Result<std::vector<SubscriptionRow>> FindSubscriptions(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override;
  Result<std::vector<KeptEventRow>> FindKeptEvents(std::string_view tenant, std::string_view process,
                                                   std::string_view value) override;
  Result<std::vector<KeptEventRow>> FindKeptEventsOfType(std::string_view tenant, std::string_view type,
                                                         std::string_view value) override;
  Result<std::optional<EventIdentityRow>> FindEventIdentity(std::string_view tenant, std::string_view source,
                                                            std::string_view id, std::string_view value) override;
  Result<std::optional<IdempotencyRow>> FindIdempotencyKey(std::string_view tenant, std::string_view key) override;
  Result<std::vector<IncidentRow>> ListIncidents(const IncidentFilter& filter) override;
  Result<std::vector<TaskRow>> ListTasks(const TaskFilter& filter) override;
  Result<std::vector<TaskCount>> CountTasks(std::string_view tenant, std::string_view user,
                                            std::int64_t now_us) override;
  Result<std::vector<JobRow>> ListJobs(const JobFilter& filter) override;
  Result<std::optional<JobRow>> FindJob(const InstanceId& instance, std::int64_t activation, bool undo) override;
  Result<std::vector<JobRow>> FindAvailableJobs(const JobsWanted& wanted) override;
  Result<std::int64_t> NextLeaseEnd(std::string_view tenant, std::string_view operation, std::int64_t now_us) override;
  Result<std::vector<IncidentCount>> CountIncidents(int limit) override;
  Result<std::vector<JobCount>> CountJobs(std::int64_t now_us) override;
  Result<std::vector<ScheduleRow>> ReadSchedules() override;
  Result<std::vector<InstanceId>> ListBusyInstances(const ShardSet& of, const InstanceId& after, int limit) override;
  Result<std::vector<InstanceRow>> ReadEndedInstances(const EndedFilter& filter) override;
  Result<std::vector<InstanceRow>> ReadLiveInstances(const std::optional<InstanceRow>& after, int limit) override;
  Result<std::vector<StandingOrderRow>> ReadStandingOrders(std::string_view kind) override {
    return tables_.ReadStandingOrders(kind);
  }
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit) override;
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) override;
  Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) override { return tables_.LastKeptEventOrder(of); }
  Result<std::int64_t> LastTimeUs(const ShardSet& of) override { return tables_.LastTimeUs(of); }
  Result<std::vector<DefinitionRow>> ReadDefinitions() override { return tables_.ReadDefinitions(); }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    return tables_.ReadLiveVersions();
  }
  Result<std::vector<ManifestRow>> ReadManifests() override { return tables_.ReadManifests(); }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() override { return tables_.ReadApiKeys(); }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) override {
    return tables_.ReadAudit(tenant, after_seq, limit);
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() override { return tables_.ReadAuditHeads(); }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) override {
    return tables_.ListDeliveries(filter);
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int, std::string_view webhook, std::string_view id) override {
    return tables_.FindDelivery(webhook, id);
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) override {
    return tables_.ReadDeliveries(of, webhook, status, due_before_us, limit);
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() override { return tables_.CountDeliveries(); }
  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    return tables_.DeleteExpired(now_us, limit);
  }

 private:
  struct Waiting {
    int lane = 0;
    Batch batch;
    CommitCallback done;
  };
  bool Fault() { return static_cast<int>(random_() % 1'000) < faults_per_mille_; }
  template <class T>
  Result<T> Read(T value);

  std::mt19937_64 random_;
  int shard_count_;
  int faults_per_mille_ = 0;
  bool fenced_ = false;
  std::set<int> poisoned_;
  std::deque<Waiting> queue_;
  memory::Tables tables_;
};

}  // namespace fermata

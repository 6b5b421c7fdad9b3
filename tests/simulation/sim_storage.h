// A storage whose every outcome the simulator decides: commits finish when it says so, fail, or get lost on the way back.
//
// Single-threaded, like the whole simulated world.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "engine/storage/storage.h"
#include "tests/simulation/sim_nodes.h"

namespace fermata {

class SimStorage : public Storage {
 public:
  SimStorage(std::uint64_t seed, int shard_count)
      : random_(seed), shard_count_(shard_count), cluster_(std::make_shared<SimCluster>()) {}
  // One of those that share their rows, as a node of this name.
  SimStorage(std::uint64_t seed, std::shared_ptr<SimCluster> cluster, std::string name)
      : random_(seed), shard_count_(kShardsMax), cluster_(std::move(cluster)) {
    nodes_.emplace(random_(), cluster_, std::move(name));
  }

  // How often, of 1,000, a commit fails, gets lost in either way, or a read fails.
  void SetFaults(int per_mille) {
    faults_per_mille_ = per_mille;
    if (nodes_) nodes_->SetFaults(per_mille);
  }
  // Another node takes over: from now on every commit is refused.
  void Fence() { fenced_ = true; }
  // Finishes the oldest commit, of a node the oldest of one of its lanes, well or badly. False if there is none.
  bool FinishOne();
  // The power goes: of the commits handed over, each may or may not have made it, in order, and whoever still is there is told that
  // nobody knows.
  void LosePower();
  std::size_t in_flight() const { return queue_.size(); }
  const memory::Tables& tables() const { return cluster_->tables; }
  SimNodes* sim_nodes() { return nodes_ ? &*nodes_ : nullptr; }

  StorageInfo Info() const override { return {"simulated", "full", shard_count_}; }
  Nodes* nodes() override { return sim_nodes(); }
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
    return cluster_->tables.ReadStandingOrders(kind);
  }
  Result<std::vector<TimerRow>> ReadTimers(const ShardSet& of, std::int64_t due_before_us,
                                           const std::optional<TimerRow>& after, int limit) override;
  Result<std::vector<InboxRow>> ReadInbox(const ShardSet& of, const std::optional<InboxRow>& after, int limit) override;
  Result<std::int64_t> LastKeptEventOrder(const ShardSet& of) override {
    return cluster_->tables.LastKeptEventOrder(of);
  }
  Result<std::int64_t> LastTimeUs() override { return cluster_->tables.LastTimeUs(); }
  Result<std::vector<DefinitionRow>> ReadDefinitions() override { return cluster_->tables.ReadDefinitions(); }
  Result<std::vector<std::pair<std::string, std::string>>> ReadLiveVersions() override {
    return cluster_->tables.ReadLiveVersions();
  }
  Result<std::vector<ManifestRow>> ReadManifests() override { return cluster_->tables.ReadManifests(); }
  Result<std::vector<ApiKeyRow>> ReadApiKeys() override { return cluster_->tables.ReadApiKeys(); }
  Result<std::vector<AuditRow>> ReadAudit(std::string_view tenant, std::int64_t after_seq, int limit) override {
    return cluster_->tables.ReadAudit(tenant, after_seq, limit);
  }
  Result<std::vector<AuditRow>> ReadAuditHeads() override { return cluster_->tables.ReadAuditHeads(); }
  Result<std::vector<DeliveryRow>> ListDeliveries(const DeliveryFilter& filter) override {
    return cluster_->tables.ListDeliveries(filter);
  }
  Result<std::optional<DeliveryRow>> FindDelivery(int, std::string_view webhook, std::string_view id) override {
    return cluster_->tables.FindDelivery(webhook, id);
  }
  Result<std::vector<DeliveryRow>> ReadDeliveries(const ShardSet& of, std::string_view webhook, std::string_view status,
                                                  std::int64_t due_before_us, int limit) override {
    return cluster_->tables.ReadDeliveries(of, webhook, status, due_before_us, limit);
  }
  Result<std::vector<DeliveryCount>> CountDeliveries() override { return cluster_->tables.CountDeliveries(); }
  Result<std::int64_t> DeleteExpired(std::int64_t now_us, int limit) override {
    return cluster_->tables.DeleteExpired(now_us, limit);
  }

 private:
  struct Waiting {
    int lane = 0;
    Batch batch;
    CommitCallback done;
    std::int64_t epoch = 0;
  };
  bool MayWrite(const Waiting& waiting) const { return !fenced_ && (!nodes_ || nodes_->Holds(waiting.epoch)); }
  bool Apply(const Waiting& waiting);
  std::deque<Waiting>::iterator Next();
  bool Fault() { return static_cast<int>(random_() % 1'000) < faults_per_mille_; }
  template <class T>
  Result<T> Read(T value);

  std::mt19937_64 random_;
  int shard_count_;
  int faults_per_mille_ = 0;
  bool fenced_ = false;
  std::set<int> poisoned_;
  std::deque<Waiting> queue_;
  const std::shared_ptr<SimCluster> cluster_;
  std::optional<SimNodes> nodes_;
};

}  // namespace fermata

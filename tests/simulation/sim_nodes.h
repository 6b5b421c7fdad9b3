// Simulated storages that share their rows, each as a node: calls may fail before or after they did something, hints may get lost, and those that do
// not arrive when the simulator says so.
//
// Single-threaded, like the whole simulated world.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "engine/storage/memory/members.h"
#include "engine/storage/memory/tables.h"

namespace fermata {

class SimNodes;

// What the storages of one cluster share.
struct SimCluster {
  memory::Tables tables;
  memory::Members members;
  std::set<SimNodes*> open;
  std::int64_t last_incarnation = 0;
  // Told of each batch just before it is written, and under which epoch it was handed over. May be absent.
  std::function<void(const std::string& node, std::int64_t epoch, const Batch& batch)> on_write = {};
};

class SimNodes final : public Nodes {
 public:
  // Joins as a new process.
  SimNodes(std::uint64_t seed, std::shared_ptr<SimCluster> cluster, std::string name);
  ~SimNodes() override;

  // How often, of 1,000, a call fails, and a hint to another node gets lost.
  void SetFaults(int per_mille) { faults_per_mille_ = per_mille; }
  void SetHintsLost(int per_mille) { hints_lost_per_mille_ = per_mille; }
  std::int64_t epoch() const { return self_.epoch; }
  bool Holds(std::int64_t epoch) const { return cluster_->members.Holds({name_, incarnation_, epoch}); }
  // Lets the oldest hint arrive. False if there is none.
  bool DeliverHint();

  const NodeRow& self() const override { return self_; }
  Status Join() override;
  Result<ClusterView> Beat(bool leaving, const Generations& seen) override;
  Result<ShardSet> Take(const ShardSet& wanted) override;
  Status Release(const ShardSet& shards) override;
  Result<bool> Expel(const NodeRow& silent) override;
  Status Leave() override;
  Result<std::vector<InboxRow>> ReadMailbox(const std::optional<InboxRow>& after, int limit) override;
  Result<std::vector<InboxRow>> Withdraw(const std::vector<InboxRow>& rows) override;
  void Tell(Hint::Kind kind, std::string_view word) override;
  void Listen(std::function<void(const Hint&)> listener) override { listener_ = std::move(listener); }

 private:
  bool JoinAs(memory::Joining joining);
  memory::Member Own() const { return {name_, incarnation_, self_.epoch}; }
  bool Chance(int per_mille) { return static_cast<int>(random_() % 1'000) < per_mille; }
  bool Fault() { return Chance(faults_per_mille_); }

  std::mt19937_64 random_;
  const std::shared_ptr<SimCluster> cluster_;
  const std::string name_;
  std::int64_t incarnation_ = 0;
  int faults_per_mille_ = 0, hints_lost_per_mille_ = 0;
  NodeRow self_;
  std::deque<Hint> hints_;
  std::function<void(const Hint&)> listener_;
};

}  // namespace fermata

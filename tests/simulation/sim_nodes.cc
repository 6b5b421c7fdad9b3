#include "tests/simulation/sim_nodes.h"

#include "engine/base/assert.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

Error NoAnswer() { return {kStorageReadFailed, "Expected an answer, but the simulator says no."}; }

Error NoMember() {
  return {kStorageFenced, "Expected the node to be a member of the cluster, but it is not any more."};
}

}  // namespace

SimNodes::SimNodes(std::uint64_t seed, std::shared_ptr<SimCluster> cluster, std::string name)
    : random_(seed), cluster_(std::move(cluster)), name_(std::move(name)), incarnation_(++cluster_->last_incarnation) {
  FERMATA_ASSERT(JoinAs(memory::Joining::kAsNewProcess));
  cluster_->open.insert(this);
}

SimNodes::~SimNodes() { cluster_->open.erase(this); }

bool SimNodes::JoinAs(memory::Joining joining) {
  const std::optional<NodeRow> row = cluster_->members.Join(Own(), joining, 0);
  if (!row) return false;
  self_ = *row;
  cluster_->tables.EmptyMailbox(self_.mailbox);
  return true;
}

Status SimNodes::Join() {
  if (Fault()) return NoAnswer();
  if (!JoinAs(memory::Joining::kAgain)) return NoMember();
  return Done{};
}

// Each of the following may have happened although its answer got lost.
Result<ClusterView> SimNodes::Beat(bool leaving, const Generations& seen) {
  if (Fault()) return NoAnswer();
  ClusterView view = cluster_->members.Beat(Own(), leaving, seen);
  if (Fault()) return NoAnswer();
  return view;
}

Result<ShardSet> SimNodes::Take(const ShardSet& wanted) {
  if (Fault()) return NoAnswer();
  if (!cluster_->members.Holds(Own())) return NoMember();
  const ShardSet taken = cluster_->members.Take(Own(), wanted);
  if (Fault()) return NoAnswer();
  return taken;
}

Status SimNodes::Release(const ShardSet& shards) {
  if (Fault()) return NoAnswer();
  if (!cluster_->members.Holds(Own())) return NoMember();
  cluster_->members.Release(name_, shards);
  if (Fault()) return NoAnswer();
  return Done{};
}

Result<bool> SimNodes::Expel(const NodeRow& silent) {
  if (Fault()) return NoAnswer();
  const bool expelled = cluster_->members.Expel(silent);
  if (expelled) cluster_->tables.EmptyMailbox(silent.mailbox);
  if (Fault()) return NoAnswer();
  return expelled;
}

Status SimNodes::Leave() {
  if (Fault()) return NoAnswer();
  if (cluster_->members.Leave(Own())) cluster_->tables.EmptyMailbox(self_.mailbox);
  if (Fault()) return NoAnswer();
  return Done{};
}

Result<std::vector<InboxRow>> SimNodes::ReadMailbox(const std::optional<InboxRow>& after, int limit) {
  if (Fault()) return NoAnswer();
  return cluster_->tables.ReadMailbox(self_.mailbox, after, limit);
}

Result<std::vector<InboxRow>> SimNodes::Withdraw(const std::vector<InboxRow>& rows) {
  if (Fault()) return NoAnswer();
  std::vector<InboxRow> withdrawn = cluster_->tables.Withdraw(rows);
  if (Fault()) return NoAnswer();
  return withdrawn;
}

void SimNodes::Tell(Hint::Kind kind, std::string_view word) {
  Hint hint{kind, {}};
  if (!word.empty()) hint.words.emplace_back(word);
  for (SimNodes* other : cluster_->open)
    if (other != this && !Chance(hints_lost_per_mille_)) other->hints_.push_back(hint);
}

bool SimNodes::DeliverHint() {
  if (hints_.empty()) return false;
  const Hint hint = std::move(hints_.front());
  hints_.pop_front();
  if (listener_) listener_(hint);
  return true;
}

}  // namespace fermata

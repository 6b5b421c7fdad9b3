#include "engine/storage/memory/members.h"

#include <algorithm>

namespace fermata::memory {

std::optional<NodeRow> Members::Join(const Member& who, Joining joining, std::int64_t now_us) {
  const auto found = nodes_.find(who.name);
  const bool of_another = found != nodes_.end() && found->second.incarnation != who.incarnation;
  if (of_another && joining == Joining::kAgain) return std::nullopt;
  const int mailbox = found != nodes_.end() ? found->second.row.mailbox : LowestFreeMailbox();
  const std::int64_t beats = found != nodes_.end() ? found->second.row.beats : 0;
  const NodeRow row{who.name, mailbox, ++last_epoch_, beats, true, {}, now_us};
  nodes_[who.name] = {row, who.incarnation};
  for (ShardOwner& shard : shards_)
    if (shard.node == who.name) ++shard.epoch;
  return row;
}

int Members::LowestFreeMailbox() const {
  int mailbox = kMailboxFirst;
  const auto taken = [&](const auto& entry) { return entry.second.row.mailbox == mailbox; };
  while (std::any_of(nodes_.begin(), nodes_.end(), taken)) ++mailbox;
  return mailbox;
}

bool Members::Holds(const Member& who) const {
  const auto found = nodes_.find(who.name);
  return found != nodes_.end() && found->second.row.epoch == who.epoch;
}

ClusterView Members::Beat(const Member& who, bool leaving, const Generations& seen) {
  ClusterView view;
  view.standing = ClusterView::Standing::kExpelled;
  if (const auto own = nodes_.find(who.name); own != nodes_.end()) {
    if (own->second.incarnation != who.incarnation) view.standing = ClusterView::Standing::kReplaced;
    if (own->second.row.epoch == who.epoch) {
      view.standing = ClusterView::Standing::kMember;
      own->second.row.beats += 1;
      own->second.row.leaving = leaving;
      own->second.row.seen = seen;
    }
  }
  for (const auto& [name, node] : nodes_) view.nodes.push_back(node.row);
  view.shards = shards_;
  view.newest = newest_;
  return view;
}

ShardSet Members::Take(const Member& who, const ShardSet& wanted) {
  ShardSet taken;
  for (int number = 0; number < kShardsMax; ++number) {
    ShardOwner& shard = shards_[static_cast<std::size_t>(number)];
    if (!Contains(wanted, number) || (!shard.node.empty() && shard.node != who.name)) continue;
    if (shard.node.empty()) shard = {who.name, shard.epoch + 1};
    taken.set(static_cast<std::size_t>(number));
  }
  return taken;
}

void Members::Release(const std::string& name, const ShardSet& shards) {
  for (int number = 0; number < kShardsMax; ++number) {
    ShardOwner& shard = shards_[static_cast<std::size_t>(number)];
    if (Contains(shards, number) && shard.node == name) shard.node.clear();
  }
}

bool Members::Expel(const NodeRow& silent) {
  const auto found = nodes_.find(silent.name);
  if (found == nodes_.end()) return true;
  if (found->second.row.epoch != silent.epoch || found->second.row.beats != silent.beats) return false;
  End(silent.name);
  return true;
}

bool Members::Leave(const Member& who) {
  if (!Holds(who)) return false;
  End(who.name);
  return true;
}

void Members::End(const std::string& name) {
  nodes_.erase(name);
  Release(name, AllShards());
}

void Members::CountChanges(const Batch& batch) {
  if (!batch.definitions.empty() || !batch.live_versions.empty() || !batch.manifests.empty()) ++newest_.definitions;
  if (!batch.standing_orders.empty() || !batch.standing_orders_deleted.empty()) ++newest_.orders;
  if (!batch.api_keys.empty() || !batch.api_keys_deleted.empty()) ++newest_.keys;
}

}  // namespace fermata::memory

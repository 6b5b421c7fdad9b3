// The nodes that share the tables, as rows under one lock of the caller's: what engine/storage/nodes.h promises, without threads and hints.
//
// Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/storage/nodes.h"

namespace fermata::memory {

// Who calls: a process that joined.
struct Member {
  std::string name;
  std::int64_t incarnation = 0;  // tells processes of one name apart
  std::int64_t epoch = 0;
};

enum class Joining { kAsNewProcess, kAgain };

class Members {
 public:
  // nullopt if another process has the name and this is not a new one. The mailbox may have rows of somebody before.
  std::optional<NodeRow> Join(const Member& who, Joining joining, std::int64_t now_us);
  // Whether who has handed something over under this epoch may still write.
  bool Holds(const Member& who) const;
  ClusterView Beat(const Member& who, bool leaving, const Generations& seen);
  ShardSet Take(const Member& who, const ShardSet& wanted);
  void Release(const std::string& name, const ShardSet& shards);
  // False if the node is not as it was seen. Its mailbox is to be emptied otherwise.
  bool Expel(const NodeRow& silent);
  // False if it was no member any more.
  bool Leave(const Member& who);
  void CountChanges(const Batch& batch);

 private:
  struct Node {
    NodeRow row;
    std::int64_t incarnation = 0;
  };
  int LowestFreeMailbox() const;
  void End(const std::string& name);

  std::map<std::string, Node> nodes_;
  std::vector<ShardOwner> shards_ = std::vector<ShardOwner>(kShardsMax);
  Generations newest_;
  std::int64_t last_epoch_ = 0;
};

}  // namespace fermata::memory

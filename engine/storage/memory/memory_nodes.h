// What memory storages of one cluster share, and the door of each of them to it.
//
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "engine/storage/memory/members.h"
#include "engine/storage/memory/tables.h"

namespace fermata::memory {

class MemoryNodes;

struct Shared {
  std::mutex mutex;  // of all that follows
  Tables tables;
  Members members;
  std::set<MemoryNodes*> open;
  std::int64_t last_incarnation = 0;
};

class MemoryNodes final : public Nodes {
 public:
  // Runs a task on the storage's thread, soon.
  using Post = std::function<void(std::function<void()>)>;

  // Joins as a new process.
  MemoryNodes(std::shared_ptr<Shared> shared, std::string name, Post post);
  // Hears nothing any more: from then on `post` is not called.
  void Close();

  // Under which a batch is handed over now.
  std::int64_t epoch() const;
  // With the lock held: whether a batch that was handed over under this epoch may be committed.
  bool Holds(std::int64_t epoch) const { return shared_->members.Holds({name_, incarnation_, epoch}); }

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
  void Listen(std::function<void(const Hint&)> listener) override;

 private:
  // With the lock held.
  bool JoinAs(Joining joining);
  Member Own() const { return {name_, incarnation_, self_.epoch}; }
  Error NotAMember() const;
  void Hear(const Hint& hint);

  const std::shared_ptr<Shared> shared_;
  const std::string name_;
  const Post post_;
  std::int64_t incarnation_ = 0;
  NodeRow self_;
  std::mutex listener_mutex_;
  std::function<void(const Hint&)> listener_;
};

}  // namespace fermata::memory

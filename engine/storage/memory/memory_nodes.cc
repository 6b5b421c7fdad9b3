#include "engine/storage/memory/memory_nodes.h"

#include "engine/base/assert.h"
#include "engine/base/clock.h"
#include "engine/storage/codes.h"

namespace fermata::memory {

MemoryNodes::MemoryNodes(std::shared_ptr<Shared> shared, std::string name, Post post)
    : shared_(std::move(shared)), name_(std::move(name)), post_(std::move(post)) {
  std::lock_guard lock(shared_->mutex);
  incarnation_ = ++shared_->last_incarnation;
  FERMATA_ASSERT(JoinAs(Joining::kAsNewProcess));
  shared_->open.insert(this);
}

void MemoryNodes::Close() {
  std::lock_guard lock(shared_->mutex);
  shared_->open.erase(this);
}

std::int64_t MemoryNodes::epoch() const {
  std::lock_guard lock(shared_->mutex);
  return self_.epoch;
}

bool MemoryNodes::JoinAs(Joining joining) {
  const std::optional<NodeRow> row = shared_->members.Join(Own(), joining, SystemClock().NowUs());
  if (!row) return false;
  self_ = *row;
  shared_->tables.EmptyMailbox(self_.mailbox);
  return true;
}

Status MemoryNodes::Join() {
  std::lock_guard lock(shared_->mutex);
  if (!JoinAs(Joining::kAgain)) return NotAMember();
  return Done{};
}

Result<ClusterView> MemoryNodes::Beat(bool leaving, const Generations& seen) {
  std::lock_guard lock(shared_->mutex);
  return shared_->members.Beat(Own(), leaving, seen);
}

Result<ShardSet> MemoryNodes::Take(const ShardSet& wanted) {
  std::lock_guard lock(shared_->mutex);
  if (!shared_->members.Holds(Own())) return NotAMember();
  return shared_->members.Take(Own(), wanted);
}

Status MemoryNodes::Release(const ShardSet& shards) {
  std::lock_guard lock(shared_->mutex);
  if (!shared_->members.Holds(Own())) return NotAMember();
  shared_->members.Release(name_, shards);
  return Done{};
}

Result<bool> MemoryNodes::Expel(const NodeRow& silent) {
  std::lock_guard lock(shared_->mutex);
  const bool expelled = shared_->members.Expel(silent);
  if (expelled) shared_->tables.EmptyMailbox(silent.mailbox);
  return expelled;
}

Status MemoryNodes::Leave() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->members.Leave(Own())) shared_->tables.EmptyMailbox(self_.mailbox);
  return Done{};
}

Result<std::vector<InboxRow>> MemoryNodes::ReadMailbox(const std::optional<InboxRow>& after, int limit) {
  std::lock_guard lock(shared_->mutex);
  return shared_->tables.ReadMailbox(self_.mailbox, after, limit);
}

Result<std::vector<InboxRow>> MemoryNodes::Withdraw(const std::vector<InboxRow>& rows) {
  std::lock_guard lock(shared_->mutex);
  if (!shared_->members.Holds(Own())) return NotAMember();
  return shared_->tables.Withdraw(rows);
}

void MemoryNodes::Tell(Hint::Kind kind, std::string_view word) {
  Hint hint{kind, {}};
  if (!word.empty()) hint.words.emplace_back(word);
  std::lock_guard lock(shared_->mutex);
  for (MemoryNodes* other : shared_->open)
    if (other != this) other->post_([other, hint] { other->Hear(hint); });
}

void MemoryNodes::Listen(std::function<void(const Hint&)> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void MemoryNodes::Hear(const Hint& hint) {
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_(hint);
}

Error MemoryNodes::NotAMember() const {
  return {kStorageFenced, "Expected node '" + name_ + "' to be a member of the cluster, but it is not any more.", "",
          ""};
}

}  // namespace fermata::memory

// What this node knows of the others: who is there, who has read a change, and whether it may work itself.
#include <utility>

#include "engine/base/log.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/leases.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr auto kTooLong = std::chrono::milliseconds(kNodeSilentMs);
constexpr auto kAskAgain = std::chrono::milliseconds(20);

}  // namespace

// Also where nobody else was there at the last look: one that has just begun may serve already.
void Leases::AwaitOthers() {
  nodes_.Tell(Hint::Kind::kChanged, "");
  const Clock::time_point ends = Clock::now() + 2 * kTooLong;
  std::string late;
  {
    std::unique_lock lock(mutex_);
    // The look under way may have begun before the change; the one after it has not.
    const std::int64_t first = looks_ + 2;
    std::optional<Generations> change;
    while (!stopping_) {
      if (looks_ >= first && !change) change = view_.newest;
      if (change) late = WhoHasNotReadLocked(*change);
      if ((change && late.empty()) || Clock::now() >= ends) break;
      woken_ = true;
      wake_.notify_all();
      looked_.wait_for(lock, kAskAgain);
    }
    if (stopping_) return;
  }
  if (!late.empty())
    LogWarning("A server has not read a change yet; it will as soon as it can. Until then it works as before.",
               {{"node", late}});
}

std::string Leases::WhoHasNotReadLocked(const Generations& change) const {
  for (const NodeRow& node : view_.nodes) {
    const bool has_read = node.seen.definitions >= change.definitions && node.seen.orders >= change.orders &&
                          node.seen.keys >= change.keys;
    if (!node.leaving && node.name != nodes_.self().name && !has_read) return node.name;
  }
  return "";
}

ClusterView Leases::View() const {
  std::lock_guard lock(mutex_);
  return view_;
}

std::int64_t Leases::SilentMs(const std::string& node) const {
  const auto ago = [this](Clock::time_point since) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(world_.now() - since).count();
  };
  std::lock_guard lock(mutex_);
  if (node == nodes_.self().name) return ago(last_answer_);
  const auto found = watched_.find(node);
  return found == watched_.end() ? 0 : ago(found->second.since);
}

Status Leases::Standing() const {
  std::lock_guard lock(mutex_);
  if (view_.standing == ClusterView::Standing::kReplaced)
    return Error{kStorageFenced, "Expected a name of its own for this server, but another one has taken it.", "",
                 "Give each server a --node of its own."};
  if (world_.now() - last_answer_ > kTooLong)
    return Error{
        kStorageUnavailable,
        "Expected the database to answer, but it has been silent for " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(world_.now() - last_answer_).count()) +
            " s" + (unanswered_ ? ": " + unanswered_->message : "."),
        "", "Other servers may have this one's shards by now. It goes on by itself once the database answers."};
  if (view_.standing == ClusterView::Standing::kExpelled)
    return Error{kStorageFenced,
                 "Expected this server to be one of those that share the database, but it was given up.", "",
                 "It is joining again."};
  return Done{};
}

Leases::Counts Leases::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace fermata

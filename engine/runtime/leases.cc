#include "engine/runtime/leases.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <utility>

#include "engine/base/log.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/storage/codes.h"

namespace fermata {
namespace {

constexpr auto kSilent = std::chrono::milliseconds(kNodeSilentMs);
// One that has no shards holds nothing up: it may be compiling what is deployed, before its first beat.
constexpr auto kSilentWithoutShards = 20 * kSilent;

// The highest ones, so that a node keeps what it has had for longest.
ShardSet Highest(const ShardSet& shards, int count) {
  ShardSet chosen;
  for (int shard = kShardsMax - 1; shard >= 0 && count > 0; --shard) {
    if (!shards[static_cast<std::size_t>(shard)]) continue;
    chosen.set(static_cast<std::size_t>(shard));
    --count;
  }
  return chosen;
}

// Nodes begin at different places, so that those who take at the same time seldom want the same.
ShardSet SomeFrom(const ShardSet& shards, int first, int count) {
  ShardSet chosen;
  for (int i = 0; i < kShardsMax && count > 0; ++i) {
    const auto shard = static_cast<std::size_t>((first + i) % kShardsMax);
    if (!shards[shard]) continue;
    chosen.set(shard);
    --count;
  }
  return chosen;
}

ShardSet OwnedBy(const ClusterView& view, const std::string& node) {
  ShardSet owned;
  for (std::size_t shard = 0; shard < view.shards.size(); ++shard) owned[shard] = view.shards[shard].node == node;
  return owned;
}

}  // namespace

int FairShare(int nodes, int place) { return kShardsMax / nodes + (place < kShardsMax % nodes ? 1 : 0); }

Leases::Leases(Nodes& nodes, ShardHolder& holder, LeasesWorld world)
    : nodes_(nodes), holder_(holder), world_(std::move(world)) {
  if (world_.aside) return;
  expeller_.emplace(1, kShardsMax);
  world_.aside = [this](std::function<void()> task) { return expeller_->Post(std::move(task)); };
}

void Leases::Run() {
  Round();
  if (!caught_up_) {
    ReadOnce();
    Round();
  }
  reader_ = std::thread([this] { ReadLoop(); });
  thread_ = std::thread([this] { Loop(); });
  nodes_.Tell(Hint::Kind::kShards, "");
}

void Leases::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  looked_.notify_all();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (reader_.joinable()) reader_.join();
  if (expeller_) expeller_->Stop();
}

void Leases::GiveAll() {
  Result<ClusterView> view = nodes_.Beat(true, ReadSoFar());
  const Status given = view.ok() ? nodes_.Release(mine_) : Status(view.error());
  if (!given.ok())
    LogWarning("The node could not give its shards away; others take them when it is silent for a while.",
               {{"reason", given.error().message}});
  nodes_.Tell(Hint::Kind::kShards, "");
}

void Leases::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void Leases::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    Round();
    lock.lock();
    wake_.wait_for(lock, std::chrono::milliseconds(kNodeBeatMs), [this] { return stopping_ || woken_; });
  }
}

void Leases::ReadLoop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || newest_ != read_; });
    if (stopping_) return;
    lock.unlock();
    ReadOnce();
    lock.lock();
    if (newest_ != read_) changed_.wait_for(lock, std::chrono::milliseconds(kNodeBeatMs), [this] { return stopping_; });
  }
}

void Leases::ReadOnce() {
  Generations seen, newest;
  {
    std::lock_guard lock(mutex_);
    seen = read_;
    newest = newest_;
  }
  if (seen == newest) return;
  const Generations read = holder_.ReadChanges(seen, newest);
  if (read == seen) return;
  {
    std::lock_guard lock(mutex_);
    read_ = read;
  }
  Wake();  // the others wait to hear of it
}

Generations Leases::ReadSoFar() const {
  std::lock_guard lock(mutex_);
  return read_;
}

void Leases::Round() {
  const Generations read = ReadSoFar();
  Result<ClusterView> view = nodes_.Beat(false, read);
  NoteAnswer(view);
  if (!view.ok()) return;
  {
    std::lock_guard lock(mutex_);
    newest_ = view->newest;
  }
  changed_.notify_all();
  if (view->standing == ClusterView::Standing::kExpelled) return Rejoin();
  if (view->standing == ClusterView::Standing::kReplaced) {
    if (!std::exchange(told_replaced_, true))
      LogError("Another server has this one's name; this one stops working.", {{"node", nodes_.self().name}});
    return Keep(*std::move(view));
  }
  caught_up_ = caught_up_ || read == view->newest;
  Watch(*view);
  if (caught_up_) Balance(*view);
  Keep(*std::move(view));
}

// Its loss and its return are said once.
void Leases::NoteAnswer(const Result<ClusterView>& view) {
  std::unique_lock lock(mutex_);
  const bool was_lost = unanswered_.has_value();
  const std::int64_t silent_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(world_.now() - last_answer_).count();
  if (view.ok()) {
    last_answer_ = world_.now();
    unanswered_.reset();
  } else {
    unanswered_ = view.error();
  }
  lock.unlock();
  if (!view.ok() && !was_lost) LogWarning("The database does not answer.", {{"reason", view.error().message}});
  if (view.ok() && was_lost) LogInfo("The database answers again.", {{"after_ms", silent_ms}});
}

// Nothing that was decided under the old epoch may be committed under the new one, so everything is forgotten first.
void Leases::Rejoin() {
  LogWarning("This node was silent for too long: others have its shards. It begins anew.",
             {{"node", nodes_.self().name}});
  std::promise<void> forgotten;
  holder_.GiveUpShards([&] { forgotten.set_value(); });
  forgotten.get_future().wait();
  {
    std::lock_guard lock(mutex_);
    given_ = std::make_shared<ShardSet>();
  }
  mine_.reset();
  giving_.reset();
  caught_up_ = false;
  {
    std::lock_guard lock(mutex_);
    ++counts_.rejoined;
    view_.standing = ClusterView::Standing::kExpelled;
  }
  if (!nodes_.Join().ok()) return;  // the next round tries it again
  holder_.Joined(nodes_.self());
  Wake();
}

// Ends those whose beats stand still.
void Leases::Watch(const ClusterView& view) {
  std::vector<NodeRow> silent;
  {
    std::lock_guard lock(mutex_);
    silent = SilentLocked(view);
    for (const NodeRow& node : silent) expelling_.insert(node.name);
  }
  for (const NodeRow& node : silent) {
    if (world_.aside([this, node] { Expel(node); })) continue;
    std::lock_guard lock(mutex_);
    expelling_.erase(node.name);  // it is silent still the next time
  }
}

// Who could not look itself for a while begins to watch anew: it may have been the one that stood still.
// To join is no beat: a process that ends again and again before its first beat does not keep the shards of its name.
std::vector<NodeRow> Leases::SilentLocked(const ClusterView& view) {
  const Clock::time_point now = world_.now();
  if (now - last_look_ > kSilent / 2) watched_.clear();
  last_look_ = now;
  std::set<std::string> owners;
  for (const ShardOwner& shard : view.shards) owners.insert(shard.node);
  std::vector<NodeRow> silent;
  std::map<std::string, Seen> watched;
  for (const NodeRow& node : view.nodes) {
    if (node.name == nodes_.self().name) continue;
    const auto before = watched_.find(node.name);
    const bool stands = before != watched_.end() && before->second.beats == node.beats &&
                        (before->second.epoch == node.epoch || node.leaving);
    const Seen seen{node.epoch, node.beats, stands ? before->second.since : now};
    const bool is_idle = node.leaving && !owners.contains(node.name);
    if (now - seen.since >= (is_idle ? kSilentWithoutShards : kSilent) && !expelling_.contains(node.name))
      silent.push_back(node);
    watched.emplace(node.name, seen);
  }
  watched_ = std::move(watched);
  return silent;
}

void Leases::Expel(const NodeRow& silent) {
  const bool stops = [this] {
    std::lock_guard lock(mutex_);
    return stopping_;
  }();
  Result<bool> expelled = stops ? Result<bool>(false) : nodes_.Expel(silent);
  {
    std::lock_guard lock(mutex_);
    expelling_.erase(silent.name);
  }
  if (!expelled.ok() || !*expelled) return;
  {
    std::lock_guard lock(mutex_);
    ++counts_.ended;
  }
  LogWarning("A node was silent for too long; its shards are free.", {{"node", silent.name}});
  nodes_.Tell(Hint::Kind::kShards, "");
  Wake();
}

void Leases::Balance(const ClusterView& view) {
  const std::string& name = nodes_.self().name;
  // What an earlier process of this name had is this one's from the start.
  if (const ShardSet inherited = OwnedBy(view, name) & ~mine_; inherited.any()) {
    mine_ |= inherited;
    holder_.GainShards(inherited);
  }
  ShardSet given;
  {
    std::lock_guard lock(mutex_);
    given = std::exchange(*given_, ShardSet());
  }
  if (given.any()) {
    if (nodes_.Release(given).ok()) {
      mine_ &= ~given;
      giving_ &= ~given;
      {
        std::lock_guard lock(mutex_);
        counts_.given += given.count();
      }
      LogInfo("Shards were given away.", {{"shards", given.count()}, {"left", mine_.count()}});
      nodes_.Tell(Hint::Kind::kShards, "");
    } else {
      std::lock_guard lock(mutex_);
      *given_ |= given;
    }
    Wake();
    return;
  }
  std::vector<std::string> names;
  for (const NodeRow& node : view.nodes)
    if (!node.leaving || node.name == name) names.push_back(node.name);
  const int place = static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
  const int share = FairShare(static_cast<int>(std::max<std::size_t>(names.size(), 1)), place);
  const int owned = static_cast<int>((mine_ & ~giving_).count());
  if (owned > share) {
    const ShardSet leaving = Highest(mine_ & ~giving_, owned - share);
    giving_ |= leaving;
    holder_.GiveShards(leaving, [this, leaving, given_here = given_] {
      {
        std::lock_guard lock(mutex_);
        *given_here |= leaving;
      }
      Wake();
    });
  }
  const ShardSet free = OwnedBy(view, "");
  if (owned >= share || free.none()) return;
  const ShardSet wanted = SomeFrom(free, place * kShardsMax / static_cast<int>(names.size()), share - owned);
  Result<ShardSet> taken = nodes_.Take(wanted);
  if (!taken.ok()) return;
  mine_ |= *taken;
  if (taken->any()) {
    {
      std::lock_guard lock(mutex_);
      counts_.taken += taken->count();
    }
    LogInfo("Shards were taken.", {{"shards", taken->count()}, {"owned", mine_.count()}});
    holder_.GainShards(*taken);
  }
  if (*taken != wanted) Wake();  // somebody else was faster
}

void Leases::Keep(ClusterView view) {
  {
    std::lock_guard lock(mutex_);
    others_ = view.nodes.size() > 1;
    view_ = std::move(view);
    ++looks_;
  }
  looked_.notify_all();
}

}  // namespace fermata

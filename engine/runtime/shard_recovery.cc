// A shard thread reads what was in flight: all at once when it starts and after a failure, in helpings of those that come from other nodes.
#include <algorithm>

#include "engine/core/decide.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr int kRecoveredAtOnce = 64;  // instances; what else the thread has to do waits for them
constexpr int kPageRows = 1'000;

}  // namespace

Status Shard::Recover() {
  cache_.Clear();
  timers_.Clear();
  schedules_.clear();
  ForgetHeld();
  recoveries_.clear();
  postponed_.clear();
  const ShardSet mine = OfThisThread(owned_);
  if (Status begun = BeginRecovery(mine); !begun.ok()) return begun;
  while (!recoveries_.empty())
    if (Status some = RecoverNext(); !some.ok()) return some;
  // Those for others too: if our last commit's answer got lost, nobody has told their owners. What arrives twice counts once.
  const ShardSet others = ~mine;
  return others.any() ? ReadInboxOf(others) : Status(Done{});
}

// What is due and what has arrived may be taken from here on; calls that were under way are made again by and by.
Status Shard::BeginRecovery(const ShardSet& shards) {
  Result<std::int64_t> last_us = services_.storage.LastTimeUs();
  if (!last_us.ok()) return last_us.error();
  Result<std::int64_t> order = services_.storage.LastKeptEventOrder(shards);
  if (!order.ok()) return order.error();
  kept_order_ = std::max(kept_order_, *order);
  (void)ClockUs();
  ahead_us_ = std::max(ahead_us_, std::max(now_us_, *last_us) - services_.clock.NowUs());
  now_us_ = std::max({now_us_, *last_us, ClockUs()});

  if (Status read = ReadInboxOf(shards); !read.ok()) return read;
  if (timers_.horizon_us() - now_us_ < kTimerHorizonMs * 1000 / 2)
    RefillTimers();
  else
    ReadTimersOf(shards);
  if (Status loaded = LoadSchedules(shards); !loaded.ok()) return loaded;
  recoveries_.push_back({shards, InstanceId()});
  return Done{};
}

bool Shard::RecoverSome() {
  if (recoveries_.empty() && postponed_.empty()) return true;
  std::vector<InstanceId> again;
  again.swap(postponed_);
  Status recovered = RecoverThese(again);
  if (recovered.ok() && !recoveries_.empty()) recovered = RecoverNext();
  return recovered.ok();
}

Status Shard::RecoverNext() {
  Recovery& recovery = recoveries_.front();
  Result<std::vector<InstanceId>> page =
      services_.storage.ListBusyInstances(recovery.shards, recovery.after, kRecoveredAtOnce);
  if (!page.ok()) return page.error();
  if (Status recovered = RecoverThese(*page); !recovered.ok()) return recovered;
  cache_.Trim(kInstanceCacheMax);
  if (page->size() == static_cast<std::size_t>(kRecoveredAtOnce)) {
    recovery.after = page->back();
    return Done{};
  }
  were_checked_ |= recovery.shards;
  recoveries_.pop_front();
  return Done{};
}

Status Shard::RecoverThese(const std::vector<InstanceId>& ids) {
  std::vector<InstanceId> missing;
  for (const InstanceId& id : ids)
    if (Owns(id.shard()) && cache_.Find(id) == nullptr) missing.push_back(id);
  Result<std::vector<StoredInstance>> loaded = services_.storage.LoadInstances(missing);
  // What is wrong with one of them is found below.
  if (loaded.ok())
    for (const StoredInstance& stored : *loaded) (void)Adopt(stored);
  for (const InstanceId& id : ids)
    if (Owns(id.shard()))
      if (Status recovered = RecoverOne(id); !recovered.ok()) return recovered;
  return Done{};
}

Status Shard::RecoverOne(const InstanceId& id) {
  Result<CachedInstance*> instance = Load(id);
  if (!instance.ok()) return StandsStill(id, instance.error()) ? Status(Done{}) : Status(instance.error());
  // What it has decided meanwhile is not durable yet: its calls must not leave.
  if ((*instance)->pins > 0) {
    postponed_.push_back(id);
    return Done{};
  }
  for (const Effect& effect : PendingEffects((*instance)->state))
    if (const auto* job = std::get_if<DispatchJob>(&effect)) Dispatch(id, *job);
  return were_checked_[id.shard()] ? Status(Done{}) : LookForMissingJobs(**instance);
}

// False while a commit whose answer got lost may still be under way: what is read is not all there is.
bool Shard::AwaitUnknown() {
  if (unsure_ && services_.storage.AwaitCommits().ok()) unsure_ = false;
  return !unsure_;
}

Status Shard::ReadInboxOf(const ShardSet& shards) {
  return WalkInbox(services_.storage, shards, [this](InboxRow row) { services_.router.Deliver(std::move(row)); });
}

// Reads the rows that fall due before the next horizon.
void Shard::RefillTimers() {
  timers_.SetHorizon(now_us_ + kTimerHorizonMs * 1000);
  ReadTimersOf(OfThisThread(owned_));
}

void Shard::ReadTimersOf(const ShardSet& shards) {
  const std::int64_t horizon_us = timers_.horizon_us();
  std::optional<TimerRow> after;
  while (true) {
    Result<std::vector<TimerRow>> page = services_.storage.ReadTimers(shards, horizon_us, after, kPageRows);
    if (!page.ok()) {
      timers_.SetHorizon(0);  // try again at the next step
      return;
    }
    for (const TimerRow& timer : *page)
      if (Owns(timer.instance.shard())) timers_.Arm(timer);
    if (page->size() < static_cast<std::size_t>(kPageRows)) return;
    after = page->back();
    if (timers_.size() >= kTimersInMemoryMax) {
      timers_.SetHorizon(after->due_us);
      return;
    }
  }
}

}  // namespace fermata

// What a shard holds back while an operator has paused it, and lets go afterwards.
#include "engine/core/decide.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr std::size_t kReleasedAtOnce = 256;  // instances; the rest in the next batch

}  // namespace

bool Shard::HoldsBack(const InstanceId& id, const DispatchJob& job) {
  if (services_.pauses.none() || !services_.pauses.HoldsCallsOf(job.operation)) return false;
  if (held_.insert(id).second) services_.counters.instances_held.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void Shard::ForgetHeld() {
  services_.counters.instances_held.fetch_sub(held_.size(), std::memory_order_relaxed);
  held_.clear();
}

// One that a batch has touched comes when that is settled: before, its calls may not be durable.
void Shard::LetGo(const InstanceId& id) {
  CachedInstance* instance = LoadOrFail(id);
  if (failed_ || (instance != nullptr && instance->pins > 0)) return;
  if (held_.erase(id) > 0) services_.counters.instances_held.fetch_sub(1, std::memory_order_relaxed);
  if (instance == nullptr) return;
  for (const Effect& effect : PendingEffects(instance->state))
    if (const auto* job = std::get_if<DispatchJob>(&effect)) Dispatch(id, *job);
}

void Shard::HandlePauseOver(const PauseOver& over) {
  std::vector<InstanceId> ids;
  for (auto at = held_.upper_bound(over.after); at != held_.end() && ids.size() < kReleasedAtOnce; ++at)
    ids.push_back(*at);
  for (const InstanceId& id : ids) {
    LetGo(id);
    if (failed_) return;  // recovery goes through all of them
  }
  if (ids.size() == kReleasedAtOnce) PostInternal(PauseOver{ids.back()});
}

// An event from outside that would start a paused process is refused: its sender knows to send it again.
std::optional<Error> Shard::RefusePausedStart(const EventMessage& message) {
  if (services_.pauses.none()) return std::nullopt;
  for (const EventStart& start : message.starts) {
    std::optional<Error> refused = services_.pauses.RefuseStart(start.process);
    if (!refused) continue;
    Result<bool> accepted = WasAccepted(message);
    if (accepted.ok() && *accepted) return std::nullopt;
    const DefinitionPtr definition = services_.definitions.Find(start.process, start.version);
    if (definition && definition->unique != Uniqueness::kNo && start.keyed) {
      Result<std::vector<InstanceRow>> live = LiveByKey(message.tenant, start.process, message.value);
      if (live.ok() && !live->empty()) continue;  // it is delivered to that one
    }
    return refused;
  }
  return std::nullopt;
}

}  // namespace fermata

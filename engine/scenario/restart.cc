// A restart between two steps: every state is dropped and replayed from its journal, and what comes of it is compared.
#include <algorithm>

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/model/limits.h"
#include "engine/scenario/world.h"

namespace fermata {

bool World::SameCalls(const InstanceId& id, const InstanceState& replayed) const {
  std::vector<const WorldCall*> calls = EngineCalls();
  for (const WorldCall& call : calls_)
    if (call.child.empty()) calls.push_back(&call);
  std::erase_if(calls, [&](const WorldCall* call) { return call->instance != id; });
  const std::vector<Effect> pending = PendingEffects(replayed);
  return pending.size() == calls.size() && std::all_of(pending.begin(), pending.end(), [&](const Effect& effect) {
           const auto* job = std::get_if<DispatchJob>(&effect);
           return job != nullptr && std::any_of(calls.begin(), calls.end(), [&](const WorldCall* call) {
                    return call->job == job->job && call->attempt == job->attempt &&
                           call->operation == job->operation && call->input == job->input;
                  });
         });
}

std::optional<std::string> World::Store(LiveInstance& live) {
  for (; live.stored < live.journal.size(); ++live.stored) {
    const std::string row = EncodeEvents(live.journal[live.stored]);
    Result<std::vector<JournalEvent>> events = DecodeEvents(row);
    if (!events.ok()) return "Expected a journal row that can be read, but there is " + row;
    live.journal[live.stored] = std::move(*events);
  }
  return std::nullopt;
}

void World::DropOldRows(LiveInstance& live) {
  const auto end = live.journal.begin() + kRowsKept;
  if (hardship_ == Hardship::kRestarts) {
    if (Store(live)) return;  // the next restart says so
    if (!live.base) live.base.emplace().id = live.state.id;
    std::for_each(live.journal.begin(), end, [&](const auto& row) { ApplyRow(*live.base, row); });
    live.stored -= kRowsKept;
  }
  live.journal.erase(live.journal.begin(), end);
  live.dropped += kRowsKept;
}

std::optional<std::string> World::Replay(const InstanceId& id, LiveInstance& live) {
  if (std::optional<std::string> unread = Store(live)) return unread;
  InstanceState replayed;
  replayed.id = id;
  if (live.base) replayed = *live.base;
  for (const std::vector<JournalEvent>& row : live.journal) ApplyRow(replayed, row);
  const std::string snapshot = EncodeSnapshot(replayed);
  if (!(replayed == live.state))
    return "Expected the replayed state to be " + EncodeSnapshot(live.state) + ", but it is " + snapshot;
  Result<InstanceState> read = DecodeSnapshot(snapshot);
  if (!read.ok() || !(*read == replayed)) return "Expected the snapshot to be the state, but it is " + snapshot;
  live.state = std::move(*read);
  return std::nullopt;
}

std::optional<std::string> World::Restart() {
  if (hardship_ != Hardship::kRestarts) return std::nullopt;
  std::set<std::pair<InstanceId, TimerId>> armed;
  for (auto& [id, live] : instances_) {
    if (std::optional<std::string> differs = Replay(id, live)) return differs;
    if (!SameCalls(id, live.state)) return "Expected the same calls in flight after a restart, but they differ.";
    for (const TimerView& timer : Timers(live.state)) {
      armed.emplace(id, timer.timer);
      if (!IsFinal(live.state.status) && !timers_.contains({id, timer.timer}))
        return "Expected every timer of the state to be set, but one of '" + live.definition->process + "' is not.";
    }
  }
  for (const auto& timer : timers_)
    if (!armed.contains(timer))
      return "Expected every timer that is set to be one of the state, but " + std::to_string(timer.second.activation) +
             "/" + std::to_string(timer.second.slot) + " is none.";
  return std::nullopt;
}

}  // namespace fermata

#include "engine/runtime/auditor.h"

#include <algorithm>

#include "engine/base/time.h"
#include "engine/model/limits.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/replay.h"

namespace fermata {
namespace {

std::string Named(const Activation* activation) {
  return activation == nullptr || activation->state.empty() ? std::string("the process")
                                                            : "'" + activation->state + "'";
}

bool HasHandlers(const Definition& definition, const InstanceState& state) {
  return std::any_of(state.activations.begin(), state.activations.end(), [&](const auto& entry) {
    return !definition.states[static_cast<std::size_t>(entry.second.index)].on.empty();
  });
}

// Whether messages of this instance are on their way.
Result<bool> HasMail(Storage& storage, const InstanceId& sender) {
  Result<std::vector<InboxRow>> rows = storage.ReadInbox(AllShards(), InboxRow{0, sender, INT64_MIN, 0, ""}, 1);
  if (!rows.ok()) return rows.error();
  return !rows->empty() && rows->front().sender == sender;
}

Result<std::optional<Loss>> FindLostTimer(Storage& storage, const InstanceState& state) {
  for (const TimerView& timer : Timers(state)) {
    const TimerRow wanted{state.id, timer.timer.activation, timer.timer.slot, timer.due_us};
    TimerRow before = wanted;
    before.slot -= 1;
    Result<std::vector<TimerRow>> rows = storage.ReadTimers(AllShards(), timer.due_us + 1, before, 1);
    if (!rows.ok()) return rows.error();
    if (!rows->empty() && rows->front() == wanted) continue;
    Loss loss{timer.timer.activation, "Expected a timer of " + Named(state.Find(timer.timer.activation)) + " for " +
                                          FormatTimestamp(FromMicros(timer.due_us)) +
                                          ", but it was not there; it has been armed again."};
    loss.timer = timer.timer;
    return std::optional<Loss>(std::move(loss));
  }
  return std::optional<Loss>();
}

Result<std::optional<Loss>> FindLostJob(Storage& storage, const std::vector<JobView>& jobs,
                                        const InstanceState& state) {
  for (const JobView& job : jobs) {
    Result<std::optional<JobRow>> row = storage.FindJob(state.id, job.job.activation, job.job.undo);
    if (!row.ok()) return row.error();
    if (row->has_value() && (*row)->attempt == job.attempt) continue;
    Loss loss{job.job.activation, "Expected a job of " + job.operation +
                                      " for a worker, but it was not there; it has "
                                      "been put there again."};
    loss.job = job.job;
    return std::optional<Loss>(std::move(loss));
  }
  return std::optional<Loss>();
}

Result<std::optional<Loss>> FindLostSubscription(Storage& storage, const InstanceState& state) {
  for (const auto& [id, activation] : state.activations) {
    for (const Subscription& one : activation.subscriptions) {
      Result<std::vector<SubscriptionRow>> rows = storage.FindSubscriptions(state.tenant, one.type, one.value);
      if (!rows.ok()) return rows.error();
      const bool is_there = std::any_of(rows->begin(), rows->end(), [&, at = id](const SubscriptionRow& row) {
        return row.instance == state.id && row.activation == at;
      });
      if (is_there) continue;
      Loss loss{id, "Expected " + Named(&activation) + " to be known as waiting for '" + one.type +
                        "', but it was not; it is again."};
      loss.subscription = one;
      return std::optional<Loss>(std::move(loss));
    }
  }
  return std::optional<Loss>();
}

Result<std::optional<Loss>> FindLostChild(Storage& storage, const InstanceState& state) {
  for (const auto& [id, activation] : state.activations) {
    if (!activation.child) continue;
    const InstanceId& child = activation.child->id;
    Result<std::optional<StoredInstance>> stored = storage.LoadInstance(child);
    if (!stored.ok()) return stored.error();
    if (stored->has_value() && (*stored)->row.live) continue;
    Result<bool> mail = HasMail(storage, child);
    if (!mail.ok()) return mail.error();
    if (*mail) continue;
    return std::optional<Loss>(
        Loss{id, "Expected the child " + child.ToString() + " of " + Named(&activation) + " to be under way, but it " +
                     (stored->has_value() ? "has ended, and that was not told." : "is not there.")});
  }
  return std::optional<Loss>();
}

}  // namespace

bool CanBeMoved(const Definition& definition, const InstanceState& state) {
  return HasWakeUp(state, HasHandlers(definition, state));
}

Result<std::optional<Loss>> FindLoss(Storage& storage, const DefinitionRegistry& definitions,
                                     const DefinitionPtr& definition, const InstanceState& state) {
  if (IsFinal(state.status)) return std::optional<Loss>();
  if (!CanBeMoved(*definition, state))
    return std::optional<Loss>(Loss{0, "Expected something that can move the instance, but there was nothing."});
  Result<bool> mail = HasMail(storage, state.id);
  if (!mail.ok()) return mail.error();
  Result<std::optional<Loss>> loss = FindLostTimer(storage, state);
  if (loss.ok() && !loss->has_value())
    loss = FindLostJob(storage, WorkerJobsInFlight(definitions, definition, state), state);
  // What it has sent may still be on its way there.
  if (loss.ok() && !loss->has_value() && !*mail) loss = FindLostSubscription(storage, state);
  if (loss.ok() && !loss->has_value() && !*mail) loss = FindLostChild(storage, state);
  return loss;
}

Result<bool> Auditor::IsSuspect(const InstanceId& id, std::int64_t now_us) {
  Result<std::optional<StoredInstance>> stored = storage_.LoadInstance(id);
  if (!stored.ok()) return stored.error();
  if (!stored->has_value()) return false;
  Result<InstanceState> state = Rebuild(**stored);
  if (!state.ok()) return state.error();
  if (IsFinal(state->status)) return false;
  const DefinitionPtr definition = definitions_.FindByHash(state->process, state->definition_hash);
  if (!definition) return false;
  // Calls that should have ended long ago: the shard knows whether they are under way.
  for (const JobView& job : JobsInFlight(*state))
    if (state->updated_us + (job.timeout_ms + kAuditOverdueMs) * 1000 < now_us) return true;
  for (const TimerView& timer : Timers(*state))
    if (timer.due_us + kAuditOverdueMs * 1000 < now_us) return true;
  Result<std::optional<Loss>> loss = FindLoss(storage_, definitions_, definition, *state);
  if (!loss.ok()) return loss.error();
  return loss->has_value();
}

Result<std::vector<InstanceId>> Auditor::Next(std::int64_t now_us, int limit) {
  if (!place_) next_round_us_ = now_us + kAuditEveryMs * 1000;
  Result<std::vector<InstanceRow>> rows = storage_.ReadLiveInstances(place_, limit);
  if (!rows.ok()) return rows.error();
  std::vector<InstanceId> suspects;
  for (const InstanceRow& row : *rows) {
    Result<bool> suspect = IsSuspect(row.id, now_us);
    if (!suspect.ok()) return suspect.error();
    if (*suspect) suspects.push_back(row.id);
  }
  place_.reset();
  if (static_cast<int>(rows->size()) == limit) place_ = std::move(rows->back());
  return suspects;
}

}  // namespace fermata

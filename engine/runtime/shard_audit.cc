// A shard's second look at what the auditor suspects, and what it does about a loss: it puts back what can be put back, and an incident tells of it.
#include "engine/base/log.h"
#include "engine/base/trace_context.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/shard.h"

namespace fermata {

Result<std::optional<Loss>> Shard::FindLossHere(const CachedInstance& instance) {
  const InstanceState& state = instance.state;
  for (const JobView& job : JobsInFlight(state)) {
    const bool is_here = FindWorkerOperation(services_.definitions, instance.definition, state, job) ||
                         held_.contains(state.id) || submitted_.contains({state.id, job.job, job.attempt});
    if (is_here) continue;
    Loss loss{job.job.activation,
              "Expected the call of " + job.operation + " to be under way, but it was not; it has been sent again."};
    loss.job = job.job;
    return std::optional<Loss>(std::move(loss));
  }
  return FindLoss(services_.storage, services_.definitions, instance.definition, state);
}

void Shard::HandleAudit(const AuditSuspect& suspect) {
  CachedInstance* instance = LoadOrFail(suspect.instance);
  if (instance == nullptr || IsFinal(instance->state.status)) return;
  // It is just being moved: rows and state agree once that is durable, and the next round looks again.
  if (instance->pins > 0) return;
  Result<std::optional<Loss>> loss = FindLossHere(*instance);
  if (!loss.ok()) return;
  const std::int64_t late_us = now_us_ - kAuditOverdueMs * 1000;
  for (const TimerView& timer : Timers(instance->state))  // its row is there: only nobody looks at it
    if (timer.due_us < late_us)
      timers_.Arm({instance->state.id, timer.timer.activation, timer.timer.slot, timer.due_us});
  if (!loss->has_value()) return;
  services_.counters.losses_found.fetch_add(1, std::memory_order_relaxed);
  LogError("An instance has lost what it waits for.",
           {{"instance", instance->state.id.ToString()},
            {"process", instance->state.process},
            {"trace_id", ParseTraceparent(instance->state.traceparent).trace_id},
            {"reason", (*loss)->message}});
  const std::int64_t seq = instance->state.seq;
  if (Result<Done> told = DecideOn(*instance, ReportLost{(*loss)->activation, (*loss)->message}); !told.ok()) return;
  if (instance->state.seq == seq) {  // an incident tells of it already
    Touch(*instance);
    (*loss)->subscription.reset();  // messages go with a decision
  }
  Mend(*instance, **loss);
}

// The rows go into the batch that tells of the loss.
void Shard::Mend(CachedInstance& instance, const Loss& loss) {
  const InstanceState& state = instance.state;
  if (loss.timer) instance.timers.erase(*loss.timer);  // GatherTimers finds it missing
  if (loss.job) {
    instance.jobs.erase(*loss.job);  // GatherJobs, likewise
    for (const Effect& effect : PendingEffects(state))
      if (const auto* job = std::get_if<DispatchJob>(&effect); job != nullptr && job->job == *loss.job)
        Open().jobs.emplace_back(state.id, *job);
  }
  if (loss.subscription) {
    SubscribeMessage message{
        state.tenant, loss.subscription->type, loss.subscription->value, state.process, state.id, loss.activation,
        true};
    SendMessage(state.id, state.seq, HomeShardOf(state.tenant, loss.subscription->value), std::move(message));
  }
}

}  // namespace fermata

// One macrostep: from a trigger until nothing moves.
#include <algorithm>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/lifecycle.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

void Take(Machine& machine, const Step& step) {
  switch (step.kind) {
    case Step::Kind::kNext:
      return TakeNext(machine, step.activation);
    case Step::Kind::kRaise:
      return RaiseError(machine, step.activation, step.error, step.context);
    case Step::Kind::kComplete:
      return CompleteWork(machine, step.activation, step.output, {});
    case Step::Kind::kFinishScope:
      return FinishScope(machine, step.activation, step.output);
  }
}

bool HasHandlers(const Machine& machine) {
  for (const auto& [id, activation] : machine.state().activations)
    if (!machine.StateOf(activation).on.empty()) return true;
  return false;
}

bool IsWorking(const InstanceState& state) {
  if (!state.left_children.empty()) return true;
  for (const auto& [id, activation] : state.activations)
    if ((activation.job && activation.job->in_flight) || activation.child) return true;
  for (const auto& [id, left] : state.left_jobs)
    if (left.job.in_flight) return true;
  return std::any_of(state.undo_index.busy.begin(), state.undo_index.busy.end(), [&](std::int64_t number) {
    return state.undo_records.at(number).progress == UndoProgress::kInFlight;
  });
}

ActivationId InnermostActive(const Machine& machine) {
  ActivationId at = kRootActivation;
  while (!machine.At(at).children.empty()) at = machine.At(at).children.front();
  return at;
}

// A definition can reach a state that nothing leads out of (a spent `after`): a person has to see it.
void ReportStuck(Machine& machine) {
  OpenIncidentAt(
      machine, InnermostActive(machine),
      {"no-transition", "Expected a way out of this state, but no event, timer or task can leave it any more.", {}},
      {IncidentKind::kStuck, 0, std::nullopt});
}

void UpdateStatus(Machine& machine) {
  const InstanceState& state = machine.state();
  LifecycleEvent happened = LifecycleEvent::kRest;
  if (state.suspended) {
    happened = LifecycleEvent::kSuspend;
  } else if (IsCompensating(machine)) {
    happened = LifecycleEvent::kCompensate;
  } else if (IsWorking(state)) {
    happened = LifecycleEvent::kWork;
  }
  std::optional<InstanceStatus> next = NextStatus(state.status, happened);
  // A suspension that meets a roll-back of the whole: the roll-back goes on.
  if (!next && happened == LifecycleEvent::kSuspend) next = InstanceStatus::kSuspended;
  FERMATA_ASSERT(next.has_value());
  if (*next != state.status) machine.Record(StatusChanged{*next});
}

}  // namespace

void RunToQuiescence(Machine& machine) {
  for (;;) {
    while (std::optional<Step> step = machine.Pop()) Take(machine, *step);
    if (machine.ended()) return;
    if (StepRollbacks(machine)) continue;
    if (machine.state().suspended) break;
    if (machine.entered_state) {
      machine.entered_state = false;
      if (OfferKept(machine)) {
        machine.entered_state = true;
        continue;
      }
    }
    machine.transitions = machine.livelocks = 0;  // what waited is a trigger of its own
    if (!TakeStashed(machine)) break;
  }
  if (!HasWakeUp(machine.state(), HasHandlers(machine))) ReportStuck(machine);
  UpdateStatus(machine);
}

}  // namespace fermata

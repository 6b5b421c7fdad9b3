// Entering states: `set`, then what the state listens to, then its verb.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {

void EnterState(Machine& machine, StateIndex target, ActivationId parent) {
  const State& state = machine.definition().states[static_cast<std::size_t>(target)];
  const ActivationId id = machine.state().next_activation;
  machine.Record(StateEntered{id, parent, ActivationKind::kState, state.name, target});
  machine.entered_state = true;
  RunEntry(machine, id);
}

std::optional<ProcessError> AssignAll(Machine& machine, ActivationId scope, const std::vector<Assignment>& set) {
  if (set.empty()) return std::nullopt;
  InstanceScope names(machine, scope);
  VariablesSet assigned{scope, {}};
  assigned.values.reserve(set.size());
  for (const Assignment& assignment : set) {
    Evaluated value = EvaluateJson(assignment.value, names);
    if (!value.ok()) return std::move(value.error);
    assigned.values.emplace_back(assignment.name, std::move(value.value));
  }
  if (std::optional<ProcessError> full = CheckVariables(machine, scope, assigned.values)) return full;
  machine.Record(std::move(assigned));
  return std::nullopt;
}

void RunEntry(Machine& machine, ActivationId activation) {
  const State& state = machine.StateOf(activation);
  const bool again = machine.At(activation).phase == Phase::kEntering;
  bool was_set = !again || machine.At(activation).was_set;
  std::optional<ProcessError> error;
  if (!again || !was_set) {
    error = AssignAll(machine, machine.ScopeOf(activation), state.set);
    was_set = !error.has_value();
  }
  // A parked state keeps its `on` and `after`, so they are armed even if something else failed.
  if (!state.after.empty())
    if (std::optional<ProcessError> failed = ArmTimers(machine, activation); failed && !error) error = failed;
  if (!state.on.empty())
    if (std::optional<ProcessError> failed = ArmSubscriptions(machine, activation); failed && !error) error = failed;
  if (!error) {
    if (again) machine.Record(EntryProgressed{activation, true, Phase::kWorking});
    error = CheckUndoRecords(machine, state);
    if (!error) error = StartVerb(machine, activation);
  }
  if (!error) return;
  machine.Record(EntryProgressed{activation, was_set, Phase::kEntering});
  RaisedError raised{*error, ClassOf(error->name), false};
  machine.PushRaise(activation, std::move(raised), {IncidentKind::kEntry, 0, std::nullopt});
}

}  // namespace fermata

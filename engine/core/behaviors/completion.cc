// The end of a verb's work, and of the instance.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"

namespace fermata {
namespace {

// The record of a child that completed: undoing it reopens the child.
UndoRecord ChildRecord(const Machine& machine, ActivationId activation, const InstanceId& child) {
  UndoRecord record;
  record.activation = activation;
  record.state = machine.At(activation).state;
  record.within = machine.PathTo(activation);
  record.child = child;
  return record;
}

void DisarmOwnTimers(Machine& machine, ActivationId activation) {
  for (const ArmedTimer& timer : machine.At(activation).timers)
    if (timer.slot < 0) machine.Wish(ClearTimer{{activation, timer.slot}});
}

}  // namespace

void CompleteWork(Machine& machine, ActivationId activation, const Value& output, const WorkEnd& end) {
  ExitContents(machine, activation, Leaving::kLeft);
  CloseIncidentsOf(machine, activation, "completed");
  DisarmOwnTimers(machine, activation);
  const State& state = machine.StateOf(activation);
  const ActivationId scope = machine.ScopeOf(activation);
  const bool has_undo = state.undo.has_value() && !end.skipped;
  UndoOutcome undo;
  if (has_undo) {
    const Variables& variables = scope == 0 ? machine.state().variables : machine.At(scope).variables;
    undo = PrepareUndo(machine, state, activation, machine.PathTo(activation), variables, output);
    if (undo.error) {
      machine.Record(WorkHeld{activation, output});
      return OpenIncidentAt(machine, activation, *undo.error, {IncidentKind::kUndoInput, 0, std::nullopt});
    }
  } else if (!end.child.empty() && !end.skipped) {
    undo.record = ChildRecord(machine, activation, end.child);
  }
  std::optional<ProcessError> full;
  if (!state.save.empty()) full = CheckVariables(machine, scope, {{state.save, output}});
  if (full) {
    machine.Record(WorkHeld{activation, output});
    // The record of a child can be made now only: a retry does not know the child any more.
    if (!has_undo && !undo.record.child.empty()) RegisterUndo(machine, state, std::move(undo.record));
    return OpenIncidentAt(machine, activation, *full, {IncidentKind::kUndoInput, 0, std::nullopt});
  }
  const bool gathered = machine.At(activation).each.has_value() && !end.skipped;
  machine.Record(
      WorkCompleted{activation, state.save, scope, gathered ? Value() : output, end.by, end.skipped, end.actor});
  if (has_undo || !undo.record.child.empty()) RegisterUndo(machine, state, std::move(undo.record));
  if (!state.next.empty()) machine.PushNext(activation);
}

void FinishInstance(Machine& machine, InstanceStatus status, const Value& output, const RaisedError& error) {
  const InstanceState& state = machine.state();
  bool waits = !state.left_jobs.empty() || !state.left_children.empty();
  for (std::int64_t number : state.undo_index.busy) waits = waits || state.undo_records.at(number).at_once;
  if (waits) {
    Continuation then;
    then.kind = Continuation::Kind::kFinish;
    then.status = status;
    then.output = output;
    then.error = error;
    return StartRollback(machine, {kRootActivation, {}, "", std::move(then)});
  }
  InstanceEnded ended{status, output, std::nullopt, false};
  if (status == InstanceStatus::kFailed) ended.error = error.error;
  const bool has_parent = state.parent && !state.parent->detached;
  ended.keeps_undo = has_parent && status == InstanceStatus::kCompleted;
  machine.Record(std::move(ended));
  if (!has_parent) return;
  ChildResult result;
  result.kind = status == InstanceStatus::kCompleted ? ChildResult::Kind::kCompleted
                : status == InstanceStatus::kFailed  ? ChildResult::Kind::kFailed
                                                     : ChildResult::Kind::kCancelled;
  result.output = output;
  if (status == InstanceStatus::kFailed) result.error = error.error;
  machine.Wish(NotifyParent{*state.parent, std::move(result)});
}

}  // namespace fermata

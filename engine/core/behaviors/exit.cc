// Leaving states: inner to outer, last first. What cannot simply stop is left behind and awaited (left.cc).
#include <algorithm>

#include "engine/core/behaviors/behaviors.h"

namespace fermata {
namespace {

// Its try may have taken effect, or may take it yet.
bool MayHaveBegun(const Machine& machine, const Activation& activation) {
  if (!activation.job || !activation.job->in_flight) return false;
  const auto& has_not_begun = machine.context().has_not_begun;
  // Of an earlier try nobody knows whether it did: a time-out tells nothing.
  if (activation.job->attempt > 1) return true;
  return activation.job->answered || !has_not_begun || !has_not_begun({activation.id, false}, activation.job->attempt);
}

void LeaveJob(Machine& machine, const Activation& activation, Leaving leaving) {
  if (!machine.StateOf(activation).undo) return;  // let go: a late result is recorded and ignored
  const bool in_flight = MayHaveBegun(machine, activation);
  if (!in_flight && !activation.held) return;
  LeftJob left;
  left.activation = activation.id;
  left.state = activation.state;
  left.index = activation.index;
  left.within = machine.PathTo(activation.id);
  if (activation.job) left.job = *activation.job;
  left.may_retry = leaving == Leaving::kLeft;
  if (ActivationId scope = machine.ScopeOf(activation.id); scope != 0) left.variables = machine.At(scope).variables;
  const std::optional<Value> held = activation.held;
  machine.Record(JobLeft{std::move(left)});
  // Done already, only its undo could not be prepared: it must not be lost.
  if (held) UndoLeftJob(machine, activation.id, *held);
}

void LeaveChild(Machine& machine, const Activation& activation) {
  const InstanceId child = activation.child->id;
  machine.Record(ChildLeft{{activation.id, activation.state, machine.PathTo(activation.id), child, false}});
  machine.Wish(CancelChild{child, "its parent left the state '" + activation.state + "'"});
}

void Unlisten(Machine& machine, const Activation& activation) {
  for (const ArmedTimer& timer : activation.timers)
    if (!timer.spent) machine.Wish(ClearTimer{{activation.id, timer.slot}});
  for (std::size_t i = 0; i < activation.subscriptions.size(); ++i) {
    const Subscription& one = activation.subscriptions[i];
    bool told = false;  // two arms may wait for the same value
    for (std::size_t j = 0; j < i && !told; ++j)
      told = activation.subscriptions[j].type == one.type && activation.subscriptions[j].value == one.value;
    if (!told) machine.Wish(Unsubscribe{activation.id, one.type, one.value});
  }
}

}  // namespace

void ExitActivation(Machine& machine, ActivationId id, Leaving leaving) {
  ExitContents(machine, id, leaving);
  const Activation& activation = machine.At(id);
  // A roll-back that this state waited for is taken over by the one around it.
  if (machine.state().rollbacks.contains(id)) machine.Record(RollbackFinished{id});
  if (activation.job || activation.held) LeaveJob(machine, activation, leaving);
  if (activation.child) LeaveChild(machine, activation);
  Unlisten(machine, activation);
  CloseIncidentsOf(machine, id, "left");
  machine.Record(StateExited{id});
}

void ExitContents(Machine& machine, ActivationId id, Leaving leaving, const std::vector<ActivationId>& cancelled) {
  const std::vector<ActivationId> children = machine.At(id).children;
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    const bool is_cancelled = std::find(cancelled.begin(), cancelled.end(), *child) != cancelled.end();
    const Leaving how = is_cancelled ? Leaving::kCancelled : leaving;
    ExitContents(machine, *child, how, cancelled);
    ExitActivation(machine, *child, how);
  }
}

void CloseRoot(Machine& machine) {
  const Activation* root = machine.Find(kRootActivation);
  if (root == nullptr) return;
  Unlisten(machine, *root);
  CloseIncidentsOf(machine, kRootActivation, "left");
  const std::vector<ArmedTimer> timers = root->timers;
  for (const ArmedTimer& timer : timers) machine.Record(TimerDropped{{kRootActivation, timer.slot}});
}

}  // namespace fermata

// Taking transitions: their arms, what they exit, and where they enter.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

// What a transition out of regions and items, or by an error out of `atomic` states, ends and rolls back. `owner` is the outermost state so left.
struct Crossing {
  ActivationId owner = 0;
  std::vector<ActivationId> cancelled;
};

Crossing FindCrossing(const Machine& machine, ActivationId source, ActivationId domain, Trigger trigger) {
  Crossing crossing;
  for (ActivationId at = source; at != domain; at = machine.At(at).parent) {
    const Activation& activation = machine.At(at);
    if (trigger == Trigger::kError && at != source && activation.kind == ActivationKind::kState &&
        machine.StateOf(activation).atomic) {
      crossing.owner = at;
      crossing.cancelled.push_back(at);
    }
    if (activation.kind != ActivationKind::kRegion && activation.kind != ActivationKind::kItem) continue;
    crossing.owner = activation.parent;
    // Every unfinished item is rolled back, the one that is left too; of the regions only those beside it.
    for (ActivationId beside : machine.At(activation.parent).children)
      if (beside != at || activation.kind == ActivationKind::kItem) crossing.cancelled.push_back(beside);
  }
  return crossing;
}

void Go(Machine& machine, ActivationId source, StateIndex target, Trigger trigger) {
  const ActivationId domain = DomainOf(machine, source, target);
  Crossing crossing = FindCrossing(machine, source, domain, trigger);
  if (crossing.owner != 0) {
    const bool undo = NeedsRollback(machine, crossing.cancelled);
    ExitContents(machine, crossing.owner, Leaving::kLeft, crossing.cancelled);
    if (undo || NeedsRollback(machine, crossing.cancelled)) {
      Continuation then;
      then.kind = Continuation::Kind::kEnter;
      then.where = domain;
      then.target = target;
      return StartRollback(machine, {crossing.owner, std::move(crossing.cancelled), "", std::move(then)});
    }
  }
  ExitContents(machine, domain, Leaving::kLeft);
  EnterState(machine, target, domain);
}

void RaiseLivelock(Machine& machine, ActivationId activation) {
  machine.transitions = 0;
  ProcessError error{"livelock",
                     "Expected an end after at most " + std::to_string(kMicrostepsMax) +
                         " transitions without waiting, but there was none.",
                     {}};
  if (++machine.livelocks > 1)
    return OpenIncidentAt(machine, activation, error, {IncidentKind::kNext, 0, std::nullopt});
  machine.PushRaise(activation, DefinitionError(std::move(error)), {IncidentKind::kNext, 0, std::nullopt});
}

}  // namespace

ActivationId DomainOf(const Machine& machine, ActivationId source, StateIndex target) {
  const StateIndex container = machine.definition().states[static_cast<std::size_t>(target)].parent;
  for (ActivationId at = source; at != 0; at = machine.At(at).parent) {
    const Activation& activation = machine.At(at);
    // An `each` and its items share the index; the states inside are the items'.
    const bool is_each =
        activation.kind == ActivationKind::kState && std::holds_alternative<EachVerb>(machine.StateOf(activation).verb);
    if (activation.index == container && !is_each) return at;
  }
  FERMATA_ASSERT(false);  // the parser resolves targets by the same rule
}

ArmChoice ChooseArm(const std::vector<TransitionArm>& arms, const Scope& scope) {
  for (const TransitionArm& arm : arms) {
    if (!arm.condition) return {&arm, std::nullopt};
    Evaluated holds = EvaluateCondition(*arm.condition, scope);
    if (!holds.ok()) return {nullptr, std::move(holds.error)};
    if (holds.value.as_bool()) return {&arm, std::nullopt};
  }
  return {};
}

ArmRun RunArm(Machine& machine, ActivationId source, const TransitionArm& arm, const BoundName* bound) {
  if (++machine.transitions > kMicrostepsMax) {
    RaiseLivelock(machine, source);
    return {};
  }
  const ActivationId scope = machine.ScopeOf(source);
  InstanceScope names(machine, scope);
  if (bound != nullptr) names.Bind(bound->name, bound->value);
  VariablesSet assigned{scope, {}};
  if (bound != nullptr && !arm.save.empty()) {
    assigned.values.emplace_back(arm.save, bound->saved);
    names.Bind(arm.save, bound->saved);
  }
  const std::size_t saved = assigned.values.size();
  for (const Assignment& assignment : arm.set) {
    Evaluated value = EvaluateJson(assignment.value, names);
    if (!value.ok()) return {false, std::move(value.error)};
    assigned.values.emplace_back(assignment.name, std::move(value.value));
  }
  if (std::optional<ProcessError> full = CheckVariables(machine, scope, assigned.values))
    return {false, std::move(full)};
  for (std::size_t i = saved; i < assigned.values.size(); ++i)
    names.Bind(assigned.values[i].first, assigned.values[i].second);
  EmissionOutcome emission;
  if (arm.emit) {
    emission = PrepareEmission(machine, *arm.emit, names);
    if (emission.error) return {false, std::move(emission.error)};
  }
  machine.NoteTaken(arm);
  if (!assigned.values.empty()) machine.Record(std::move(assigned));
  if (arm.emit) PublishEmission(machine, std::move(emission.emission));
  return {true, std::nullopt};
}

void FollowArm(Machine& machine, ActivationId source, const TransitionArm& arm, Trigger trigger) {
  if (arm.target != kNoState) Go(machine, source, arm.target, trigger);
}

std::optional<ProcessError> TakeArm(Machine& machine, ActivationId source, const TransitionArm& arm,
                                    const BoundName* bound, Trigger trigger) {
  ArmRun run = RunArm(machine, source, arm, bound);
  if (run.is_taken) FollowArm(machine, source, arm, trigger);
  return std::move(run.error);
}

void TakeNext(Machine& machine, ActivationId activation) {
  const State& state = machine.StateOf(activation);
  InstanceScope names(machine, machine.ScopeOf(activation));
  const ErrorContext context{IncidentKind::kNext, 0, std::nullopt};
  ArmChoice choice = ChooseArm(state.next, names);
  std::optional<ProcessError> error = choice.error;
  if (choice.arm != nullptr) error = TakeArm(machine, activation, *choice.arm, nullptr);
  if (error) return OpenIncidentAt(machine, activation, *error, context);
  if (choice.arm != nullptr) return;
  ProcessError none{"no-transition", "Expected one of the alternatives of `next` to hold, but none does.", {}};
  RaiseError(machine, activation, DefinitionError(std::move(none)), context);
}

}  // namespace fermata

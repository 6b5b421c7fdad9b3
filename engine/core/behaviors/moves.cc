// What operators do beside the process: other values for variables, a move to another state, and the report of what got lost.
#include <algorithm>

#include "engine/base/nearest_word.h"
#include "engine/base/quoted.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/lifecycle.h"
#include "engine/model/command_codes.h"

namespace fermata {
namespace {

Error CannotMove(std::string message, std::string hint = "") {
  return Error{kMoveForbids, std::move(message), "", std::move(hint)};
}

std::string ListOrNone(const std::vector<std::string>& names) { return names.empty() ? "none" : QuotedList(names); }

const State& At(const Machine& machine, StateIndex index) {
  return machine.definition().states[static_cast<std::size_t>(index)];
}

// The state that a person knows a container by: a region is part of its `parallel`.
std::string NameOfContainer(const Machine& machine, StateIndex index) {
  const State& state = At(machine, index);
  return state.is_region ? Quoted(state.name) + " of " + Quoted(At(machine, state.parent).name) : Quoted(state.name);
}

bool IsItem(const Machine& machine, ActivationId id, const std::optional<std::int64_t>& item) {
  if (!item) return true;
  const ActivationId scope = machine.ScopeOf(id);
  return scope != 0 && machine.At(scope).item == *item;
}

// Where the states beside the target are: the root, a composite, a region or an item.
std::vector<ActivationId> PlacesOf(const Machine& machine, const State& target, const MoveInstance& move) {
  std::vector<ActivationId> places;
  for (const auto& [id, activation] : machine.state().activations) {
    const bool is_each =
        activation.kind == ActivationKind::kState && std::holds_alternative<EachVerb>(machine.StateOf(activation).verb);
    if (activation.index == target.parent && !is_each && IsItem(machine, id, move.item)) places.push_back(id);
  }
  return places;
}

std::vector<ActivationId> NamedIn(const Machine& machine, ActivationId place, const MoveInstance& move) {
  std::vector<ActivationId> found;
  for (const auto& [id, activation] : machine.state().activations)
    if (activation.kind == ActivationKind::kState && activation.state == move.from && machine.IsInside(id, place) &&
        IsItem(machine, id, move.item))
      found.push_back(id);
  return found;
}

// Inwards as long as there is one way: everything that is active in the place is inside what this gives.
ActivationId OnlyOneIn(const Machine& machine, ActivationId place) {
  while (machine.At(place).children.size() == 1) place = machine.At(place).children.front();
  return place;
}

struct Plan {
  ActivationId source = 0;
  StateIndex target = kNoState;
  std::optional<Error> refused{};
};

Plan FindWay(const Machine& machine, const MoveInstance& move, const State& target) {
  const std::vector<ActivationId> places = PlacesOf(machine, target, move);
  if (places.empty()) {
    const std::string container = NameOfContainer(machine, target.parent);
    return {0, kNoState,
            CannotMove("Expected " + container + " to be active, for " + Quoted(move.target) +
                           " stands in it, but the instance is in " + ListOrNone(ActiveStates(machine.state())) + ".",
                       "Move it to the state around first: it begins with its own start.")};
  }
  std::vector<ActivationId> sources;
  for (const ActivationId place : places) {
    if (move.from.empty()) {
      sources.push_back(OnlyOneIn(machine, place));
    } else {
      for (const ActivationId id : NamedIn(machine, place, move)) sources.push_back(id);
    }
  }
  if (sources.empty())
    return {0, kNoState,
            CannotMove("Expected an active state " + Quoted(move.from) + " from which " + Quoted(move.target) +
                       " can be reached, but active are " + ListOrNone(ActiveStates(machine.state())) + ".")};
  if (sources.size() > 1)
    return {0, kNoState,
            CannotMove("Expected one place to go from, but there are " + std::to_string(sources.size()) +
                           ": several items are active.",
                       "Say which one by `item`, counted from 0.")};
  return {sources.front(), target.index, std::nullopt};
}

Plan PlanMove(const Machine& machine, const MoveInstance& move) {
  const State* target = move.target.empty() ? nullptr : machine.definition().FindState(move.target);
  if (target == nullptr) {
    std::vector<std::string> names;
    for (const State& state : machine.definition().states)
      if (!state.is_region && state.index != kRoot) names.push_back(state.name);
    const std::string nearest = NearestWord(move.target, names);
    return {0, kNoState,
            Error{kUnknownState,
                  "Expected a state of '" + machine.definition().process + "' " + machine.definition().version +
                      ", but none is called '" + move.target + "'.",
                  "/target", nearest.empty() ? "" : "Did you mean '" + nearest + "'?"}};
  }
  Plan plan = FindWay(machine, move, *target);
  if (!plan.refused && IsBlocked(machine, plan.source, plan.target))
    plan.refused = CannotMove("Expected an instance that undoes nothing there, but a roll-back is under way.",
                              "Move it afterwards; an incident of the roll-back has to be resolved first.");
  return plan;
}

}  // namespace

std::optional<Error> RefuseMove(const Machine& machine, const MoveInstance& command) {
  const InstanceStatus status = machine.state().status;
  if (IsFinal(status)) return Error{kStatusForbids, std::string(RefusalReason(status, LifecycleEvent::kWork))};
  if (machine.state().suspended)
    return Error{kStatusForbids, "Expected a running or waiting instance, but this one is suspended.", "",
                 "Resume it first: a move begins what the target state does."};
  Plan plan = PlanMove(machine, command);
  if (plan.refused) return plan.refused;
  return RefuseSet(machine, machine.ScopeOf(plan.source), command.set);
}

void Move(Machine& machine, const MoveInstance& command) {
  const Plan plan = PlanMove(machine, command);
  FERMATA_ASSERT(!plan.refused);
  const Activation& source = machine.At(plan.source);
  const std::string from = source.kind == ActivationKind::kRoot ? std::string() : source.state;
  machine.Record(InstanceMoved{plan.source, from, command.target, command.reason, command.by});
  if (!command.set.empty()) machine.Record(VariablesSet{machine.ScopeOf(plan.source), FittedSet(machine, command.set)});
  TransitionArm arm;
  arm.target = plan.target;
  FollowArm(machine, plan.source, arm);
}

std::optional<Error> RefuseAmendment(const Machine& machine, const SetVariables& command) {
  const InstanceStatus status = machine.state().status;
  if (IsFinal(status)) return Error{kStatusForbids, std::string(RefusalReason(status, LifecycleEvent::kWork))};
  return RefuseSet(machine, 0, command.set);
}

void Amend(Machine& machine, const SetVariables& command) {
  if (command.set.empty()) return;
  machine.Record(VariablesAmended{command.reason, command.by});
  machine.Record(VariablesSet{0, FittedSet(machine, command.set)});
}

void ReportLoss(Machine& machine, const ReportLost& command) {
  const ActivationId id = command.activation;
  const InstanceState& state = machine.state();
  // What has been left or settled since waits for nothing.
  if (machine.ended() ||
      (!machine.Find(id) && !state.left_jobs.contains(id) && !state.undo_index.by_activation.contains(id)))
    return;
  const bool is_told = std::any_of(state.incidents.begin(), state.incidents.end(), [&](const auto& entry) {
    return entry.second.kind == IncidentKind::kLost && entry.second.activation == id;
  });
  if (!is_told) OpenIncidentAt(machine, id, {"internal", command.message, {}}, {IncidentKind::kLost, 0, std::nullopt});
}

}  // namespace fermata

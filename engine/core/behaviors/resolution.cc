// What an operator may say of an incident: which actions fit it, and values only of the shapes that the process itself would put there.
#include "engine/base/nearest_word.h"
#include "engine/core/behaviors/assigned.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/lifecycle.h"
#include "engine/model/command_codes.h"

namespace fermata {
namespace {

// What the process assigns, and what the instance has beside it: of an earlier version, say.
AssignedNames NamesOf(const Machine& machine) {
  AssignedNames names(machine.definition());
  names.Add(machine.state().variables);
  for (const auto& [id, activation] : machine.state().activations) names.Add(activation.variables);
  return names;
}

// Of what a skipped piece of work gives; null = any shape.
SchemaPtr ShapeOfOutput(const Machine& machine, const Incident& incident) {
  switch (incident.kind) {
    case IncidentKind::kEntry:
    case IncidentKind::kWork:
    case IncidentKind::kError:
    case IncidentKind::kUndoInput: {
      const auto* call = std::get_if<CallVerb>(&machine.StateOf(incident.activation).verb);
      return call != nullptr && call->manifest != nullptr ? call->manifest->output : nullptr;
    }
    case IncidentKind::kEnd: {
      const ActivationId around = machine.At(incident.activation).parent;
      return machine.At(around).kind == ActivationKind::kRoot ? machine.definition().output : nullptr;
    }
    default:
      return nullptr;
  }
}

std::optional<Error> RefuseSkip(const Machine& machine, const Incident& incident, const Value& output) {
  if (incident.kind == IncidentKind::kNext || incident.kind == IncidentKind::kStuck)
    return Error{kActionForbids,
                 "Expected `retry` or `fail`, but the work is done already: only the way on is missing."};
  // None was given: the work counts as completed with null.
  if (output.is_null()) return std::nullopt;
  Result<Value> fitted = FitToOneOf({ShapeOfOutput(machine, incident)}, output);
  if (fitted.ok()) return std::nullopt;
  return Error{kInvalidInput, fitted.error().message, "/output" + fitted.error().path};
}

}  // namespace

std::optional<Error> RefuseSet(const Machine& machine, ActivationId scope, const Bindings& set) {
  if (set.empty()) return std::nullopt;
  const AssignedNames known = NamesOf(machine);
  for (const auto& [name, value] : set) {
    const Shapes* shapes = known.Find(name);
    if (shapes == nullptr) {
      const std::string nearest = NearestWord(name, known.Names());
      return Error{kUnknownVariable,
                   "Expected a variable of '" + machine.definition().process + "', but none is called '" + name + "'.",
                   "/set/" + name, nearest.empty() ? "" : "Did you mean '" + nearest + "'?"};
    }
    if (Result<Value> fitted = FitToOneOf(*shapes, value); !fitted.ok())
      return Error{kInvalidInput, fitted.error().message, "/set/" + name + fitted.error().path};
  }
  if (std::optional<ProcessError> full = CheckVariables(machine, scope, set))
    return Error{kInvalidInput, full->message, "/set"};
  return std::nullopt;
}

std::optional<Error> RefuseResolution(const Machine& machine, const ResolveIncident& command) {
  const InstanceState& state = machine.state();
  const auto found = state.incidents.find(command.incident);
  if (found == state.incidents.end()) {
    const std::string number = std::to_string(command.incident);
    if (command.incident > 0 && command.incident < state.next_incident)
      return Error{kIncidentClosed, "Expected an open incident, but number " + number + " is closed."};
    return Error{kUnknownIncident, "Expected an incident of this instance, but number " + number + " is none."};
  }
  if (IsFinal(state.status))
    return Error{kStatusForbids, std::string(RefusalReason(state.status, LifecycleEvent::kWork))};
  const Incident& incident = found->second;
  if (command.action == IncidentAction::kRetry && incident.kind == IncidentKind::kDetached)
    return Error{kActionForbids,
                 "Expected `skip` or `fail`, but the state that started the child has been left: start the child by "
                 "itself, then skip."};
  if (command.action == IncidentAction::kFail && incident.kind == IncidentKind::kUndo)
    return Error{kActionForbids, "Expected `retry` or `skip`, but an undo is never dropped: it cannot be failed."};
  if (command.action == IncidentAction::kFail && incident.kind == IncidentKind::kLost &&
      !machine.Find(incident.activation))
    return Error{kActionForbids, "Expected `retry` or `skip`, but the state of this incident has been left."};
  if (std::optional<Error> refused = RefuseSet(machine, machine.ScopeOf(incident.activation), command.set))
    return refused;
  if (command.action == IncidentAction::kSkip) return RefuseSkip(machine, incident, command.output);
  return std::nullopt;
}

Bindings FittedSet(const Machine& machine, const Bindings& set) {
  const AssignedNames known = NamesOf(machine);
  Bindings fitted;
  for (const auto& [name, value] : set) {
    const Shapes* shapes = known.Find(name);
    Result<Value> one = FitToOneOf(shapes == nullptr ? Shapes() : *shapes, value);
    fitted.emplace_back(name, one.ok() ? std::move(one).value() : value);
  }
  return fitted;
}

Value FittedOutput(const Machine& machine, const Incident& incident, const Value& output) {
  Result<Value> fitted = FitToOneOf({ShapeOfOutput(machine, incident)}, output);
  return fitted.ok() ? std::move(fitted).value() : output;
}

}  // namespace fermata

// What an operator may say of an incident: which actions fit it, and values only of the shapes that the process itself would put there.
#include <map>

#include "engine/base/nearest_word.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/lifecycle.h"
#include "engine/model/command_codes.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

// The shapes of what the process puts into a variable; a null one stands for a value of any shape.
using Shapes = std::vector<SchemaPtr>;

class AssignedNames {
 public:
  explicit AssignedNames(const Machine& machine) : definition_(machine.definition()) {
    AddSet(definition_.vars);
    for (const Migration& migration : definition_.migrations) AddSet(migration.set);
    for (const State& state : definition_.states) Add(state);
    // Of an earlier version, say.
    for (const auto& [name, value] : machine.state().variables) by_name_[name];
    for (const auto& [id, activation] : machine.state().activations)
      for (const auto& [name, value] : activation.variables) by_name_[name];
  }

  // Null if nothing assigns such a variable.
  const Shapes* Find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, shapes] : by_name_) names.push_back(name);
    return names;
  }

 private:
  void Add(const std::string& name, const SchemaPtr& shape) {
    if (!name.empty()) by_name_[name].push_back(shape);
  }
  void AddSet(const std::vector<Assignment>& set) {
    for (const Assignment& assignment : set) Add(assignment.name, nullptr);
  }
  void Add(const TransitionArm& arm, const SchemaPtr& saved) {
    Add(arm.save, saved);
    AddSet(arm.set);
  }
  void Add(const State& state) {
    const auto* call = std::get_if<CallVerb>(&state.verb);
    Add(state.save, call != nullptr && call->manifest != nullptr ? call->manifest->output : nullptr);
    AddSet(state.set);
    for (const EventHandler& handler : state.on) {
      const EventDeclaration* event = definition_.FindEvent(handler.type);
      for (const EventHandler::Arm& arm : handler.arms) Add(arm.transition, event != nullptr ? event->data : nullptr);
    }
    for (const TimerHandler& handler : state.after)
      for (const TransitionArm& arm : handler.arms) Add(arm, nullptr);
    for (const ErrorHandler& handler : state.on_error)
      for (const TransitionArm& arm : handler.arms) Add(arm, nullptr);
    for (const TransitionArm& arm : state.next) Add(arm, nullptr);
  }

  const Definition& definition_;
  std::map<std::string, Shapes> by_name_;
};

// As the first of the shapes that it fits has it.
Result<Value> FitToOneOf(const Shapes& shapes, const Value& value) {
  std::optional<Error> refused;
  for (const SchemaPtr& shape : shapes) {
    if (shape == nullptr) return value;
    Result<Value> fitted = ValidateAndNormalise(*shape, value);
    if (fitted.ok()) return fitted;
    if (!refused) refused = fitted.error();
  }
  if (refused) return *std::move(refused);
  return value;
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
  const AssignedNames known(machine);
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
  const AssignedNames known(machine);
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

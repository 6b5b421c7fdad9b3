// Errors on their way outward: handlers, what they end, incidents.
#include "engine/core/behaviors/behaviors.h"

namespace fermata {
namespace {

bool IsCaughtBy(const ErrorHandler& handler, const RaisedError& error) {
  if (handler.name == error.error.name) return true;
  if (handler.name == "any") return error.error_class == ErrorClass::kBusiness;
  return handler.name == "technical" && error.error_class == ErrorClass::kTechnical;
}

struct Handling {
  const ErrorHandler* handler = nullptr;
  const TransitionArm* arm = nullptr;
};

// The error's name first, then `any` or `technical`, wherever they stand. A failing `if` does not take it.
Handling FindHandling(const Machine& machine, const Activation& activation, const RaisedError& error) {
  if (activation.kind == ActivationKind::kItem || activation.kind == ActivationKind::kRegion) return {};
  const State& state = machine.StateOf(activation);
  if (state.on_error.empty()) return {};
  InstanceScope names(machine, machine.ScopeOf(activation.id));
  names.Bind("error", ToValue(error.error));
  for (const bool by_name : {true, false}) {
    for (const ErrorHandler& handler : state.on_error) {
      if (!IsCaughtBy(handler, error) || (handler.name == error.error.name) != by_name) continue;
      for (const TransitionArm& arm : handler.arms) {
        if (!arm.condition) return {&handler, &arm};
        Evaluated holds = EvaluateCondition(*arm.condition, names);
        if (holds.ok() && holds.value.as_bool()) return {&handler, &arm};
      }
    }
  }
  return {};
}

bool IsHandledSomewhere(const Machine& machine, ActivationId activation, const RaisedError& error) {
  for (const Activation* at = machine.Find(activation); at != nullptr; at = machine.Find(at->parent))
    if (FindHandling(machine, *at, error).arm != nullptr) return true;
  return false;
}

bool TryHandle(Machine& machine, ActivationId activation, const RaisedError& error) {
  const Handling handling = FindHandling(machine, machine.At(activation), error);
  if (handling.arm == nullptr) return false;
  const Value value = ToValue(error.error);
  const BoundName bound{"error", value, value};
  machine.Record(ErrorHandled{machine.At(activation).state, error.error.name, handling.handler->name});
  std::optional<ProcessError> failed = TakeArm(machine, activation, *handling.arm, &bound, Trigger::kError);
  if (!failed) return true;
  const ErrorContext context{IncidentKind::kError, 0, std::nullopt};
  if (failed->name == error.error.name) {  // its own handler fails in the same way: nobody else can take it
    OpenIncidentAt(machine, activation, *failed, context);
  } else {
    RaiseError(machine, activation, DefinitionError(*failed), context);
  }
  return true;
}

void FailInstance(Machine& machine, const RaisedError& error) {
  ExitContents(machine, kRootActivation, Leaving::kCancelled);
  CloseRoot(machine);
  std::vector<ActivationId> scopes;
  if (machine.definition().states[kRoot].atomic) scopes.push_back(kRootActivation);
  if (!NeedsRollback(machine, scopes)) return FinishInstance(machine, InstanceStatus::kFailed, Value(), error);
  Continuation then;
  then.kind = Continuation::Kind::kFinish;
  then.status = InstanceStatus::kFailed;
  then.error = error;
  StartRollback(machine, {kRootActivation, std::move(scopes), "", std::move(then)});
}

// Ends the contents of a composite, parallel or each that the error has come out of (through `inner`, if that is a region or item).
// True if there is something to undo first.
bool EndContents(Machine& machine, ActivationId outer, ActivationId inner, const RaisedError& error) {
  std::vector<ActivationId> scopes;
  for (ActivationId child : machine.At(outer).children)
    if (child != inner && machine.At(child).kind != ActivationKind::kState) scopes.push_back(child);
  ExitContents(machine, outer, Leaving::kLeft, scopes);
  if (machine.StateOf(outer).atomic) scopes = {outer};
  if (!NeedsRollback(machine, scopes)) return false;
  Continuation then;
  then.kind = Continuation::Kind::kRaise;
  then.error = error;
  StartRollback(machine, {outer, std::move(scopes), "", std::move(then)});
  return true;
}

}  // namespace

void RaiseError(Machine& machine, ActivationId activation, const RaisedError& error, const ErrorContext& context) {
  machine.Record(ErrorRaised{activation, machine.At(activation).state, error});
  const bool fails_anyway = error.error_class == ErrorClass::kBusiness || error.final;
  if (!fails_anyway && !IsHandledSomewhere(machine, activation, error))
    return OpenIncidentAt(machine, activation, error.error, context);
  PassError(machine, activation, error);
}

void PassError(Machine& machine, ActivationId activation, const RaisedError& error) {
  for (ActivationId at = activation;;) {
    if (TryHandle(machine, at, error)) return;
    if (at == kRootActivation) {
      if (error.error_class == ErrorClass::kBusiness || error.final) return FailInstance(machine, error);
      return OpenIncidentAt(machine, at, error.error, {IncidentKind::kError, 0, std::nullopt});
    }
    const Activation& parent = machine.At(machine.At(at).parent);
    ActivationId inner = at;
    at = parent.id;
    if (parent.kind == ActivationKind::kRegion || parent.kind == ActivationKind::kItem) {
      inner = parent.id;
      at = parent.parent;
    }
    if (at != kRootActivation && EndContents(machine, at, inner, error)) return;
  }
}

}  // namespace fermata

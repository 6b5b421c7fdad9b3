// `end`: the final state of its region, item, composite, or of the instance.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

const ErrorContext kOfEnd{IncidentKind::kEnd, 0, std::nullopt};

void CompleteInstance(Machine& machine, ActivationId end, const Value& output) {
  Evaluated fitted = CheckShape(machine.definition().output, output, "schema", "The output");
  if (!fitted.ok()) return OpenIncidentAt(machine, end, *fitted.error, kOfEnd);
  ExitContents(machine, kRootActivation, Leaving::kLeft);
  CloseRoot(machine);
  FinishInstance(machine, InstanceStatus::kCompleted, fitted.value, {});
}

}  // namespace

void StartEnd(Machine& machine, ActivationId activation, const EndVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(activation));
  std::vector<MapEntry> output;
  for (const auto& [name, source] : verb.output) {
    Evaluated value = EvaluateJson(source, names);
    if (!value.ok()) return OpenIncidentAt(machine, activation, *value.error, kOfEnd);
    output.emplace_back(Value::String(name), std::move(value.value));
  }
  machine.Push({Step::Kind::kFinishScope, activation, Value::Map(std::move(output)), {}, {}});
}

void FinishScope(Machine& machine, ActivationId end, const Value& output) {
  const Activation& around = machine.At(machine.At(end).parent);
  switch (around.kind) {
    case ActivationKind::kRoot:
      return CompleteInstance(machine, end, output);
    case ActivationKind::kRegion:
      return FinishRegion(machine, around.id, output);
    case ActivationKind::kItem:
      return FinishItem(machine, around.id, output);
    case ActivationKind::kState:
      return CompleteWork(machine, around.id, output, {});
  }
}

}  // namespace fermata

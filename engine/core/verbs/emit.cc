// `emit`, as a verb and in transitions: a CloudEvent, published with the decision's commit.
#include "engine/core/verbs/verbs.h"

namespace fermata {

EmissionOutcome PrepareEmission(const Machine& machine, const Emission& emission, const Scope& scope) {
  EmissionOutcome outcome;
  CloudEvent& event = outcome.emission.event;
  event.type = emission.type;
  if (emission.with) {
    Evaluated data = EvaluateJson(*emission.with, scope);
    if (!data.ok()) return {{}, std::move(data.error)};
    event.data = std::move(data.value);
  }
  if (const EventDeclaration* declaration = machine.definition().FindEvent(emission.type)) {
    Evaluated fitted = CheckShape(declaration->data, event.data, "schema", "The data of " + emission.type);
    if (!fitted.ok()) return {{}, std::move(fitted.error)};
    event.data = std::move(fitted.value);
  }
  if (emission.to_process && emission.to_key) {
    Evaluated process = EvaluateText(*emission.to_process, scope, "`to.process`");
    Evaluated key = EvaluateText(*emission.to_key, scope, "`to.key`");
    if (!process.ok()) return {{}, std::move(process.error)};
    if (!key.ok()) return {{}, std::move(key.error)};
    outcome.emission.to = {std::string(process.value.as_string()), std::string(key.value.as_string())};
  }
  return outcome;
}

void PublishEmission(Machine& machine, PreparedEmission emission) {
  const InstanceState& state = machine.state();
  emission.event.id = state.id.ToString() + "-" + std::to_string(state.emitted + 1);
  emission.event.source = "/processes/" + state.process;
  emission.event.time = FromMicros(machine.now_us());
  if (!state.traceparent.empty())
    emission.event.extensions = Value::Object({{"traceparent", Value::String(state.traceparent)}});
  machine.Record(EventEmitted{emission.event, emission.to});
  machine.Wish(Publish{std::move(emission.event), std::move(emission.to)});
}

std::optional<ProcessError> StartEmit(Machine& machine, ActivationId id, const EmitVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(id));
  EmissionOutcome outcome = PrepareEmission(machine, verb.emission, names);
  if (outcome.error) return std::move(outcome.error);
  PublishEmission(machine, std::move(outcome.emission));
  machine.PushComplete(id, Value());
  return std::nullopt;
}

}  // namespace fermata

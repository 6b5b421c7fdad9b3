// `parallel`: regions side by side, until as many as `join` asks for are through.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

// Region to output, in document order; one that did not finish is absent.
Value OutputsOf(const Machine& machine, const Activation& activation) {
  std::vector<MapEntry> outputs;
  for (StateIndex region : machine.StateOf(activation).children) {
    const std::string& name = machine.definition().states[static_cast<std::size_t>(region)].name;
    auto found = activation.outputs.find(name);
    if (found != activation.outputs.end()) outputs.emplace_back(Value::String(name), found->second);
  }
  return Value::Map(std::move(outputs));
}

}  // namespace

void StartParallel(Machine& machine, ActivationId id) {
  for (StateIndex region : machine.StateOf(id).children) {
    const State& state = machine.definition().states[static_cast<std::size_t>(region)];
    const ActivationId activation = machine.state().next_activation;
    machine.Record(StateEntered{activation, id, ActivationKind::kRegion, state.name, region});
    EnterState(machine, state.start, activation);
  }
}

void FinishRegion(Machine& machine, ActivationId region, const Value& output) {
  const ActivationId id = machine.At(region).parent;
  machine.Record(RegionFinished{id, machine.At(region).state, output});
  ExitActivation(machine, region, Leaving::kLeft);
  const Activation& activation = machine.At(id);
  const State& state = machine.StateOf(id);
  const auto& verb = std::get<ParallelVerb>(state.verb);
  const std::size_t all = state.children.size();
  const std::size_t wanted = verb.join ? static_cast<std::size_t>(*verb.join) : all;
  if (activation.outputs.size() < wanted && activation.outputs.size() < all) return;
  const Value outputs = OutputsOf(machine, activation);
  std::vector<ActivationId> cancelled = activation.children;
  ExitContents(machine, id, Leaving::kCancelled);
  if (!NeedsRollback(machine, cancelled)) return CompleteWork(machine, id, outputs, {});
  Continuation then;
  then.kind = Continuation::Kind::kComplete;
  then.output = outputs;
  StartRollback(machine, {id, std::move(cancelled), "", std::move(then)});
}

}  // namespace fermata

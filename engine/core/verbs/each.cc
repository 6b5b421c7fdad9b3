// `each`: its states once an item, some at a time, outputs in item order.
#include <algorithm>

#include "engine/core/apply.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

bool HasMore(const Activation& activation) {
  return activation.each->next < static_cast<std::int64_t>(activation.each->items.as_list().size());
}

void StartItem(Machine& machine, ActivationId each) {
  const Activation& activation = machine.At(each);
  const State& state = machine.StateOf(each);
  const auto& verb = std::get<EachVerb>(state.verb);
  const std::int64_t item = activation.each->next;
  const ActivationId id = machine.state().next_activation;
  Bindings names{{verb.as, activation.each->items.as_list()[static_cast<std::size_t>(item)]},
                 {verb.index, Value::Int(item)}};
  machine.Record(ItemStarted{id, each, state.name, state.index, item, std::move(names)});
  EnterState(machine, verb.start != kNoState ? verb.start : state.start, id);
}

}  // namespace

std::optional<ProcessError> StartEach(Machine& machine, ActivationId id, const EachVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(id));
  Evaluated items = EvaluateJson(verb.list, names);
  if (!items.ok()) return std::move(items.error);
  if (!items.value.is_list()) {
    return ProcessError{"expression",
                        "Expected `each` to be a list, but it is " + std::string(CelTypeName(items.value.kind())) + ".",
                        {}};
  }
  const bool empty = items.value.as_list().empty();
  machine.Record(EachStarted{id, std::move(items.value)});
  if (empty) {
    machine.PushComplete(id, Value::List({}));
    return std::nullopt;
  }
  const std::int64_t most = static_cast<std::int64_t>(kActiveStatesMax / 2);
  const std::int64_t at_a_time = std::clamp<std::int64_t>(verb.concurrency, 1, most);
  for (std::int64_t i = 0; i < at_a_time && HasMore(machine.At(id)); ++i) StartItem(machine, id);
  return std::nullopt;
}

void FinishItem(Machine& machine, ActivationId item, const Value& output) {
  const ActivationId each = machine.At(item).parent;
  machine.Record(ItemFinished{each, machine.At(item).item, output});
  ExitActivation(machine, item, Leaving::kLeft);
  const Activation& activation = machine.At(each);
  if (HasMore(activation)) return StartItem(machine, each);
  if (activation.children.empty()) CompleteWork(machine, each, OutputsOf(*activation.each), {});
}

}  // namespace fermata

// Which verb a state has.
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

struct Starter {
  Machine& machine;
  ActivationId id;
  const State& state;
  using Outcome = std::optional<ProcessError>;

  Outcome operator()(const NoVerb&) {
    if (!state.next.empty()) machine.PushNext(id);  // a choice
    return std::nullopt;
  }
  Outcome operator()(const CallVerb& verb) { return StartCall(machine, id, verb); }
  Outcome operator()(const AskVerb& verb) { return StartAsk(machine, id, verb); }
  Outcome operator()(const RunVerb& verb) { return StartRun(machine, id, verb); }
  Outcome operator()(const EmitVerb& verb) { return StartEmit(machine, id, verb); }
  Outcome operator()(const EachVerb& verb) { return StartEach(machine, id, verb); }
  Outcome operator()(const FailVerb& verb) { return StartFail(machine, id, verb); }
  Outcome operator()(const ParallelVerb&) { return StartParallel(machine, id), std::nullopt; }
  Outcome operator()(const CompositeVerb& verb) {
    return StartComposite(machine, id, verb.start != kNoState ? verb.start : state.start), std::nullopt;
  }
  Outcome operator()(const RollbackVerb& verb) { return StartRollbackVerb(machine, id, verb), std::nullopt; }
  Outcome operator()(const EndVerb& verb) { return StartEnd(machine, id, verb), std::nullopt; }
};

}  // namespace

std::optional<ProcessError> StartVerb(Machine& machine, ActivationId activation) {
  const State& state = machine.StateOf(activation);
  return std::visit(Starter{machine, activation, state}, state.verb);
}

}  // namespace fermata

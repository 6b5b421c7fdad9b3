// Cancelling an instance, and undoing a completed one at its parent's wish.
#include "engine/core/behaviors/behaviors.h"

namespace fermata {
namespace {

void RollBackAll(Machine& machine) {
  Continuation then;
  then.kind = Continuation::Kind::kFinish;
  then.status = InstanceStatus::kCancelled;
  StartRollback(machine, {kRootActivation, {kRootActivation}, "", std::move(then)});
}

// Ending without success already: a cancel joins it.
bool IsEnding(const InstanceState& state) {
  auto root = state.rollbacks.find(kRootActivation);
  return root != state.rollbacks.end() && root->second.then.kind == Continuation::Kind::kFinish &&
         root->second.then.status != InstanceStatus::kCompleted;
}

}  // namespace

void Cancel(Machine& machine, const CancelInstance& command) {
  if (machine.ended() || IsEnding(machine.state())) return;
  machine.Record(CancelRequested{command.reason, command.by});
  ExitContents(machine, kRootActivation, Leaving::kCancelled);
  CloseRoot(machine);
  RollBackAll(machine);
}

void Reopen(Machine& machine, std::string_view reason) {
  const InstanceState& state = machine.state();
  if (!machine.ended()) return Cancel(machine, {std::string(reason)});
  if (state.status == InstanceStatus::kCompleted) {
    machine.Record(InstanceReopened{std::string(reason)});
    return RollBackAll(machine);
  }
  ChildResult result;  // nothing is left to undo
  result.kind = ChildResult::Kind::kCancelled;
  if (state.parent) machine.Wish(NotifyParent{*state.parent, std::move(result)});
}

}  // namespace fermata

// Commands that wait for `resume` or for the end of a roll-back, and what commands do once they need not wait.
#include <algorithm>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

bool TimerWaits(const Machine& machine, TimerId timer) {
  const Activation* activation = machine.Find(timer.activation);
  if (activation == nullptr || timer.slot < 0) return false;
  const auto is_armed = [&](const ArmedTimer& armed) { return armed.slot == timer.slot && !armed.spent; };
  if (std::none_of(activation->timers.begin(), activation->timers.end(), is_armed)) return false;
  if (IsBlocked(machine, timer.activation, kNoState)) return true;
  for (const TransitionArm& arm : machine.StateOf(*activation).after[static_cast<std::size_t>(timer.slot)].arms)
    if (arm.target != kNoState && IsBlocked(machine, timer.activation, arm.target)) return true;
  return false;
}

// A timer counts from when it was due, everything else from its arrival.
std::int64_t TimeOf(const Machine& machine, const Command& command) {
  const auto* fire = std::get_if<FireTimer>(&command);
  if (fire == nullptr) return machine.now_us();
  for (const TimerView& timer : Timers(machine.state()))
    if (timer.timer == fire->timer) return timer.due_us;
  return machine.now_us();
}

// By time; at one instant timers in document order, everything else as it came.
bool ComesBefore(const Machine& machine, const StashedCommand& one, const StashedCommand& other) {
  if (one.time_us != other.time_us) return one.time_us < other.time_us;
  const auto* fire = std::get_if<FireTimer>(&one.command);
  const auto* other_fire = std::get_if<FireTimer>(&other.command);
  return fire != nullptr && other_fire != nullptr && StandsBefore(machine, fire->timer, other_fire->timer);
}

std::string OutcomeName(const Outcome& outcome) {
  return std::holds_alternative<JobSuccess>(outcome) ? std::string("success") : ToError(outcome).error.name;
}

struct Executor {
  Machine& machine;

  void operator()(const CompleteJob& command) {
    const InstanceState& state = machine.state();
    const ActivationId id = command.job.activation;
    if (command.job.undo) {
      const UndoRecord* record = FindRecord(state, id);
      if (record != nullptr && record->progress == UndoProgress::kInFlight && record->attempt == command.attempt &&
          record->child.empty())
        return SettleUndo(machine, *record, command.outcome);
    } else if (auto left = state.left_jobs.find(id); left != state.left_jobs.end()) {
      if (left->second.job.in_flight && left->second.job.attempt == command.attempt)
        return SettleLeftJob(machine, left->second, command.outcome);
    } else if (const Activation* at = machine.Find(id); at != nullptr && at->job) {
      if (at->job->in_flight && at->job->attempt == command.attempt) return SettleJob(machine, id, command.outcome);
    }
    machine.Record(OutcomeIgnored{command.job, command.attempt, OutcomeName(command.outcome)});
  }

  void operator()(const FireTimer& command) { Fire(machine, command); }
  void operator()(const DeliverEvent& command) {
    if (!machine.ended()) Deliver(machine, command);
  }

  void operator()(const FinishChild& command) {
    const InstanceState& state = machine.state();
    if (auto left = state.left_children.find(command.activation); left != state.left_children.end()) {
      if (left->second.child == command.child) SettleLeftChild(machine, left->second, command.result);
      return;
    }
    if (const UndoRecord* record = FindRecord(state, command.activation);
        record != nullptr && record->child == command.child) {
      if (record->progress == UndoProgress::kInFlight) FinishUndo(machine, *record, false);
      return;
    }
    const Activation* at = machine.Find(command.activation);
    if (at != nullptr && at->child && at->child->id == command.child)
      return SettleChild(machine, at->id, command.result);
    if (command.detached) ReportDetached(machine, command);
  }

  void operator()(const ResolveIncident& command) { Resolve(machine, command); }
  void operator()(const CompleteTask& command) {
    const Activation* at = machine.Find(command.activation);
    if (at != nullptr && at->task) SettleTask(machine, command);
  }
  void operator()(const ClaimTask& command) { Claim(machine, command); }
  void operator()(const ReleaseTask& command) { Release(machine, command); }
  void operator()(const AssignTask& command) {
    machine.Record(TaskAssigned{command.activation, command.role, command.user, command.by, command.actor});
  }
  void operator()(const CommentTask& command) {
    machine.Record(TaskCommented{command.activation, command.text, command.by, command.actor});
  }
  void operator()(const CancelInstance& command) { Cancel(machine, command); }
  void operator()(const UndoInstance& command) { Reopen(machine, command.reason); }
  void operator()(const SuspendInstance& command) {
    if (!machine.state().suspended) machine.Record(InstanceSuspended{command.reason, command.by});
  }
  void operator()(const ResumeInstance& command) {
    if (machine.state().suspended) machine.Record(InstanceResumed{command.reason, command.by});
  }
  void operator()(const StartInstance&) {}    // it has started: starting twice is starting once
  void operator()(const MigrateInstance&) {}  // decided by itself: it needs two definitions
  void operator()(const SetVariables& command) { Amend(machine, command); }
  void operator()(const MoveInstance& command) { Move(machine, command); }
  void operator()(const ReportLost& command) { ReportLoss(machine, command); }
};

}  // namespace

bool MustWait(const Machine& machine, const Command& command) {
  if (machine.ended()) return false;
  const bool always_now =
      std::holds_alternative<CancelInstance>(command) || std::holds_alternative<UndoInstance>(command) ||
      std::holds_alternative<SuspendInstance>(command) || std::holds_alternative<ResumeInstance>(command) ||
      std::holds_alternative<StartInstance>(command) || std::holds_alternative<SetVariables>(command) ||
      std::holds_alternative<MoveInstance>(command) || std::holds_alternative<ReportLost>(command) ||
      std::holds_alternative<ClaimTask>(command) || std::holds_alternative<ReleaseTask>(command) ||
      std::holds_alternative<AssignTask>(command) || std::holds_alternative<CommentTask>(command);
  if (always_now) return false;
  if (machine.state().suspended) return true;
  const auto* fire = std::get_if<FireTimer>(&command);
  return fire != nullptr && TimerWaits(machine, fire->timer);
}

void Stash(Machine& machine, const Command& command) {
  for (const auto& [number, stashed] : machine.state().stash)
    if (stashed.command == command) return;
  machine.Record(CommandStashed{{machine.state().next_stashed, TimeOf(machine, command), command}});
}

bool TakeStashed(Machine& machine) {
  const StashedCommand* first = nullptr;
  for (const auto& [number, stashed] : machine.state().stash)
    if ((first == nullptr || ComesBefore(machine, stashed, *first)) && !MustWait(machine, stashed.command))
      first = &stashed;
  if (first == nullptr) return false;
  StashedCommand taken = *first;
  machine.Record(CommandUnstashed{taken.number});
  // An event waits from its arrival on, whatever held it up.
  if (auto* delivery = std::get_if<DeliverEvent>(&taken.command))
    delivery->until_us = KeepUntil(machine, *delivery, taken.time_us);
  Execute(machine, taken.command);
  return true;
}

void Execute(Machine& machine, const Command& command) { std::visit(Executor{machine}, command); }

}  // namespace fermata

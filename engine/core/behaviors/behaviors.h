// What cuts across the verbs: one file each. All of it is deterministic and bounded by limits.h.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/core/machine.h"

namespace fermata {

// ---- macrostep.cc ----
// Works the agenda off, goes on with roll-backs, offers kept events and takes stashed commands until nothing moves; then sets the status.
void RunToQuiescence(Machine& machine);

// ---- entry.cc ----
// Enters a state inside `parent` and starts its verb.
void EnterState(Machine& machine, StateIndex target, ActivationId parent);
// `set`, `match`, `after`, the verb; what was done before is not done again.
void RunEntry(Machine& machine, ActivationId activation);
// Evaluates all right sides, then assigns. `scope` as in Machine::ScopeOf.
std::optional<ProcessError> AssignAll(Machine& machine, ActivationId scope, const std::vector<Assignment>& set);

// ---- exit.cc ----
// What a left call may still do: one that is cancelled is not tried again.
enum class Leaving { kLeft, kCancelled };
// Leaves everything inside, inner to outer, last first. Those in `cancelled` and what is inside them are cancelled, the others left.
void ExitContents(Machine& machine, ActivationId activation, Leaving leaving,
                  const std::vector<ActivationId>& cancelled = {});
void ExitActivation(Machine& machine, ActivationId activation, Leaving leaving);
// Disarms the root's own timers and subscriptions: the instance is about to end.
void CloseRoot(Machine& machine);

// ---- transitions.cc ----
// The activation whose contents a transition from `source` to `target` exits, and in which the target is entered.
ActivationId DomainOf(const Machine& machine, ActivationId source, StateIndex target);
// The first arm whose `if` holds; arms with an index in `skip` are passed over. A failing `if` is the error.
struct ArmChoice {
  const TransitionArm* arm = nullptr;
  std::optional<ProcessError> error;
};
ArmChoice ChooseArm(const std::vector<TransitionArm>& arms, const Scope& scope);
// save, set, emit, then exit and entry. If something fails to evaluate, nothing has happened.
// `bound` is what the arm saves and sees: `event` or `error`.
struct BoundName {
  std::string_view name;
  Value value;  // what expressions see
  Value saved;  // what `save` takes
};
// An error that leaves `atomic` states on its way undoes what was done in them.
enum class Trigger : std::uint8_t { kOther, kError };
std::optional<ProcessError> TakeArm(Machine& machine, ActivationId source, const TransitionArm& arm,
                                    const BoundName* bound, Trigger trigger = Trigger::kOther);
// The two halves of it: where one trigger takes several arms, all of them run before the first state is left.
struct ArmRun {
  bool is_taken = false;
  std::optional<ProcessError> error;
};
ArmRun RunArm(Machine& machine, ActivationId source, const TransitionArm& arm, const BoundName* bound);
void FollowArm(Machine& machine, ActivationId source, const TransitionArm& arm, Trigger trigger = Trigger::kOther);
void TakeNext(Machine& machine, ActivationId activation);

// ---- completion.cc ----
struct WorkEnd {
  std::string by;
  bool skipped = false;  // by an operator: without `undo`
  InstanceId child;      // of `run`
  std::string actor{};   // as in WorkCompleted
};
// The verb's work is done: its undo is registered, its output saved, `next` taken.
void CompleteWork(Machine& machine, ActivationId activation, const Value& output, const WorkEnd& end);
// The end of the instance; waits for calls and children that were left.
void FinishInstance(Machine& machine, InstanceStatus status, const Value& output, const RaisedError& error);

// ---- errors.cc ----
// The error appears inside the state: handlers outward, else an incident or the end of what is around it.
void RaiseError(Machine& machine, ActivationId activation, const RaisedError& error, const ErrorContext& context);
// It goes on at an activation whose contents are gone.
void PassError(Machine& machine, ActivationId activation, const RaisedError& error);

// ---- incidents.cc ----
void OpenIncidentAt(Machine& machine, ActivationId activation, const ProcessError& error, const ErrorContext& context);
void CloseIncidentsOf(Machine& machine, ActivationId activation, std::string_view how);
void Resolve(Machine& machine, const ResolveIncident& command);

// ---- resolution.cc ----
std::optional<Error> RefuseResolution(const Machine& machine, const ResolveIncident& command);
// Of a resolution that was not refused, as the shapes it fits have it.
Bindings FittedSet(const Machine& machine, const Bindings& set);
Value FittedOutput(const Machine& machine, const Incident& incident, const Value& output);
// Whether an operator may give these variables these values in `scope`: names that the process knows, of shapes that it would put there.
std::optional<Error> RefuseSet(const Machine& machine, ActivationId scope, const Bindings& set);

// ---- moves.cc: what operators do beside the process ----
std::optional<Error> RefuseMove(const Machine& machine, const MoveInstance& command);
void Move(Machine& machine, const MoveInstance& command);
std::optional<Error> RefuseAmendment(const Machine& machine, const SetVariables& command);
void Amend(Machine& machine, const SetVariables& command);
void ReportLoss(Machine& machine, const ReportLost& command);

// ---- undo.cc ----
// The record for this activation's `undo`, with its input evaluated now. `output` is the work's; its name in `save` is in scope.
struct UndoOutcome {
  UndoRecord record;
  std::optional<ProcessError> error;
};
UndoOutcome PrepareUndo(const Machine& machine, const State& state, ActivationId activation, const ScopePath& within,
                        const Variables& variables, const Value& output);
// Registers it; drops what it replaces.
void RegisterUndo(Machine& machine, const State& state, UndoRecord record);
// Begins a roll-back of what was made inside `scopes`. Goes on in RunToQuiescence.
void StartRollback(Machine& machine, Rollback rollback);
// Whether there is anything to undo, or to wait for, inside these.
bool NeedsRollback(const Machine& machine, const std::vector<ActivationId>& scopes);
// The states that this roll-back will undo, as far as is known now, in that order.
std::vector<std::string> StatesToUndo(const InstanceState& state, const Rollback& rollback);
// One step of one roll-back; false if all of them wait.
bool StepRollbacks(Machine& machine);
// Whether a trigger of this activation has to wait for a roll-back; with `target` also when its transition would interrupt one.
bool IsBlocked(const Machine& machine, ActivationId activation, StateIndex target);
bool IsCompensating(const Machine& machine);
const UndoRecord* FindRecord(const InstanceState& state, ActivationId activation);
void SettleUndo(Machine& machine, const UndoRecord& record, const Outcome& outcome);
void RetryUndo(Machine& machine, const UndoRecord& record, bool by_operator);
void FinishUndo(Machine& machine, const UndoRecord& record, bool skipped);

// ---- left.cc: calls and children whose state was left ----
void SettleLeftJob(Machine& machine, const LeftJob& left, const Outcome& outcome);
void RetryLeftJob(Machine& machine, const LeftJob& left, bool by_operator);
// Its success is registered and undone at once; false if `undo.with` fails (then an incident stands).
bool UndoLeftJob(Machine& machine, ActivationId activation, const Value& output);
void SettleLeftChild(Machine& machine, const LeftChild& left, const ChildResult& result);

// ---- retry.cc ----
// Whether a retry is carried out as the machine's version says, though the call began under another one: an operator's, where it can be.
bool BeginsAnew(const Machine& machine, const std::string& operation, const std::string& began_under, bool by_operator);
// What is to be done about a failed try: the wait until the next one, or none.
struct RetryChoice {
  bool retry = false;
  std::int64_t wait_us = 0;
};
RetryChoice ChooseRetry(const RetryPolicy& policy, const Outcome& outcome, std::int64_t tries, std::uint64_t random);
// The failure as an error of the process; asserts that it is one.
RaisedError ToError(const Outcome& outcome);

// ---- timers.cc ----
std::optional<ProcessError> ArmTimers(Machine& machine, ActivationId activation);
void Fire(Machine& machine, const FireTimer& command);
// The `after` timer that comes before this armed one: due earlier, or at the same instant and earlier in the document.
// However late or disordered timers are reported, they fire in this order.
std::optional<TimerId> FindEarlierTimer(const Machine& machine, TimerId timer);
// Whether one comes before the other at the same instant.
bool StandsBefore(const Machine& machine, TimerId one, TimerId other);
void FireAfter(Machine& machine, ActivationId activation, int slot);
void Arm(Machine& machine, TimerId timer, std::int64_t due_us);
void Disarm(Machine& machine, TimerId timer);

// ---- correlation.cc ----
std::optional<ProcessError> ArmSubscriptions(Machine& machine, ActivationId activation);
// Offers the event to every active state; true if one took it.
bool OfferEvent(Machine& machine, const CloudEvent& event, const std::optional<std::string>& key, bool by_business_key);
// Offers it, and keeps it if nobody takes it now.
void Deliver(Machine& machine, const DeliverEvent& command);
// When the `keep` of an event that arrived then ends; 0 for a type that is not declared.
std::int64_t KeepUntil(const Machine& machine, const DeliverEvent& delivery, std::int64_t arrived_us);
void KeepEvent(Machine& machine, const DeliverEvent& delivery);
// The oldest kept event that some state takes; false if there is none.
bool OfferKept(Machine& machine);

// ---- migration.cc ----
// Carries the instance over from this definition to the machine's. The error is why it cannot be carried; the state is
// of no use then.
std::optional<Error> Migrate(Machine& machine, const Definition& from, const MigrateInstance& command);
// Whether there is a migration to take back, by this command.
std::optional<Error> RefuseRevert(const InstanceState& state, const MigrateInstance& command);
// Takes the last migration back: like Migrate, to the version that the instance came from.
std::optional<Error> Revert(Machine& machine, const Definition& from, const MigrateInstance& command);

// ---- cancel.cc ----
void Cancel(Machine& machine, const CancelInstance& command);
void Reopen(Machine& machine, std::string_view reason);

// ---- stash.cc ----
// Whether the command has to wait: for `resume`, or for the end of a roll-back.
bool MustWait(const Machine& machine, const Command& command);
void Stash(Machine& machine, const Command& command);
// Takes the first stashed command that need not wait any more; false if there is none.
bool TakeStashed(Machine& machine);
// What the command does, once it is legal and need not wait.
void Execute(Machine& machine, const Command& command);

}  // namespace fermata

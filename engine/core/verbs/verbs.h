// What the verbs do: one file each. Starting a verb may fail (then nothing of it has happened), finish at once (through the agenda), or leave something to wait for.
#pragma once

#include <optional>

#include "engine/core/machine.h"

namespace fermata {

// The verb of this activation's state, by one of those below. The error is raised inside the state by the caller.
std::optional<ProcessError> StartVerb(Machine& machine, ActivationId activation);

std::optional<ProcessError> StartCall(Machine& machine, ActivationId activation, const CallVerb& verb);
std::optional<ProcessError> StartAsk(Machine& machine, ActivationId activation, const AskVerb& verb);
std::optional<ProcessError> StartRun(Machine& machine, ActivationId activation, const RunVerb& verb);
std::optional<ProcessError> StartEmit(Machine& machine, ActivationId activation, const EmitVerb& verb);
std::optional<ProcessError> StartEach(Machine& machine, ActivationId activation, const EachVerb& verb);
void StartParallel(Machine& machine, ActivationId activation);
void StartComposite(Machine& machine, ActivationId activation, StateIndex start);
void StartRollbackVerb(Machine& machine, ActivationId activation, const RollbackVerb& verb);
void StartEnd(Machine& machine, ActivationId activation, const EndVerb& verb);
std::optional<ProcessError> StartFail(Machine& machine, ActivationId activation, const FailVerb& verb);

// ---- call ----
// The input of a call or its operation's undo, checked against the manifest.
Evaluated CallInput(const Machine& machine, const CallVerb& verb, const Scope& scope);
// An outcome of the try that is in flight.
void SettleJob(Machine& machine, ActivationId activation, const Outcome& outcome);
void FireRetry(Machine& machine, ActivationId activation);
void FireDeadline(Machine& machine, ActivationId activation);

// ---- run ----
void SettleChild(Machine& machine, ActivationId activation, const ChildResult& result);
// The receiver refused a child that nobody waits for, and its state has been left.
void ReportDetached(Machine& machine, const FinishChild& command);
// Again, after the receiver refused it.
std::optional<ProcessError> RestartChild(Machine& machine, ActivationId activation);

// ---- ask ----
// Why this answer does not fit; nullopt if it does.
std::optional<Error> RefuseAnswer(const Machine& machine, const CompleteTask& answer);
void SettleTask(Machine& machine, const CompleteTask& answer);
// task.cc: whose an open task is.
std::optional<Error> Refuse(const Machine& machine, const ClaimTask& command);
std::optional<Error> Refuse(const Machine& machine, const ReleaseTask& command);
std::optional<Error> Refuse(const Machine& machine, const AssignTask& command);
std::optional<Error> Refuse(const Machine& machine, const CommentTask& command);
// Why `by` may not answer it: somebody else has claimed it.
std::optional<Error> RefuseStranger(const TaskState& task, const std::string& by);
// Why they may not: it is assigned to another user. `does` says what, like "claims".
std::optional<Error> RefuseUnassigned(const TaskState& task, const std::string& by, const std::string& does);
void Claim(Machine& machine, const ClaimTask& command);
void Release(Machine& machine, const ReleaseTask& command);
void FireReminder(Machine& machine, TimerId timer);

// ---- each, parallel, composites ----
// An `end` inside: the region, item, composite or root around it is done with `output`.
void FinishScope(Machine& machine, ActivationId end, const Value& output);
void FinishItem(Machine& machine, ActivationId item, const Value& output);
void FinishRegion(Machine& machine, ActivationId region, const Value& output);

// ---- emit ----
// Evaluates without publishing; the event has no id yet.
struct PreparedEmission {
  CloudEvent event;
  std::optional<std::pair<std::string, std::string>> to;
};
struct EmissionOutcome {
  PreparedEmission emission;
  std::optional<ProcessError> error;
};
EmissionOutcome PrepareEmission(const Machine& machine, const Emission& emission, const Scope& scope);
void PublishEmission(Machine& machine, PreparedEmission emission);

}  // namespace fermata

// The fields of everything that is stored, in the order in which they are written. Shared by the writer and the reader.
//
// For ever: fields are only added at the end; a missing one is read as its default.
#pragma once

#include <iterator>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

#include "engine/model/command.h"
#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata::codec {

template <class T, class U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

// ---- commands ----
constexpr auto Fields(Is<JobId> auto& s) { return std::tie(s.activation, s.undo); }
constexpr auto Fields(Is<TimerId> auto& s) { return std::tie(s.activation, s.slot); }
constexpr auto Fields(Is<ProcessError> auto& s) { return std::tie(s.name, s.message, s.data); }
constexpr auto Fields(Is<ParentLink> auto& s) { return std::tie(s.instance, s.activation, s.detached); }
constexpr auto Fields(Is<CloudEvent> auto& s) {
  return std::tie(s.id, s.source, s.type, s.subject, s.time, s.data, s.extensions);
}
constexpr auto Fields(Is<Timestamp> auto& s) { return std::tie(s.seconds, s.nanos); }
constexpr auto Fields(Is<JobSuccess> auto& s) { return std::tie(s.output); }
constexpr auto Fields(Is<BusinessFailure> auto& s) { return std::tie(s.name, s.message, s.data); }
constexpr auto Fields(Is<TechnicalFailure> auto& s) { return std::tie(s.error, s.message, s.retry_after_ms, s.data); }
constexpr auto Fields(Is<StartInstance> auto& s) {
  return std::tie(s.tenant, s.key, s.input, s.parent, s.kept, s.traceparent, s.kept_until_us);
}
constexpr auto Fields(Is<CompleteJob> auto& s) { return std::tie(s.job, s.attempt, s.outcome); }
constexpr auto Fields(Is<FireTimer> auto& s) { return std::tie(s.timer); }
constexpr auto Fields(Is<DeliverEvent> auto& s) { return std::tie(s.event, s.key, s.by_business_key, s.until_us); }
constexpr auto Fields(Is<ChildResult> auto& s) { return std::tie(s.kind, s.output, s.error); }
constexpr auto Fields(Is<FinishChild> auto& s) { return std::tie(s.activation, s.child, s.result, s.detached); }
constexpr auto Fields(Is<UndoInstance> auto& s) { return std::tie(s.reason); }
constexpr auto Fields(Is<CancelInstance> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<SuspendInstance> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<ResumeInstance> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<ResolveIncident> auto& s) {
  return std::tie(s.incident, s.action, s.set, s.output, s.error, s.by, s.reason);
}
constexpr auto Fields(Is<CompleteTask> auto& s) { return std::tie(s.activation, s.outcome, s.data, s.by, s.actor); }
constexpr auto Fields(Is<MigrateInstance> auto& s) { return std::tie(s.version, s.revert, s.reason, s.by); }
constexpr auto Fields(Is<SetVariables> auto& s) { return std::tie(s.set, s.reason, s.by); }
constexpr auto Fields(Is<MoveInstance> auto& s) { return std::tie(s.target, s.from, s.item, s.set, s.reason, s.by); }
constexpr auto Fields(Is<ReportLost> auto& s) { return std::tie(s.activation, s.message); }
constexpr auto Fields(Is<ClaimTask> auto& s) { return std::tie(s.activation, s.by, s.actor); }
constexpr auto Fields(Is<ReleaseTask> auto& s) { return std::tie(s.activation, s.by, s.actor); }
constexpr auto Fields(Is<AssignTask> auto& s) { return std::tie(s.activation, s.role, s.user, s.by, s.actor); }
constexpr auto Fields(Is<CommentTask> auto& s) { return std::tie(s.activation, s.text, s.by, s.actor); }
constexpr auto Fields(Is<RetryPolicy> auto& s) {
  return std::tie(s.attempts, s.first_ms, s.factor, s.max_ms, s.jitter, s.on);
}

// ---- states ----
constexpr auto Fields(Is<JobState> auto& s) {
  return std::tie(s.operation, s.input, s.timeout_ms, s.attempt, s.attempts_before, s.in_flight, s.answered,
                  s.definition_hash);
}
constexpr auto Fields(Is<ChildState> auto& s) { return std::tie(s.id, s.process); }
constexpr auto Fields(Is<TaskState> auto& s) {
  return std::tie(s.title, s.data, s.role, s.user, s.outcomes, s.due_us, s.reminded, s.claimed, s.comments);
}
constexpr auto Fields(Is<EachState> auto& s) { return std::tie(s.items, s.next, s.outputs); }
constexpr auto Fields(Is<ArmedTimer> auto& s) { return std::tie(s.slot, s.due_us, s.spent); }
constexpr auto Fields(Is<Subscription> auto& s) { return std::tie(s.handler, s.arm, s.type, s.value); }
constexpr auto Fields(Is<Activation> auto& s) {
  return std::tie(s.id, s.parent, s.kind, s.state, s.index, s.phase, s.was_set, s.entered_us, s.children, s.job,
                  s.child, s.task, s.each, s.outputs, s.held, s.timers, s.subscriptions, s.item, s.variables);
}
constexpr auto Fields(Is<ScopeStep> auto& s) { return std::tie(s.activation, s.state); }
constexpr auto Fields(Is<UndoRecord> auto& s) {
  return std::tie(s.number, s.activation, s.state, s.within, s.operation, s.input, s.retry, s.timeout_ms, s.child,
                  s.at_once, s.progress, s.attempt, s.attempts_before, s.retry_due_us, s.answered, s.definition_hash);
}
constexpr auto Fields(Is<LeftJob> auto& s) {
  return std::tie(s.activation, s.state, s.index, s.within, s.job, s.may_retry, s.retry_due_us, s.variables, s.held);
}
constexpr auto Fields(Is<LeftChild> auto& s) { return std::tie(s.activation, s.state, s.within, s.child, s.undoing); }
constexpr auto Fields(Is<RaisedError> auto& s) { return std::tie(s.error, s.error_class, s.final); }
constexpr auto Fields(Is<Continuation> auto& s) {
  return std::tie(s.kind, s.where, s.target, s.error, s.output, s.status);
}
constexpr auto Fields(Is<Rollback> auto& s) { return std::tie(s.owner, s.scopes, s.state, s.then); }
constexpr auto Fields(Is<Incident> auto& s) {
  return std::tie(s.number, s.kind, s.activation, s.state, s.error, s.opened_us, s.subject, s.event);
}
constexpr auto Fields(Is<KeptEvent> auto& s) {
  return std::tie(s.number, s.event, s.key, s.by_business_key, s.until_us);
}
constexpr auto Fields(Is<StashedCommand> auto& s) { return std::tie(s.number, s.time_us, s.command); }
constexpr auto Fields(Is<ReplacedVariable> auto& s) { return std::tie(s.name, s.before, s.after); }
constexpr auto Fields(Is<Crossing> auto& s) {
  return std::tie(s.version, s.definition_hash, s.states, s.named, s.replaced, s.others, s.next_activation, s.fired);
}
constexpr auto Fields(Is<InstanceState> auto& s) {
  return std::tie(s.id, s.tenant, s.process, s.version, s.definition_hash, s.key, s.parent, s.status, s.seq,
                  s.started_us, s.updated_us, s.ended_us, s.input, s.variables, s.output, s.error, s.cancel_reason,
                  s.traceparent, s.activations, s.next_activation, s.undo_records, s.next_undo, s.left_jobs,
                  s.left_children, s.rollbacks, s.incidents, s.next_incident, s.kept, s.next_kept, s.stash,
                  s.next_stashed, s.emitted, s.suspended, s.crossings);
}

// ---- journal events ----
constexpr auto Fields(Is<InstanceStarted> auto& s) {
  return std::tie(s.tenant, s.process, s.version, s.definition_hash, s.key, s.parent, s.input, s.vars, s.traceparent);
}
constexpr auto Fields(Is<StatusChanged> auto& s) { return std::tie(s.status); }
constexpr auto Fields(Is<InstanceEnded> auto& s) { return std::tie(s.status, s.output, s.error, s.keeps_undo); }
constexpr auto Fields(Is<InstanceReopened> auto& s) { return std::tie(s.reason); }
constexpr auto Fields(Is<CancelRequested> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<InstanceSuspended> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<InstanceResumed> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<StateEntered> auto& s) { return std::tie(s.activation, s.parent, s.kind, s.state, s.index); }
constexpr auto Fields(Is<ItemStarted> auto& s) {
  return std::tie(s.activation, s.parent, s.state, s.index, s.item, s.names);
}
constexpr auto Fields(Is<StateExited> auto& s) { return std::tie(s.activation); }
constexpr auto Fields(Is<EntryProgressed> auto& s) { return std::tie(s.activation, s.was_set, s.phase); }
constexpr auto Fields(Is<VariablesSet> auto& s) { return std::tie(s.scope, s.values); }
constexpr auto Fields(Is<TimerArmed> auto& s) { return std::tie(s.timer, s.due_us); }
constexpr auto Fields(Is<TimerFired> auto& s) { return std::tie(s.timer); }
constexpr auto Fields(Is<TimerDropped> auto& s) { return std::tie(s.timer); }
constexpr auto Fields(Is<SubscriptionAdded> auto& s) { return std::tie(s.activation, s.subscription); }
constexpr auto Fields(Is<JobStarted> auto& s) { return std::tie(s.activation, s.operation, s.input, s.timeout_ms); }
constexpr auto Fields(Is<JobRetried> auto& s) { return std::tie(s.job, s.attempt, s.by_operator, s.input, s.anew); }
constexpr auto Fields(Is<JobFailed> auto& s) { return std::tie(s.job, s.attempt, s.error, s.retry_due_us); }
constexpr auto Fields(Is<OutcomeIgnored> auto& s) { return std::tie(s.job, s.attempt, s.outcome); }
constexpr auto Fields(Is<ChildStarted> auto& s) { return std::tie(s.activation, s.child, s.process, s.detached); }
constexpr auto Fields(Is<ChildFinished> auto& s) { return std::tie(s.activation, s.child, s.kind, s.error); }
constexpr auto Fields(Is<TaskOpened> auto& s) { return std::tie(s.activation, s.task); }
constexpr auto Fields(Is<TaskReminded> auto& s) { return std::tie(s.activation); }
constexpr auto Fields(Is<TaskClaimed> auto& s) { return std::tie(s.activation, s.by, s.actor); }
constexpr auto Fields(Is<TaskReleased> auto& s) { return std::tie(s.activation, s.by, s.actor); }
constexpr auto Fields(Is<TaskAssigned> auto& s) { return std::tie(s.activation, s.role, s.user, s.by, s.actor); }
constexpr auto Fields(Is<TaskCommented> auto& s) { return std::tie(s.activation, s.text, s.by, s.actor); }
constexpr auto Fields(Is<EachStarted> auto& s) { return std::tie(s.activation, s.items); }
constexpr auto Fields(Is<ItemFinished> auto& s) { return std::tie(s.each, s.item, s.output); }
constexpr auto Fields(Is<RegionFinished> auto& s) { return std::tie(s.parallel, s.region, s.output); }
constexpr auto Fields(Is<WorkCompleted> auto& s) {
  return std::tie(s.activation, s.save, s.scope, s.output, s.by, s.skipped, s.actor);
}
constexpr auto Fields(Is<WorkHeld> auto& s) { return std::tie(s.activation, s.output); }
constexpr auto Fields(Is<EventEmitted> auto& s) { return std::tie(s.event, s.to); }
constexpr auto Fields(Is<EventTaken> auto& s) { return std::tie(s.type, s.source, s.id, s.state); }
constexpr auto Fields(Is<EventKept> auto& s) { return std::tie(s.kept); }
constexpr auto Fields(Is<KeptEventDropped> auto& s) { return std::tie(s.number, s.expired); }
constexpr auto Fields(Is<CommandStashed> auto& s) { return std::tie(s.stashed); }
constexpr auto Fields(Is<CommandUnstashed> auto& s) { return std::tie(s.number); }
constexpr auto Fields(Is<GuardFailed> auto& s) { return std::tie(s.activation, s.state, s.message); }
constexpr auto Fields(Is<ErrorRaised> auto& s) { return std::tie(s.activation, s.state, s.raised); }
constexpr auto Fields(Is<ErrorHandled> auto& s) { return std::tie(s.state, s.error, s.handler); }
constexpr auto Fields(Is<IncidentOpened> auto& s) { return std::tie(s.incident); }
constexpr auto Fields(Is<IncidentClosed> auto& s) { return std::tie(s.number, s.how, s.by, s.reason); }
constexpr auto Fields(Is<UndoRegistered> auto& s) { return std::tie(s.record); }
constexpr auto Fields(Is<UndoDropped> auto& s) { return std::tie(s.number); }
constexpr auto Fields(Is<UndoStarted> auto& s) { return std::tie(s.number); }
constexpr auto Fields(Is<UndoSucceeded> auto& s) { return std::tie(s.number, s.state, s.skipped); }
constexpr auto Fields(Is<RollbackStarted> auto& s) { return std::tie(s.rollback); }
constexpr auto Fields(Is<RollbackFinished> auto& s) { return std::tie(s.owner); }
constexpr auto Fields(Is<JobLeft> auto& s) { return std::tie(s.left); }
constexpr auto Fields(Is<LeftJobHeld> auto& s) { return std::tie(s.activation, s.output); }
constexpr auto Fields(Is<LeftJobSettled> auto& s) { return std::tie(s.activation); }
constexpr auto Fields(Is<ChildLeft> auto& s) { return std::tie(s.left); }
constexpr auto Fields(Is<LeftChildUndone> auto& s) { return std::tie(s.activation); }
constexpr auto Fields(Is<LeftChildSettled> auto& s) { return std::tie(s.activation); }
constexpr auto Fields(Is<MigratedActivation> auto& s) {
  return std::tie(s.activation, s.state, s.index, s.timers, s.slots);
}
constexpr auto Fields(Is<MigratedLeftJob> auto& s) { return std::tie(s.activation, s.index); }
constexpr auto Fields(Is<InstanceMigrated> auto& s) {
  return std::tie(s.from, s.version, s.definition_hash, s.activations, s.left_jobs, s.states, s.named, s.reverted,
                  s.reason, s.by, s.keeps_carriers);
}
constexpr auto Fields(Is<WayBackNoted> auto& s) { return std::tie(s.crossing, s.forgets_oldest); }
constexpr auto Fields(Is<VariablesDropped> auto& s) { return std::tie(s.scope, s.names); }
constexpr auto Fields(Is<VariablesAmended> auto& s) { return std::tie(s.reason, s.by); }
constexpr auto Fields(Is<InstanceMoved> auto& s) { return std::tie(s.activation, s.from, s.target, s.reason, s.by); }

// The first element of each event in a row: its name for ever. In the order of EventBody.
inline constexpr std::string_view kEventTags[] = {
    "start",
    "status",
    "end",
    "instance-reopened",
    "cancel-requested",
    "instance-suspended",
    "instance-resumed",
    "enter",
    "item-started",
    "exit",
    "entry",
    "set",
    "timer-armed",
    "timer-fired",
    "timer-dropped",
    "subscription-added",
    "job",
    "job-retried",
    "job-failed",
    "outcome-ignored",
    "child-started",
    "child-finished",
    "task-opened",
    "task-reminded",
    "each-started",
    "item-finished",
    "region-finished",
    "done",
    "work-held",
    "event-emitted",
    "event-taken",
    "event-kept",
    "kept-event-dropped",
    "command-stashed",
    "command-unstashed",
    "guard-failed",
    "error-raised",
    "error-handled",
    "incident-opened",
    "incident-closed",
    "undo-registered",
    "undo-dropped",
    "undo-started",
    "undo-succeeded",
    "rollback-started",
    "rollback-finished",
    "job-left",
    "left-job-held",
    "left-job-settled",
    "child-left",
    "left-child-undone",
    "left-child-settled",
    "migrated",
    "amended",
    "moved",
    "task-claimed",
    "task-released",
    "task-assigned",
    "task-commented",
    "way-back-noted",
    "variables-dropped",
};
static_assert(std::size(kEventTags) == std::variant_size_v<EventBody>);

// Likewise for commands.
inline constexpr std::string_view kCommandTags[] = {
    "start-instance", "complete-job",     "fire-timer",       "deliver-event",   "finish-child",
    "undo-instance",  "cancel-instance",  "suspend-instance", "resume-instance", "resolve-incident",
    "complete-task",  "migrate-instance", "set-variables",    "move-instance",   "report-lost",
    "claim-task",     "release-task",     "assign-task",      "comment-task",
};
static_assert(std::size(kCommandTags) == std::variant_size_v<Command>);

// Outcomes of calls.
inline constexpr std::string_view kOutcomeTags[] = {"success", "business", "technical"};
static_assert(std::size(kOutcomeTags) == std::variant_size_v<Outcome>);

}  // namespace fermata::codec

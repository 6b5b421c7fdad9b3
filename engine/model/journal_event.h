// What happened to an instance, in the past tense: the journal. Apply makes states of it, codec bytes, and people read it as history.
//
// Stored for ever: names, inputs and due times are resolved. A field is only ever added at the end of its struct (codec reads a missing one as its default);
// any other change is a new version of the row with an upcaster (engine/codec).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/model/instance_state.h"

namespace fermata {

using Bindings = std::vector<std::pair<std::string, Value>>;

struct InstanceStarted {
  std::string tenant, process, version, definition_hash;
  std::optional<std::string> key;
  std::optional<ParentLink> parent;
  Value input;
  Bindings vars;
  std::string traceparent;
};
struct StatusChanged {
  InstanceStatus status = InstanceStatus::kRunning;
};
struct InstanceEnded {
  InstanceStatus status = InstanceStatus::kCompleted;
  Value output;
  std::optional<ProcessError> error;
  bool keeps_undo = false;  // a child's records stay with it, for its parent may undo it
};
// A completed instance is being undone at its parent's wish.
struct InstanceReopened {
  std::string reason;
};
struct CancelRequested {
  std::string reason;
  std::string by{};
};
struct InstanceSuspended {
  std::string reason{}, by{};
};
struct InstanceResumed {
  std::string reason{}, by{};
};

// ---- states ----
struct StateEntered {
  ActivationId activation = 0, parent = 0;
  ActivationKind kind = ActivationKind::kState;
  std::string state;
  int index = 0;
};
struct ItemStarted {
  ActivationId activation = 0, parent = 0;
  std::string state;
  int index = 0;
  std::int64_t item = 0;
  Bindings names;  // the item and its index, under their names
};
struct StateExited {
  ActivationId activation = 0;
};
// Its entry failed, or is tried again.
struct EntryProgressed {
  ActivationId activation = 0;
  bool was_set = true;
  Phase phase = Phase::kWorking;
};
// `scope` is the item whose variables they are; 0 = the instance's.
struct VariablesSet {
  ActivationId scope = 0;
  Bindings values;
};
struct TimerArmed {
  TimerId timer;
  std::int64_t due_us = 0;
};
struct TimerFired {
  TimerId timer;
};
struct TimerDropped {
  TimerId timer;
};
struct SubscriptionAdded {
  ActivationId activation = 0;
  Subscription subscription;
};

// ---- work ----
struct JobStarted {
  ActivationId activation = 0;
  std::string operation;
  Value input;
  std::int64_t timeout_ms = 0;
};
// Another try. Of an undo, too.
struct JobRetried {
  JobId job;
  std::int64_t attempt = 1;
  bool by_operator = false;    // the policy counts anew
  std::optional<Value> input;  // where the operator changed what it is made of
  bool anew = false;           // as the instance's own version carries it out, whatever it began under
};
// One try failed; the next one, if there is one, at retry_due_us (0 = there is none).
struct JobFailed {
  JobId job;
  std::int64_t attempt = 1;
  ProcessError error;
  std::int64_t retry_due_us = 0;
};
// A result that nothing waits for any more.
struct OutcomeIgnored {
  JobId job;
  std::int64_t attempt = 1;
  std::string outcome;  // "success", or the error's name
};
struct ChildStarted {
  ActivationId activation = 0;
  InstanceId child;
  std::string process;
  bool detached = false;
};
struct ChildFinished {
  ActivationId activation = 0;
  InstanceId child;
  ChildResult::Kind kind = ChildResult::Kind::kCompleted;
  std::string error;
};
struct TaskOpened {
  ActivationId activation = 0;
  TaskState task;
};
struct TaskReminded {
  ActivationId activation = 0;
};
// `actor` here and in WorkCompleted: who has done it in the name of `by`; empty = `by` themselves.
struct TaskClaimed {
  ActivationId activation = 0;
  std::string by;
  std::string actor{};
};
struct TaskReleased {
  ActivationId activation = 0;
  std::string by;
  std::string actor{};
};
struct TaskAssigned {
  ActivationId activation = 0;
  std::string role, user, by;
  std::string actor{};
};
struct TaskCommented {
  ActivationId activation = 0;
  std::string text, by;
  std::string actor{};
};
struct EachStarted {
  ActivationId activation = 0;
  Value items;
};
struct ItemFinished {
  ActivationId each = 0;
  std::int64_t item = 0;
  Value output;
};
struct RegionFinished {
  ActivationId parallel = 0;
  std::string region;
  Value output;
};
// The verb's work is done; the output goes to the variable `save` (empty = nowhere) of `scope`.
struct WorkCompleted {
  ActivationId activation = 0;
  std::string save;
  ActivationId scope = 0;
  Value output;
  std::string by;  // who, where it was a person
  bool skipped = false;
  std::string actor{};
};
// It is done, but its undo could not be prepared: the output is held until the incident is resolved.
struct WorkHeld {
  ActivationId activation = 0;
  Value output;
};
struct EventEmitted {
  CloudEvent event;
  std::optional<std::pair<std::string, std::string>> to;
};

// ---- events ----
struct EventTaken {
  std::string type, source, id, state;
};
struct EventKept {
  KeptEvent kept;
};
struct KeptEventDropped {
  std::int64_t number = 0;
  bool expired = false;
};
struct CommandStashed {
  StashedCommand stashed;
};
struct CommandUnstashed {
  std::int64_t number = 0;
};
// An `if` of an `on` failed to evaluate: it was not taken.
struct GuardFailed {
  ActivationId activation = 0;
  std::string state, message;
};

// ---- errors, incidents, undo ----
struct ErrorRaised {
  ActivationId activation = 0;
  std::string state;
  RaisedError raised;
};
struct ErrorHandled {
  std::string state;
  std::string error, handler;
};
struct IncidentOpened {
  Incident incident;
};
struct IncidentClosed {
  IncidentNumber number = 0;
  std::string how;  // "retry", "skip", "fail", "left"
  std::string by;
  std::string reason{};
};
struct UndoRegistered {
  UndoRecord record;
};
struct UndoDropped {
  std::int64_t number = 0;
};
struct UndoStarted {
  std::int64_t number = 0;
};
struct UndoSucceeded {
  std::int64_t number = 0;
  std::string state;
  bool skipped = false;  // an operator says that it is done
};
struct RollbackStarted {
  Rollback rollback;
};
struct RollbackFinished {
  ActivationId owner = 0;
};
struct JobLeft {
  LeftJob left;
};
struct LeftJobHeld {
  ActivationId activation = 0;
  Value output;
};
struct LeftJobSettled {
  ActivationId activation = 0;
};
struct ChildLeft {
  LeftChild left;
};
struct LeftChildUndone {  // it had completed: its undo begins
  ActivationId activation = 0;
};
struct LeftChildSettled {
  ActivationId activation = 0;
};

// ---- migration ----
// An activation under the new version: its name and number there, and those of its timers that go on.
struct MigratedActivation {
  ActivationId activation = 0;
  std::string state;
  int index = 0;
  std::vector<ArmedTimer> timers;
  std::vector<std::pair<int, int>> slots;  // `after` entries and reminders that go on: the old slot, the new one
  friend bool operator==(const MigratedActivation&, const MigratedActivation&) = default;
};
struct MigratedLeftJob {
  ActivationId activation = 0;
  int index = 0;
  friend bool operator==(const MigratedLeftJob&, const MigratedLeftJob&) = default;
};
// The instance goes on under another version. All subscriptions end; those of the new version follow.
struct InstanceMigrated {
  std::string from, version, definition_hash;
  std::vector<MigratedActivation> activations;
  std::vector<MigratedLeftJob> left_jobs;
  std::vector<std::pair<std::string, std::string>> states;  // called differently: the old name, the new one
  std::map<ActivationId, std::string>
      named{};            // the new name of what an activation has left, where the old one does not tell
  bool reverted = false;  // the last migration is taken back
  std::string reason{}, by{};
  bool keeps_carriers = false;  // calls and undos that have begun are carried out as the version before says
};
// What it takes to take the migration of this decision back.
struct WayBackNoted {
  Crossing crossing;
  bool forgets_oldest = false;  // of those noted before
};
// Variables of `scope` (as in VariablesSet) are no more.
struct VariablesDropped {
  ActivationId scope = 0;
  std::vector<std::string> names;
};

// ---- operators ----
// Variables get other values; VariablesSet follows.
struct VariablesAmended {
  std::string reason, by;
};
// The instance is sent to another state; what that ends and begins follows.
struct InstanceMoved {
  ActivationId activation = 0;  // it goes from here
  std::string from, target;     // states; `from` is empty for the root
  std::string reason, by;
};

using EventBody =
    std::variant<InstanceStarted, StatusChanged, InstanceEnded, InstanceReopened, CancelRequested, InstanceSuspended,
                 InstanceResumed, StateEntered, ItemStarted, StateExited, EntryProgressed, VariablesSet, TimerArmed,
                 TimerFired, TimerDropped, SubscriptionAdded, JobStarted, JobRetried, JobFailed, OutcomeIgnored,
                 ChildStarted, ChildFinished, TaskOpened, TaskReminded, EachStarted, ItemFinished, RegionFinished,
                 WorkCompleted, WorkHeld, EventEmitted, EventTaken, EventKept, KeptEventDropped, CommandStashed,
                 CommandUnstashed, GuardFailed, ErrorRaised, ErrorHandled, IncidentOpened, IncidentClosed,
                 UndoRegistered, UndoDropped, UndoStarted, UndoSucceeded, RollbackStarted, RollbackFinished, JobLeft,
                 LeftJobHeld, LeftJobSettled, ChildLeft, LeftChildUndone, LeftChildSettled, InstanceMigrated,
                 VariablesAmended, InstanceMoved, TaskClaimed, TaskReleased, TaskAssigned, TaskCommented, WayBackNoted,
                 VariablesDropped>;

struct JournalEvent {
  std::int64_t at_us = 0;  // of the decision: the same in all events of a row
  EventBody body;
};

}  // namespace fermata

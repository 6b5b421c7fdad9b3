// Everything that one instance is between two decisions: a tree of activations, and what outlives them (undo records, incidents, kept events, …).
//
// Plain data, changed by Apply alone; ordered containers, so that a replay is equal to the bit. Functions at the end only read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/cloud_event.h"
#include "engine/model/command.h"
#include "engine/model/ids.h"
#include "engine/model/manifest.h"
#include "engine/model/value.h"

namespace fermata {

enum class InstanceStatus : std::uint8_t {
  kRunning,  // something is being done
  kWaiting,  // only events, timers or people can move it
  kSuspended,
  kCompensating,  // undoing in the root's own region
  kCompleted,
  kFailed,
  kCancelled,
};

// "running", "waiting", …
std::string_view StatusName(InstanceStatus status);
std::optional<InstanceStatus> ParseStatus(std::string_view name);
bool IsFinal(InstanceStatus status);

using Variables = std::map<std::string, Value, std::less<>>;

// The engine's own timers of an activation; slots from 0 are the indexes of its `after` entries.
inline constexpr int kRetrySlot = -1;      // the next try of its call
inline constexpr int kDeadlineSlot = -2;   // of all tries
inline constexpr int kUndoRetrySlot = -3;  // the next try of its undo
inline constexpr int kRemindSlot = -100;   // and below: -100 - index into `remind`

inline constexpr ActivationId kRootActivation = 1;

enum class ActivationKind : std::uint8_t { kRoot, kState, kRegion, kItem };

enum class Phase : std::uint8_t {
  kEntering,  // its entry is not through: `set`, `match`, `after` or the start of its verb failed
  kWorking,   // its verb is being done (or it waits)
  kDone,      // its verb's work completed; it stays for its `next`, `on` or `after`
};

// One outside call over all its tries.
struct JobState {
  std::string operation;
  Value input;
  std::int64_t timeout_ms = 0;
  std::int64_t attempt = 1;
  std::int64_t attempts_before = 0;  // those before an operator's retry: the policy counts anew
  bool in_flight = true;             // false: waits for its next try, or gave up (then an incident stands)
  bool answered = false;             // its outcome arrived during a suspension and is kept
  std::string definition_hash{};  // of the version before a migration that carries it out; empty = the instance's own
  friend bool operator==(const JobState&, const JobState&) = default;
};

struct ChildState {
  InstanceId id;
  std::string process;
  friend bool operator==(const ChildState&, const ChildState&) = default;
};

struct TaskState {
  std::string title;
  Value data;
  std::string role, user;
  std::vector<std::string> outcomes;
  std::int64_t due_us = 0;  // 0 = none
  std::int64_t reminded = 0;
  std::string claimed{};      // by whom; empty = nobody
  std::int64_t comments = 0;  // the journal has them
  friend bool operator==(const TaskState&, const TaskState&) = default;
};

struct EachState {
  Value items;                            // a list
  std::int64_t next = 0;                  // the first item that has not begun
  std::map<std::int64_t, Value> outputs;  // of finished items
  friend bool operator==(const EachState&, const EachState&) = default;
};

struct ArmedTimer {
  int slot = 0;
  std::int64_t due_us = 0;
  bool spent = false;  // an `after` entry that fired without leaving the state
  friend bool operator==(const ArmedTimer&, const ArmedTimer&) = default;
};

struct Subscription {
  int handler = 0, arm = 0;  // indexes into the state's `on`
  std::string type;
  std::string value;  // of `match`, as evaluated at entry
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

// One entering of a state (or the root, a region of a `parallel`, an item of an `each`), until it is left.
struct Activation {
  ActivationId id = 0;
  ActivationId parent = 0;  // 0: the root's
  ActivationKind kind = ActivationKind::kState;
  std::string state;  // the name; the root's is "", a region's its own, an item's that of its `each`
  int index = 0;      // of the state in the definition
  Phase phase = Phase::kWorking;
  bool was_set = true;  // its `set` is through
  std::int64_t entered_us = 0;
  std::vector<ActivationId> children;  // in the order of their entry
  std::optional<JobState> job;
  std::optional<ChildState> child;
  std::optional<TaskState> task;
  std::optional<EachState> each;
  std::map<std::string, Value> outputs;  // of a `parallel`: finished regions
  std::optional<Value>
      held;  // finished work whose undo could not be prepared: the output, until the incident is resolved
  std::vector<ArmedTimer> timers;
  std::vector<Subscription> subscriptions;
  std::int64_t item = 0;  // kItem: which
  Variables variables;    // kItem: what the item sees; copied at its start, changed only by it
  friend bool operator==(const Activation&, const Activation&) = default;
};

// Where a record, left job or left child was made: the activations around it, outermost first, without the root.
struct ScopeStep {
  ActivationId activation = 0;
  std::string state;
  friend bool operator==(const ScopeStep&, const ScopeStep&) = default;
};
using ScopePath = std::vector<ScopeStep>;

enum class UndoProgress : std::uint8_t { kIdle, kInFlight, kWaiting, kParked };

// What it takes to undo one completed activation. Nothing is evaluated later.
struct UndoRecord {
  std::int64_t number = 0;  // in the order of completion
  ActivationId activation = 0;
  std::string state;
  ScopePath within;
  // A call …
  std::string operation;
  Value input;
  RetryPolicy retry;
  std::int64_t timeout_ms = 0;
  // … or, if this is not empty, a child to be reopened.
  InstanceId child;
  bool at_once = false;  // undone by itself, outside any roll-back: the success of a call that was left
  UndoProgress progress = UndoProgress::kIdle;
  std::int64_t attempt = 0;
  std::int64_t attempts_before = 0;
  std::int64_t retry_due_us = 0;  // while kWaiting
  bool answered = false;          // as in JobState
  std::string definition_hash{};  // as in JobState
  friend bool operator==(const UndoRecord&, const UndoRecord&) = default;
};

// A call with an `undo` whose state was left while it was in flight: its outcome is awaited.
struct LeftJob {
  ActivationId activation = 0;
  std::string state;
  int index = 0;
  ScopePath within;
  JobState job;
  bool may_retry = true;               // false after a cancel
  std::int64_t retry_due_us = 0;       // 0 = not waiting for a try
  std::optional<Variables> variables;  // of the item it stood in; absent = the instance's
  std::optional<Value> held;           // as in Activation
  friend bool operator==(const LeftJob&, const LeftJob&) = default;
};

// A child whose state was left: it was told to cancel, and its end is awaited.
struct LeftChild {
  ActivationId activation = 0;
  std::string state;
  ScopePath within;
  InstanceId child;
  bool undoing = false;  // it had completed before the cancel reached it
  friend bool operator==(const LeftChild&, const LeftChild&) = default;
};

enum class ErrorClass : std::uint8_t { kBusiness, kTechnical, kDefinition };

struct RaisedError {
  ProcessError error;
  ErrorClass error_class = ErrorClass::kBusiness;
  bool final = false;  // an operator failed it: where nothing handles it, it fails the instance whatever its class
  friend bool operator==(const RaisedError&, const RaisedError&) = default;
};

// What happens when a roll-back is through.
struct Continuation {
  enum class Kind : std::uint8_t {
    kProceed,   // the owner's work is done: a `rollback` state
    kEnter,     // a state inside `where` is entered
    kRaise,     // the error goes on at the owner
    kComplete,  // the owner's work is done with `output`
    kFinish,    // the instance ends with `status`, `output` or `error`
  };
  Kind kind = Kind::kProceed;
  ActivationId where = 0;
  int target = 0;
  RaisedError error;
  Value output;
  InstanceStatus status = InstanceStatus::kCompleted;
  friend bool operator==(const Continuation&, const Continuation&) = default;
};

// A roll-back under way (or the wait for left calls before the end).
struct Rollback {
  ActivationId owner = 0;
  std::vector<ActivationId> scopes;  // records made in one of these; kRootActivation = all
  std::string state;                 // only what was made in this state or inside it; empty = everything
  Continuation then;
  friend bool operator==(const Rollback&, const Rollback&) = default;
};

// What an operator's retry does again.
enum class IncidentKind : std::uint8_t {
  kEntry,      // entering: set, match, after, the start of the verb
  kWork,       // the call
  kChild,      // the child's start
  kUndoInput,  // `undo.with`, or no room for the output
  kNext,       // `next`
  kEnd,        // the output of `end`
  kEvent,      // an event's transition
  kTimer,      // a timer's transition
  kError,      // where an error arrived and nothing took it any more
  kUndo,       // an undo
  kLeftJob,    // a left call, or its `undo.with`
  kStuck,      // nothing could ever move the instance
  kDetached,   // a child that nobody waits for could not start
  kLost,       // what it waits for was not there, and was put back: there is nothing left to do
};

struct Incident {
  IncidentNumber number = 0;
  IncidentKind kind = IncidentKind::kWork;
  ActivationId activation = 0;
  std::string state;
  ProcessError error;
  std::int64_t opened_us = 0;
  std::int64_t subject = 0;         // kTimer: the slot; kUndo: the record
  std::optional<CloudEvent> event;  // kEvent
  friend bool operator==(const Incident&, const Incident&) = default;
};

struct KeptEvent {
  std::int64_t number = 0;  // in the order of arrival
  CloudEvent event;
  std::optional<std::string> key;
  bool by_business_key = false;
  std::int64_t until_us = 0;
  friend bool operator==(const KeptEvent&, const KeptEvent&) = default;
};

// A command that waits: for `resume`, or for the end of a roll-back.
struct StashedCommand {
  std::int64_t number = 0;
  std::int64_t time_us = 0;  // a timer's due time, otherwise its arrival
  Command command;
  friend bool operator==(const StashedCommand&, const StashedCommand&) = default;
};

// What a migration has made of a variable of the instance.
struct ReplacedVariable {
  std::string name;
  std::optional<Value> before;  // absent = there was none
  Value after;
  friend bool operator==(const ReplacedVariable&, const ReplacedVariable&) = default;
};

// A migration that is behind the instance: what it takes to go back.
struct Crossing {
  std::string version, definition_hash;                     // it came from
  std::vector<std::pair<std::string, std::string>> states;  // called differently: the name there, the one here
  std::map<ActivationId, std::string> named;  // what was called so there, where two names of there became one here
  std::vector<ReplacedVariable> replaced;
  std::vector<std::string> others;   // variables that it had, although that version assigns none of the name
  ActivationId next_activation = 0;  // activations from here on began under the newer version
  // What had fired: `after` entries that are spent and have no place in the newer version, and reminders that were sent.
  std::map<ActivationId, std::vector<ArmedTimer>> fired{};
  friend bool operator==(const Crossing&, const Crossing&) = default;
};

// Follows from the undo records: with it no decision has to look at all of them. Kept by Apply, not stored.
struct UndoIndex {
  std::map<ActivationId, std::int64_t> by_activation;
  std::set<std::int64_t> busy;  // under way, waiting, parked, or to be undone at once
  void Put(const UndoRecord& record);
  void Drop(const UndoRecord& record);
  friend bool operator==(const UndoIndex&, const UndoIndex&) = default;
};

struct InstanceState {
  InstanceId id;
  std::string tenant{kDefaultTenant};
  std::string process, version, definition_hash;
  std::optional<std::string> key;
  std::optional<ParentLink> parent;
  InstanceStatus status = InstanceStatus::kRunning;
  // Journal rows applied. Counted by Decide and ApplyRow, not by Apply.
  std::int64_t seq = 0;
  std::int64_t started_us = 0, updated_us = 0, ended_us = 0;
  Value input;
  Variables variables;
  Value output;
  std::optional<ProcessError> error;
  std::string cancel_reason;
  std::string traceparent;

  std::map<ActivationId, Activation> activations;
  ActivationId next_activation = kRootActivation;
  std::map<std::int64_t, UndoRecord> undo_records;
  std::int64_t next_undo = 1;
  UndoIndex undo_index;
  std::map<ActivationId, LeftJob> left_jobs;
  std::map<ActivationId, LeftChild> left_children;
  std::map<ActivationId, Rollback> rollbacks;    // by owner
  std::map<IncidentNumber, Incident> incidents;  // open ones
  IncidentNumber next_incident = 1;
  std::map<std::int64_t, KeptEvent> kept;
  std::int64_t next_kept = 1;
  std::map<std::int64_t, StashedCommand> stash;
  std::int64_t next_stashed = 1;
  std::int64_t emitted = 0;  // events published so far: part of their ids
  bool suspended = false;
  std::vector<Crossing> crossings;  // migrations that can be taken back, the last one at the end

  friend bool operator==(const InstanceState&, const InstanceState&) = default;

  const Activation* Find(ActivationId activation) const {
    auto found = activations.find(activation);
    return found == activations.end() ? nullptr : &found->second;
  }
};

// The names of all active states, each once: a composite before what is inside it, regions and items in their order.
// Without the root, and without regions (they are no states).
std::vector<std::string> ActiveStates(const InstanceState& state);

struct OpenIncident {
  IncidentNumber number = 0;
  std::string state;
  ActivationId activation = 0;
  ProcessError error;
  std::int64_t opened_us = 0;
};
std::vector<OpenIncident> OpenIncidents(const InstanceState& state);

struct TimerView {
  TimerId timer;
  std::int64_t due_us = 0;
};
// Armed timers, also those of retries; not those that fired and are stashed.
std::vector<TimerView> Timers(const InstanceState& state);

struct JobView {
  JobId job;
  std::int64_t attempt = 1;
  std::string state, operation;
  Value input;
  std::int64_t timeout_ms = 0;
};
// Calls whose outcome is awaited: of active states, of states that were left, and of undos.
std::vector<JobView> JobsInFlight(const InstanceState& state);

// Whether anything can still move a live instance (language.md 5). An instance without is a defect of the engine.
// Subscriptions by business key are in the definition, not here: `has_handlers` says whether an active state has any.
bool HasWakeUp(const InstanceState& state, bool has_handlers);

// Memory and snapshot size, roughly; shared values are counted each time.
std::size_t ApproximateBytes(const InstanceState& state);

}  // namespace fermata

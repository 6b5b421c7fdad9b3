// What can be asked of one instance. The shell makes commands from requests, timers, outcomes and messages; core decides them.
//
// Plain data; times are microseconds since the epoch, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/model/cloud_event.h"
#include "engine/model/ids.h"
#include "engine/model/outcome.h"
#include "engine/model/value.h"

namespace fermata {

// A call belongs to an activation; its undo is another job of the same activation.
struct JobId {
  ActivationId activation = 0;
  bool undo = false;
  // "17" or "17-undo": the second half of the idempotency key.
  std::string ToString() const;
  friend auto operator<=>(const JobId&, const JobId&) = default;
};

// Armed by an activation; `slot` tells which of its timers: its after-entry's index, or one of the engine's own (instance_state.h).
struct TimerId {
  ActivationId activation = 0;
  int slot = 0;
  friend auto operator<=>(const TimerId&, const TimerId&) = default;
};

// Counts the incidents of one instance from 1. In the API an incident is "<instance id>-<number>".
using IncidentNumber = std::int64_t;

struct ProcessError {
  std::string name;
  std::string message;
  Value data;
  friend bool operator==(const ProcessError&, const ProcessError&) = default;
};

// Who waits for a child's end.
struct ParentLink {
  InstanceId instance;
  ActivationId activation = 0;
  bool detached = false;  // nobody waits; the link is kept for people
  friend bool operator==(const ParentLink&, const ParentLink&) = default;
};

struct StartInstance {
  std::string tenant{kDefaultTenant};
  std::optional<std::string> key;  // evaluated by the router: EvaluateKey() in core/decide.h
  Value input;                     // validated and normalised by ValidateStart() in core/decide.h
  std::optional<ParentLink> parent;
  std::vector<CloudEvent> kept;  // events that waited for this process and key, oldest first
  std::string traceparent;
  std::vector<std::int64_t> kept_until_us;  // when each of `kept` expires; one that has none is kept anew
  friend bool operator==(const StartInstance&, const StartInstance&) = default;
};

struct CompleteJob {
  JobId job;
  std::int64_t attempt = 1;  // an outcome of an attempt that is not in flight any more is recorded and ignored
  Outcome outcome;
  friend bool operator==(const CompleteJob&, const CompleteJob&) = default;
};

struct FireTimer {
  TimerId timer;  // one that is not armed any more is ignored
  friend bool operator==(const FireTimer&, const FireTimer&) = default;
};

struct DeliverEvent {
  CloudEvent event;
  // The event's key as text; absent when the event is addressed to this instance alone.
  std::optional<std::string> key;
  // Whether the business key matched (then it may be kept here if nothing takes it now); otherwise only `match` subscriptions brought it here.
  bool by_business_key = false;
  std::int64_t until_us = 0;  // it waited elsewhere and expires then; 0 = its `keep` begins with its arrival
  friend bool operator==(const DeliverEvent&, const DeliverEvent&) = default;
};

struct ChildResult {
  enum class Kind { kCompleted, kFailed, kCancelled, kDuplicate, kRefused } kind = Kind::kCompleted;
  Value output;        // kCompleted
  ProcessError error;  // kFailed: the business error; kRefused: message of the definition error `schema`
  friend bool operator==(const ChildResult&, const ChildResult&) = default;
};
struct FinishChild {
  ActivationId activation = 0;
  InstanceId child;
  ChildResult result;
  bool detached = false;  // nobody waited for it: it tells that the child could not start
  friend bool operator==(const FinishChild&, const FinishChild&) = default;
};

// Undoes a completed instance at its parent's wish; answered by NotifyParent{kCancelled} when it is through.
struct UndoInstance {
  std::string reason;
  friend bool operator==(const UndoInstance&, const UndoInstance&) = default;
};

// `reason` and `by` of what operators do are for the history; `by` is empty where nobody has to say who they are.
struct CancelInstance {
  std::string reason;
  std::string by{};
  friend bool operator==(const CancelInstance&, const CancelInstance&) = default;
};
struct SuspendInstance {
  std::string reason{}, by{};
  friend bool operator==(const SuspendInstance&, const SuspendInstance&) = default;
};
struct ResumeInstance {
  std::string reason{}, by{};
  friend bool operator==(const ResumeInstance&, const ResumeInstance&) = default;
};

enum class IncidentAction { kRetry, kSkip, kFail };
struct ResolveIncident {
  IncidentNumber incident = 0;
  IncidentAction action = IncidentAction::kRetry;
  std::vector<std::pair<std::string, Value>> set;  // variables changed first
  Value output;                                    // kSkip: the work's result
  ProcessError error;                              // kFail: name (empty = the incident's own error), message, data
  std::string by;                                  // who; for the history
  std::string reason{};
  friend bool operator==(const ResolveIncident&, const ResolveIncident&) = default;
};

// `actor` of what people do with tasks: who has asked for it, where they act in the name of `by`; otherwise empty.
struct CompleteTask {
  ActivationId activation = 0;
  std::optional<std::string> outcome;
  Value data;
  std::string by;
  std::string actor{};
  friend bool operator==(const CompleteTask&, const CompleteTask&) = default;
};

// Somebody takes an open task for themselves, or gives it back.
struct ClaimTask {
  ActivationId activation = 0;
  std::string by;
  std::string actor{};
  friend bool operator==(const ClaimTask&, const ClaimTask&) = default;
};
struct ReleaseTask {
  ActivationId activation = 0;
  std::string by;
  std::string actor{};
  friend bool operator==(const ReleaseTask&, const ReleaseTask&) = default;
};
// To a role or a user, or (both empty) to nobody; ends a claim.
struct AssignTask {
  ActivationId activation = 0;
  std::string role, user;
  std::string by;
  std::string actor{};
  friend bool operator==(const AssignTask&, const AssignTask&) = default;
};
struct CommentTask {
  ActivationId activation = 0;
  std::string text, by;
  std::string actor{};
  friend bool operator==(const CommentTask&, const CommentTask&) = default;
};

// Goes on under another version of its process. Decide needs that one's definition: DecisionContext::migrate_to.
struct MigrateInstance {
  std::string version;  // for the history; the definition is what counts
  // Takes the last migration back: the instance goes on under the version that it came from. `version` is that one, or empty for whichever it is.
  bool revert = false;
  std::string reason{}, by{};
  friend bool operator==(const MigrateInstance&, const MigrateInstance&) = default;
};

// An operator gives variables of the instance other values.
struct SetVariables {
  std::vector<std::pair<std::string, Value>> set;
  std::string reason, by;  // for the history
  friend bool operator==(const SetVariables&, const SetVariables&) = default;
};

// An operator sends the instance to another state, as if the active state `from` had a transition there.
struct MoveInstance {
  std::string target;
  std::string from;                                // empty = what is active where the target stands
  std::optional<std::int64_t> item;                // which item of an `each`, where it is active in several
  std::vector<std::pair<std::string, Value>> set;  // variables changed first
  std::string reason, by;                          // for the history
  friend bool operator==(const MoveInstance&, const MoveInstance&) = default;
};

// The shell has found that what an activation waits for is not there, and puts it back: an incident tells of it.
struct ReportLost {
  ActivationId activation = 0;
  std::string message;
  friend bool operator==(const ReportLost&, const ReportLost&) = default;
};

using Command =
    std::variant<StartInstance, CompleteJob, FireTimer, DeliverEvent, FinishChild, UndoInstance, CancelInstance,
                 SuspendInstance, ResumeInstance, ResolveIncident, CompleteTask, MigrateInstance, SetVariables,
                 MoveInstance, ReportLost, ClaimTask, ReleaseTask, AssignTask, CommentTask>;

}  // namespace fermata

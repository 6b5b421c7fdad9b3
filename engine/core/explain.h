// Why an instance stands where it stands: what could move it and where to, and what a given event would do to it.
//
// Pure and thread-safe; changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/core/decide.h"
#include "engine/model/cloud_event.h"
#include "engine/model/command.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"

namespace fermata {

// One alternative of what happens then.
struct Way {
  std::string to;         // a state; empty = the state is not left
  std::string condition;  // the `if`; empty = always
  std::string error;      // only with this error of the work; empty = without one
  std::string action{};   // of an incident: only if it is resolved by "retry", "skip" or "fail"
  friend bool operator==(const Way&, const Way&) = default;
};

// One thing that could move it.
struct Wake {
  enum class Kind : std::uint8_t { kEvent, kTimer, kTask, kJob, kChild, kIncident };
  Kind kind = Kind::kEvent;
  // The event's type, the operation, the child's process, the incident's error; of a timer what it is for: "after",
  // "retry", "deadline", "reminder" or "undo-retry".
  std::string name;
  std::string value;        // kEvent: the key that it must have; empty = it must be addressed to the instance
  std::int64_t due_us = 0;  // kTimer, and kTask if it has one
  std::int64_t number = 0;  // kTask: the activation; kJob: the attempt; kIncident: its number
  bool undo = false;        // kJob: it undoes
  std::string title;        // kTask; kIncident: the message
  std::string role, user;   // kTask: whose it is
  InstanceId child;         // kChild
  bool paused = false;      // kJob: an operator has paused its connector or operation; set by who knows of pauses
  bool awaited = false;     // kJob, in a preview: its outcome is awaited although its state is left
  std::vector<Way> ways;    // in the order in which they are looked at
  // kTimer that waits for the next try of a call: which call, which try, and of how many (0 = there is no end).
  std::string operation{};
  std::int64_t attempt = 0, attempts = 0;
  JobId job{};                            // of kJob and of that timer
  std::string last_error{}, last_text{};  // why the try before failed; set by who reads the journal
  std::int64_t last_us = 0;
  std::string note{};  // what else there is to know: a whole sentence
};

struct WaitOf {
  ActivationId activation = 0;
  std::string state;  // empty = the process as a whole
  std::int64_t since_us = 0;
  std::vector<Wake> wakes;
};

// Every active state that something can move, outer ones first; then calls and undos of states that were left.
std::vector<WaitOf> ExplainWaits(const Definition& definition, const InstanceState& state);

struct EventVerdict {
  bool taken = false;
  bool kept = false;                 // it waits for a state that takes it
  std::vector<std::string> states;   // that take it
  std::vector<std::string> reasons;  // why it is not taken: whole sentences
};
// What would become of the event if it came now: by its key, or to this instance alone if it is addressed to it.
EventVerdict ExplainEvent(const Definition& definition, const InstanceState& state, const CloudEvent& event,
                          std::int64_t now_us);

// What a move would do, without doing it.
struct MovePreview {
  InstanceStatus status = InstanceStatus::kRunning;  // afterwards
  std::string from;                                  // the state it goes from; empty = the process as a whole
  std::vector<WaitOf> given_up;                      // what the states that are left wait for
  std::vector<std::string> exited;                   // states that are left, outer ones first
  std::vector<std::string> undone;                   // states whose work is undone first, in that order
  std::vector<std::string> entered;                  // at once; with an undo before it, the target follows
  std::vector<WaitOf> armed;                         // what it waits for then, in states that it was not in before
  std::vector<OpenIncident> incidents;               // that it would open
};
// Refused like the move itself.
Result<MovePreview> PreviewMove(const Definition& definition, const InstanceState& state, const MoveInstance& move,
                                const DecisionContext& context);

}  // namespace fermata

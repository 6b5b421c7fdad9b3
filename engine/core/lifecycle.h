// The life of an instance as a whole: which status follows on what, and which command is legal in which status. The process itself is data, run by decide.h.
//
// Pure and thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "engine/model/instance_state.h"

namespace fermata {

enum class LifecycleEvent {
  kWork,  // something is being done
  kRest,  // only events, timers or people can move it
  kSuspend,
  kCompensate,  // undoing begins
  kComplete,
  kFail,
  kCancel,  // the end of cancelling; being asked to is kAskCancel
  kAskCancel,
  kReopen,  // the parent undoes a completed child
};

// The status after the event; nullopt if the event is not legal in this status.
std::optional<InstanceStatus> NextStatus(InstanceStatus status, LifecycleEvent event);

// Why it is not legal, for the client: "Expected a running or waiting instance, but this one is completed."
std::string_view RefusalReason(InstanceStatus status, LifecycleEvent event);

}  // namespace fermata

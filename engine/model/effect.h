// What an instance wishes of the world. Effects leave only after the decision's commit.
//
// SetTimer to Publish are rows in the same commit; DispatchJob has no row: recovery finds jobs in flight in the instance's state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "engine/model/command.h"

namespace fermata {

struct DispatchJob {
  JobId job;
  std::int64_t attempt = 1;
  std::string state;
  std::string operation;  // connector.operation
  Value input;
  std::int64_t timeout_ms = 0;
};

struct SetTimer {
  TimerId timer;
  std::int64_t due_us = 0;
};
struct ClearTimer {
  TimerId timer;
};

// A subscription by `match`: events of this type whose key is `value` come to this instance. (By business key no subscription is needed.)
struct Subscribe {
  ActivationId activation = 0;
  std::string type;
  std::string value;
};
struct Unsubscribe {
  ActivationId activation = 0;
  std::string type;
  std::string value;
};

// The receiver resolves the version (the live one then, or the newest in the range), validates, and answers with FinishChild{kDuplicate or kRefused} if it cannot start.
struct StartChild {
  InstanceId child;
  ActivationId activation = 0;
  std::string process;
  std::string version;  // range; empty = the live one
  std::optional<std::string> key;
  Value input;
  bool detach = false;
};
struct CancelChild {
  InstanceId child;
  std::string reason;
};
struct UndoChild {
  InstanceId child;
  std::string reason;
};
struct NotifyParent {
  ParentLink parent;
  ChildResult result;
};

struct Publish {
  CloudEvent event;
  std::optional<std::pair<std::string, std::string>> to;  // process, key
};

using Effect = std::variant<DispatchJob, SetTimer, ClearTimer, Subscribe, Unsubscribe, StartChild, CancelChild,
                            UndoChild, NotifyParent, Publish>;

}  // namespace fermata

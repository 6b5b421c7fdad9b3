// What one instance tells another, or a shard a shard: the content of an inbox row.
//
// Put by the sender's commit, deleted by the receiver's: exactly once, same shard or not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/cloud_event.h"
#include "engine/model/command.h"

namespace fermata {

// A command for a live instance: a child's end, a cancel, an undo, a delivery.
struct InstanceMessage {
  InstanceId target;
  Command command;
};

// Starts a child. The receiver resolves the version.
struct StartMessage {
  InstanceId child;
  ParentLink parent;
  std::string tenant, process, version;
  std::optional<std::string> key;
  Value input;
  std::string traceparent{};  // the parent's
};

// A process that an event starts: the version that was live at the door.
struct EventStart {
  std::string process, version;
  bool keyed = true;  // its business key is the message's `value`
  friend bool operator==(const EventStart&, const EventStart&) = default;
};

// An event on its way to the shard of (tenant, value).
struct EventMessage {
  std::string tenant, value;
  std::vector<std::string> processes;  // those whose declared key gave `value`
  bool addressed = false;  // to live instances of processes[0] with business key `value`, keys of declarations aside
  std::int64_t keep_ms = 0;
  CloudEvent event;
  std::vector<EventStart> starts{};
  bool alone = false;                    // the event has this value only
  std::optional<InstanceId> instance{};  // for this one alone; comes from outside only
};

// The shard that takes it.
int HomeOf(const EventMessage& message, int shard_count);

// A `match` was armed (or given up) for values that live on another shard.
struct SubscribeMessage {
  std::string tenant, type, value, process;
  InstanceId instance;
  ActivationId activation = 0;
  bool subscribe = true;
};

// A tick of a process's schedule: starts an instance of this version.
struct ScheduledMessage {
  InstanceId instance;
  std::string tenant, process, version;
  std::optional<std::string> key;
  Value input;
};

// An instance that a schedule has started is not live any more, or never was.
struct ScheduledEndMessage {
  InstanceId instance;
  std::string tenant, process;
};

// An order that a client gave another node (remote_order.h). Whoever decides it puts a RemoteAnswer with the same sender and number into the
// mailbox, in the same commit.
struct RemoteOrder {
  int mailbox = 0;
  std::string kind;
  Value order;
};
struct RemoteAnswer {
  Result<Value> reply;
};

using Message = std::variant<InstanceMessage, StartMessage, EventMessage, SubscribeMessage, ScheduledMessage,
                             ScheduledEndMessage, RemoteOrder, RemoteAnswer>;

std::string EncodeMessage(const Message& message);
Result<Message> DecodeMessage(std::string_view bytes);

// CloudEvent to and from its stored form; also used for kept events.
Value EventToStored(const CloudEvent& event);
CloudEvent EventFromStored(const Value& stored);

}  // namespace fermata

// Orders of clients for shards that another node owns, and what comes back: the words of RemoteOrder and RemoteAnswer.
//
// Pure and thread-safe. What a version writes, the one before and the one after can read: absent fields read as empty.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/ids.h"
#include "engine/model/value.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/job_desk.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/message.h"

namespace fermata {

// Where the answer to a remote order goes.
struct ReturnAddress {
  int mailbox = 0;
  InstanceId sender;
  std::int64_t number = 0;
};

inline constexpr std::string_view kRemoteStart = "start";
inline constexpr std::string_view kRemoteEvent = "event";
inline constexpr std::string_view kRemoteCommand = "command";
inline constexpr std::string_view kRemoteReport = "report";
inline constexpr std::string_view kRemoteLease = "lease";

// A start as the door has made it: the version resolved, the input normalised, the key evaluated.
struct RemoteStart {
  StartRequest request;
  std::string version;
  std::optional<std::string> key;
  Value input;
};
// Some jobs for a worker that asks another node.
struct RemoteLease {
  std::vector<JobKey> keys;
  std::string tenant, worker;
  std::int64_t lease_ms = 0;
};

Value ValueOf(const RemoteStart& start);
Value ValueOf(const EventMessage& message);
Value ValueOf(const CommandRequest& request);
Value ValueOf(const JobReport& report);  // without `may_take`: the door has asked it
Value ValueOf(const RemoteLease& lease);
Result<RemoteStart> RemoteStartIn(const Value& value);
Result<EventMessage> EventMessageIn(const Value& value);
Result<CommandRequest> CommandRequestIn(const Value& value);
Result<JobReport> JobReportIn(const Value& value);
Result<RemoteLease> RemoteLeaseIn(const Value& value);

Result<Value> RemoteReplyOf(const Result<StartReply>& reply);
Result<Value> RemoteReplyOf(const Result<EventReply>& reply);
Result<Value> RemoteReplyOf(const Result<CommandReply>& reply);
Result<Value> RemoteReplyOf(const Result<JobReply>& reply);
Result<Value> RemoteReplyOf(const Result<LeaseGrant>& grant);
Result<Value> RemoteReplyOf(const Result<Done>& done);
StartReply StartReplyIn(const Value& value);
EventReply EventReplyIn(const Value& value);
CommandReply CommandReplyIn(const Value& value);
JobReply JobReplyIn(const Value& value);
LeaseGrant LeaseGrantIn(const Value& value);

}  // namespace fermata

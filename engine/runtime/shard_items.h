// What a shard can be told, and the messages that it knows already.
//
// Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/core/decide.h"
#include "engine/runtime/auditor.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/job_desk.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/message.h"
#include "engine/storage/storage.h"

namespace fermata {

struct StartOrder {
  StartRequest request;
  int logical_shard = 0;
  DefinitionPtr definition;
  std::optional<std::string> key;
  Value input;  // normalised
  Answer<StartReply> answer;
};
struct EventOrder {
  EventMessage message;
  Answer<EventReply> answer;
};
struct InstanceOrder {
  CommandRequest request;
  Answer<CommandReply> answer;
};
struct JobOutcome {
  InstanceId instance;
  CompleteJob completion;
};
struct MessageArrived {
  InboxRow row;               // durable
  std::int64_t since_us = 0;  // when it arrived, by the node's clock
};
struct TimerFell {
  TimerRow timer;
};
// Another version of the process is live, maybe with another schedule.
struct ScheduleChanged {
  std::string process;
  Answer<Done> answer;  // may be absent
};
struct ScheduleFell {
  std::string process;
};
// Somebody wants jobs for workers.
struct LeaseOrder {
  JobFetch fetch;
  Answer<LeaseGrant> answer;
};
struct ReportOrder {
  JobReport report;
  Answer<JobReply> answer;
};
// The lease of a job of this operation may have lapsed.
struct LeaseLapsed {
  std::string tenant, operation;
};
// Calls of it that are for workers may have no rows.
struct JobsMissing {
  InstanceId instance;
};
// A pause of calls has ended: those held back go on, from this instance on.
struct PauseOver {
  InstanceId after{};
};
// The auditor has found that it may have lost what it waits for.
struct AuditSuspect {
  InstanceId instance;
};
// Another node's worker is to have these.
struct LeaseTheseOrder {
  std::vector<JobKey> keys;
  JobFetch fetch;
  Answer<LeaseGrant> answer;
};
using ShardItem = std::variant<StartOrder, EventOrder, InstanceOrder, JobOutcome, MessageArrived, TimerFell,
                               ScheduleChanged, ScheduleFell, LeaseOrder, LeaseTheseOrder, ReportOrder, LeaseLapsed,
                               JobsMissing, PauseOver, AuditSuspect>;

struct MessageKey {
  InstanceId sender;
  std::int64_t seq = 0;
  std::int64_t index = 0;
  friend auto operator<=>(const MessageKey&, const MessageKey&) = default;
};
inline MessageKey KeyOf(const InboxRow& row) { return {row.sender, row.seq, row.index}; }

// The inbox rows that were taken lately: one that arrives twice (from its sender in memory, and from a read of storage) counts once.
class TakenMessages {
 public:
  // False if it is known already.
  bool Remember(const MessageKey& key);
  void Forget(const MessageKey& key) { keys_.erase(key); }

 private:
  std::set<MessageKey> keys_;
  std::deque<MessageKey> by_age_;
};

}  // namespace fermata

#include "engine/runtime/remote_order.h"

#include <utility>

#include "engine/codec/codec.h"
#include "engine/model/json_field.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

using field::Any;
using field::Flag;
using field::Integer;

std::string TextIn(const Value& value, std::string_view key) { return field::Text(value, key); }

Value Word(std::string_view word) { return Value::String(std::string(word)); }

Value OptionalWord(const std::optional<std::string>& word) { return word ? Word(*word) : Value::Null(); }

std::optional<std::string> OptionalIn(const Value& value, std::string_view key) {
  const Value* found = value.Find(key);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string(found->as_string());
}

Error Unreadable(std::string_view what) {
  return {kCorruptMessage, "Expected " + std::string(what) + " of another node, but it cannot be read."};
}

std::vector<std::string> TextsOf(const std::vector<InstanceId>& ids) {
  std::vector<std::string> texts;
  for (const InstanceId& id : ids) texts.push_back(id.ToString());
  return texts;
}

Value ValueOfJob(const WorkerJob& job) {
  return Value::Object({{"key", Word(job.key.ToString())},
                        {"process", Word(job.process)},
                        {"state", Word(job.state)},
                        {"operation", Word(job.operation)},
                        {"businessKey", OptionalWord(job.business_key)},
                        {"input", job.input},
                        {"attempt", Value::Int(job.attempt)},
                        {"idempotencyKey", Word(job.idempotency_key)},
                        {"traceparent", Word(job.traceparent)},
                        {"openedUs", Value::Int(job.opened_us)},
                        {"worker", Word(job.worker)},
                        {"leaseToken", Word(job.lease_token)},
                        {"leaseUntilUs", Value::Int(job.lease_until_us)},
                        {"endsUs", Value::Int(job.ends_us)}});
}

std::optional<WorkerJob> WorkerJobIn(const Value& value) {
  const std::optional<JobKey> key = JobKey::Parse(TextIn(value, "key"));
  if (!key) return std::nullopt;
  WorkerJob job;
  job.key = *key;
  job.process = TextIn(value, "process");
  job.state = TextIn(value, "state");
  job.operation = TextIn(value, "operation");
  job.business_key = OptionalIn(value, "businessKey");
  job.input = Any(value, "input");
  job.attempt = Integer(value, "attempt");
  job.idempotency_key = TextIn(value, "idempotencyKey");
  job.traceparent = TextIn(value, "traceparent");
  job.opened_us = Integer(value, "openedUs");
  job.worker = TextIn(value, "worker");
  job.lease_token = TextIn(value, "leaseToken");
  job.lease_until_us = Integer(value, "leaseUntilUs");
  job.ends_us = Integer(value, "endsUs");
  return job;
}

}  // namespace

// ---- orders ----

Value ValueOf(const RemoteStart& start) {
  const StartRequest& request = start.request;
  return Value::Object({{"process", Word(request.process)},
                        {"version", Word(start.version)},
                        {"key", OptionalWord(start.key)},
                        {"input", start.input},
                        {"idempotencyKey", Word(request.idempotency_key)},
                        {"requestHash", Word(request.request_hash)},
                        {"traceparent", Word(request.traceparent)},
                        {"tenant", Word(request.tenant)}});
}

Result<RemoteStart> RemoteStartIn(const Value& value) {
  RemoteStart start;
  start.request.process = TextIn(value, "process");
  start.request.idempotency_key = TextIn(value, "idempotencyKey");
  start.request.request_hash = TextIn(value, "requestHash");
  start.request.traceparent = TextIn(value, "traceparent");
  start.request.tenant = TextIn(value, "tenant");
  start.version = TextIn(value, "version");
  start.key = OptionalIn(value, "key");
  start.input = Any(value, "input");
  if (start.request.process.empty() || start.version.empty()) return Unreadable("a start");
  return start;
}

Value ValueOf(const EventMessage& message) { return Word(EncodeMessage(message)); }

Result<EventMessage> EventMessageIn(const Value& value) {
  if (!value.is_string()) return Unreadable("an event");
  Result<Message> message = DecodeMessage(value.as_string());
  if (!message.ok()) return message.error();
  auto* event = std::get_if<EventMessage>(&*message);
  if (event == nullptr) return Unreadable("an event");
  return std::move(*event);
}

Value ValueOf(const CommandRequest& request) {
  return Value::Object({{"instance", Word(request.instance.ToString())},
                        {"command", Word(EncodeCommand(request.command))},
                        {"idempotencyKey", Word(request.idempotency_key)},
                        {"requestHash", Word(request.request_hash)},
                        {"tenant", Word(request.tenant)}});
}

Result<CommandRequest> CommandRequestIn(const Value& value) {
  Result<Command> command = DecodeCommand(TextIn(value, "command"));
  if (!command.ok()) return command.error();
  return CommandRequest{field::Id(value, "instance"), std::move(*command), TextIn(value, "idempotencyKey"),
                        TextIn(value, "requestHash"), TextIn(value, "tenant")};
}

Value ValueOf(const JobReport& report) {
  const Value outcome =
      report.outcome ? Word(EncodeCommand(CompleteJob{report.key.job, 0, *report.outcome})) : Value::Null();
  return Value::Object({{"tenant", Word(report.tenant)},
                        {"job", Word(report.key.ToString())},
                        {"leaseToken", Word(report.lease_token)},
                        {"outcome", outcome},
                        {"leaseMs", Value::Int(report.lease_ms)},
                        {"idempotencyKey", Word(report.idempotency_key)},
                        {"requestHash", Word(report.request_hash)}});
}

Result<JobReport> JobReportIn(const Value& value) {
  JobReport report;
  const std::optional<JobKey> key = JobKey::Parse(TextIn(value, "job"));
  if (!key) return Unreadable("a job's report");
  report.tenant = TextIn(value, "tenant");
  report.key = *key;
  report.lease_token = TextIn(value, "leaseToken");
  report.lease_ms = Integer(value, "leaseMs");
  report.idempotency_key = TextIn(value, "idempotencyKey");
  report.request_hash = TextIn(value, "requestHash");
  const std::optional<std::string> outcome = OptionalIn(value, "outcome");
  if (!outcome) return report;
  Result<Command> command = DecodeCommand(*outcome);
  if (!command.ok()) return command.error();
  auto* complete = std::get_if<CompleteJob>(&*command);
  if (complete == nullptr) return Unreadable("a job's outcome");
  report.outcome = std::move(complete->outcome);
  return report;
}

Value ValueOf(const RemoteLease& lease) {
  std::vector<std::string> keys;
  for (const JobKey& key : lease.keys) keys.push_back(key.ToString());
  return Value::Object({{"keys", field::ListOf(keys)},
                        {"tenant", Word(lease.tenant)},
                        {"worker", Word(lease.worker)},
                        {"leaseMs", Value::Int(lease.lease_ms)}});
}

Result<RemoteLease> RemoteLeaseIn(const Value& value) {
  RemoteLease lease{{}, TextIn(value, "tenant"), TextIn(value, "worker"), Integer(value, "leaseMs")};
  for (const std::string& text : field::Texts(value, "keys"))
    if (const std::optional<JobKey> key = JobKey::Parse(text)) lease.keys.push_back(*key);
  return lease;
}

// ---- replies ----

Result<Value> RemoteReplyOf(const Result<StartReply>& reply) {
  if (!reply.ok()) return reply.error();
  return Value::Object({{"id", Word(reply->id.ToString())},
                        {"process", Word(reply->process)},
                        {"version", Word(reply->version)},
                        {"key", OptionalWord(reply->key)},
                        {"status", Word(reply->status)},
                        {"repeated", Value::Bool(reply->repeated)}});
}

StartReply StartReplyIn(const Value& value) {
  return {field::Id(value, "id"),   TextIn(value, "process"), TextIn(value, "version"),
          OptionalIn(value, "key"), TextIn(value, "status"),  Flag(value, "repeated")};
}

Result<Value> RemoteReplyOf(const Result<EventReply>& reply) {
  if (!reply.ok()) return reply.error();
  return Value::Object({{"duplicate", Value::Bool(reply->duplicate)},
                        {"delivered", Value::Int(reply->delivered)},
                        {"kept", Value::Bool(reply->kept)},
                        {"started", field::ListOf(TextsOf(reply->started))},
                        {"taken", reply->taken ? Value::Int(*reply->taken) : Value::Null()},
                        {"warnings", field::ListOf(reply->warnings)}});
}

EventReply EventReplyIn(const Value& value) {
  EventReply reply;
  reply.duplicate = Flag(value, "duplicate");
  reply.delivered = Integer(value, "delivered");
  reply.kept = Flag(value, "kept");
  for (const std::string& id : field::Texts(value, "started"))
    if (const std::optional<InstanceId> parsed = InstanceId::Parse(id)) reply.started.push_back(*parsed);
  const Value* taken = value.Find("taken");
  reply.taken.reset();
  if (taken != nullptr && !taken->is_null()) reply.taken = Integer(value, "taken");
  reply.warnings = field::Texts(value, "warnings");
  return reply;
}

Result<Value> RemoteReplyOf(const Result<CommandReply>& reply) {
  if (!reply.ok()) return reply.error();
  return Value::Object({{"status", Word(reply->status)}, {"repeated", Value::Bool(reply->repeated)}});
}

CommandReply CommandReplyIn(const Value& value) { return {TextIn(value, "status"), Flag(value, "repeated")}; }

Result<Value> RemoteReplyOf(const Result<JobReply>& reply) {
  if (!reply.ok()) return reply.error();
  return Value::Object({{"status", Word(reply->status)},
                        {"leaseUntilUs", Value::Int(reply->lease_until_us)},
                        {"repeated", Value::Bool(reply->repeated)}});
}

JobReply JobReplyIn(const Value& value) {
  return {TextIn(value, "status"), Integer(value, "leaseUntilUs"), Flag(value, "repeated")};
}

Result<Value> RemoteReplyOf(const Result<LeaseGrant>& grant) {
  if (!grant.ok()) return grant.error();
  std::vector<Value> jobs;
  for (const WorkerJob& job : grant->jobs) jobs.push_back(ValueOfJob(job));
  return Value::Object({{"jobs", Value::List(std::move(jobs))}, {"more", Value::Bool(grant->more)}});
}

LeaseGrant LeaseGrantIn(const Value& value) {
  LeaseGrant grant;
  grant.more = Flag(value, "more");
  const Value* jobs = value.Find("jobs");
  if (jobs == nullptr || !jobs->is_list()) return grant;
  for (const Value& job : jobs->as_list())
    if (std::optional<WorkerJob> read = WorkerJobIn(job)) grant.jobs.push_back(*std::move(read));
  return grant;
}

Result<Value> RemoteReplyOf(const Result<Done>& done) {
  if (!done.ok()) return done.error();
  return Value::Null();
}

}  // namespace fermata

#include "api/handlers/views.h"

#include <charconv>

#include "api/handlers/view_parts.h"
#include "engine/model/json_field.h"

namespace fermata {
namespace {

void PutHead(const InstanceSummary& summary, Entries& entries) {
  Put(entries, "id", Text(summary.id.ToString()));
  Put(entries, "process", Text(summary.process));
  Put(entries, "version", Text(summary.version));
  Put(entries, "key", summary.key ? Text(*summary.key) : Value::Null());
  Put(entries, "status", Text(summary.status));
  Put(entries, "states", field::ListOf(summary.states));
}

void PutTail(const InstanceSummary& summary, Entries& entries) {
  Put(entries, "parent", summary.parent ? Text(summary.parent->ToString()) : Value::Null());
  Put(entries, "startedAt", TimeValue(summary.started_us));
  Put(entries, "updatedAt", TimeValue(summary.updated_us));
  Put(entries, "endedAt", TimeValue(summary.ended_us));
}

Value ErrorView(const ProcessError& error) {
  return Value::Object({{"name", Text(error.name)}, {"message", Text(error.message)}, {"data", error.data}});
}

std::string_view KindWord(ConnectorKind kind) {
  switch (kind) {
    case ConnectorKind::kHttp:
      return "http";
    case ConnectorKind::kWorker:
      return "worker";
    case ConnectorKind::kBuiltin:
      break;
  }
  return "builtin";
}

std::string_view OriginWord(ManifestOrigin origin) {
  switch (origin) {
    case ManifestOrigin::kFolder:
      return "folder";
    case ManifestOrigin::kDeployed:
      return "deployed";
    case ManifestOrigin::kBundle:
      return "bundle";
    case ManifestOrigin::kBuiltin:
      break;
  }
  return "builtin";
}

// "<instance id>-<number>".
std::optional<std::pair<InstanceId, std::int64_t>> ParseNumbered(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<InstanceId> instance = InstanceId::Parse(text.substr(0, dash));
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + dash + 1, end, number);
  if (!instance || error != std::errc() || rest != end || number < 1) return std::nullopt;
  return std::pair(*instance, number);
}

Value ScheduleView(const DefinitionInfo& info) {
  if (!info.schedule) return Value::Null();
  static constexpr std::string_view kOverlaps[] = {"skip", "allow", "queue"};
  return Value::Object({{"cron", Text(info.schedule->cron)},
                        {"timezone", Text(info.schedule->timezone)},
                        {"overlap", Text(kOverlaps[static_cast<std::size_t>(info.schedule->overlap)])},
                        {"nextRun", TimeValue(info.next_run_us)}});
}

void PutJob(const WorkerJob& job, Entries& entries) {
  Put(entries, "id", Text(job.key.ToString()));
  Put(entries, "operation", Text(job.operation));
  Put(entries, "state", Text(job.state));
  Put(entries, "process", Text(job.process));
  Put(entries, "instance", Text(job.key.instance.ToString()));
  Put(entries, "key", job.business_key ? Text(*job.business_key) : Value::Null());
  Put(entries, "input", job.input);
  Put(entries, "attempt", Value::Int(job.attempt));
  Put(entries, "idempotencyKey", Text(job.idempotency_key));
  Put(entries, "traceparent", TextOrNull(job.traceparent));
}

void PutIncident(const IncidentView& incident, Entries& entries) {
  Put(entries, "id", Text(IncidentName(incident.instance, incident.number)));
  Put(entries, "instance", Text(incident.instance.ToString()));
  Put(entries, "process", Text(incident.process));
  Put(entries, "state", Text(incident.state));
  Put(entries, "error", Text(incident.error));
  Put(entries, "message", Text(incident.message));
  Put(entries, "open", Value::Bool(incident.open));
  Put(entries, "openedAt", TimeValue(incident.opened_us));
  Put(entries, "closedAt", TimeValue(incident.closed_us));
}

void PutDefinition(const DefinitionInfo& info, Entries& entries) {
  Put(entries, "process", Text(info.process));
  Put(entries, "version", Text(info.version));
  Put(entries, "hash", Text(info.hash));
  Put(entries, "title", TextOrNull(info.title));
  Put(entries, "description", TextOrNull(info.description));
  Put(entries, "live", Value::Bool(info.live));
  Put(entries, "deployedAt", TimeValue(info.deployed_us));
}

}  // namespace

Value TimeValue(std::int64_t epoch_us) {
  return epoch_us == 0 ? Value::Null() : Text(FormatTimestamp(FromMicros(epoch_us)));
}

Value WholeList(std::vector<Value> items) {
  return Value::Object({{"items", Value::List(std::move(items))}, {"next", Value::Null()}});
}

Value ViewOf(const InstanceView& view) {
  Entries entries;
  PutHead(view.summary, entries);
  Put(entries, "variables", view.variables);
  Put(entries, "input", view.input);
  Put(entries, "output", view.output);
  Put(entries, "error", view.error ? ErrorView(*view.error) : Value::Null());
  std::vector<Value> incidents;
  for (const IncidentView& incident : view.incidents) incidents.push_back(ViewOf(incident));
  Put(entries, "incidents", Value::List(std::move(incidents)));
  PutTail(view.summary, entries);
  return Value::Map(std::move(entries));
}

Value ViewOf(const InstanceSummary& summary) {
  Entries entries;
  PutHead(summary, entries);
  Put(entries, "error", summary.error.empty() ? Value::Null() : Value::Object({{"name", Text(summary.error)}}));
  Put(entries, "openIncidents", Value::Int(summary.open_incidents));
  PutTail(summary, entries);
  return Value::Map(std::move(entries));
}

Value ViewOf(const IncidentView& incident) {
  Entries entries;
  PutIncident(incident, entries);
  return Value::Map(std::move(entries));
}

Value WholeViewOf(const IncidentView& incident) {
  Entries entries;
  PutIncident(incident, entries);
  Put(entries, "operation", TextOrNull(incident.operation));
  Put(entries, "attempt", incident.attempt == 0 ? Value::Null() : Value::Int(incident.attempt));
  Put(entries, "data", incident.data);
  Put(entries, "how", TextOrNull(incident.closed_how));
  Put(entries, "by", TextOrNull(incident.closed_by));
  Put(entries, "reason", TextOrNull(incident.closed_reason));
  return Value::Map(std::move(entries));
}

Value ViewOf(const TaskView& task) {
  Entries assign;
  if (!task.role.empty()) Put(assign, "role", Text(task.role));
  if (!task.user.empty()) Put(assign, "user", Text(task.user));
  const bool nobody = assign.empty();
  std::vector<Value> reminders;
  for (const std::int64_t at_us : task.reminders) reminders.push_back(TimeValue(at_us));
  return Value::Object({{"id", Text(TaskName(task.instance, task.activation))},
                        {"instance", Text(task.instance.ToString())},
                        {"process", Text(task.process)},
                        {"state", Text(task.state)},
                        {"open", Value::Bool(task.open)},
                        {"title", Text(task.title)},
                        {"data", task.data},
                        {"form", task.form},
                        {"outcomes", field::ListOf(task.outcomes)},
                        {"assign", nobody ? Value::Null() : Value::Map(std::move(assign))},
                        {"claimedBy", TextOrNull(task.claimed)},
                        {"due", TimeValue(task.due_us)},
                        {"reminders", Value::List(std::move(reminders))},
                        {"reminded", Value::Int(task.reminded)},
                        {"comments", Value::Int(task.comments)},
                        {"createdAt", TimeValue(task.opened_us)},
                        {"closedAt", TimeValue(task.closed_us)},
                        {"how", TextOrNull(task.closed_how)},
                        {"by", TextOrNull(task.closed_by)},
                        {"outcome", task.outcome ? Text(*task.outcome) : Value::Null()},
                        {"answer", task.answer}});
}

Value ViewOf(const TaskComment& comment) {
  return Value::Object({{"at", TimeValue(comment.at_us)}, {"by", Text(comment.by)}, {"text", Text(comment.text)}});
}

Value ViewOf(const WorkerJob& job) {
  Entries entries;
  PutJob(job, entries);
  const bool leased = job.lease_until_us != 0;
  Put(entries, "status", Text(leased ? "leased" : "available"));
  Put(entries, "worker", TextOrNull(job.worker));
  Put(entries, "leaseUntil", TimeValue(job.lease_until_us));
  Put(entries, "deadline", TimeValue(job.ends_us));
  Put(entries, "createdAt", TimeValue(job.opened_us));
  return Value::Map(std::move(entries));
}

Value LeasedView(const WorkerJob& job) {
  Entries entries;
  PutJob(job, entries);
  Put(entries, "leaseToken", Text(job.lease_token));
  Put(entries, "leaseUntil", TimeValue(job.lease_until_us));
  Put(entries, "deadline", TimeValue(job.ends_us));
  return Value::Map(std::move(entries));
}

Value ViewOf(const HistoryEntry& entry) {
  return Value::Object({{"seq", Value::Int(entry.seq)},
                        {"time", TimeValue(entry.time_us)},
                        {"text", TextOrNull(entry.text)},
                        {"event", entry.event}});
}

Value SummaryOf(const DefinitionInfo& info) {
  Entries entries;
  PutDefinition(info, entries);
  return Value::Map(std::move(entries));
}

Value ViewOf(const DefinitionInfo& info) {
  Entries entries;
  PutDefinition(info, entries);
  Put(entries, "states", field::ListOf(info.states));
  Put(entries, "schedule", ScheduleView(info));
  Put(entries, "inputSchema", info.input_schema);
  Put(entries, "source", Text(info.source));
  return Value::Map(std::move(entries));
}

Value ViewOf(const ConnectorInfo& connector) {
  const Manifest& manifest = *connector.manifest;
  std::vector<Value> operations;
  for (const OperationManifest& operation : manifest.operations)
    operations.push_back(Value::Object({{"name", Text(operation.name)},
                                        {"title", TextOrNull(operation.title)},
                                        {"description", TextOrNull(operation.description)},
                                        {"errors", field::ListOf(operation.errors)}}));
  return Value::Object({{"connector", Text(manifest.connector)},
                        {"version", Text(manifest.version)},
                        {"kind", Text(KindWord(manifest.kind))},
                        {"origin", Text(OriginWord(connector.origin))},
                        {"file", TextOrNull(connector.file)},
                        {"processes", field::ListOf(connector.processes)},
                        {"title", TextOrNull(manifest.title)},
                        {"description", TextOrNull(manifest.description)},
                        {"operations", Value::List(std::move(operations))}});
}

Value ViewOf(const DeployReply& reply) {
  return Value::Object({{"process", Text(reply.process)},
                        {"version", Text(reply.version)},
                        {"hash", Text(reply.hash)},
                        {"created", Value::Bool(reply.created)},
                        {"diagnostics", ToValue(reply.diagnostics)}});
}

std::string IncidentName(const InstanceId& instance, IncidentNumber number) {
  return instance.ToString() + "-" + std::to_string(number);
}

std::optional<IncidentId> ParseIncidentName(std::string_view text) {
  const auto parts = ParseNumbered(text);
  if (!parts) return std::nullopt;
  return IncidentId{parts->first, parts->second};
}

std::string TaskName(const InstanceId& instance, ActivationId activation) {
  return instance.ToString() + "-" + std::to_string(activation);
}

std::optional<TaskId> ParseTaskName(std::string_view text) {
  const auto parts = ParseNumbered(text);
  if (!parts) return std::nullopt;
  return TaskId{parts->first, parts->second};
}

namespace {

Value NewsView(const News&, const InstanceNews& instance) {
  Entries entries = ViewOf(instance.summary).as_map();
  Put(entries, "entered", field::ListOf(instance.entered));
  return Value::Map(std::move(entries));
}

Value NewsView(const News&, const IncidentView& incident) { return ViewOf(incident); }

Value NewsView(const News& news, const TaskNews& task) {
  return Value::Object({{"id", Text(TaskName(news.instance, task.activation))},
                        {"instance", Text(news.instance.ToString())},
                        {"process", Text(news.process)},
                        {"state", Text(task.state)},
                        {"role", TextOrNull(task.role)},
                        {"user", TextOrNull(task.user)},
                        {"due", TimeValue(task.due_us)},
                        {"claimedBy", TextOrNull(task.claimed)},
                        {"comments", Value::Int(task.comments)},
                        {"open", Value::Bool(task.open)},
                        {"change", Text(task.change)}});
}

}  // namespace

Value ViewOf(const News& news) {
  return std::visit([&](const auto& what) { return NewsView(news, what); }, news.what);
}

// Without the texts of incidents: they may quote values, and have no bound.
Value WebhookData(const News& news) {
  if (const auto* instance = std::get_if<InstanceNews>(&news.what)) return ViewOf(instance->summary);
  const Value all = ViewOf(news);
  Entries entries;
  for (const auto& [name, value] : all.as_map())
    if (name.as_string() != "message") entries.emplace_back(name, value);
  return Value::Map(std::move(entries));
}

Value ViewOf(const Webhook& webhook) {
  return Value::Object(
      {{"id", Text(webhook.id)},
       {"url", Text(webhook.url)},
       {"description", Text(webhook.description)},
       {"events", field::ListOf(webhook.events)},
       {"process", TextOrNull(webhook.process)},
       {"enabled", Value::Bool(webhook.enabled)},
       {"disabledReason", TextOrNull(webhook.disabled_reason)},
       {"failingSince", TimeValue(webhook.failing_since_us)},
       {"oldSecretUntil", TimeValue(webhook.old_secrets.empty() ? 0 : webhook.old_secrets.back().until_us)},
       {"createdBy", TextOrNull(webhook.created_by)},
       {"createdAt", TimeValue(webhook.created_us)},
       {"updatedAt", TimeValue(webhook.updated_us)}});
}

Value ViewOf(const Delivery& delivery) {
  const Value* type = delivery.event.Find("type");
  const bool waits = delivery.status == kPending;
  return Value::Object({{"id", Text(delivery.id)},
                        {"webhook", Text(delivery.webhook)},
                        {"type", type ? *type : Value::Null()},
                        {"status", Text(delivery.status)},
                        {"createdAt", TimeValue(delivery.created_us)},
                        {"attempts", Value::Int(delivery.attempts)},
                        {"lastTryAt", TimeValue(delivery.last_attempt_us)},
                        {"nextTryAt", waits ? TimeValue(delivery.due_us) : Value::Null()},
                        {"httpStatus", delivery.http_status > 0 ? Value::Int(delivery.http_status) : Value::Null()},
                        {"error", TextOrNull(delivery.error)},
                        {"event", delivery.event}});
}

}  // namespace fermata

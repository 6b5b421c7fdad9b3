#include "api/handlers/explain_views.h"

#include "api/handlers/view_parts.h"
#include "api/handlers/views.h"
#include "engine/model/json.h"
#include "engine/model/json_field.h"

namespace fermata {
namespace {

template <class T, class View>
Value ListOf(const std::vector<T>& items, View view) {
  std::vector<Value> list;
  for (const T& item : items) list.push_back(view(item));
  return Value::List(std::move(list));
}

Value ViewOfWay(const Way& way) {
  return Value::Object({{"to", TextOrNull(way.to)},
                        {"if", TextOrNull(way.condition)},
                        {"error", TextOrNull(way.error)},
                        {"action", TextOrNull(way.action)}});
}

// Of a call that waits for its next try.
void PutNextTry(const Wake& wake, Entries& entries) {
  Put(entries, "operation", Text(wake.operation));
  Put(entries, "attempt", Value::Int(wake.attempt));
  Put(entries, "attempts", wake.attempts == 0 ? Value::Null() : Value::Int(wake.attempts));
  Put(entries, "lastError",
      wake.last_error.empty()
          ? Value::Null()
          : Value::Object(
                {{"name", Text(wake.last_error)}, {"message", Text(wake.last_text)}, {"at", TimeValue(wake.last_us)}}));
}

void PutJob(const Wake& wake, Entries& entries) {
  Put(entries, "kind", Text("job"));
  Put(entries, "operation", Text(wake.name));
  Put(entries, "attempt", Value::Int(wake.number));
  Put(entries, "undo", Value::Bool(wake.undo));
  Put(entries, "paused", Value::Bool(wake.paused));
  Put(entries, "awaited", Value::Bool(wake.awaited));
}

Value ViewOfWake(const InstanceId& id, const Wake& wake) {
  Entries entries;
  switch (wake.kind) {
    case Wake::Kind::kEvent:
      Put(entries, "kind", Text("event"));
      Put(entries, "event", Text(wake.name));
      Put(entries, "key", TextOrNull(wake.value));
      break;
    case Wake::Kind::kTimer:
      Put(entries, "kind", Text("timer"));
      Put(entries, "timer", Text(wake.name));
      Put(entries, "due", TimeValue(wake.due_us));
      if (!wake.operation.empty()) PutNextTry(wake, entries);
      break;
    case Wake::Kind::kTask:
      Put(entries, "kind", Text("task"));
      Put(entries, "task", Text(TaskName(id, wake.number)));
      Put(entries, "title", Text(wake.title));
      Put(entries, "role", TextOrNull(wake.role));
      Put(entries, "user", TextOrNull(wake.user));
      Put(entries, "due", TimeValue(wake.due_us));
      break;
    case Wake::Kind::kJob:
      PutJob(wake, entries);
      break;
    case Wake::Kind::kChild:
      Put(entries, "kind", Text("child"));
      Put(entries, "process", TextOrNull(wake.name));
      Put(entries, "instance", Text(wake.child.ToString()));
      Put(entries, "undo", Value::Bool(wake.undo));
      break;
    case Wake::Kind::kIncident:
      Put(entries, "kind", Text("incident"));
      Put(entries, "incident", Text(IncidentName(id, wake.number)));
      Put(entries, "error", Text(wake.name));
      Put(entries, "message", Text(wake.title));
      break;
  }
  if (!wake.note.empty()) Put(entries, "note", Text(wake.note));
  Put(entries, "ways", ListOf(wake.ways, ViewOfWay));
  return Value::Map(std::move(entries));
}

Value ViewOfWaits(const InstanceId& id, const std::vector<WaitOf>& waits) {
  return ListOf(waits, [&](const WaitOf& wait) {
    return Value::Object({{"state", TextOrNull(wait.state)},
                          {"since", TimeValue(wait.since_us)},
                          {"for", ListOf(wait.wakes, [&](const Wake& wake) { return ViewOfWake(id, wake); })}});
  });
}

Value ViewOfVerdict(const Explanation& explanation, const CloudEvent& event) {
  const EventVerdict& verdict = *explanation.event;
  return Value::Object({{"type", Text(event.type)},
                        {"taken", Value::Bool(verdict.taken)},
                        {"states", field::ListOf(verdict.states)},
                        {"kept", Value::Bool(verdict.kept)},
                        {"duplicate", Value::Bool(explanation.duplicate)},
                        {"reasons", field::ListOf(verdict.reasons)}});
}

Value ViewOfRefusal(const BulkRefusal& refusal) {
  return Value::Object({{"instance", Text(refusal.instance.ToString())},
                        {"code", Text(FormatErrorCode(refusal.error.code))},
                        {"message", Text(refusal.error.message)}});
}

Value ViewOfFilter(const InstanceFilter& filter) {
  Entries entries;
  const auto put = [&](std::string_view name, const std::optional<std::string>& text) {
    if (text) Put(entries, name, Text(*text));
  };
  put("process", filter.process);
  put("status", filter.status);
  put("state", filter.state);
  put("key", filter.key);
  if (filter.started_from_us) Put(entries, "startedAfter", TimeValue(*filter.started_from_us));
  if (filter.started_before_us) Put(entries, "startedBefore", TimeValue(*filter.started_before_us));
  Entries values;
  for (const auto& [name, value] : filter.values) Put(values, name, Text(value));
  if (!values.empty()) Put(entries, "vars", Value::Map(std::move(values)));
  return Value::Map(std::move(entries));
}

}  // namespace

Value ViewOf(const Explanation& explanation, const std::optional<CloudEvent>& event) {
  return Value::Object({{"id", Text(explanation.id.ToString())},
                        {"process", Text(explanation.process)},
                        {"version", Text(explanation.version)},
                        {"key", explanation.key ? Text(*explanation.key) : Value::Null()},
                        {"status", Text(explanation.status)},
                        {"states", field::ListOf(explanation.states)},
                        {"waits", ViewOfWaits(explanation.id, explanation.waits)},
                        {"kept", field::ListOf(explanation.kept)},
                        {"held", Value::Int(explanation.stashed)},
                        {"event", explanation.event && event ? ViewOfVerdict(explanation, *event) : Value::Null()}});
}

Value ViewOf(const InstanceId& id, const MovePreview& preview) {
  return Value::Object({{"id", Text(id.ToString())},
                        {"dryRun", Value::Bool(true)},
                        {"status", Text(std::string(StatusName(preview.status)))},
                        {"from", TextOrNull(preview.from)},
                        {"exited", field::ListOf(preview.exited)},
                        {"givenUp", ViewOfWaits(id, preview.given_up)},
                        {"undone", field::ListOf(preview.undone)},
                        {"entered", field::ListOf(preview.entered)},
                        {"armed", ViewOfWaits(id, preview.armed)},
                        {"incidents", ListOf(preview.incidents, [](const OpenIncident& incident) {
                           return Value::Object({{"state", Text(incident.state)},
                                                 {"error", Text(incident.error.name)},
                                                 {"message", Text(incident.error.message)}});
                         })}});
}

Value ViewOf(const InstanceId& id, const MigrationPlan& plan) {
  return Value::Object(
      {{"id", Text(id.ToString())},
       {"from", Text(plan.from)},
       {"version", Text(plan.version)},
       {"states", ListOf(plan.states,
                         [](const std::pair<std::string, std::string>& state) {
                           return Value::Object({{"state", Text(state.first)}, {"becomes", Text(state.second)}});
                         })},
       {"set", field::ListOf(plan.set)},
       {"dropped", field::ListOf(plan.dropped)}});
}

Value ViewOf(const Pause& pause) {
  return Value::Object({{"kind", Text(std::string(PauseKindName(pause.kind)))},
                        {"name", Text(pause.name)},
                        {"since", TimeValue(pause.since_us)},
                        {"reason", Text(pause.reason)},
                        {"by", Text(pause.by)}});
}

Value ViewOf(const BulkView& bulk) {
  return Value::Object({{"id", Text(bulk.id)},
                        {"action", Text(bulk.work.action)},
                        {"filter", ViewOfFilter(bulk.work.filter)},
                        {"status", Text(std::string(BulkStatusName(bulk.status)))},
                        {"perSecond", Value::Int(bulk.work.per_second)},
                        {"reason", Text(bulk.work.reason)},
                        {"by", Text(bulk.work.by)},
                        {"createdAt", TimeValue(bulk.created_us)},
                        {"endedAt", TimeValue(bulk.ended_us)},
                        {"total", Value::Int(bulk.total)},
                        {"visited", Value::Int(bulk.visited)},
                        {"done", Value::Int(bulk.done)},
                        {"refused", Value::Int(bulk.refused)},
                        {"refusals", ListOf(bulk.refusals, ViewOfRefusal)}});
}

Value ViewOf(const BulkTrial& trial) {
  return Value::Object({{"dryRun", Value::Bool(true)},
                        {"total", Value::Int(trial.total)},
                        {"possible", Value::Int(trial.possible)},
                        {"refused", Value::Int(trial.refused)},
                        {"refusals", ListOf(trial.refusals, ViewOfRefusal)},
                        {"complete", Value::Bool(trial.complete)}});
}

}  // namespace fermata

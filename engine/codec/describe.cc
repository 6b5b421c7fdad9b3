// Journal events as people and programs read them in an instance's history: names, not numbers; no inputs that only the engine needs.
#include "engine/codec/codec.h"

namespace fermata {
namespace {

// Builds one map; empty texts are left out.
class Description {
 public:
  explicit Description(std::string_view type) { Add("type", type); }
  Description& Add(std::string_view name, std::string_view text) {
    if (!text.empty()) entries_.emplace_back(Value::String(name), Value::String(text));
    return *this;
  }
  Description& Add(std::string_view name, Value value) {
    if (!value.is_null()) entries_.emplace_back(Value::String(name), std::move(value));
    return *this;
  }
  Description& Number(std::string_view name, std::int64_t number) { return Add(name, Value::Int(number)); }
  Description& Time(std::string_view name, std::int64_t us) {
    return us == 0 ? *this : Add(name, FormatTimestamp(FromMicros(us)));
  }
  Description& Failure(const ProcessError& error) {
    return Add("error", error.name).Add("message", error.message).Add("data", error.data);
  }
  operator Value() { return Value::Map(std::move(entries_)); }  // NOLINT: the end of every chain

 private:
  std::vector<MapEntry> entries_;
};

Value ToMap(const Bindings& bindings) {
  std::vector<MapEntry> entries;
  for (const auto& [name, value] : bindings) {
    bool again = false;  // assigned twice in one go: the last one holds
    for (MapEntry& entry : entries) {
      if (entry.first.as_string() != name) continue;
      entry.second = value;
      again = true;
    }
    if (!again) entries.emplace_back(Value::String(name), value);
  }
  return Value::Map(std::move(entries));
}

std::string_view KindName(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kRegion:
      return "region";
    case ActivationKind::kItem:
      return "item";
    case ActivationKind::kRoot:
      return "root";
    case ActivationKind::kState:
      return "state";
  }
  return "state";
}

Description Of(std::string_view type) { return Description(type); }
Description Of(std::string_view type, ActivationId activation) {
  return Description(type).Number("activation", activation);
}

struct Describer {
  Value operator()(const InstanceStarted& e) {
    return Of("instance-started")
        .Add("process", e.process)
        .Add("version", e.version)
        .Add("key", e.key.value_or(""))
        .Add("input", e.input);
  }
  Value operator()(const StatusChanged& e) { return Of("status-changed").Add("status", StatusName(e.status)); }
  Value operator()(const InstanceEnded& e) {
    Description end = Of("instance-ended");
    end.Add("status", StatusName(e.status)).Add("output", e.output);
    return e.error ? end.Failure(*e.error) : end;
  }
  Value operator()(const InstanceReopened& e) { return Of("instance-reopened").Add("reason", e.reason); }
  Value operator()(const CancelRequested& e) { return Of("cancel-requested").Add("reason", e.reason).Add("by", e.by); }
  Value operator()(const InstanceSuspended& e) { return Of("suspended").Add("reason", e.reason).Add("by", e.by); }
  Value operator()(const InstanceResumed& e) { return Of("resumed").Add("reason", e.reason).Add("by", e.by); }
  Value operator()(const StateEntered& e) {
    return Of("state-entered", e.activation).Add("state", e.state).Add("kind", KindName(e.kind));
  }
  Value operator()(const ItemStarted& e) {
    return Of("item-started", e.activation).Add("state", e.state).Number("item", e.item);
  }
  Value operator()(const StateExited& e) { return Of("state-exited", e.activation); }
  Value operator()(const EntryProgressed& e) { return Of("entry-progressed", e.activation); }
  Value operator()(const VariablesSet& e) { return Of("variables-set").Add("values", ToMap(e.values)); }
  Value operator()(const TimerArmed& e) { return Of("timer-armed", e.timer.activation).Time("due", e.due_us); }
  Value operator()(const TimerFired& e) { return Of("timer-fired", e.timer.activation); }
  Value operator()(const TimerDropped& e) { return Of("timer-dropped", e.timer.activation); }
  Value operator()(const SubscriptionAdded& e) {
    return Of("subscribed", e.activation).Add("event", e.subscription.type).Add("value", e.subscription.value);
  }
  Value operator()(const JobStarted& e) {
    return Of("job-started", e.activation).Add("operation", e.operation).Add("input", e.input);
  }
  Value operator()(const JobRetried& e) {
    return Of("job-retried").Add("job", e.job.ToString()).Number("attempt", e.attempt);
  }
  Value operator()(const JobFailed& e) {
    return Of("job-failed")
        .Add("job", e.job.ToString())
        .Number("attempt", e.attempt)
        .Failure(e.error)
        .Time("retryAt", e.retry_due_us);
  }
  Value operator()(const OutcomeIgnored& e) {
    return Of("outcome-ignored").Add("job", e.job.ToString()).Number("attempt", e.attempt).Add("outcome", e.outcome);
  }
  Value operator()(const ChildStarted& e) {
    return Of("child-started", e.activation).Add("process", e.process).Add("child", e.child.ToString());
  }
  Value operator()(const ChildFinished& e) {
    return Of("child-finished", e.activation).Add("child", e.child.ToString()).Add("error", e.error);
  }
  Value operator()(const TaskOpened& e) { return Of("task-opened", e.activation).Add("title", e.task.title); }
  Value operator()(const TaskReminded& e) { return Of("task-reminded", e.activation); }
  Value operator()(const TaskClaimed& e) {
    return Of("task-claimed", e.activation).Add("by", e.by).Add("actor", e.actor);
  }
  Value operator()(const TaskReleased& e) {
    return Of("task-released", e.activation).Add("by", e.by).Add("actor", e.actor);
  }
  Value operator()(const TaskAssigned& e) {
    return Of("task-assigned", e.activation)
        .Add("role", e.role)
        .Add("user", e.user)
        .Add("by", e.by)
        .Add("actor", e.actor);
  }
  Value operator()(const TaskCommented& e) {
    return Of("task-commented", e.activation).Add("text", e.text).Add("by", e.by).Add("actor", e.actor);
  }
  Value operator()(const EachStarted& e) { return Of("each-started", e.activation); }
  Value operator()(const ItemFinished& e) {
    return Of("item-finished", e.each).Number("item", e.item).Add("output", e.output);
  }
  Value operator()(const RegionFinished& e) {
    return Of("region-finished", e.parallel).Add("region", e.region).Add("output", e.output);
  }
  Value operator()(const WorkCompleted& e) {
    Description done = Of(e.skipped ? "work-skipped" : "work-completed", e.activation);
    return done.Add("save", e.save).Add("output", e.output).Add("by", e.by).Add("actor", e.actor);
  }
  Value operator()(const WorkHeld& e) { return Of("work-held", e.activation).Add("output", e.output); }
  Value operator()(const EventEmitted& e) {
    Description emitted = Of("event-emitted");
    emitted.Add("event", ToValue(e.event));
    return e.to ? emitted.Add("toProcess", e.to->first).Add("toKey", e.to->second) : emitted;
  }
  Value operator()(const EventTaken& e) {
    return Of("event-taken").Add("event", e.type).Add("source", e.source).Add("id", e.id).Add("state", e.state);
  }
  Value operator()(const EventKept& e) {
    return Of("event-kept").Add("event", ToValue(e.kept.event)).Time("until", e.kept.until_us);
  }
  Value operator()(const KeptEventDropped& e) {
    return Of(e.expired ? "kept-event-expired" : "kept-event-offered").Number("number", e.number);
  }
  Value operator()(const CommandStashed& e) { return Of("command-stashed").Number("number", e.stashed.number); }
  Value operator()(const CommandUnstashed& e) { return Of("command-unstashed").Number("number", e.number); }
  Value operator()(const GuardFailed& e) {
    return Of("guard-failed", e.activation).Add("state", e.state).Add("message", e.message);
  }
  Value operator()(const ErrorRaised& e) {
    return Of("error-raised", e.activation).Add("state", e.state).Failure(e.raised.error);
  }
  Value operator()(const ErrorHandled& e) {
    return Of("error-handled").Add("state", e.state).Add("error", e.error).Add("handler", e.handler);
  }
  Value operator()(const IncidentOpened& e) {
    return Of("incident-opened")
        .Number("incident", e.incident.number)
        .Add("state", e.incident.state)
        .Failure(e.incident.error);
  }
  Value operator()(const IncidentClosed& e) {
    return Of("incident-closed").Number("incident", e.number).Add("how", e.how).Add("by", e.by).Add("reason", e.reason);
  }
  Value operator()(const UndoRegistered& e) {
    return Of("undo-registered", e.record.activation).Add("state", e.record.state);
  }
  Value operator()(const UndoDropped& e) { return Of("undo-dropped").Number("record", e.number); }
  Value operator()(const UndoStarted& e) { return Of("undo-started").Number("record", e.number); }
  Value operator()(const UndoSucceeded& e) {
    return Of(e.skipped ? "undo-skipped" : "undo-succeeded").Number("record", e.number).Add("state", e.state);
  }
  Value operator()(const RollbackStarted& e) {
    return Of("rollback-started", e.rollback.owner).Add("state", e.rollback.state);
  }
  Value operator()(const RollbackFinished& e) { return Of("rollback-finished", e.owner); }
  Value operator()(const JobLeft& e) { return Of("job-left", e.left.activation).Add("state", e.left.state); }
  Value operator()(const LeftJobHeld& e) { return Of("left-job-held", e.activation); }
  Value operator()(const LeftJobSettled& e) { return Of("left-job-settled", e.activation); }
  Value operator()(const ChildLeft& e) {
    return Of("child-left", e.left.activation).Add("child", e.left.child.ToString());
  }
  Value operator()(const LeftChildUndone& e) { return Of("left-child-undone", e.activation); }
  Value operator()(const LeftChildSettled& e) { return Of("left-child-settled", e.activation); }
  Value operator()(const InstanceMigrated& e) {
    std::vector<MapEntry> states;
    for (const auto& [old_name, name] : e.states) states.emplace_back(Value::String(old_name), Value::String(name));
    return Of(e.reverted ? "migration-reverted" : "migrated")
        .Add("from", e.from)
        .Add("version", e.version)
        .Add("states", Value::Map(std::move(states)))
        .Add("reason", e.reason)
        .Add("by", e.by);
  }
  Value operator()(const WayBackNoted& e) { return Of("way-back-noted").Add("version", e.crossing.version); }
  Value operator()(const VariablesDropped& e) {
    std::vector<Value> names;
    for (const std::string& name : e.names) names.push_back(Value::String(name));
    return Of("variables-dropped").Add("names", Value::List(std::move(names)));
  }
  Value operator()(const VariablesAmended& e) {
    return Of("variables-amended").Add("reason", e.reason).Add("by", e.by);
  }
  Value operator()(const InstanceMoved& e) {
    return Of("moved", e.activation)
        .Add("from", e.from)
        .Add("target", e.target)
        .Add("reason", e.reason)
        .Add("by", e.by);
  }
};

}  // namespace

Value DescribeEvent(const JournalEvent& event) { return std::visit(Describer{}, event.body); }

}  // namespace fermata

#include "engine/codec/history_teller.h"

#include <map>

#include "engine/model/short_json.h"

namespace fermata {
namespace {

constexpr std::size_t kValueLength = 160;

std::string Json(const Value& value) { return ShortJson(value, kValueLength); }
std::string With(const Value& value) { return value.is_null() ? "" : " " + Json(value); }
std::string Because(const std::string& message) { return message.empty() ? "" : " (" + message + ")"; }
std::string Failure(const ProcessError& error) { return "'" + error.name + "'" + Because(error.message); }

std::string Why(const std::string& by, const std::string& reason) {
  return (by.empty() ? "" : ", by " + by) + Because(reason);
}

// "ann", or "boss for ann".
std::string Who(const std::string& by, const std::string& actor) {
  return actor.empty() ? by : actor + " for " + (by.empty() ? "nobody" : by);
}

std::string Joined(const Bindings& values) {
  std::string text;
  for (const auto& [name, value] : values) text += (text.empty() ? "" : ", ") + name + " = " + Json(value);
  return text;
}

}  // namespace

class HistoryTeller::Words {
 public:
  std::string operator()(const InstanceStarted& e) { return "starts with " + Json(e.input); }
  std::string operator()(const InstanceEnded& e) {
    return "ends: " + std::string(StatusName(e.status)) + (e.error ? ", " + Failure(*e.error) : With(e.output));
  }
  std::string operator()(const InstanceReopened&) { return "is opened again, to be undone"; }
  std::string operator()(const CancelRequested& e) { return "is cancelled" + Why(e.by, e.reason); }
  std::string operator()(const InstanceSuspended& e) { return "is suspended" + Why(e.by, e.reason); }
  std::string operator()(const InstanceResumed& e) { return "is resumed" + Why(e.by, e.reason); }
  std::string operator()(const StateEntered& e) {
    states_[e.activation] = e.state;
    return e.kind == ActivationKind::kState ? "enters '" + e.state + "'" : "";
  }
  std::string operator()(const ItemStarted& e) {
    states_[e.activation] = e.state;
    return "begins item " + std::to_string(e.item) + " of '" + e.state + "': " + Joined(e.names);
  }
  std::string operator()(const VariablesSet& e) { return "sets " + Joined(e.values); }
  std::string operator()(const TimerFired& e) {
    if (e.timer.slot == kRetrySlot || e.timer.slot == kUndoRetrySlot) return "";
    return e.timer.slot == kDeadlineSlot ? "reaches the deadline of '" + StateOf(e.timer.activation) + "'"
                                         : "a timer of '" + StateOf(e.timer.activation) + "' fires";
  }
  std::string operator()(const JobStarted& e) {
    operations_[{e.activation, false}] = e.operation;
    return "calls " + e.operation + " " + Json(e.input);
  }
  std::string operator()(const JobRetried& e) {
    return "calls " + OperationOf(e.job) + " again, attempt " + std::to_string(e.attempt);
  }
  std::string operator()(const JobFailed& e) {
    return OperationOf(e.job) + " fails: " + Failure(e.error) + (e.retry_due_us != 0 ? ", to be tried again" : "");
  }
  std::string operator()(const OutcomeIgnored& e) {
    return "ignores the late outcome '" + e.outcome + "' of " + OperationOf(e.job);
  }
  std::string operator()(const ChildStarted& e) {
    return "starts the child " + e.process + (e.detached ? ", not to wait for it" : "");
  }
  std::string operator()(const ChildFinished& e) {
    return "the child of '" + StateOf(e.activation) + "' ends" + (e.error.empty() ? "" : " with '" + e.error + "'");
  }
  std::string operator()(const TaskOpened& e) { return "opens the task '" + e.task.title + "'"; }
  std::string operator()(const TaskReminded& e) { return "reminds of the task in '" + StateOf(e.activation) + "'"; }
  std::string operator()(const TaskClaimed& e) {
    return Who(e.by, e.actor) + " claims the task in '" + StateOf(e.activation) + "'";
  }
  std::string operator()(const TaskReleased& e) {
    return Who(e.by, e.actor) + " releases the task in '" + StateOf(e.activation) + "'";
  }
  std::string operator()(const TaskAssigned& e) {
    const std::string whom = !e.user.empty() ? e.user : !e.role.empty() ? "the role " + e.role : "nobody";
    return "the task in '" + StateOf(e.activation) + "' is assigned to " + whom + Why(Who(e.by, e.actor), "");
  }
  std::string operator()(const TaskCommented& e) {
    return Who(e.by, e.actor) + " comments on the task in '" + StateOf(e.activation) +
           "': " + Json(Value::String(e.text));
  }
  std::string operator()(const EachStarted& e) {
    return "goes through " + std::to_string(e.items.is_list() ? e.items.as_list().size() : 0) + " items";
  }
  std::string operator()(const RegionFinished& e) { return "region '" + e.region + "' is done" + With(e.output); }
  std::string operator()(const WorkCompleted& e) {
    if (e.skipped) return "'" + StateOf(e.activation) + "' is skipped" + With(e.output);
    if (e.save.empty() && e.by.empty()) return e.output.is_null() ? "" : "the result is " + Json(e.output);
    return "the result is " + Json(e.output) + (e.save.empty() ? "" : ", saved as " + e.save) +
           Why(Who(e.by, e.actor), "");
  }
  std::string operator()(const WorkHeld& e) {
    return "holds the result of '" + StateOf(e.activation) + "': its undo cannot be prepared";
  }
  std::string operator()(const EventEmitted& e) {
    return "emits " + e.event.type + With(e.event.data) +
           (e.to ? " to " + e.to->first + " '" + e.to->second + "'" : "");
  }
  std::string operator()(const EventTaken& e) {
    return "takes the event " + e.type + (e.state.empty() ? "" : " in '" + e.state + "'");
  }
  std::string operator()(const EventKept& e) { return "keeps the event " + e.kept.event.type; }
  std::string operator()(const KeptEventDropped& e) { return e.expired ? "a kept event is too old now" : ""; }
  std::string operator()(const CommandStashed&) { return "what arrives has to wait"; }
  std::string operator()(const GuardFailed& e) { return "an 'if' in '" + e.state + "' fails: " + e.message; }
  std::string operator()(const ErrorRaised& e) { return "error in '" + e.state + "': " + Failure(e.raised.error); }
  std::string operator()(const ErrorHandled& e) {
    return "'" + e.error + "' is handled by '" + e.handler + "' of " +
           (e.state.empty() ? "the root" : "'" + e.state + "'");
  }
  std::string operator()(const IncidentOpened& e) {
    return "incident in '" + e.incident.state + "': " + Failure(e.incident.error);
  }
  std::string operator()(const IncidentClosed& e) { return "the incident is closed: " + e.how + Why(e.by, e.reason); }
  std::string operator()(const InstanceMigrated& e) {
    return (e.reverted ? "goes back to version " : "goes on as version ") + e.version + ", from " + e.from +
           Why(e.by, e.reason);
  }
  std::string operator()(const VariablesDropped& e) {
    std::string text;
    for (const std::string& name : e.names) text += (text.empty() ? "drops " : ", ") + name;
    return text;
  }
  std::string operator()(const VariablesAmended& e) { return "an operator sets variables" + Why(e.by, e.reason); }
  std::string operator()(const InstanceMoved& e) {
    return "an operator moves it" + (e.from.empty() ? "" : " from '" + e.from + "'") + " to '" + e.target + "'" +
           Why(e.by, e.reason);
  }
  std::string operator()(const UndoRegistered& e) {
    operations_[{e.record.activation, true}] = e.record.operation;
    undo_of_[e.record.number] = "'" + e.record.state + "': " +
                                (e.record.operation.empty() ? "the child" : e.record.operation + With(e.record.input));
    return "";
  }
  std::string operator()(const UndoStarted& e) { return "undoes " + UndoOf(e.number); }
  std::string operator()(const UndoSucceeded& e) { return "'" + e.state + "' is undone"; }
  std::string operator()(const RollbackStarted& e) {
    return "rolls back" + (e.rollback.state.empty() ? "" : " '" + e.rollback.state + "'");
  }
  std::string operator()(const JobLeft& e) { return "leaves '" + e.left.state + "', whose call is awaited"; }
  std::string operator()(const ChildLeft& e) { return "leaves '" + e.left.state + "', whose child is cancelled"; }
  std::string operator()(const auto&) { return ""; }

 private:
  // A page may begin after the event that gave it its name.
  std::string StateOf(ActivationId activation) const {
    const auto found = states_.find(activation);
    return found == states_.end() ? "activation " + std::to_string(activation) : found->second;
  }
  std::string OperationOf(const JobId& job) const {
    const auto found = operations_.find(job);
    return found == operations_.end() ? "job " + job.ToString() : found->second;
  }

  std::string UndoOf(std::int64_t number) const {
    const auto found = undo_of_.find(number);
    return found == undo_of_.end() ? "record " + std::to_string(number) : found->second;
  }

  std::map<ActivationId, std::string> states_;
  std::map<JobId, std::string> operations_;
  std::map<std::int64_t, std::string> undo_of_;
};

HistoryTeller::HistoryTeller() : words_(std::make_unique<Words>()) {}
HistoryTeller::~HistoryTeller() = default;

std::string HistoryTeller::Tell(const JournalEvent& event) { return std::visit(*words_, event.body); }

}  // namespace fermata

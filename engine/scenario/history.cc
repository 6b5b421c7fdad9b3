#include "engine/scenario/history.h"

#include <algorithm>
#include <map>

#include "engine/model/limits.h"
#include "engine/scenario/diff.h"

namespace fermata {
namespace {

constexpr std::size_t kValueLength = 160;

std::string Json(const Value& value) { return ShortJson(value, kValueLength); }
std::string With(const Value& value) { return value.is_null() ? "" : " " + Json(value); }
std::string Because(const std::string& message) { return message.empty() ? "" : " (" + message + ")"; }
std::string Failure(const ProcessError& error) { return "'" + error.name + "'" + Because(error.message); }

std::string Joined(const Bindings& values) {
  std::string text;
  for (const auto& [name, value] : values) text += (text.empty() ? "" : ", ") + name + " = " + Json(value);
  return text;
}

// The words of one instance's journal; remembers what numbers stand for. What has no words is for the engine only.
class Teller {
 public:
  std::string operator()(const InstanceStarted& e) { return "starts with " + Json(e.input); }
  std::string operator()(const InstanceEnded& e) {
    return "ends: " + std::string(StatusName(e.status)) + (e.error ? ", " + Failure(*e.error) : With(e.output));
  }
  std::string operator()(const InstanceReopened&) { return "is opened again, to be undone"; }
  std::string operator()(const CancelRequested& e) { return "is cancelled" + Because(e.reason); }
  std::string operator()(const InstanceSuspended&) { return "is suspended"; }
  std::string operator()(const InstanceResumed&) { return "is resumed"; }
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
    return e.timer.slot == kDeadlineSlot ? "reaches the deadline of '" + states_[e.timer.activation] + "'"
                                         : "a timer of '" + states_[e.timer.activation] + "' fires";
  }
  std::string operator()(const JobStarted& e) {
    operations_[{e.activation, false}] = e.operation;
    return "calls " + e.operation + " " + Json(e.input);
  }
  std::string operator()(const JobRetried& e) {
    return "calls " + operations_[e.job] + " again, attempt " + std::to_string(e.attempt);
  }
  std::string operator()(const JobFailed& e) {
    return operations_[e.job] + " fails: " + Failure(e.error) + (e.retry_due_us != 0 ? ", to be tried again" : "");
  }
  std::string operator()(const OutcomeIgnored& e) {
    return "ignores the late outcome '" + e.outcome + "' of " + operations_[e.job];
  }
  std::string operator()(const ChildStarted& e) {
    return "starts the child " + e.process + (e.detached ? ", not to wait for it" : "");
  }
  std::string operator()(const ChildFinished& e) {
    return "the child of '" + states_[e.activation] + "' ends" + (e.error.empty() ? "" : " with '" + e.error + "'");
  }
  std::string operator()(const TaskOpened& e) { return "opens the task '" + e.task.title + "'"; }
  std::string operator()(const TaskReminded& e) { return "reminds of the task in '" + states_[e.activation] + "'"; }
  std::string operator()(const EachStarted& e) {
    return "goes through " + std::to_string(e.items.is_list() ? e.items.as_list().size() : 0) + " items";
  }
  std::string operator()(const RegionFinished& e) { return "region '" + e.region + "' is done" + With(e.output); }
  std::string operator()(const WorkCompleted& e) {
    if (e.skipped) return "'" + states_[e.activation] + "' is skipped" + With(e.output);
    if (e.save.empty() && e.by.empty()) return e.output.is_null() ? "" : "the result is " + Json(e.output);
    return "the result is " + Json(e.output) + (e.save.empty() ? "" : ", saved as " + e.save) +
           (e.by.empty() ? "" : ", by " + e.by);
  }
  std::string operator()(const WorkHeld& e) {
    return "holds the result of '" + states_[e.activation] + "': its undo cannot be prepared";
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
  std::string operator()(const IncidentClosed& e) { return "the incident is closed: " + e.how; }
  std::string operator()(const UndoRegistered& e) {
    undone_[e.record.number] = e.record.state;
    operations_[{e.record.activation, true}] = e.record.operation;
    undo_of_[e.record.number] = e.record.operation.empty() ? "the child" : e.record.operation + With(e.record.input);
    return "";
  }
  std::string operator()(const UndoStarted& e) { return "undoes '" + undone_[e.number] + "': " + undo_of_[e.number]; }
  std::string operator()(const UndoSucceeded& e) { return "'" + e.state + "' is undone"; }
  std::string operator()(const RollbackStarted& e) {
    return "rolls back" + (e.rollback.state.empty() ? "" : " '" + e.rollback.state + "'");
  }
  std::string operator()(const JobLeft& e) { return "leaves '" + e.left.state + "', whose call is awaited"; }
  std::string operator()(const ChildLeft& e) { return "leaves '" + e.left.state + "', whose child is cancelled"; }
  std::string operator()(const auto&) { return ""; }

 private:
  std::map<ActivationId, std::string> states_;
  std::map<JobId, std::string> operations_;
  std::map<std::int64_t, std::string> undone_, undo_of_;
};

}  // namespace

std::vector<HistoryLine> TellHistory(const World& world, const InstanceId& main,
                                     const std::vector<std::pair<std::size_t, int>>& steps, std::int64_t began_us) {
  std::vector<HistoryLine> lines;
  std::map<InstanceId, Teller> tellers;
  auto step = steps.begin();
  int step_line = 0;
  for (std::size_t i = 0; i < world.rows().size(); ++i) {
    for (; step != steps.end() && step->first <= i; ++step) step_line = step->second;
    const auto& [id, row] = world.rows()[i];
    const LiveInstance* live = world.Find(id);
    if (live == nullptr) continue;  // its start was refused
    for (const JournalEvent& event : live->journal[row]) {
      std::string text = std::visit(tellers[id], event.body);
      if (text.empty()) continue;
      lines.push_back(
          {event.at_us - began_us, step_line, id == main ? "" : live->definition->process, std::move(text)});
    }
  }
  if (lines.size() > kScenarioHistoryMax)
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kScenarioHistoryMax));
  return lines;
}

std::string ElapsedText(std::int64_t us) {
  constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}, {1'000, "ms"}};
  std::string text;
  int units = 0;
  for (const auto& [size, name] : kUnits) {
    if (us < size || units == 2) continue;
    text += (text.empty() ? "" : " ") + std::to_string(us / size) + name;
    us %= size;
    ++units;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace fermata

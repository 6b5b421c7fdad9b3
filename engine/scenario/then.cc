// What must hold at the end of a case.
#include <algorithm>

#include "engine/scenario/case_runner.h"
#include "engine/scenario/match.h"
#include "engine/scenario/standing.h"

namespace fermata {
namespace {

// With which it has failed, or will have once all is undone.
std::optional<ProcessError> ErrorOf(const InstanceState& state) {
  if (state.error) return state.error;
  for (const auto& [owner, rollback] : state.rollbacks)
    if (rollback.then.kind == Continuation::Kind::kFinish && rollback.then.status == InstanceStatus::kFailed)
      return rollback.then.error.error;
  return std::nullopt;
}

std::string Several(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<CaseFailure> CaseRunner::CheckEnd() const {
  using Check = Failure (CaseRunner::*)() const;
  constexpr std::pair<const char*, Check> kChecks[] = {
      {"status", &CaseRunner::CheckStatus},       {"error", &CaseRunner::CheckError},
      {"output", &CaseRunner::CheckOutput},       {"vars", &CaseRunner::CheckVars},
      {"path", &CaseRunner::CheckPath},           {"undone", &CaseRunner::CheckUndone},
      {"incidents", &CaseRunner::CheckIncidents}, {"emitted", &CaseRunner::CheckEmitted},
      {"tasks", &CaseRunner::CheckTasks},
  };
  std::vector<CaseFailure> failures;
  const bool of_instance =
      case_.then.status || case_.then.error || case_.then.output || case_.then.vars || case_.then.path;
  if (Main() == nullptr && of_instance) {
    failures.push_back(*Fail("Expected an instance, but none has started."));
    failures.back().at = case_.then.at.begin()->second;
    return failures;
  }
  for (const auto& [key, check] : kChecks) {
    const auto at = case_.then.at.find(key);
    if (at == case_.then.at.end()) continue;
    Failure failure = (this->*check)();
    if (!failure) continue;
    failure->at = at->second;
    failure->length = static_cast<int>(at->first.size());
    failures.push_back(std::move(*failure));
  }
  return failures;
}

CaseRunner::Failure CaseRunner::CheckStatus() const {
  const std::string status(StatusName(Main()->state.status));
  if (!case_.then.status || *case_.then.status == status) return std::nullopt;
  return Fail("Expected the status '" + *case_.then.status + "', but there is '" + status + "'.");
}

CaseRunner::Failure CaseRunner::CheckError() const {
  const std::optional<ProcessError> error = ErrorOf(Main()->state);
  const std::string name = error ? error->name : "";
  if (!case_.then.error || *case_.then.error == name) return std::nullopt;
  const std::string expected = case_.then.error->empty() ? "no error" : "the error '" + *case_.then.error + "'";
  return Fail("Expected " + expected + ", but there is " +
              (error ? "'" + name + "'" + (error->message.empty() ? "" : " (" + error->message + ")") : "none") + ".");
}

CaseRunner::Failure CaseRunner::CheckOutput() const {
  const Value& output = Main()->state.output;
  if (!case_.then.output || IsSame(*case_.then.output, output)) return std::nullopt;
  return Fail("Expected the output " + ShortJson(*case_.then.output) + ", but there is " + ShortJson(output) + ".",
              DiffOf("output", *case_.then.output, output, Comparison::kExact));
}

CaseRunner::Failure CaseRunner::CheckVars() const {
  std::vector<MapEntry> entries;
  for (const auto& [name, value] : Main()->state.variables) entries.emplace_back(Value::String(name), value);
  const Value vars = Value::Map(std::move(entries));
  if (!case_.then.vars || IsPartOf(*case_.then.vars, vars)) return std::nullopt;
  return Fail("Expected the variables " + ShortJson(*case_.then.vars) + ", but they differ.",
              DiffOf("", *case_.then.vars, vars, Comparison::kPart));
}

CaseRunner::Failure CaseRunner::CheckPath() const {
  const std::vector<std::string> path = Main()->path;
  if (!case_.then.path || *case_.then.path == path) return std::nullopt;
  return Fail("Expected the path " + Listed(*case_.then.path) + ", but there is " + Listed(path) + ".",
              DiffOf(*case_.then.path, path));
}

CaseRunner::Failure CaseRunner::CheckUndone() const {
  std::vector<std::string> undone;
  for (const auto& [id, state] : world_.undone()) undone.push_back(NameOf(id, state));
  if (!case_.then.undone || *case_.then.undone == undone) return std::nullopt;
  return Fail("Expected to be undone " + Listed(*case_.then.undone) + ", but there is " + Listed(undone) + ".",
              DiffOf(*case_.then.undone, undone));
}

CaseRunner::Failure CaseRunner::CheckIncidents() const {
  std::vector<std::pair<std::string, std::string>> open;
  std::vector<std::string> listed;
  for (const LiveInstance* live : world_.InOrder()) {
    for (const OpenIncident& incident : OpenIncidents(live->state)) {
      open.emplace_back(NameOf(live->state.id, incident.state), incident.error.name);
      listed.push_back(open.back().first + ": " + incident.error.name);
    }
  }
  const ExpectedEnd& then = case_.then;
  if (then.incident_count && *then.incident_count != static_cast<std::int64_t>(open.size()))
    return Fail("Expected " + Several(static_cast<std::size_t>(*then.incident_count), "open incident") +
                ", but there is " + Listed(listed) + ".");
  if (!then.incidents) return std::nullopt;
  for (const ExpectedIncident& expected : *then.incidents) {
    auto found = std::find_if(open.begin(), open.end(), [&](const auto& one) {
      return (expected.state.empty() || expected.state == one.first) &&
             (expected.error.empty() || expected.error == one.second);
    });
    if (found == open.end())
      return Fail("Expected an open incident '" + expected.state + ": " + expected.error + "', but there is " +
                  Listed(listed) + ".");
    open.erase(found);
  }
  if (open.empty()) return std::nullopt;
  return Fail("Expected " + Several(then.incidents->size(), "open incident") + ", but there is " + Listed(listed) +
              ".");
}

CaseRunner::Failure CaseRunner::CheckEmitted() const {
  if (!case_.then.emitted) return std::nullopt;
  const std::vector<EmittedStep>& expected = *case_.then.emitted;
  // The engine's own reminders count where the case names them.
  const bool with_reminders = std::any_of(expected.begin(), expected.end(),
                                          [](const EmittedStep& step) { return step.type == kRemindedEvent; });
  std::vector<const WorldEmission*> left;
  std::vector<std::string> listed;
  for (const WorldEmission& emission : world_.emissions()) {
    if (emission.event.type == kRemindedEvent && !with_reminders) continue;
    left.push_back(&emission);
    listed.push_back(emission.event.type + " " + ShortJson(emission.event.data));
  }
  bool same = expected.size() == left.size();
  for (std::size_t i = 0; same && i < expected.size(); ++i) same = IsEmitted(expected[i], *left[i]);
  if (same) return std::nullopt;
  std::vector<std::string> wanted;
  for (const EmittedStep& step : expected) wanted.push_back(step.type + (step.with ? " " + ShortJson(*step.with) : ""));
  return Fail("Expected " + Listed(wanted) + " to be emitted, in this order, but there is " + Listed(listed) + ".");
}

CaseRunner::Failure CaseRunner::CheckTasks() const {
  std::vector<OpenTask> open;
  std::vector<std::string> listed;
  for (const LiveInstance* live : world_.InOrder()) {
    for (const auto& [id, activation] : live->state.activations) {
      if (!activation.task) continue;
      open.push_back({live, &activation});
      listed.push_back(NameOf(live->state.id, activation.state));
    }
  }
  const ExpectedEnd& then = case_.then;
  if (then.task_count && *then.task_count != static_cast<std::int64_t>(open.size()))
    return Fail("Expected " + Several(static_cast<std::size_t>(*then.task_count), "open task") + ", but there is " +
                Listed(listed) + ".");
  if (!then.tasks) return std::nullopt;
  if (then.tasks->size() != open.size())
    return Fail("Expected " + Several(then.tasks->size(), "open task") + ", but there is " + Listed(listed) + ".");
  for (const TaskStep& expected : *then.tasks) {
    auto found = std::find_if(open.begin(), open.end(), [&](const OpenTask& task) {
      return NameOf(task.live->state.id, task.activation->state) == expected.state && !Mismatch(expected, task);
    });
    if (found == open.end())
      return Fail("Expected an open task in '" + expected.state + "', but there is " + Listed(listed) + ".");
    open.erase(found);
  }
  return std::nullopt;
}

}  // namespace fermata

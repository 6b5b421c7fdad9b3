// What must hold at the end of a case.
#include <algorithm>

#include "engine/scenario/case_runner.h"
#include "engine/scenario/match.h"
#include "engine/scenario/standing.h"

namespace fermata {
namespace {

std::optional<std::string> Compare(std::string_view what, const std::string& expected, const std::string& actual) {
  if (expected == actual) return std::nullopt;
  return "Expected " + std::string(what) + " '" + expected + "', but there is '" + actual + "'.";
}

std::optional<std::string> CompareLists(std::string_view what, const std::vector<std::string>& expected,
                                        const std::vector<std::string>& actual) {
  if (expected == actual) return std::nullopt;
  return "Expected " + std::string(what) + " " + Listed(expected) + ", but there is " + Listed(actual) + ".";
}

}  // namespace

std::optional<std::string> CaseRunner::CheckEnd() const {
  const ExpectedEnd& then = case_.then;
  const LiveInstance* main = Main();
  const bool expects = then.status || then.error || then.output || then.vars || then.path;
  if (main == nullptr) {
    if (expects) return std::string("Expected an instance, but none has started.");
  } else {
    const InstanceState& state = main->state;
    if (then.status)
      if (Failure failure = Compare("the status", *then.status, std::string(StatusName(state.status)))) return failure;
    if (then.error)
      if (Failure failure = Compare("the error", *then.error, state.error ? state.error->name : "")) return failure;
    if (then.output && !IsSame(*then.output, state.output))
      return "Expected the output " + ShortJson(*then.output) + ", but there is " + ShortJson(state.output) + ".";
    if (then.vars) {
      std::vector<MapEntry> entries;
      for (const auto& [name, value] : state.variables) entries.emplace_back(Value::String(name), value);
      const Value vars = Value::Map(std::move(entries));
      if (!IsPartOf(*then.vars, vars))
        return "Expected the variables " + ShortJson(*then.vars) + ", but there is " + ShortJson(vars) + ".";
    }
    if (then.path)
      if (Failure failure = CompareLists("the path", *then.path, PathOf(*main))) return failure;
  }
  if (then.undone) {
    std::vector<std::string> undone;
    for (const auto& [id, state] : world_.undone()) undone.push_back(NameOf(id, state));
    if (Failure failure = CompareLists("to be undone", *then.undone, undone)) return failure;
  }
  if (Failure failure = CheckIncidents()) return failure;
  if (Failure failure = CheckEmitted()) return failure;
  return CheckTasks();
}

std::optional<std::string> CaseRunner::CheckIncidents() const {
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
    return "Expected " + std::to_string(*then.incident_count) + " open incidents, but there is " + Listed(listed) + ".";
  if (!then.incidents) return std::nullopt;
  for (const ExpectedIncident& expected : *then.incidents) {
    auto found = std::find_if(open.begin(), open.end(), [&](const auto& one) {
      return (expected.state.empty() || expected.state == one.first) &&
             (expected.error.empty() || expected.error == one.second);
    });
    if (found == open.end())
      return "Expected an open incident '" + expected.state + ": " + expected.error + "', but there is " +
             Listed(listed) + ".";
    open.erase(found);
  }
  if (open.empty()) return std::nullopt;
  return "Expected " + std::to_string(then.incidents->size()) + " open incidents, but there is " + Listed(listed) + ".";
}

std::optional<std::string> CaseRunner::CheckEmitted() const {
  if (!case_.then.emitted) return std::nullopt;
  std::vector<const WorldEmission*> left;
  std::vector<std::string> listed;
  for (const WorldEmission& emission : world_.emissions()) {
    if (emission.event.type == "task.reminded") continue;  // the engine's own
    left.push_back(&emission);
    listed.push_back(emission.event.type + " " + ShortJson(emission.event.data));
  }
  const std::vector<EmittedStep>& expected = *case_.then.emitted;
  bool same = expected.size() == left.size();
  for (std::size_t i = 0; same && i < expected.size(); ++i) same = IsEmitted(expected[i], *left[i]);
  if (same) return std::nullopt;
  std::vector<std::string> wanted;
  for (const EmittedStep& step : expected) wanted.push_back(step.type + (step.with ? " " + ShortJson(*step.with) : ""));
  return "Expected " + Listed(wanted) + " to be emitted, in this order, but there is " + Listed(listed) + ".";
}

std::optional<std::string> CaseRunner::CheckTasks() const {
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
    return "Expected " + std::to_string(*then.task_count) + " open tasks, but there is " + Listed(listed) + ".";
  if (!then.tasks) return std::nullopt;
  if (then.tasks->size() != open.size())
    return "Expected " + std::to_string(then.tasks->size()) + " open tasks, but there is " + Listed(listed) + ".";
  for (const TaskStep& expected : *then.tasks) {
    auto found = std::find_if(open.begin(), open.end(), [&](const OpenTask& task) {
      return NameOf(task.live->state.id, task.activation->state) == expected.state && !Mismatch(expected, task);
    });
    if (found == open.end())
      return "Expected an open task in '" + expected.state + "', but there is " + Listed(listed) + ".";
    open.erase(found);
  }
  return std::nullopt;
}

}  // namespace fermata

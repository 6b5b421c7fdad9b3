#include "engine/scenario/case_runner.h"

#include <algorithm>

#include "engine/language/cron.h"
#include "engine/scenario/standing.h"

namespace fermata {

struct StepVisitor {
  CaseRunner& runner;
  std::optional<CaseFailure> operator()(const auto& step) { return runner(step); }
};

CaseResult CaseRunner::Run() {
  CaseResult result;
  result.name = case_.name;
  result.line = case_.at.line;
  const auto fail = [&](CaseFailure failure, SourcePosition at, int length) {
    failure.at = at;
    failure.length = length;
    result.failures.push_back(std::move(failure));
  };
  if (Failure failure = Begin()) {
    if (!begins_with_it_ && case_.input)
      fail(std::move(*failure), case_.input_at, 5);  // `input`
    else
      fail(std::move(*failure), case_.at, 4);  // `name`
  }
  for (const ScenarioStep& step : case_.steps) {
    if (!result.passed()) break;
    steps_.emplace_back(world_.rows().size(), step.at.line);
    Failure failure = std::visit(StepVisitor{*this}, step.what);
    if (!failure) failure = Settle();
    if (failure) fail(std::move(*failure), step.at, step.length);
  }
  if (result.passed()) result.failures = CheckEnd();
  if (result.passed()) return result;
  result.standing = DescribeStanding(world_, main_);
  result.history = TellHistory(world_, main_, steps_, case_.now_us);
  return result;
}

bool CaseRunner::BeginsItself() const {
  const DefinitionPtr definition = project_.Find(process_, case_.version.value_or(""));
  if (case_.input) return false;
  if (definition->schedule && BeginsByTick(*definition->schedule)) return true;
  if (definition->start_on.empty()) return false;
  return std::any_of(case_.steps.begin(), case_.steps.end(), [&](const ScenarioStep& step) {
    const auto* event = std::get_if<EventStep>(&step.what);
    return event != nullptr && event->type == definition->start_on;
  });
}

// Whether the case begins by letting time pass up to a tick of the schedule.
bool CaseRunner::BeginsByTick(const Schedule& schedule) const {
  std::int64_t passed_us = 0;
  for (const ScenarioStep& step : case_.steps) {
    if (const auto* advance = std::get_if<AdvanceStep>(&step.what))
      passed_us += advance->ms * 1000;
    else if (!std::holds_alternative<StartedStep>(step.what))
      break;
  }
  const std::optional<std::int64_t> tick_us = NextTick(schedule.fields, schedule.timezone, case_.now_us);
  return tick_us && *tick_us <= case_.now_us + passed_us;
}

CaseRunner::Failure CaseRunner::Begin() {
  const DefinitionPtr definition = project_.Find(process_, case_.version.value_or(""));
  world_.FollowSchedule(definition);
  if (BeginsItself()) return std::nullopt;
  Result<InstanceId> started = world_.Start(definition, case_.input.value_or(Value()), case_.key);
  if (started.ok()) {
    main_ = *started;
    begins_with_it_ = true;
    return Settle();
  }
  // The case may be about starting.
  if (!case_.steps.empty() && std::holds_alternative<StartStep>(case_.steps.front().what)) return std::nullopt;
  return Judge(started.error(), Wanted::kAccepted, "the start");
}

CaseRunner::Failure CaseRunner::Settle() {
  world_.Advance(0);  // a timer that was past due at entry is the next trigger
  if (world_.endless()) return Fail(*world_.endless());
  if (std::optional<std::string> differs = world_.Restart()) return Fail(*differs);
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::Judge(const std::optional<Error>& refused, Wanted wanted, const std::string& what) {
  if (!refused && wanted == Wanted::kRefused) return Fail("Expected " + what + " to be refused, but it is accepted.");
  if (!refused || wanted == Wanted::kRefused) return std::nullopt;
  return Fail("Expected " + what + " to be accepted, but it is refused: " + refused->message +
              (refused->path.empty() ? "" : " (at " + refused->path + ")"));
}

std::vector<const LiveInstance*> CaseRunner::Candidates(const std::string& name, std::string& state) const {
  const std::size_t slash = name.find('/');
  state = slash == std::string::npos ? name : name.substr(slash + 1);
  const std::string process = slash == std::string::npos ? process_ : name.substr(0, slash);
  std::vector<const LiveInstance*> candidates;
  if (const LiveInstance* main = Main(); main != nullptr && process == process_) candidates.push_back(main);
  if (slash == std::string::npos && !candidates.empty()) return candidates;
  for (const LiveInstance* live : world_.InOrder())
    if (live->definition->process == process && live->state.id != main_) candidates.push_back(live);
  return candidates;
}

std::string CaseRunner::NameOf(const InstanceId& id, const std::string& state) const {
  return id == main_ ? state : world_.Find(id)->definition->process + "/" + state;
}

}  // namespace fermata

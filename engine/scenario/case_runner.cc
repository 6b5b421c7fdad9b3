#include "engine/scenario/case_runner.h"

#include <algorithm>
#include <array>

#include "engine/scenario/match.h"
#include "engine/scenario/parser.h"
#include "engine/scenario/standing.h"

namespace fermata {
namespace {

Outcome ToOutcome(const StepOutcome& outcome) {
  switch (outcome.kind) {
    case StepOutcome::Kind::kReturn:
      return JobSuccess{outcome.output};
    case StepOutcome::Kind::kError:
      return BusinessFailure{outcome.error.name, outcome.error.message, outcome.error.data};
    case StepOutcome::Kind::kTechnical:
      break;
  }
  for (TechnicalError error :
       {TechnicalError::kUnavailable, TechnicalError::kTimeout, TechnicalError::kInvalidResponse})
    if (TechnicalErrorName(error) == outcome.error.name) return TechnicalFailure{error, outcome.error.message, 0};
  return TechnicalFailure{TechnicalError::kInternal, outcome.error.message, 0};
}

ChildResult ToChildResult(const StepOutcome& outcome) {
  ChildResult result;
  if (outcome.kind == StepOutcome::Kind::kReturn) {
    result.output = outcome.output;
    return result;
  }
  result.error = outcome.error;
  result.kind = outcome.error.name == "cancelled"   ? ChildResult::Kind::kCancelled
                : outcome.error.name == "duplicate" ? ChildResult::Kind::kDuplicate
                : outcome.error.name == "schema"    ? ChildResult::Kind::kRefused
                                                    : ChildResult::Kind::kFailed;
  return result;
}

bool IsActive(const InstanceState& state, const std::string& name) {
  const std::vector<std::string> active = ActiveStates(state);
  return std::find(active.begin(), active.end(), name) != active.end();
}

}  // namespace

struct StepVisitor {
  CaseRunner& runner;
  template <class Step>
  std::optional<std::string> operator()(const Step& step) {
    return runner(step);
  }
};

CaseResult CaseRunner::Run() {
  CaseResult result;
  result.name = case_.name;
  result.line = case_.at.line;
  auto fail = [&](int line, std::string failure) {
    result.passed = false;
    result.failed_line = line;
    result.failure = std::move(failure);
    result.standing = DescribeStanding(world_, main_);
  };
  Failure failure = Begin();
  if (failure) return fail(case_.at.line, *failure), result;
  for (const ScenarioStep& step : case_.steps) {
    failure = std::visit(StepVisitor{*this}, step.what);
    world_.Advance(0);  // a timer that was past due at entry is the next trigger
    if (!failure) failure = world_.Restart();
    if (failure) return fail(step.at.line, *failure), result;
  }
  failure = CheckEnd();
  if (failure) fail(case_.at.line, *failure);
  return result;
}

bool CaseRunner::BeginsItself() const {
  const DefinitionPtr definition = project_.Find(process_, case_.version.value_or(""));
  if (definition->start_on.empty() || case_.input) return false;
  return std::any_of(case_.steps.begin(), case_.steps.end(), [&](const ScenarioStep& step) {
    const auto* event = std::get_if<EventStep>(&step.what);
    return event != nullptr && event->type == definition->start_on;
  });
}

CaseRunner::Failure CaseRunner::Begin() {
  if (BeginsItself()) return std::nullopt;
  const DefinitionPtr definition = project_.Find(process_, case_.version.value_or(""));
  Result<InstanceId> started = world_.Start(definition, case_.input.value_or(Value()), case_.key);
  if (started.ok()) {
    main_ = *started;
    world_.Advance(0);
    return world_.Restart();
  }
  // The case may be about starting.
  if (!case_.steps.empty() && std::holds_alternative<StartStep>(case_.steps.front().what)) return std::nullopt;
  return "Expected the instance to start, but the start is refused: " + started.error().message +
         (started.error().path.empty() ? "" : " (at " + started.error().path + ")");
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

CaseRunner::Failure CaseRunner::operator()(const ExpectStep& step) {
  const std::vector<WorldCall>& calls = world_.calls();
  auto found = std::find_if(calls.begin(), calls.end(), [&](const WorldCall& call) {
    return call.operation == step.operation && (!step.with || IsPartOf(*step.with, call.input));
  });
  if (found == calls.end()) {
    std::string with = step.with ? " with " + ShortJson(*step.with) : "";
    std::vector<std::string> in_flight;
    for (const WorldCall& call : calls) in_flight.push_back(call.operation + " " + ShortJson(call.input));
    return "Expected a call of " + step.operation + with + " in flight, but there is " + Listed(in_flight) + ".";
  }
  if (!step.outcome) return std::nullopt;
  const WorldCall call = *found;
  if (call.child.empty()) {
    world_.Answer(call, ToOutcome(*step.outcome));
  } else {
    world_.EndStub(call, ToChildResult(*step.outcome));
  }
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const EventStep& step) {
  CloudEvent event;
  event.type = step.type;
  event.source = step.source.empty() ? "/scenario" : step.source;
  event.id = step.id.empty() ? world_.NextEventId() : step.id;
  event.time = FromMicros(world_.now_us());
  event.data = step.data;
  std::optional<Error> refused = world_.Accept(event, step.key, step.to);
  world_.Settle();
  if (!refused) {
    world_.Accept(event, step.key, step.to);  // an event is accepted once
    world_.Settle();
  }
  if (main_.empty())
    for (const auto& [process, id] : world_.started())
      if (process == process_ && main_.empty()) main_ = id;
  if (refused && !step.refused) return "Expected the event to be accepted, but it is refused: " + refused->message;
  if (!refused && step.refused) return std::string("Expected the event to be refused, but it is accepted.");
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const InStep& step) {
  for (const std::string& name : step.states) {
    std::string state;
    bool active = false;
    std::vector<std::string> there;
    for (const LiveInstance* live : Candidates(name, state)) {
      active = active || IsActive(live->state, state);
      for (const std::string& one : ActiveStates(live->state)) there.push_back(one);
    }
    if (!active) return "Expected the state '" + name + "' to be active, but there is " + Listed(there) + ".";
  }
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const AdvanceStep& step) {
  world_.Advance(step.ms * 1000);
  return std::nullopt;
}

CaseRunner::OpenTask CaseRunner::FindTask(const std::string& name) const {
  std::string state;
  for (const LiveInstance* live : Candidates(name, state))
    for (const auto& [id, activation] : live->state.activations)
      if (activation.task && activation.state == state) return {live, &activation};
  return {};
}

CaseRunner::Failure CaseRunner::operator()(const AnswerStep& step) {
  const OpenTask task = FindTask(step.state);
  if (task.live == nullptr) return "Expected an open task in '" + step.state + "', but there is none.";
  CompleteTask answer{task.activation->id, step.outcome, step.data, step.by};
  std::optional<Error> refused = world_.Submit(task.live->state.id, answer);
  if (refused && !step.refused) return "Expected the answer to be accepted, but it is refused: " + refused->message;
  if (!refused && step.refused) return std::string("Expected the answer to be refused, but it is accepted.");
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::Mismatch(const TaskStep& step, const OpenTask& task) {
  const TaskState& open = *task.activation->task;
  if (step.data && !IsPartOf(*step.data, open.data))
    return "Expected a task with data " + ShortJson(*step.data) + ", but it has " + ShortJson(open.data) + ".";
  if (step.reminded && *step.reminded != open.reminded)
    return "Expected a task reminded " + std::to_string(*step.reminded) + " times, but it was " +
           std::to_string(open.reminded) + " times.";
  if (!step.assign) return std::nullopt;
  std::vector<MapEntry> entries;
  if (!open.role.empty()) entries.emplace_back(Value::String("role"), Value::String(open.role));
  if (!open.user.empty()) entries.emplace_back(Value::String("user"), Value::String(open.user));
  const Value assigned = Value::Map(std::move(entries));
  const bool by_name =
      step.assign->is_string() && (step.assign->as_string() == open.role || step.assign->as_string() == open.user);
  if (by_name || IsPartOf(*step.assign, assigned)) return std::nullopt;
  return "Expected a task assigned to " + ShortJson(*step.assign) + ", but it is assigned to " + ShortJson(assigned) +
         ".";
}

CaseRunner::Failure CaseRunner::operator()(const TaskStep& step) {
  const OpenTask task = FindTask(step.state);
  if (task.live == nullptr) return "Expected an open task in '" + step.state + "', but there is none.";
  return Mismatch(step, task);
}

CaseRunner::Failure CaseRunner::operator()(const ResolveStep& step) {
  std::string state;
  for (const LiveInstance* live : Candidates(step.state, state)) {
    for (const OpenIncident& incident : OpenIncidents(live->state)) {
      if (incident.state != state) continue;
      ResolveIncident resolve{incident.number, step.action, step.set, step.output, step.error, "scenario"};
      std::optional<Error> refused = world_.Submit(live->state.id, resolve);
      if (refused) return "Expected the incident to be resolved, but that is refused: " + refused->message;
      return std::nullopt;
    }
  }
  return "Expected an open incident in '" + step.state + "', but there is none.";
}

CaseRunner::Failure CaseRunner::Send(const Command& command) {
  if (Main() == nullptr) return std::string("Expected an instance, but none has started.");
  std::optional<Error> refused = world_.Submit(main_, command);
  if (refused) return "Expected the command to be accepted, but it is refused: " + refused->message;
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const CancelStep& step) { return Send(CancelInstance{step.reason}); }
CaseRunner::Failure CaseRunner::operator()(const SuspendStep&) { return Send(SuspendInstance{}); }
CaseRunner::Failure CaseRunner::operator()(const ResumeStep&) { return Send(ResumeInstance{}); }

CaseRunner::Failure CaseRunner::operator()(const StartStep& step) {
  const DefinitionPtr definition = project_.Find(process_, case_.version.value_or(""));
  const Value input = step.input ? *step.input : case_.input.value_or(Value());
  Result<InstanceId> started = world_.Start(definition, input, step.key ? step.key : case_.key);
  if (started.ok() && step.refused) return std::string("Expected the start to be refused, but it is accepted.");
  if (!started.ok() && !step.refused)
    return "Expected the instance to start, but the start is refused: " + started.error().message;
  if (started.ok() && main_.empty()) main_ = *started;
  return std::nullopt;
}

bool CaseRunner::IsEmitted(const EmittedStep& step, const WorldEmission& emission) {
  if (emission.event.type != step.type) return false;
  if (step.with && !IsPartOf(*step.with, emission.event.data)) return false;
  if (!step.to) return true;
  if (!emission.to) return false;
  const Value to =
      Value::Object({{"process", Value::String(emission.to->first)}, {"key", Value::String(emission.to->second)}});
  return step.to->is_string() ? step.to->as_string() == emission.to->first : IsPartOf(*step.to, to);
}

CaseRunner::Failure CaseRunner::operator()(const EmittedStep& step) {
  std::vector<std::string> left;
  for (const WorldEmission& emission : world_.emissions()) {
    if (IsEmitted(step, emission)) return std::nullopt;
    left.push_back(emission.event.type + " " + ShortJson(emission.event.data));
  }
  return "Expected that '" + step.type + "'" + (step.with ? " with " + ShortJson(*step.with) : "") +
         " was emitted, but there is " + Listed(left) + ".";
}

CaseRunner::Failure CaseRunner::operator()(const StartedStep& step) {
  std::int64_t n = 0;
  for (const auto& [process, id] : world_.started()) n += process == step.process && id != main_;
  if (step.n ? n == *step.n : n > 0) return std::nullopt;
  return "Expected " + (step.n ? std::to_string(*step.n) : std::string("at least one")) + " started '" + step.process +
         "', but there are " + std::to_string(n) + ".";
}

CaseRunner::Failure CaseRunner::operator()(const IdleStep& step) {
  for (const WorldCall& call : world_.calls())
    if (call.operation == step.operation)
      return "Expected no call of " + step.operation + " in flight, but there is one with " + ShortJson(call.input) +
             ".";
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const LateStep& step) {
  const std::vector<WorldCall>& let_go = world_.let_go();
  for (std::size_t i = 0; i < let_go.size(); ++i) {
    const WorldCall call = let_go[i];
    if (call.operation != step.operation || world_.IsAnswered(call)) continue;
    world_.ForgetLetGo(i);
    world_.Answer(call, ToOutcome(step.outcome));
    return std::nullopt;
  }
  return "Expected a call of " + step.operation + " that was let go, but there is none.";
}

CaseResult RunCase(const ScenarioCase& one, const std::string& process, const ScenarioProject& project,
                   Hardship hardship, Visited& visited) {
  CaseRunner runner(one, process, project, hardship);
  CaseResult result = runner.Run();
  const World& world = runner.world();
  visited.transitions.insert(world.taken().begin(), world.taken().end());
  for (const LiveInstance* live : world.InOrder())
    for (const std::string& name : PathOf(*live)) visited.states.insert(live->definition->FindState(name));
  for (const auto& [id, state] : world.undone()) visited.undone.insert(world.Find(id)->definition->FindState(state));
  return result;
}

FileResult RunScenarios(const std::string& file, const std::string& text, const ScenarioProject& project,
                        Visited& visited) {
  FileResult result;
  result.file = file;
  ScenarioOutcome parsed = ParseScenarios(file, text, project);
  result.diagnostics = std::move(parsed.diagnostics);
  result.process = parsed.file.process;
  if (HasErrors(result.diagnostics)) return result;
  constexpr std::array<std::pair<Hardship, std::string_view>, 3> kVariants = {
      {{Hardship::kNone, ""},
       {Hardship::kRestarts, "restarted after every step"},
       {Hardship::kRepeats, "every command twice"}}};
  for (const ScenarioCase& one : parsed.file.cases) {
    for (const auto& [hardship, variant] : kVariants) {
      CaseResult ran = RunCase(one, parsed.file.process, project, hardship, visited);
      ran.variant = variant;
      const bool last = !ran.passed || hardship == Hardship::kRepeats;
      if (last) result.cases.push_back(std::move(ran));
      if (last) break;
    }
  }
  return result;
}

}  // namespace fermata

// The steps of a case, one function each.
#include <algorithm>

#include "engine/scenario/case_runner.h"
#include "engine/scenario/match.h"

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
    if (TechnicalErrorName(error) == outcome.error.name)
      return TechnicalFailure{error, outcome.error.message, 0, outcome.error.data};
  return TechnicalFailure{TechnicalError::kInternal, outcome.error.message, 0, outcome.error.data};
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

CaseRunner::Failure CaseRunner::NoSuchCall(const ExpectStep& step) const {
  std::vector<const WorldCall*> near;
  std::vector<std::string> others;
  for (const WorldCall& call : world_.calls()) {
    if (call.operation == step.operation) near.push_back(&call);
    if (call.operation != step.operation) others.push_back(call.operation);
  }
  const std::string expected =
      "Expected a call of " + step.operation + (step.with ? " with " + ShortJson(*step.with) : "") + " in flight, but ";
  if (near.empty())
    return Fail(expected + "there is none." + (others.empty() ? "" : " In flight is " + Listed(others) + "."));
  Diff nearest;
  for (const WorldCall* call : near) {
    Diff diff = DiffOf("with", *step.with, call->input, Comparison::kPart);
    if (nearest.empty() || diff.size() < nearest.size()) nearest = std::move(diff);
  }
  return Fail(expected + (near.size() == 1 ? std::string("the one in flight has another input.")
                                           : "none of the " + std::to_string(near.size()) +
                                                 " in flight fits. The nearest one differs in:"),
              std::move(nearest));
}

CaseRunner::Failure CaseRunner::operator()(const ExpectStep& step) {
  const auto fits = [&](const WorldCall& call) {
    return call.operation == step.operation && (!step.with || IsPartOf(*step.with, call.input));
  };
  const std::vector<const WorldCall*> of_engine = world_.EngineCalls();
  if (std::any_of(of_engine.begin(), of_engine.end(), [&](const WorldCall* call) { return fits(*call); }))
    return std::nullopt;
  const std::vector<WorldCall>& calls = world_.calls();
  const auto found = std::find_if(calls.begin(), calls.end(), fits);
  if (found == calls.end()) return NoSuchCall(step);
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
  const std::optional<Error> refused = world_.Accept(event, step.key, step.to);
  world_.Settle();
  if (!refused && world_.repeats()) {
    world_.Accept(event, step.key, step.to);  // an event is accepted once
    world_.Settle();
  }
  AdoptMain();
  return Judge(refused, Wanted(step.refused), "the event");
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
    if (!active) return Fail("Expected the state '" + name + "' to be active, but there is " + Listed(there) + ".");
  }
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const AdvanceStep& step) {
  world_.Advance(step.ms * 1000);
  AdoptMain();
  return std::nullopt;
}

void CaseRunner::AdoptMain() {
  if (!main_.empty()) return;
  const auto& started = world_.started();
  const auto first =
      std::find_if(started.begin(), started.end(), [&](const auto& one) { return one.first == process_; });
  if (first != started.end()) main_ = first->second;
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
  if (task.live == nullptr) return Fail("Expected an open task in '" + step.state + "', but there is none.");
  CompleteTask answer{task.activation->id, step.outcome, step.data, step.by};
  return Judge(world_.Submit(task.live->state.id, answer), Wanted(step.refused), "the answer");
}

CaseRunner::Failure CaseRunner::Mismatch(const TaskStep& step, const OpenTask& task) {
  const TaskState& open = *task.activation->task;
  if (step.data && !IsPartOf(*step.data, open.data))
    return Fail("Expected a task with data " + ShortJson(*step.data) + ", but it has other data.",
                DiffOf("data", *step.data, open.data, Comparison::kPart));
  if (step.reminded && *step.reminded != open.reminded)
    return Fail("Expected a task reminded " + std::to_string(*step.reminded) + " times, but it was " +
                std::to_string(open.reminded) + " times.");
  if (!step.assign) return std::nullopt;
  std::vector<MapEntry> entries;
  if (!open.role.empty()) entries.emplace_back(Value::String("role"), Value::String(open.role));
  if (!open.user.empty()) entries.emplace_back(Value::String("user"), Value::String(open.user));
  const Value assigned = Value::Map(std::move(entries));
  const bool by_name =
      step.assign->is_string() && (step.assign->as_string() == open.role || step.assign->as_string() == open.user);
  if (by_name || IsPartOf(*step.assign, assigned)) return std::nullopt;
  return Fail("Expected a task assigned to " + ShortJson(*step.assign) + ", but it is assigned to " +
              ShortJson(assigned) + ".");
}

CaseRunner::Failure CaseRunner::operator()(const TaskStep& step) {
  const OpenTask task = FindTask(step.state);
  if (task.live == nullptr) return Fail("Expected an open task in '" + step.state + "', but there is none.");
  return Mismatch(step, task);
}

CaseRunner::Failure CaseRunner::operator()(const ResolveStep& step) {
  std::string state;
  for (const LiveInstance* live : Candidates(step.state, state)) {
    for (const OpenIncident& incident : OpenIncidents(live->state)) {
      if (incident.state != state) continue;
      ResolveIncident resolve{incident.number, step.action, step.set, step.output, step.error, "scenario"};
      return Judge(world_.Submit(live->state.id, resolve), Wanted::kAccepted, "what resolves the incident");
    }
  }
  return Fail("Expected an open incident in '" + step.state + "', but there is none.");
}

CaseRunner::Failure CaseRunner::Send(const Command& command, const std::string& what) {
  if (Main() == nullptr) return Fail("Expected an instance, but none has started.");
  return Judge(world_.Submit(main_, command), Wanted::kAccepted, what);
}

CaseRunner::Failure CaseRunner::operator()(const CancelStep& step) {
  return Send(CancelInstance{step.reason}, "the cancel");
}
CaseRunner::Failure CaseRunner::operator()(const SuspendStep&) { return Send(SuspendInstance{}, "the suspension"); }
CaseRunner::Failure CaseRunner::operator()(const ResumeStep&) { return Send(ResumeInstance{}, "the resumption"); }

CaseRunner::Failure CaseRunner::operator()(const MigrateStep& step) {
  const DefinitionPtr target = project_.Find(process_, step.version);
  if (Main() == nullptr) return Fail("Expected an instance, but none has started.");
  return Judge(world_.Migrate(main_, target), Wanted(step.refused), "the migration");
}

CaseRunner::Failure CaseRunner::operator()(const StartStep& step) {
  const bool own = step.process.empty() || step.process == process_;
  const DefinitionPtr definition =
      own ? project_.Find(process_, case_.version.value_or("")) : project_.Find(step.process);
  const Value standard = own ? case_.input.value_or(Value()) : Value();
  std::optional<std::string> key = step.key;
  if (!key && own) key = case_.key;
  Result<InstanceId> started = world_.Start(definition, step.input.value_or(standard), key);
  if (started.ok() && main_.empty() && own) main_ = *started;
  return Judge(started.ok() ? std::nullopt : std::optional(started.error()), Wanted(step.refused), "the start");
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
  Diff nearest;
  for (const WorldEmission& emission : world_.emissions()) {
    if (IsEmitted(step, emission)) return std::nullopt;
    left.push_back(emission.event.type);
    if (emission.event.type != step.type || !step.with) continue;
    Diff diff = DiffOf("with", *step.with, emission.event.data, Comparison::kPart);
    if (nearest.empty() || diff.size() < nearest.size()) nearest = std::move(diff);
  }
  return Fail("Expected that '" + step.type + "'" + (step.with ? " with " + ShortJson(*step.with) : "") +
                  (step.to ? " to " + ShortJson(*step.to) : "") + " was emitted, but there is " + Listed(left) + ".",
              std::move(nearest));
}

CaseRunner::Failure CaseRunner::operator()(const StartedStep& step) {
  std::int64_t n = 0;
  for (const auto& [process, id] : world_.started()) n += process == step.process && (id != main_ || !begins_with_it_);
  if (step.n ? n == *step.n : n > 0) return std::nullopt;
  return Fail("Expected " + (step.n ? std::to_string(*step.n) : std::string("at least one")) + " started '" +
              step.process + "', but there are " + std::to_string(n) + ".");
}

CaseRunner::Failure CaseRunner::operator()(const IdleStep& step) {
  std::vector<const WorldCall*> calls = world_.EngineCalls();
  for (const WorldCall& call : world_.calls()) calls.push_back(&call);
  for (const WorldCall* call : calls)
    if (call->operation == step.operation)
      return Fail("Expected no call of " + step.operation + " in flight, but there is one with " +
                  ShortJson(call->input) + ".");
  return std::nullopt;
}

CaseRunner::Failure CaseRunner::operator()(const LateStep& step) {
  const std::optional<WorldCall> call = world_.TakeLetGo(step.operation);
  if (!call) return Fail("Expected a call of " + step.operation + " that was let go, but there is none.");
  world_.Answer(*call, ToOutcome(step.outcome));
  return std::nullopt;
}

}  // namespace fermata

// `ask`: a human task.
#include <algorithm>

#include "engine/base/quoted.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"
#include "engine/expression/template.h"
#include "engine/model/command_codes.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

std::optional<ProcessError> Assign(const AskVerb& verb, const Scope& names, TaskState& task) {
  auto text = [&](const std::optional<Template>& source, std::string& to) -> std::optional<ProcessError> {
    if (!source) return std::nullopt;
    Evaluated value = EvaluateText(*source, names, "`assign`");
    if (value.ok()) to = value.value.as_string();
    return std::move(value.error);
  };
  if (std::optional<ProcessError> error = text(verb.assign_role, task.role)) return error;
  if (std::optional<ProcessError> error = text(verb.assign_user, task.user)) return error;
  if (!verb.assign_from) return std::nullopt;
  Evaluated from = EvaluateJson(*verb.assign_from, names);
  if (!from.ok()) return std::move(from.error);
  const Value* role = from.value.Find("role");
  const Value* user = from.value.Find("user");
  if (role != nullptr && role->is_string()) task.role = role->as_string();
  if (user != nullptr && user->is_string()) task.user = user->as_string();
  if (!task.role.empty() || !task.user.empty()) return std::nullopt;
  return ProcessError{"expression", "Expected `assign.from` to give {role} or {user}, but it gives neither.", {}};
}

std::optional<ProcessError> SetDue(const Machine& machine, const AskVerb& verb, const Scope& names, TaskState& task) {
  if (!verb.due) return std::nullopt;
  if (const auto* ms = std::get_if<std::int64_t>(&*verb.due)) {
    task.due_us = machine.now_us() + *ms * 1000;
    return std::nullopt;
  }
  EvaluationResult due = EvaluateTemplate(std::get<Template>(*verb.due), names);
  if (!due.ok()) return ProcessError{"expression", due.error().message, {}};
  if (due.value().kind() == ValueKind::kTimestamp) {
    task.due_us = ToMicros(due.value().as_timestamp());
  } else if (due.value().kind() == ValueKind::kDuration) {
    task.due_us = machine.now_us() + ToMillis(due.value().as_duration()) * 1000;
  } else {
    return ProcessError{"expression", "Expected `due` to be a duration or a timestamp, but it is neither.", {}};
  }
  return std::nullopt;
}

// The data as the form has it; an answer without data fills an empty form.
Result<Value> FitToForm(const AskVerb& verb, const Value& data) {
  if (verb.form == nullptr) return data;
  return ValidateAndNormalise(*verb.form, data.is_null() ? Value::Map({}) : data);
}

Error WrongOutcome(const std::vector<std::string>& outcomes, const std::optional<std::string>& given) {
  return Error{kInvalidAnswer,
               (outcomes.empty() ? "Expected no outcome, for the task has none"
                                 : "Expected one of the task's outcomes (" + QuotedList(outcomes) + ")") +
                   ", but " + (given ? "it is '" + *given + "'." : "there is none."),
               "/outcome"};
}

// The answer that waits for `resume`, if there is one.
const CompleteTask* FindWaitingAnswer(const Machine& machine, ActivationId activation) {
  for (const auto& [number, stashed] : machine.state().stash)
    if (const auto* answer = std::get_if<CompleteTask>(&stashed.command); answer && answer->activation == activation)
      return answer;
  return nullptr;
}

}  // namespace

std::optional<ProcessError> StartAsk(Machine& machine, ActivationId id, const AskVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(id));
  TaskState task;
  Evaluated title = EvaluateText(verb.title, names, "`ask`");
  if (!title.ok()) return std::move(title.error);
  task.title = title.value.as_string();
  if (verb.data) {
    Evaluated data = EvaluateJson(*verb.data, names);
    if (!data.ok()) return std::move(data.error);
    task.data = std::move(data.value);
  }
  if (std::optional<ProcessError> error = Assign(verb, names, task)) return error;
  if (std::optional<ProcessError> error = SetDue(machine, verb, names, task)) return error;
  task.outcomes = verb.outcomes;
  machine.Record(TaskOpened{id, std::move(task)});
  for (std::size_t i = 0; i < verb.remind_ms.size(); ++i)
    Arm(machine, {id, kRemindSlot - static_cast<int>(i)}, machine.At(id).entered_us + verb.remind_ms[i] * 1000);
  return std::nullopt;
}

std::optional<Error> RefuseAnswer(const Machine& machine, const CompleteTask& answer) {
  const Activation* activation = machine.Find(answer.activation);
  if (activation == nullptr || !activation->task) {
    return Error{kUnknownTask,
                 "Expected an open task, but there is none with number " + std::to_string(answer.activation) + "."};
  }
  // The first answer counts; the same one again may be a repetition.
  const CompleteTask* waiting = FindWaitingAnswer(machine, answer.activation);
  if (waiting != nullptr && !(*waiting == answer))
    return Error{kTaskClosed, "Expected an open task, but '" + machine.state().id.ToString() + "-" +
                                  std::to_string(answer.activation) +
                                  "' has been answered; the answer is taken when the instance is resumed."};
  if (std::optional<Error> stranger = RefuseStranger(*activation->task, answer.by)) return stranger;
  // An answer that names nobody comes from where nobody has to say who they are.
  if (!answer.by.empty())
    if (std::optional<Error> other = RefuseUnassigned(*activation->task, answer.by, "answers")) return other;
  const std::vector<std::string>& outcomes = activation->task->outcomes;
  const bool fits = outcomes.empty() ? !answer.outcome
                                     : answer.outcome && std::find(outcomes.begin(), outcomes.end(), *answer.outcome) !=
                                                             outcomes.end();
  if (!fits) return WrongOutcome(outcomes, answer.outcome);
  Result<Value> fitted = FitToForm(std::get<AskVerb>(machine.StateOf(*activation).verb), answer.data);
  if (fitted.ok()) return std::nullopt;
  return Error{kInvalidAnswer, fitted.error().message, "/data" + fitted.error().path};
}

void SettleTask(Machine& machine, const CompleteTask& answer) {
  const auto& verb = std::get<AskVerb>(machine.StateOf(answer.activation).verb);
  Result<Value> fitted = FitToForm(verb, answer.data);
  Value data = fitted.ok() ? std::move(fitted).value() : answer.data;
  const Value output = Value::Object({{"outcome", answer.outcome ? Value::String(*answer.outcome) : Value()},
                                      {"data", std::move(data)},
                                      {"by", answer.by.empty() ? Value() : Value::String(answer.by)},
                                      {"at", Value::String(FormatTimestamp(FromMicros(machine.now_us())))}});
  CompleteWork(machine, answer.activation, output, {answer.by, false, {}, answer.actor});
}

void FireReminder(Machine& machine, TimerId timer) {
  const Activation& activation = machine.At(timer.activation);
  if (!activation.task) return;
  const TaskState task = *activation.task;
  PreparedEmission reminder;
  reminder.event.type = "task.reminded";
  reminder.event.data = Value::Object({{"instance", Value::String(machine.state().id.ToString())},
                                       {"process", Value::String(machine.state().process)},
                                       {"state", Value::String(activation.state)},
                                       {"title", Value::String(task.title)},
                                       {"reminded", Value::Int(task.reminded + 1)}});
  machine.Record(TaskReminded{timer.activation});
  PublishEmission(machine, std::move(reminder));
}

}  // namespace fermata

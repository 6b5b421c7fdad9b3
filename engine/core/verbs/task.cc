// Whose an open human task is: claimed, released, assigned, talked about.
#include "engine/core/verbs/verbs.h"
#include "engine/model/command_codes.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

// Null, and why: there is no such task, or its answer only waits for `resume`.
const TaskState* FindOpen(const Machine& machine, ActivationId id, std::optional<Error>& refused) {
  const Activation* activation = machine.Find(id);
  if (activation == nullptr || !activation->task) {
    refused = Error{kUnknownTask, "Expected an open task, but there is none with number " + std::to_string(id) + "."};
    return nullptr;
  }
  for (const auto& [number, stashed] : machine.state().stash) {
    const auto* answer = std::get_if<CompleteTask>(&stashed.command);
    if (answer == nullptr || answer->activation != id) continue;
    refused =
        Error{kTaskClosed, "Expected an open task, but '" + machine.state().id.ToString() + "-" + std::to_string(id) +
                               "' has been answered; the answer is taken when the instance is resumed."};
    return nullptr;
  }
  return &*activation->task;
}

}  // namespace

std::optional<Error> RefuseStranger(const TaskState& task, const std::string& by) {
  if (task.claimed.empty() || task.claimed == by) return std::nullopt;
  return Error{kTaskTaken,
               "Expected a task that nobody else has claimed, but it is claimed by '" + task.claimed + "'" +
                   (by.empty() ? std::string(", and `by` is not given.") : ", not by '" + by + "'."),
               "", "Ask them to release it, or assign it anew."};
}

std::optional<Error> RefuseUnassigned(const TaskState& task, const std::string& by, const std::string& does) {
  if (task.user.empty() || task.user == by) return std::nullopt;
  return Error{kTaskTaken,
               "Expected '" + task.user + "', to whom the task is assigned, but '" + by + "' " + does + " it.", "",
               "Assign it to somebody else first, or act for them: `by` names them."};
}

std::optional<Error> Refuse(const Machine& machine, const ClaimTask& command) {
  std::optional<Error> refused;
  const TaskState* task = FindOpen(machine, command.activation, refused);
  if (task == nullptr) return refused;
  if (std::optional<Error> stranger = RefuseStranger(*task, command.by)) return stranger;
  return RefuseUnassigned(*task, command.by, "claims");
}

std::optional<Error> Refuse(const Machine& machine, const ReleaseTask& command) {
  std::optional<Error> refused;
  const TaskState* task = FindOpen(machine, command.activation, refused);
  return task == nullptr ? refused : RefuseStranger(*task, command.by);
}

std::optional<Error> Refuse(const Machine& machine, const AssignTask& command) {
  std::optional<Error> refused;
  (void)FindOpen(machine, command.activation, refused);
  return refused;
}

std::optional<Error> Refuse(const Machine& machine, const CommentTask& command) {
  std::optional<Error> refused;
  const TaskState* task = FindOpen(machine, command.activation, refused);
  if (task == nullptr || task->comments < kTaskCommentsMax) return refused;
  return Error{kTooManyComments,
               "Expected at most " + std::to_string(kTaskCommentsMax) + " comments, but the task has as many already."};
}

void Claim(Machine& machine, const ClaimTask& command) {
  if (machine.At(command.activation).task->claimed.empty())
    machine.Record(TaskClaimed{command.activation, command.by, command.actor});
}

void Release(Machine& machine, const ReleaseTask& command) {
  if (!machine.At(command.activation).task->claimed.empty())
    machine.Record(TaskReleased{command.activation, command.by, command.actor});
}

}  // namespace fermata

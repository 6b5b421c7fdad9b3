// Calls and children whose state was left while they were under way. language.md 10.5 and 10.6.
#include "engine/core/behaviors/behaviors.h"

namespace fermata {

bool UndoLeftJob(Machine& machine, ActivationId activation, const Value& output) {
  const LeftJob& left = machine.state().left_jobs.at(activation);
  const State& state = machine.definition().states[static_cast<std::size_t>(left.index)];
  const Variables& variables = left.variables ? *left.variables : machine.state().variables;
  UndoOutcome undo = PrepareUndo(machine, state, activation, left.within, variables, output);
  if (undo.error) {
    machine.Record(LeftJobHeld{activation, output});
    OpenIncidentAt(machine, activation, *undo.error, {IncidentKind::kLeftJob, 0, std::nullopt});
    return false;
  }
  undo.record.at_once = true;
  machine.Record(LeftJobSettled{activation});
  RegisterUndo(machine, state, std::move(undo.record));
  return true;
}

void SettleLeftJob(Machine& machine, const LeftJob& left, const Outcome& outcome) {
  const ActivationId id = left.activation;
  if (const auto* success = std::get_if<JobSuccess>(&outcome)) {
    UndoLeftJob(machine, id, success->output);
    return;
  }
  const State& state = machine.definition().states[static_cast<std::size_t>(left.index)];
  const auto& verb = std::get<CallVerb>(state.verb);
  const RaisedError error = ToError(outcome);
  RetryChoice choice;
  if (left.may_retry) {
    const std::int64_t tries = left.job.attempt - left.job.attempts_before;
    choice = ChooseRetry(verb.retry, outcome, tries, machine.context().random);
  }
  const std::int64_t due_us = choice.retry ? machine.now_us() + choice.wait_us : 0;
  machine.Record(JobFailed{{id, false}, left.job.attempt, error.error, due_us});
  if (choice.retry) return machine.Wish(SetTimer{{id, kRetrySlot}, due_us});
  // A refusal took no effect, so there is nothing to undo. After anything else nobody knows whether it did.
  if (error.error_class == ErrorClass::kBusiness) return machine.Record(LeftJobSettled{id});
  OpenIncidentAt(machine, id, error.error, {IncidentKind::kLeftJob, 0, std::nullopt});
}

void RetryLeftJob(Machine& machine, const LeftJob& left, bool by_operator) {
  const ActivationId id = left.activation;
  const bool anew = BeginsAnew(machine, left.job.operation, left.job.definition_hash, by_operator);
  machine.Record(JobRetried{{id, false}, left.job.attempt + 1, by_operator, std::nullopt, anew});
  const LeftJob& tried = machine.state().left_jobs.at(id);
  machine.Wish(DispatchJob{
      {id, false}, tried.job.attempt, tried.state, tried.job.operation, tried.job.input, tried.job.timeout_ms});
}

void SettleLeftChild(Machine& machine, const LeftChild& left, const ChildResult& result) {
  const ActivationId id = left.activation;
  if (result.kind != ChildResult::Kind::kCompleted || left.undoing) return machine.Record(LeftChildSettled{id});
  // It completed before the cancel reached it.
  const InstanceId child = left.child;
  machine.Record(LeftChildUndone{id});
  machine.Wish(UndoChild{child, "its parent does not need it any more"});
}

}  // namespace fermata

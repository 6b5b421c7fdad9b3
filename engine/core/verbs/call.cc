// `call`: one outside job over all its tries.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {
namespace {

const ErrorContext kOfWork{IncidentKind::kWork, 0, std::nullopt};

// The deadline's due time; 0 = there is none.
std::int64_t DeadlineOf(const Activation& activation) {
  for (const ArmedTimer& timer : activation.timers)
    if (timer.slot == kDeadlineSlot) return timer.due_us;
  return 0;
}

bool HasIncident(const Machine& machine, ActivationId activation) {
  for (const auto& [number, incident] : machine.state().incidents)
    if (incident.activation == activation && incident.kind == IncidentKind::kWork) return true;
  return false;
}

void SettleFailure(Machine& machine, ActivationId id, const CallVerb& verb, const Outcome& outcome) {
  const Activation& activation = machine.At(id);
  const JobState& job = *activation.job;
  const JobId job_id{id, false};
  const RaisedError error = ToError(outcome);
  const RetryChoice choice =
      ChooseRetry(verb.retry, outcome, job.attempt - job.attempts_before, machine.context().random);
  const bool parked = HasIncident(machine, id);  // the deadline passed while this try was in flight
  const std::int64_t deadline_us = DeadlineOf(activation);
  const std::int64_t due_us = machine.now_us() + choice.wait_us;
  const bool waits = choice.retry && !parked;
  if (waits && (deadline_us == 0 || due_us < deadline_us)) {
    machine.Record(JobFailed{job_id, job.attempt, error.error, due_us});
    return machine.Wish(SetTimer{{id, kRetrySlot}, due_us});
  }
  machine.Record(JobFailed{job_id, job.attempt, error.error, 0});
  // No time for another try: the error is `timeout`, but not before the deadline.
  if (waits || parked) return;
  Disarm(machine, {id, kDeadlineSlot});
  RaiseError(machine, id, error, kOfWork);
}

}  // namespace

Evaluated CallInput(const Machine&, const CallVerb& verb, const Scope& scope) {
  Evaluated input{Value::Map({}), std::nullopt};
  if (verb.with) input = EvaluateJson(*verb.with, scope);
  if (!input.ok() || verb.manifest == nullptr) return input;
  return CheckShape(verb.manifest->input, input.value, "schema", "The input of " + verb.full());
}

std::optional<ProcessError> StartCall(Machine& machine, ActivationId id, const CallVerb& verb) {
  InstanceScope names(machine, machine.ScopeOf(id));
  Evaluated input = CallInput(machine, verb, names);
  if (!input.ok()) return std::move(input.error);
  const std::int64_t timeout_ms = verb.timeout_ms.value_or(kJobTimeoutDefaultMs);
  machine.Record(JobStarted{id, verb.full(), input.value, timeout_ms});
  if (verb.deadline_ms) Arm(machine, {id, kDeadlineSlot}, machine.now_us() + *verb.deadline_ms * 1000);
  machine.Wish(DispatchJob{{id, false}, 1, machine.At(id).state, verb.full(), std::move(input.value), timeout_ms});
  return std::nullopt;
}

void SettleJob(Machine& machine, ActivationId id, const Outcome& outcome) {
  const auto& verb = std::get<CallVerb>(machine.StateOf(id).verb);
  const auto* success = std::get_if<JobSuccess>(&outcome);
  if (success == nullptr) return SettleFailure(machine, id, verb, outcome);
  Evaluated output{success->output, std::nullopt};
  // A call that began before a migration goes on as it is: its own manifest was its judge.
  const JobState& job = *machine.At(id).job;
  if (verb.manifest != nullptr && job.definition_hash.empty() && job.operation == verb.full())
    output = CheckShape(verb.manifest->output, success->output, "invalid-response", "The output of " + verb.full());
  if (output.ok()) return CompleteWork(machine, id, output.value, {});
  SettleFailure(machine, id, verb, TechnicalFailure{TechnicalError::kInvalidResponse, output.error->message, 0});
}

void FireRetry(Machine& machine, ActivationId id) {
  const std::int64_t attempt = machine.At(id).job->attempt + 1;
  machine.Record(JobRetried{{id, false}, attempt, false, std::nullopt, false});
  const Activation& activation = machine.At(id);
  const JobState& job = *activation.job;
  machine.Wish(DispatchJob{{id, false}, attempt, activation.state, job.operation, job.input, job.timeout_ms});
}

void FireDeadline(Machine& machine, ActivationId id) {
  Disarm(machine, {id, kRetrySlot});
  RaisedError error{
      {"timeout", "Expected an outcome before the deadline, but there was none.", {}}, ErrorClass::kTechnical, false};
  RaiseError(machine, id, error, kOfWork);
}

}  // namespace fermata

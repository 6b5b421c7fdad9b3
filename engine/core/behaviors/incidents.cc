// Incidents: a branch that is parked until somebody retries, skips or fails it.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/verbs/verbs.h"
#include "engine/model/command_codes.h"

namespace fermata {
namespace {

void RetryWork(Machine& machine, const Incident& incident, bool changed) {
  const ActivationId id = incident.activation;
  const State& state = machine.StateOf(id);
  const auto& verb = std::get<CallVerb>(state.verb);
  const JobState& parked = *machine.At(id).job;
  const bool anew = BeginsAnew(machine, parked.operation, parked.definition_hash, true);
  JobRetried retried{{id, false}, parked.attempt + 1, true, std::nullopt, anew};
  if (changed && parked.operation == verb.full()) {  // the operator changed variables: the input is made anew
    InstanceScope names(machine, machine.ScopeOf(id));
    Evaluated input = CallInput(machine, verb, names);
    if (!input.ok()) {
      const RaisedError error = DefinitionError(*input.error);
      return RaiseError(machine, id, error, {IncidentKind::kWork, 0, std::nullopt});
    }
    retried.input = std::move(input.value);
  }
  machine.Record(std::move(retried));
  if (verb.deadline_ms) Arm(machine, {id, kDeadlineSlot}, machine.now_us() + *verb.deadline_ms * 1000);
  const JobState& job = *machine.At(id).job;
  machine.Wish(DispatchJob{{id, false}, job.attempt, state.name, job.operation, job.input, job.timeout_ms});
}

void RetryLeft(Machine& machine, const Incident& incident) {
  auto left = machine.state().left_jobs.find(incident.activation);
  if (left == machine.state().left_jobs.end()) return;
  if (left->second.held) {
    UndoLeftJob(machine, incident.activation, Value(*left->second.held));
  } else {
    RetryLeftJob(machine, left->second, true);
  }
}

void Retry(Machine& machine, const Incident& incident, bool changed) {
  const ActivationId id = incident.activation;
  switch (incident.kind) {
    case IncidentKind::kEntry:
      return RunEntry(machine, id);
    case IncidentKind::kWork:
      return RetryWork(machine, incident, changed);
    case IncidentKind::kChild:
      if (std::optional<ProcessError> error = RestartChild(machine, id))
        RaiseError(machine, id, DefinitionError(*error), {IncidentKind::kChild, 0, std::nullopt});
      return;
    case IncidentKind::kUndoInput:
      return CompleteWork(machine, id, Value(*machine.At(id).held), {});
    case IncidentKind::kNext:
      return machine.PushNext(id);
    case IncidentKind::kEnd:
      return StartEnd(machine, id, std::get<EndVerb>(machine.StateOf(id).verb));
    case IncidentKind::kEvent:
      if (!OfferEvent(machine, *incident.event, std::nullopt, false))
        KeepEvent(machine, {*incident.event, std::nullopt, false});
      return;
    case IncidentKind::kTimer:
      return FireAfter(machine, id, static_cast<int>(incident.subject));
    case IncidentKind::kError:
      return RaiseError(machine, id, {incident.error, ClassOf(incident.error.name), false},
                        {IncidentKind::kError, 0, std::nullopt});
    case IncidentKind::kUndo:
      return RetryUndo(machine, machine.state().undo_records.at(incident.subject), true);
    case IncidentKind::kLeftJob:
      return RetryLeft(machine, incident);
    case IncidentKind::kStuck:
    case IncidentKind::kLost:
      return;
    case IncidentKind::kDetached:
      FERMATA_ASSERT(false);  // refused
  }
}

void Skip(Machine& machine, const Incident& incident, const std::string& by, const Value& output) {
  const ActivationId id = incident.activation;
  switch (incident.kind) {
    case IncidentKind::kEntry:
    case IncidentKind::kWork:
    case IncidentKind::kChild:
    case IncidentKind::kError:
      return CompleteWork(machine, id, output, {by, true, {}});
    case IncidentKind::kUndoInput: {
      const Value held = *machine.At(id).held;
      return CompleteWork(machine, id, output.is_null() ? held : output, {by, true, {}});
    }
    case IncidentKind::kEnd:
      return FinishScope(machine, id, output);
    case IncidentKind::kUndo:
      return FinishUndo(machine, machine.state().undo_records.at(incident.subject), true);
    case IncidentKind::kLeftJob:
      return machine.Record(LeftJobSettled{id});
    case IncidentKind::kEvent:
    case IncidentKind::kTimer:
    case IncidentKind::kDetached:
    case IncidentKind::kLost:
      return;  // the trigger, or the child, is dropped; what was lost is back
    case IncidentKind::kNext:
    case IncidentKind::kStuck:
      FERMATA_ASSERT(false);  // refused
  }
}

void Fail(Machine& machine, const Incident& incident, const ResolveIncident& command) {
  if (incident.kind == IncidentKind::kLeftJob) return machine.Record(LeftJobSettled{incident.activation});
  ProcessError error = incident.error;
  if (!command.error.name.empty()) error = command.error;
  const RaisedError raised{error, ClassOf(error.name), true};
  RaiseError(machine, incident.activation, raised, {incident.kind, incident.subject, std::nullopt});
}

}  // namespace

void OpenIncidentAt(Machine& machine, ActivationId activation, const ProcessError& error, const ErrorContext& context) {
  Incident incident;
  incident.number = machine.state().next_incident;
  incident.kind = context.kind;
  incident.activation = activation;
  if (const Activation* at = machine.Find(activation)) {
    incident.state = at->state;
  } else if (auto left = machine.state().left_jobs.find(activation); left != machine.state().left_jobs.end()) {
    incident.state = left->second.state;
  } else if (const UndoRecord* record = FindRecord(machine.state(), activation)) {
    incident.state = record->state;
  }
  incident.error = error;
  incident.opened_us = machine.now_us();
  incident.subject = context.subject;
  incident.event = context.event;
  machine.Record(IncidentOpened{std::move(incident)});
}

void CloseIncidentsOf(Machine& machine, ActivationId activation, std::string_view how) {
  if (machine.state().incidents.empty()) return;
  std::vector<IncidentNumber> numbers;
  for (const auto& [number, incident] : machine.state().incidents)
    if (incident.activation == activation && incident.kind != IncidentKind::kUndo &&
        incident.kind != IncidentKind::kLeftJob)
      numbers.push_back(number);
  for (IncidentNumber number : numbers) machine.Record(IncidentClosed{number, std::string(how), ""});
}

void Resolve(Machine& machine, const ResolveIncident& command) {
  auto found = machine.state().incidents.find(command.incident);
  if (found == machine.state().incidents.end()) return;  // it waited in the stash, and was closed meanwhile
  const Incident incident = found->second;
  if (!command.set.empty())
    machine.Record(VariablesSet{machine.ScopeOf(incident.activation), FittedSet(machine, command.set)});
  constexpr std::string_view kHow[] = {"retry", "skip", "fail"};
  machine.Record(
      IncidentClosed{incident.number, std::string(kHow[static_cast<int>(command.action)]), command.by, command.reason});
  switch (command.action) {
    case IncidentAction::kRetry:
      return Retry(machine, incident, !command.set.empty());
    case IncidentAction::kSkip:
      return Skip(machine, incident, command.by, FittedOutput(machine, incident, command.output));
    case IncidentAction::kFail:
      return Fail(machine, incident, command);
  }
}

}  // namespace fermata

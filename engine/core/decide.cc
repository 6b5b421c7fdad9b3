#include "engine/core/decide.h"

#include <algorithm>
#include <set>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/lifecycle.h"
#include "engine/core/machine.h"
#include "engine/core/verbs/verbs.h"
#include "engine/model/command_codes.h"

namespace fermata {
namespace {

Error Forbidden(InstanceStatus status, LifecycleEvent event) {
  return Error{kStatusForbids, std::string(RefusalReason(status, event))};
}

// Why the command is refused; nothing has happened then.
struct Refuser {
  const Machine& machine;
  InstanceStatus status;
  using Answer = std::optional<Error>;

  Answer Unless(LifecycleEvent event) {
    if (NextStatus(status, event)) return std::nullopt;
    return Forbidden(status, event);
  }
  Answer operator()(const StartInstance&) { return std::nullopt; }
  Answer operator()(const CompleteJob& command) {
    if (command.job.activation > 0 && command.job.activation < machine.state().next_activation) return std::nullopt;
    return Error{kInvalidInput,
                 "Expected the job of a state that was entered, but there is no job " + command.job.ToString() + "."};
  }
  Answer operator()(const FireTimer&) { return std::nullopt; }
  Answer operator()(const FinishChild&) { return std::nullopt; }
  Answer operator()(const UndoInstance&) { return std::nullopt; }
  Answer operator()(const CancelInstance&) { return Unless(LifecycleEvent::kAskCancel); }
  Answer operator()(const SuspendInstance&) {
    return status == InstanceStatus::kCompensating ? Forbidden(status, LifecycleEvent::kSuspend)
                                                   : Unless(LifecycleEvent::kSuspend);
  }
  Answer operator()(const ResumeInstance&) {
    if (!IsFinal(status)) return std::nullopt;
    return Forbidden(status, LifecycleEvent::kWork);
  }
  Answer operator()(const DeliverEvent&) {
    if (IsFinal(status)) return Forbidden(status, LifecycleEvent::kWork);
    if (machine.state().kept.size() + machine.state().stash.size() < kKeptEventsPerInstanceMax) return std::nullopt;
    return Error{kTooManyKeptEvents, "Expected at most " + std::to_string(kKeptEventsPerInstanceMax) +
                                         " events to wait for this instance, but there are as many already."};
  }
  Answer operator()(const ResolveIncident& command) { return RefuseResolution(machine, command); }
  Answer operator()(const CompleteTask& command) {
    if (IsFinal(status)) return Forbidden(status, LifecycleEvent::kWork);
    return RefuseAnswer(machine, command);
  }
  Answer operator()(const ClaimTask& command) { return RefuseOnTask(command); }
  Answer operator()(const ReleaseTask& command) { return RefuseOnTask(command); }
  Answer operator()(const AssignTask& command) { return RefuseOnTask(command); }
  Answer operator()(const CommentTask& command) { return RefuseOnTask(command); }
  template <class OnTask>
  Answer RefuseOnTask(const OnTask& command) {
    if (IsFinal(status)) return Forbidden(status, LifecycleEvent::kWork);
    return Refuse(machine, command);
  }
  Answer operator()(const MigrateInstance&) {
    if (IsFinal(status)) return Forbidden(status, LifecycleEvent::kWork);
    return std::nullopt;
  }
  Answer operator()(const SetVariables& command) { return RefuseAmendment(machine, command); }
  Answer operator()(const MoveInstance& command) { return RefuseMove(machine, command); }
  Answer operator()(const ReportLost&) {
    if (IsFinal(status)) return Forbidden(status, LifecycleEvent::kWork);
    return std::nullopt;
  }
};

void Begin(Machine& machine, const StartInstance& command, Bindings vars) {
  const Definition& definition = machine.definition();
  InstanceStarted started;
  started.tenant = command.tenant;
  started.process = definition.process;
  started.version = definition.version;
  started.definition_hash = definition.hash;
  started.key = command.key;
  started.parent = command.parent;
  started.input = command.input;
  started.vars = std::move(vars);
  started.traceparent = command.traceparent;
  machine.Record(std::move(started));
  for (std::size_t i = 0; i < command.kept.size(); ++i) {
    const std::int64_t until_us = i < command.kept_until_us.size() ? command.kept_until_us[i] : 0;
    KeepEvent(machine, {command.kept[i], command.key, true, until_us});
  }
  machine.Record(StateEntered{kRootActivation, 0, ActivationKind::kRoot, "", kRoot});
  machine.entered_state = true;
  // The root listens before its first state is entered.
  std::optional<ProcessError> error = ArmTimers(machine, kRootActivation);
  if (std::optional<ProcessError> failed = ArmSubscriptions(machine, kRootActivation); failed && !error) error = failed;
  if (error) {
    machine.Record(EntryProgressed{kRootActivation, true, Phase::kEntering});
    return machine.PushRaise(kRootActivation, DefinitionError(*error), {IncidentKind::kEntry, 0, std::nullopt});
  }
  EnterState(machine, definition.states[kRoot].start, kRootActivation);
}

// `vars` see `input`, `instance`, `now`; a failure refuses the start.
Result<Bindings> EvaluateVars(const Definition& definition, const InstanceState& state, const StartInstance& command,
                              const DecisionContext& context) {
  Bindings vars;
  if (definition.vars.empty()) return vars;
  InstanceState seen;
  seen.id = state.id;
  seen.key = command.key;
  seen.process = definition.process;
  seen.version = definition.version;
  seen.input = command.input;
  seen.started_us = context.now_us;
  Machine view(definition, seen, context);
  InstanceScope names(view, 0);
  for (const Assignment& assignment : definition.vars) {
    Evaluated value = EvaluateJson(assignment.value, names);
    if (!value.ok())
      return Error{kInvalidInput, "The start needs '" + assignment.name + "': " + value.error->message,
                   "/vars/" + assignment.name};
    vars.emplace_back(assignment.name, std::move(value.value));
  }
  if (std::optional<ProcessError> full = CheckVariables(view, 0, vars))
    return Error{kInvalidInput, full->message, "/vars"};
  return vars;
}

// Each is a macrostep of its own.
void FireEarlier(Machine& machine, TimerId timer) {
  while (!machine.state().suspended && !machine.ended()) {
    const std::optional<TimerId> earlier = FindEarlierTimer(machine, timer);
    if (!earlier) return;
    Fire(machine, FireTimer{*earlier});
    RunToQuiescence(machine);
    machine.transitions = machine.livelocks = 0;
  }
}

// All or nothing: what the new version cannot carry is found out on a copy.
Result<Decision> DecideMigration(const Definition& definition, InstanceState& state, const MigrateInstance& command,
                                 const DecisionContext& context) {
  if (command.revert)
    if (std::optional<Error> refused = RefuseRevert(state, command)) return *std::move(refused);
  FERMATA_ASSERT(context.migrate_to != nullptr);
  const Definition& target = *context.migrate_to;
  if (!command.revert && state.definition_hash == target.hash && state.version == target.version) return Decision{};
  InstanceState tried = state;
  Machine machine(target, tried, context);
  if (std::optional<Error> refused =
          command.revert ? Revert(machine, definition, command) : Migrate(machine, definition, command))
    return *std::move(refused);
  RunToQuiescence(machine);
  ++tried.seq;
  state = std::move(tried);
  return machine.TakeDecision();
}

}  // namespace

Result<Decision> Decide(const Definition& definition, InstanceState& state, const Command& command,
                        const DecisionContext& context) {
  FERMATA_ASSERT(context.now_us >= state.updated_us);
  Machine machine(definition, state, context);
  const auto* start = std::get_if<StartInstance>(&command);
  if (start != nullptr && state.seq == 0) {
    Result<Bindings> vars = EvaluateVars(definition, state, *start, context);
    if (!vars.ok()) return std::move(vars).error();
    Begin(machine, *start, std::move(vars).value());
  } else {
    if (std::optional<Error> refused = std::visit(Refuser{machine, state.status}, command)) return *std::move(refused);
    if (const auto* migrate = std::get_if<MigrateInstance>(&command))
      return DecideMigration(definition, state, *migrate, context);
    if (const auto* fire = std::get_if<FireTimer>(&command)) FireEarlier(machine, fire->timer);
    if (MustWait(machine, command)) {
      Stash(machine, command);
    } else {
      Execute(machine, command);
    }
  }
  if (!machine.ended()) RunToQuiescence(machine);
  Decision decision = machine.TakeDecision();
  if (!decision.events.empty()) ++state.seq;
  return decision;
}

Result<MigrationPlan> PlanMigration(const Definition& definition, const InstanceState& state,
                                    const MigrateInstance& migrate, const DecisionContext& context) {
  InstanceState tried = state;
  DecisionContext now = context;
  now.now_us = std::max(context.now_us, state.updated_us);
  Result<Decision> decision = Decide(definition, tried, migrate, now);
  if (!decision.ok()) return std::move(decision).error();
  MigrationPlan plan;
  plan.from = state.version;
  plan.version = tried.version;
  std::set<std::string> set, dropped;
  for (const JournalEvent& event : decision->events) {
    if (const auto* migrated = std::get_if<InstanceMigrated>(&event.body))
      for (const MigratedActivation& one : migrated->activations)
        if (const Activation& before = state.activations.at(one.activation); before.kind == ActivationKind::kState)
          plan.states.emplace_back(before.state, one.state);
    if (const auto* values = std::get_if<VariablesSet>(&event.body))
      for (const auto& [name, value] : values->values) set.insert(name);
    if (const auto* gone = std::get_if<VariablesDropped>(&event.body))
      dropped.insert(gone->names.begin(), gone->names.end());
  }
  plan.set.assign(set.begin(), set.end());
  plan.dropped.assign(dropped.begin(), dropped.end());
  return plan;
}

std::vector<Effect> PendingEffects(const InstanceState& state) {
  std::vector<Effect> effects;
  for (JobView& job : JobsInFlight(state))
    effects.push_back(DispatchJob{job.job, job.attempt, std::move(job.state), std::move(job.operation),
                                  std::move(job.input), job.timeout_ms});
  return effects;
}

}  // namespace fermata

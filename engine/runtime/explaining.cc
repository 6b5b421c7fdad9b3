// What operators ask before they act: why it waits, what an event or a move would do, whether a command would be taken.
#include <algorithm>
#include <map>

#include "engine/core/decide.h"
#include "engine/model/limits.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/replay.h"

namespace fermata {
namespace {

void MarkPaused(const Pauses& pauses, std::vector<WaitOf>& waits) {
  if (pauses.none()) return;
  for (WaitOf& wait : waits)
    for (Wake& wake : wait.wakes)
      if (wake.kind == Wake::Kind::kJob) wake.paused = pauses.HoldsCallsOf(wake.name);
}

}  // namespace

Result<DefinitionPtr> EngineImpl::DefinitionOf(const InstanceState& state) {
  DefinitionPtr definition = definitions_.FindByHash(state.process, state.definition_hash);
  if (!definition) return UnknownDefinition(state.process, state.version);
  return definition;
}

// For what is only tried out. `state` must outlive it.
DecisionContext EngineImpl::ContextOf(const InstanceState& state, const DefinitionPtr& definition) {
  DecisionContext context;
  context.now_us = std::max(clock_.NowUs(), state.updated_us);
  context.shard_count = shard_count_;
  context.has_not_begun = [&, definition](const JobId& job, std::int64_t attempt) {
    const std::optional<JobView> call = FindJobInFlight(state, job);
    if (!call || FindWorkerOperation(definitions_, definition, state, *call) == nullptr) return false;
    const Result<std::optional<JobRow>> row = storage_.FindJob(state.id, job.activation, job.undo);
    return row.ok() && row->has_value() && (*row)->attempt == attempt && (*row)->ends_us == 0;
  };
  return context;
}

Result<bool> EngineImpl::WasAccepted(const InstanceState& state, const Definition& definition,
                                     const CloudEvent& event) {
  if (event.id.empty() || event.source.empty()) return false;
  std::vector<std::string> values = {""};
  const EventDeclaration* declaration = definition.FindEvent(event.type);
  if (std::string addressee = AddresseeOf(event); !addressee.empty())
    values.push_back(std::move(addressee));
  else if (declaration != nullptr)
    if (std::optional<std::string> key = EvaluateEventKey(*declaration, event)) values.push_back(std::move(*key));
  for (const std::string& value : values) {
    Result<std::optional<EventIdentityRow>> seen =
        storage_.FindEventIdentity(state.tenant, event.source, event.id, value);
    if (!seen.ok()) return seen.error();
    if (seen->has_value() && (*seen)->expires_us > clock_.NowUs()) return true;
  }
  return false;
}

// The journal alone knows why the try before the next one failed; that is seldom far back.
Status EngineImpl::TellLastTries(const InstanceState& state, std::vector<WaitOf>& waits) {
  std::map<JobId, Wake*> waiting;
  for (WaitOf& wait : waits)
    for (Wake& wake : wait.wakes)
      if (wake.kind == Wake::Kind::kTimer && !wake.operation.empty()) waiting.emplace(wake.job, &wake);
  if (waiting.empty()) return Done{};
  const auto look = [&](std::int64_t, const std::vector<JournalEvent>& events) {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      const auto* failed = std::get_if<JobFailed>(&event->body);
      const auto found = failed == nullptr ? waiting.end() : waiting.find(failed->job);
      if (found == waiting.end()) continue;
      found->second->last_error = failed->error.name;
      found->second->last_text = failed->error.message;
      found->second->last_us = event->at_us;
      waiting.erase(found);
    }
    return !waiting.empty();
  };
  if (Status told = WalkJournalBack(storage_, state.id, state.seq, kExplainRowsMax, look); !told.ok()) return told;
  for (const auto& [job, wake] : waiting)
    wake->note += std::string(wake->note.empty() ? "" : " ") +
                  "Why the last try failed is not told here: it is more than " + std::to_string(kExplainRowsMax) +
                  " steps back in the instance's history.";
  return Done{};
}

Result<Explanation> EngineImpl::Explain(const InstanceId& id, const std::optional<CloudEvent>& event) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  Result<DefinitionPtr> definition = DefinitionOf(*state);
  if (!definition.ok()) return definition.error();
  Explanation explanation;
  explanation.id = id;
  explanation.process = state->process;
  explanation.version = state->version;
  explanation.key = state->key;
  explanation.status = StatusName(state->status);
  if (!IsFinal(state->status)) explanation.states = ActiveStates(*state);
  explanation.waits = ExplainWaits(**definition, *state);
  MarkPaused(pauses_, explanation.waits);
  if (Status told = TellLastTries(*state, explanation.waits); !told.ok()) return told.error();
  for (const auto& [number, kept] : state->kept) explanation.kept.push_back(kept.event.type);
  explanation.stashed = static_cast<std::int64_t>(state->stash.size());
  if (!event) return explanation;
  Result<bool> accepted = WasAccepted(*state, **definition, *event);
  if (!accepted.ok()) return accepted.error();
  explanation.duplicate = *accepted;
  if (*accepted) {
    explanation.event.emplace().reasons.push_back("An event with the id '" + event->id + "' of '" + event->source +
                                                  "' was accepted before: it counts once.");
    return explanation;
  }
  explanation.event = ExplainEvent(**definition, *state, *event, clock_.NowUs());
  return explanation;
}

Result<MovePreview> EngineImpl::PreviewMove(const InstanceId& id, const MoveInstance& move) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  Result<DefinitionPtr> definition = DefinitionOf(*state);
  if (!definition.ok()) return definition.error();
  const DecisionContext context = ContextOf(*state, *definition);
  return fermata::PreviewMove(**definition, *state, move, context);
}

Result<MigrationPlan> EngineImpl::PlanMigration(const InstanceId& id, const MigrateInstance& migrate) {
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  Result<DefinitionPtr> definition = DefinitionOf(*state);
  if (!definition.ok()) return definition.error();
  Result<DefinitionPtr> target = definitions_.TargetOf(*state, migrate);
  if (!target.ok()) return target.error();
  DecisionContext context = ContextOf(*state, *definition);
  context.migrate_to = target->get();
  return fermata::PlanMigration(**definition, *state, migrate, context);
}

Status EngineImpl::Check(const InstanceId& id, const Command& command) {
  if (const auto* migrate = std::get_if<MigrateInstance>(&command)) {
    Result<MigrationPlan> plan = PlanMigration(id, *migrate);
    if (!plan.ok()) return plan.error();
    return Done{};
  }
  Result<InstanceState> state = LoadState(id);
  if (!state.ok()) return state.error();
  Result<DefinitionPtr> definition = DefinitionOf(*state);
  if (!definition.ok()) return definition.error();
  const DecisionContext context = ContextOf(*state, *definition);
  Result<Decision> decision = Decide(**definition, *state, command, context);
  if (!decision.ok()) return std::move(decision).error();
  return Done{};
}

}  // namespace fermata

// What a move would do: it is decided on a copy, and both are compared.
#include <algorithm>

#include "engine/core/behaviors/behaviors.h"
#include "engine/core/explain.h"

namespace fermata {
namespace {

// Of states only: regions and items have no name of their own.
std::vector<std::string> OnlyIn(const InstanceState& here, const InstanceState& there) {
  std::vector<std::string> names;
  for (const auto& [id, activation] : here.activations)
    if (activation.kind == ActivationKind::kState && there.Find(id) == nullptr) names.push_back(activation.state);
  return names;
}

std::vector<WaitOf> GivenUp(const Definition& definition, const InstanceState& before, const InstanceState& after) {
  std::vector<WaitOf> given_up;
  for (WaitOf& wait : ExplainWaits(definition, before)) {
    if (before.Find(wait.activation) == nullptr || after.Find(wait.activation) != nullptr) continue;
    for (Wake& wake : wait.wakes)
      wake.awaited = wake.kind == Wake::Kind::kJob && after.left_jobs.contains(wait.activation);
    given_up.push_back(std::move(wait));
  }
  return given_up;
}

}  // namespace

Result<MovePreview> PreviewMove(const Definition& definition, const InstanceState& state, const MoveInstance& move,
                                const DecisionContext& context) {
  InstanceState tried = state;
  DecisionContext now = context;
  now.now_us = std::max(context.now_us, state.updated_us);
  Result<Decision> decision = Decide(definition, tried, move, now);
  if (!decision.ok()) return std::move(decision).error();
  MovePreview preview;
  preview.status = tried.status;
  preview.given_up = GivenUp(definition, state, tried);
  preview.exited = OnlyIn(state, tried);
  for (const JournalEvent& event : decision->events) {
    if (const auto* moved = std::get_if<InstanceMoved>(&event.body)) preview.from = moved->from;
    const auto* entered = std::get_if<StateEntered>(&event.body);
    if (entered != nullptr && entered->kind == ActivationKind::kState) preview.entered.push_back(entered->state);
    if (const auto* opened = std::get_if<IncidentOpened>(&event.body)) {
      const Incident& incident = opened->incident;
      preview.incidents.push_back(
          {incident.number, incident.state, incident.activation, incident.error, incident.opened_us});
    }
  }
  for (const auto& [owner, rollback] : tried.rollbacks)
    for (std::string& name : StatesToUndo(tried, rollback)) preview.undone.push_back(std::move(name));
  for (WaitOf& wait : ExplainWaits(definition, tried))
    if (tried.Find(wait.activation) != nullptr && state.Find(wait.activation) == nullptr)
      preview.armed.push_back(std::move(wait));
  return preview;
}

}  // namespace fermata

#include "engine/core/apply_migration.h"

#include <iterator>
#include <map>

#include "engine/base/assert.h"

namespace fermata {
namespace {

// What has begun is carried out as the version says that it began under. Reopened children are their own business.
void KeepCarriers(InstanceState& state, const std::string& next_hash) {
  const auto keep = [&](std::string& carrier) {
    if (carrier.empty()) carrier = state.definition_hash;
    if (carrier == next_hash) carrier.clear();
  };
  for (auto& [id, activation] : state.activations)
    if (activation.job) keep(activation.job->definition_hash);
  for (auto& [id, left] : state.left_jobs) keep(left.job.definition_hash);
  for (auto& [number, record] : state.undo_records)
    if (record.child.empty()) keep(record.definition_hash);
}

// What names a timer by its slot: stashed ones, those of incidents.
void MoveSlots(InstanceState& state, const MigratedActivation& migrated) {
  auto move = [&](auto& slot) {
    for (const auto& [from, to] : migrated.slots) {
      if (slot != from) continue;
      slot = to;
      return true;
    }
    return false;
  };
  for (auto& [number, incident] : state.incidents)
    if (incident.kind == IncidentKind::kTimer && incident.activation == migrated.activation) move(incident.subject);
  for (auto stashed = state.stash.begin(); stashed != state.stash.end();) {
    auto* fire = std::get_if<FireTimer>(&stashed->second.command);
    const bool is_own = fire != nullptr && fire->timer.activation == migrated.activation &&
                        (fire->timer.slot >= 0 || fire->timer.slot <= kRemindSlot);
    stashed = is_own && !move(fire->timer.slot) ? state.stash.erase(stashed) : std::next(stashed);
  }
}

// What states are called by those who have left them.
class NewNames {
 public:
  explicit NewNames(const InstanceMigrated& event)
      : named_(event.named), renamed_(event.states.begin(), event.states.end()) {}

  void Rename(ActivationId id, std::string& state) const {
    const auto named = named_.find(id);
    if (named != named_.end()) {
      state = named->second;
    } else if (const auto found = renamed_.find(state); found != renamed_.end()) {
      state = found->second;
    }
  }
  void Rename(ActivationId id, std::string& state, ScopePath& within) const {
    Rename(id, state);
    for (ScopeStep& step : within) Rename(step.activation, step.state);
  }

 private:
  const std::map<ActivationId, std::string>& named_;
  const std::map<std::string, std::string> renamed_;
};

}  // namespace

void ApplyMigration(InstanceState& state, const InstanceMigrated& event) {
  if (event.keeps_carriers) KeepCarriers(state, event.definition_hash);
  state.version = event.version;
  state.definition_hash = event.definition_hash;
  for (auto& [id, activation] : state.activations) activation.subscriptions.clear();
  for (const MigratedActivation& migrated : event.activations) {
    Activation& activation = state.activations.at(migrated.activation);
    activation.state = migrated.state;
    activation.index = migrated.index;
    activation.timers = migrated.timers;
    MoveSlots(state, migrated);
  }
  for (const MigratedLeftJob& migrated : event.left_jobs)
    state.left_jobs.at(migrated.activation).index = migrated.index;
  const NewNames names(event);
  for (auto& [number, record] : state.undo_records) names.Rename(record.activation, record.state, record.within);
  for (auto& [id, left] : state.left_jobs) names.Rename(id, left.state, left.within);
  for (auto& [id, left] : state.left_children) names.Rename(id, left.state, left.within);
  for (auto& [number, incident] : state.incidents) names.Rename(incident.activation, incident.state);
  if (!event.reverted) return;
  FERMATA_ASSERT(!state.crossings.empty());
  state.crossings.pop_back();
}

}  // namespace fermata

#include "engine/core/behaviors/mapping.h"

#include <algorithm>
#include <set>

#include "engine/base/assert.h"
#include "engine/base/quoted.h"
#include "engine/expression/expression.h"

namespace fermata {
namespace {

bool IsChoice(const State& state) { return state.on.empty() && state.after.empty() && !state.next.empty(); }

bool HaveSameVerb(const State& a, const State& b) {
  if (a.verb.index() != b.verb.index()) return false;
  if (std::holds_alternative<NoVerb>(a.verb)) return IsChoice(a) == IsChoice(b);
  const auto* each = std::get_if<EachVerb>(&a.verb);
  if (each == nullptr) return true;
  const auto& other = std::get<EachVerb>(b.verb);
  return each->as == other.as && each->index == other.index;  // the names that the items under way see
}

std::set<std::string> RegionsOf(const Definition& definition, const State& parallel) {
  std::set<std::string> names;
  for (StateIndex region : parallel.children) names.insert(StateAt(definition, region).name);
  return names;
}

// Whether two `after` entries are the same timer: the same time, or the same expression.
bool IsSameTimer(const TimerHandler& a, const TimerHandler& b) {
  const auto* ms = std::get_if<std::int64_t>(&a.due);
  const auto* other_ms = std::get_if<std::int64_t>(&b.due);
  if (ms != nullptr || other_ms != nullptr) return ms != nullptr && other_ms != nullptr && *ms == *other_ms;
  const auto* expression = std::get_if<Expression>(&std::get<Template>(a.due).content);
  const auto* other = std::get_if<Expression>(&std::get<Template>(b.due).content);
  return expression != nullptr && other != nullptr && SourceOf(*expression->compiled) == SourceOf(*other->compiled);
}

bool IsNamed(const State& state) { return state.index != kRoot && !state.is_region; }

const std::string& NameIn(const StateNames& names, const std::string& name) {
  const auto found = names.renamed.find(name);
  return found == names.renamed.end() ? name : found->second;
}

// Everything that carries the name of a state, with the activation that it is of; an activation's own comes as often as something carries it.
template <class Visit>
void ForEachName(const InstanceState& state, const Visit& visit) {
  const auto visit_all = [&](ActivationId id, const std::string& name, const ScopePath& within) {
    visit(id, name);
    for (const ScopeStep& step : within) visit(step.activation, step.state);
  };
  for (const auto& [number, record] : state.undo_records) visit_all(record.activation, record.state, record.within);
  for (const auto& [id, left] : state.left_jobs) visit_all(id, left.state, left.within);
  for (const auto& [id, left] : state.left_children) visit_all(id, left.state, left.within);
  for (const auto& [number, incident] : state.incidents) visit(incident.activation, incident.state);
}

// Finds the places, and says of everything that has none why.
class Mapper {
 public:
  Mapper(const InstanceState& state, const Definition& from, const Definition& to, const StateNames& names)
      : state_(state), from_(from), to_(to), names_(names) {}

  Mapping Map() && {
    InstanceMigrated& migrated = mapping_.migrated;
    migrated.from = from_.version;
    migrated.version = to_.version;
    migrated.definition_hash = to_.hash;
    for (const State& old_state : from_.states) {
      if (!IsNamed(old_state) || names_.unclear.contains(old_state.name)) continue;
      const std::string& name = NameIn(names_, old_state.name);
      if (name != old_state.name) migrated.states.emplace_back(old_state.name, name);
    }
    // Those around an activation have smaller numbers.
    for (const auto& [id, activation] : state_.activations) MapActivation(activation);
    for (const auto& [id, left] : state_.left_jobs) MapLeftJob(left);
    ForEachName(state_, [this](ActivationId id, const std::string& name) { MapName(id, name); });
    return std::move(mapping_);
  }

 private:
  void Refuse(std::string reason) {
    std::vector<std::string>& reasons = mapping_.reasons;
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) reasons.push_back(std::move(reason));
  }

  // Null where nobody knows: then a reason is told.
  const std::string* NameOf(ActivationId id, const std::string& name) {
    if (const auto named = names_.named.find(id); named != names_.named.end()) return &named->second;
    if (const auto unclear = names_.unclear.find(name); unclear != names_.unclear.end()) {
      Refuse("Expected to know which state of version " + to_.version + " '" + name + "' is, but it may be any of " +
             QuotedList(unclear->second) + ": the instance has entered it since.");
      return nullptr;
    }
    if (const auto moved = names_.moved.find(name); moved != names_.moved.end()) {
      Refuse("Expected a state of version " + to_.version + " for '" + name + "', but '" + name +
             "' is another one there: '" + moved->second + "' here.");
      return nullptr;
    }
    return &NameIn(names_, name);
  }

  // What has been left keeps its name where nobody has it there.
  void MapName(ActivationId id, const std::string& name) {
    const std::string* found = name.empty() ? nullptr : NameOf(id, name);
    if (found != nullptr && *found != NameIn(names_, name)) mapping_.migrated.named.insert_or_assign(id, *found);
  }

  void MapActivation(const Activation& activation) {
    MigratedActivation migrated;
    migrated.activation = activation.id;
    if (activation.kind != ActivationKind::kRoot && !indexes_.contains(activation.parent))
      return;  // it is told of that
    std::optional<int> index = kRoot;
    if (activation.kind == ActivationKind::kItem) index = indexes_.at(activation.parent);
    if (activation.kind == ActivationKind::kRegion) index = FindRegion(activation);
    if (activation.kind == ActivationKind::kState) index = FindState(activation);
    if (!index) return;
    migrated.index = *index;
    migrated.state = StateAt(to_, *index).name;
    indexes_.emplace(activation.id, *index);
    if (activation.kind == ActivationKind::kState || activation.kind == ActivationKind::kRoot)
      MapTimers(activation, StateAt(to_, *index), migrated);
    for (const auto& [number, incident] : state_.incidents) {
      if (incident.activation != activation.id || incident.kind != IncidentKind::kTimer) continue;
      const auto goes_on = [at = incident.subject](const std::pair<int, int>& slot) { return slot.first == at; };
      if (std::none_of(migrated.slots.begin(), migrated.slots.end(), goes_on))
        Refuse("Expected a timer of '" + migrated.state + "' for the open incident, but version " + to_.version +
               " has it no more: resolve the incident first.");
    }
    mapping_.migrated.activations.push_back(std::move(migrated));
  }

  // The regions are the same: FindState saw to it when it came by their `parallel`.
  int FindRegion(const Activation& activation) const {
    for (StateIndex region : StateAt(to_, indexes_.at(activation.parent)).children)
      if (StateAt(to_, region).name == activation.state) return region;
    FERMATA_ASSERT(false);
  }

  std::optional<int> FindState(const Activation& activation) {
    const std::string* name = NameOf(activation.id, activation.state);
    if (name == nullptr) return std::nullopt;
    const State* found = to_.FindState(*name);
    const std::string there = "Expected '" + *name + "' of version " + to_.version;
    const State& old_state = StateAt(from_, activation.index);
    if (found == nullptr) {
      Refuse("Expected a state of version " + to_.version + " for '" + activation.state +
             "', but there is none: " + names_.advice + ".");
    } else if (!HaveSameVerb(old_state, *found)) {
      Refuse(there + " to do what '" + activation.state + "' does, but its verb is another one.");
    } else if (found->parent != indexes_.at(activation.parent)) {
      Refuse(there + " to stand where '" + activation.state + "' stands, but the states around it are others.");
    } else if (std::holds_alternative<ParallelVerb>(found->verb) && activation.phase != Phase::kDone &&
               RegionsOf(from_, old_state) != RegionsOf(to_, *found)) {
      Refuse(there + " to have the regions that are under way, but it has others.");
    } else {
      return found->index;
    }
    return std::nullopt;
  }

  void MapLeftJob(const LeftJob& left) {
    const std::string* name = NameOf(left.activation, left.state);
    if (name == nullptr) return;
    const State* found = to_.FindState(*name);
    if (found == nullptr || !std::holds_alternative<CallVerb>(found->verb) || !found->undo)
      return Refuse("Expected a call with `undo` in version " + to_.version + " for '" + left.state +
                    "', whose outcome is still awaited, but there is none.");
    mapping_.migrated.left_jobs.push_back({left.activation, found->index});
  }

  // Due times go on; timers that the new version does not have are gone, and those it has beside them are armed later.
  void MapTimers(const Activation& activation, const State& state, MigratedActivation& migrated) {
    const State& old_state = StateAt(from_, activation.index);
    std::set<int> taken;
    for (const ArmedTimer& timer : activation.timers) {
      const std::optional<int> slot = SlotOf(timer.slot, old_state, state, taken);
      if (!slot) continue;
      taken.insert(*slot);
      migrated.timers.push_back({*slot, timer.due_us, timer.spent});
      if (timer.slot >= 0 || timer.slot <= kRemindSlot) migrated.slots.emplace_back(timer.slot, *slot);
    }
  }

  static std::optional<int> SlotOf(int slot, const State& old_state, const State& state, const std::set<int>& taken) {
    auto find = [&](const auto& entries, auto is_same, auto to_slot) -> std::optional<int> {
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const int candidate = to_slot(static_cast<int>(i));
        if (is_same(entries[i]) && !taken.contains(candidate)) return candidate;
      }
      return std::nullopt;
    };
    if (slot >= 0) {
      const TimerHandler& old_timer = old_state.after[static_cast<std::size_t>(slot)];
      return find(
          state.after, [&](const TimerHandler& timer) { return IsSameTimer(timer, old_timer); },
          [](int i) { return i; });
    }
    if (slot > kRemindSlot) return slot;  // the engine's own
    const std::int64_t ms = std::get<AskVerb>(old_state.verb).remind_ms[static_cast<std::size_t>(kRemindSlot - slot)];
    return find(
        std::get<AskVerb>(state.verb).remind_ms, [&](std::int64_t other) { return other == ms; },
        [](int i) { return kRemindSlot - i; });
  }

  const InstanceState& state_;
  const Definition& from_;
  const Definition& to_;
  const StateNames& names_;
  std::map<ActivationId, int> indexes_;  // in the other version
  Mapping mapping_;
};

}  // namespace

StateNames NamesForth(const Migration& migration) {
  StateNames names;
  names.renamed = migration.states;
  names.advice = "the migration has to name it under `states`";
  return names;
}

StateNames NamesBack(const Crossing& crossing, const Definition& older, const Definition& newer) {
  const std::map<std::string, std::string> forth(crossing.states.begin(), crossing.states.end());
  std::map<std::string, std::vector<std::string>> origins;
  for (const State& state : older.states) {
    if (!IsNamed(state)) continue;
    const auto renamed = forth.find(state.name);
    origins[renamed == forth.end() ? state.name : renamed->second].push_back(state.name);
  }
  StateNames names;
  names.named = crossing.named;
  names.advice = "move the instance to a state that both versions have first";
  for (const State& state : newer.states) {
    if (!IsNamed(state)) continue;
    const std::vector<std::string>& origin = origins[state.name];
    if (origin.size() > 1) names.unclear.emplace(state.name, origin);
    if (origin.size() == 1 && origin.front() != state.name) names.renamed.emplace(state.name, origin.front());
    if (origin.empty())
      if (const auto moved = forth.find(state.name); moved != forth.end()) names.moved.insert(*moved);
  }
  return names;
}

std::map<ActivationId, std::string> NamesToRemember(const InstanceState& state, const Definition& older,
                                                    const StateNames& forth) {
  std::map<std::string, int> origins;
  for (const State& one : older.states)
    if (IsNamed(one)) ++origins[NameIn(forth, one.name)];
  std::map<ActivationId, std::string> names;
  const auto remember = [&](ActivationId id, const std::string& name) {
    const auto found = origins.find(NameIn(forth, name));
    if (!name.empty() && found != origins.end() && found->second > 1) names.insert_or_assign(id, name);
  };
  for (const auto& [id, activation] : state.activations)
    if (activation.kind == ActivationKind::kState) remember(id, activation.state);
  ForEachName(state, remember);
  return names;
}

Mapping MapOnto(const InstanceState& state, const Definition& from, const Definition& to, const StateNames& names) {
  return Mapper(state, from, to, names).Map();
}

}  // namespace fermata

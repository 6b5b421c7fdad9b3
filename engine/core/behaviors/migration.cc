// Migration to another version of the process. language.md 6, 10.12.
#include <algorithm>
#include <map>
#include <set>

#include "engine/core/behaviors/behaviors.h"
#include "engine/expression/expression.h"
#include "engine/model/command_codes.h"
#include "engine/model/semver.h"

namespace fermata {
namespace {

Error Forbidden(std::string message) { return Error{kMigrationForbids, std::move(message)}; }

const State& At(const Definition& definition, int index) { return definition.states[static_cast<std::size_t>(index)]; }

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
  for (StateIndex region : parallel.children) names.insert(At(definition, region).name);
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

// Finds for everything that the instance is made of its place in the new version.
class Mapper {
 public:
  Mapper(const InstanceState& state, const Definition& from, const Definition& to, const Migration& migration)
      : state_(state), from_(from), to_(to), migration_(migration) {}

  std::optional<Error> Map() {
    migrated_.from = from_.version;
    migrated_.version = to_.version;
    migrated_.definition_hash = to_.hash;
    for (const State& old_state : from_.states) {
      if (old_state.index == kRoot || old_state.is_region) continue;
      const std::string& name = NameOf(old_state.name);
      if (name != old_state.name) migrated_.states.emplace_back(old_state.name, name);
    }
    // Those around an activation have smaller numbers.
    for (const auto& [id, activation] : state_.activations)
      if (std::optional<Error> error = MapActivation(activation)) return error;
    for (const auto& [id, left] : state_.left_jobs)
      if (std::optional<Error> error = MapLeftJob(left)) return error;
    return std::nullopt;
  }

  InstanceMigrated& migrated() { return migrated_; }

 private:
  const std::string& NameOf(const std::string& old_name) const {
    auto found = migration_.states.find(old_name);
    return found == migration_.states.end() ? old_name : found->second;
  }

  std::optional<Error> MapActivation(const Activation& activation) {
    MigratedActivation migrated;
    migrated.activation = activation.id;
    switch (activation.kind) {
      case ActivationKind::kRoot:
        migrated.index = kRoot;
        break;
      case ActivationKind::kItem:
        migrated.index = indexes_.at(activation.parent);
        break;
      case ActivationKind::kRegion:
        migrated.index = FindRegion(activation);
        break;
      case ActivationKind::kState:
        if (std::optional<Error> error = FindState(activation, migrated.index)) return error;
        break;
    }
    migrated.state = At(to_, migrated.index).name;
    indexes_.emplace(activation.id, migrated.index);
    if (activation.kind == ActivationKind::kState || activation.kind == ActivationKind::kRoot)
      MapTimers(activation, At(to_, migrated.index), migrated);
    for (const auto& [number, incident] : state_.incidents) {
      if (incident.activation != activation.id || incident.kind != IncidentKind::kTimer) continue;
      const auto goes_on = [&](const std::pair<int, int>& slot) { return slot.first == incident.subject; };
      if (std::none_of(migrated.slots.begin(), migrated.slots.end(), goes_on))
        return Forbidden("Expected a timer of '" + migrated.state + "' for the open incident, but version " +
                         to_.version + " has it no more: resolve the incident first.");
    }
    migrated_.activations.push_back(std::move(migrated));
    return std::nullopt;
  }

  // The regions are the same: FindState saw to it when it came by their `parallel`.
  int FindRegion(const Activation& activation) const {
    for (StateIndex region : At(to_, indexes_.at(activation.parent)).children)
      if (At(to_, region).name == activation.state) return region;
    FERMATA_ASSERT(false);
  }

  std::optional<Error> FindState(const Activation& activation, int& index) const {
    const std::string& name = NameOf(activation.state);
    const State* found = to_.FindState(name);
    if (found == nullptr)
      return Forbidden("Expected a state of version " + to_.version + " for '" + activation.state +
                       "', but there is none: the migration has to name it under `states`.");
    const State& old_state = At(from_, activation.index);
    if (!HaveSameVerb(old_state, *found))
      return Forbidden("Expected '" + name + "' of version " + to_.version + " to do what '" + activation.state +
                       "' does, but its verb is another one.");
    if (found->parent != indexes_.at(activation.parent))
      return Forbidden("Expected '" + name + "' of version " + to_.version + " to stand where '" + activation.state +
                       "' stands, but the states around it are others.");
    if (std::holds_alternative<ParallelVerb>(found->verb) && activation.phase != Phase::kDone &&
        RegionsOf(from_, old_state) != RegionsOf(to_, *found))
      return Forbidden("Expected '" + name + "' of version " + to_.version +
                       " to have the regions that are under way, but it has others.");
    index = found->index;
    return std::nullopt;
  }

  std::optional<Error> MapLeftJob(const LeftJob& left) {
    const State* found = to_.FindState(NameOf(left.state));
    if (found == nullptr || !std::holds_alternative<CallVerb>(found->verb) || !found->undo)
      return Forbidden("Expected a call with `undo` in version " + to_.version + " for '" + left.state +
                       "', whose outcome is still awaited, but there is none.");
    migrated_.left_jobs.push_back({left.activation, found->index});
    return std::nullopt;
  }

  // Due times go on; timers that the new version does not have are gone, and those it has beside them are armed later.
  void MapTimers(const Activation& activation, const State& state, MigratedActivation& migrated) {
    const State& old_state = At(from_, activation.index);
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
  const Migration& migration_;
  std::map<ActivationId, int> indexes_;  // in the new version
  InstanceMigrated migrated_;
};

const Migration* FindMigration(const Definition& to, const std::string& version) {
  for (const Migration& migration : to.migrations)
    if (Satisfies(version, migration.from)) return &migration;
  return nullptr;
}

std::map<TimerId, std::int64_t> ArmedIn(const InstanceState& state) {
  std::map<TimerId, std::int64_t> armed;
  for (const TimerView& timer : Timers(state)) armed.emplace(timer.timer, timer.due_us);
  return armed;
}

void CarryOver(Machine& machine, InstanceMigrated migrated) {
  const std::map<TimerId, std::int64_t> before = ArmedIn(machine.state());
  machine.Record(std::move(migrated));
  const std::map<TimerId, std::int64_t> after = ArmedIn(machine.state());
  for (const auto& timer : before)
    if (!after.contains(timer.first)) machine.Wish(ClearTimer{timer.first});
  for (const auto& [timer, due_us] : after)
    if (auto old = before.find(timer); old == before.end() || old->second != due_us)
      machine.Wish(SetTimer{timer, due_us});
}

// What `vars` gives under names that the instance does not have yet.
std::optional<ProcessError> AddVariables(Machine& machine) {
  VariablesSet added{0, {}};
  InstanceScope names(machine, 0);
  for (const Assignment& assignment : machine.definition().vars) {
    if (machine.state().variables.contains(assignment.name)) continue;
    Evaluated value = EvaluateJson(assignment.value, names);
    if (!value.ok()) return std::move(value.error);
    added.values.emplace_back(assignment.name, std::move(value.value));
  }
  if (added.values.empty()) return std::nullopt;
  machine.Record(added);
  for (const auto& [id, activation] : machine.state().activations) {
    if (activation.kind != ActivationKind::kItem) continue;
    added.scope = id;
    machine.Record(added);
  }
  return std::nullopt;
}

// Reminders that the old version did not have.
void ArmReminders(Machine& machine, const State& old_state, ActivationId id) {
  const Activation& activation = machine.At(id);
  if (!activation.task) return;
  const std::int64_t entered_us = activation.entered_us;
  const auto& before = std::get<AskVerb>(old_state.verb).remind_ms;
  const auto& now = std::get<AskVerb>(machine.StateOf(id).verb).remind_ms;
  for (std::size_t i = 0; i < now.size(); ++i)
    if (std::find(before.begin(), before.end(), now[i]) == before.end())
      Arm(machine, {id, kRemindSlot - static_cast<int>(i)}, entered_us + now[i] * 1000);
}

// Timers that are new, and every `match`, as if the state were entered with the variables of now.
std::optional<ProcessError> ListenAnew(Machine& machine, ActivationId id) {
  std::optional<ProcessError> error = ArmTimers(machine, id);
  if (std::optional<ProcessError> failed = ArmSubscriptions(machine, id); failed && !error) error = failed;
  // A parked entry arms them when it is retried.
  if (machine.At(id).phase == Phase::kEntering) return std::nullopt;
  return error;
}

void EndSubscriptions(Machine& machine, ActivationId id, const std::vector<Subscription>& before) {
  const std::vector<Subscription>& now = machine.At(id).subscriptions;
  std::set<std::pair<std::string, std::string>> there;
  for (const Subscription& one : now) there.emplace(one.type, one.value);
  for (const Subscription& one : before)
    if (there.emplace(one.type, one.value).second) machine.Wish(Unsubscribe{id, one.type, one.value});
}

}  // namespace

std::optional<Error> Migrate(Machine& machine, const Definition& from) {
  const Definition& to = machine.definition();
  const Migration* migration = to.process == from.process ? FindMigration(to, from.version) : nullptr;
  if (migration == nullptr)
    return Forbidden("Expected version " + to.version + " to tell under `migrations` how an instance of version " +
                     from.version + " crosses, but it does not.");
  if (!machine.state().rollbacks.empty())
    return Forbidden("Expected an instance that undoes nothing, but a roll-back is under way: migrate it afterwards.");
  Mapper mapper(machine.state(), from, to, *migration);
  if (std::optional<Error> error = mapper.Map()) return error;
  const std::map<ActivationId, Activation> before = machine.state().activations;
  CarryOver(machine, std::move(mapper.migrated()));
  auto failed = [](const ProcessError& error) {
    return Forbidden("The new version needs what fails: " + error.message);
  };
  if (std::optional<ProcessError> error = AddVariables(machine)) return failed(*error);
  for (const auto& [id, activation] : before) {
    if (activation.kind != ActivationKind::kState && activation.kind != ActivationKind::kRoot) continue;
    if (std::optional<ProcessError> error = ListenAnew(machine, id)) return failed(*error);
    ArmReminders(machine, At(from, activation.index), id);
    EndSubscriptions(machine, id, activation.subscriptions);
  }
  if (std::optional<ProcessError> error = AssignAll(machine, 0, migration->set)) return failed(*error);
  machine.entered_state = true;  // kept events may find somebody who takes them
  return std::nullopt;
}

}  // namespace fermata

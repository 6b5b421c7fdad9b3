// Migration to another version of the process, and its way back. language.md 6, 10.12; docs/adr/0010.
#include <algorithm>
#include <map>
#include <set>

#include "engine/core/behaviors/assigned.h"
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/behaviors/bounds.h"
#include "engine/core/behaviors/mapping.h"
#include "engine/model/command_codes.h"
#include "engine/model/limits.h"
#include "engine/model/semver.h"

namespace fermata {
namespace {

Error CannotMigrate(std::string message) { return Error{kMigrationForbids, std::move(message)}; }

// All reasons in one message.
Error CannotMigrate(const std::vector<std::string>& reasons) {
  std::string message;
  for (std::size_t i = 0; i < std::min(reasons.size(), kMigrationReasonsMax); ++i)
    message += (i == 0 ? "" : " ") + reasons[i];
  if (reasons.size() > kMigrationReasonsMax)
    message += " And " + std::to_string(reasons.size() - kMigrationReasonsMax) + " more.";
  return CannotMigrate(std::move(message));
}

Error FailsThere(const ProcessError& error) {
  return CannotMigrate("The new version needs what fails: " + error.message);
}

std::optional<Error> RefuseWhileUndoing(const Machine& machine) {
  if (machine.state().rollbacks.empty()) return std::nullopt;
  return CannotMigrate(
      "Expected an instance that undoes nothing, but a roll-back is under way: migrate it afterwards.");
}

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

// What every migration of this release does; who wants it, and why.
void FillIn(InstanceMigrated& migrated, const MigrateInstance& command) {
  migrated.keeps_carriers = true;
  migrated.reason = command.reason;
  migrated.by = command.by;
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

using FiredTimers = std::map<ActivationId, std::vector<ArmedTimer>>;

// What has fired of the timers that the other version does not have: taking the migration back is not to fire it again.
FiredTimers FiredIn(const InstanceState& state, const Definition& from, const InstanceMigrated& migrated) {
  FiredTimers fired;
  for (const MigratedActivation& there : migrated.activations) {
    const Activation& activation = state.activations.at(there.activation);
    std::set<int> slots;
    for (const ArmedTimer& timer : activation.timers) {
      slots.insert(timer.slot);
      const bool is_carried = std::any_of(there.slots.begin(), there.slots.end(),
                                          [&](const std::pair<int, int>& slot) { return slot.first == timer.slot; });
      if (timer.spent && !is_carried) fired[activation.id].push_back(timer);
    }
    if (!activation.task) continue;
    const auto& remind_ms = std::get<AskVerb>(StateAt(from, activation.index).verb).remind_ms;
    for (std::size_t i = 0; i < remind_ms.size(); ++i)
      if (const int slot = kRemindSlot - static_cast<int>(i); !slots.contains(slot))
        fired[activation.id].push_back({slot, activation.entered_us + remind_ms[i] * 1000, true});
  }
  return fired;
}

bool HasFired(const FiredTimers& fired, TimerId timer) {
  const auto found = fired.find(timer.activation);
  return found != fired.end() && std::any_of(found->second.begin(), found->second.end(),
                                             [&](const ArmedTimer& one) { return one.slot == timer.slot; });
}

// Reminders that the old version did not have.
void ArmReminders(Machine& machine, const State& old_state, ActivationId id, const FiredTimers& fired) {
  const Activation& activation = machine.At(id);
  if (!activation.task) return;
  const std::int64_t entered_us = activation.entered_us;
  const auto& before = std::get<AskVerb>(old_state.verb).remind_ms;
  const auto& now = std::get<AskVerb>(machine.StateOf(id).verb).remind_ms;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const TimerId timer{id, kRemindSlot - static_cast<int>(i)};
    if (std::find(before.begin(), before.end(), now[i]) == before.end() && !HasFired(fired, timer))
      Arm(machine, timer, entered_us + now[i] * 1000);
  }
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

// Timers and subscriptions of everything that was active before, as the new version has them.
std::optional<ProcessError> WakeAnew(Machine& machine, const Definition& from,
                                     const std::map<ActivationId, Activation>& before, const FiredTimers& fired) {
  for (const auto& [id, activation] : before) {
    if (activation.kind != ActivationKind::kState && activation.kind != ActivationKind::kRoot) continue;
    if (std::optional<ProcessError> error = ListenAnew(machine, id)) return error;
    ArmReminders(machine, StateAt(from, activation.index), id, fired);
    EndSubscriptions(machine, id, activation.subscriptions);
  }
  return std::nullopt;
}

// ---- the way back ----

// Variables that the instance has although nothing in the definition assigns them.
std::vector<std::string> OthersIn(const InstanceState& state, const Definition& definition) {
  const AssignedNames assigned(definition);
  std::set<std::string> others;
  const auto add = [&](const Variables& variables) {
    for (const auto& [name, value] : variables)
      if (assigned.Find(name) == nullptr) others.insert(name);
  };
  add(state.variables);
  for (const auto& [id, activation] : state.activations) add(activation.variables);
  return {others.begin(), others.end()};
}

std::vector<ReplacedVariable> ReplacedIn(const Variables& before, const Variables& after) {
  std::vector<ReplacedVariable> replaced;
  for (const auto& [name, value] : after) {
    const auto old = before.find(name);
    if (old == before.end()) replaced.push_back({name, std::nullopt, value});
    if (old != before.end() && !(old->second == value)) replaced.push_back({name, old->second, value});
  }
  return replaced;
}

// What going back makes of the variables of one scope.
struct Restored {
  VariablesSet set;
  VariablesDropped dropped;
};

class VariablesBack {
 public:
  VariablesBack(const Crossing& crossing, const Definition& to) : crossing_(crossing), to_(to), assigned_(to) {
    for (const State& state : to.states) {
      const auto* each = std::get_if<EachVerb>(&state.verb);
      if (each != nullptr) others_.insert({each->as, each->index});
    }
    others_.insert(crossing.others.begin(), crossing.others.end());
  }

  // `is_newer`: all of the scope is of the newer version; otherwise it was there, and `set` did not concern it.
  Restored Restore(ActivationId scope, const Variables& variables, bool is_newer, std::vector<std::string>& reasons) {
    Restored restored{{scope, {}}, {scope, {}}};
    for (const auto& [name, value] : variables) {
      const ReplacedVariable* replaced = FindReplaced(name);
      const bool is_unchanged = replaced != nullptr && replaced->after == value;
      if (is_unchanged && replaced->before && is_newer) {
        restored.set.values.emplace_back(name, *replaced->before);
      } else if ((is_unchanged && !replaced->before) || !IsKnown(name)) {
        restored.dropped.names.push_back(name);
      } else {
        CheckShape(name, value, reasons);
      }
    }
    return restored;
  }

 private:
  const ReplacedVariable* FindReplaced(const std::string& name) const {
    for (const ReplacedVariable& one : crossing_.replaced)
      if (one.name == name) return &one;
    return nullptr;
  }
  bool IsKnown(const std::string& name) const { return assigned_.Find(name) != nullptr || others_.contains(name); }
  void CheckShape(const std::string& name, const Value& value, std::vector<std::string>& reasons) const {
    const Shapes* shapes = assigned_.Find(name);
    if (shapes == nullptr) return;
    if (Result<Value> fitted = FitToOneOf(*shapes, value); !fitted.ok())
      reasons.push_back("Expected '" + name + "' to have a value that version " + to_.version +
                        " would give it, but at '" + fitted.error().path + "': " + fitted.error().message);
  }

  const Crossing& crossing_;
  const Definition& to_;
  const AssignedNames assigned_;
  std::set<std::string> others_;
};

std::vector<Restored> RestoreAll(const Machine& machine, const Crossing& crossing, std::vector<std::string>& reasons) {
  VariablesBack back(crossing, machine.definition());
  std::vector<Restored> all{back.Restore(0, machine.state().variables, true, reasons)};
  for (const auto& [id, activation] : machine.state().activations)
    if (activation.kind == ActivationKind::kItem)
      all.push_back(back.Restore(id, activation.variables, id >= crossing.next_activation, reasons));
  for (const Restored& one : all)
    if (std::optional<ProcessError> full = CheckVariables(machine, one.set.scope, one.set.values))
      reasons.push_back(full->message);
  return all;
}

}  // namespace

std::optional<Error> Migrate(Machine& machine, const Definition& from, const MigrateInstance& command) {
  const Definition& to = machine.definition();
  const Migration* migration = to.process == from.process ? FindMigration(to, from.version) : nullptr;
  if (migration == nullptr)
    return CannotMigrate("Expected version " + to.version + " to tell under `migrations` how an instance of version " +
                         from.version + " crosses, but it does not.");
  if (std::optional<Error> refused = RefuseWhileUndoing(machine)) return refused;
  const InstanceState& state = machine.state();
  const StateNames names = NamesForth(*migration);
  Mapping mapping = MapOnto(state, from, to, names);
  if (!mapping.reasons.empty()) return CannotMigrate(mapping.reasons);
  Crossing crossing;
  crossing.version = from.version;
  crossing.definition_hash = from.hash;
  crossing.states = mapping.migrated.states;
  crossing.named = NamesToRemember(state, from, names);
  crossing.others = OthersIn(state, from);
  crossing.next_activation = state.next_activation;
  crossing.fired = FiredIn(state, from, mapping.migrated);
  const Variables variables = state.variables;
  const std::map<ActivationId, Activation> before = state.activations;
  FillIn(mapping.migrated, command);
  CarryOver(machine, std::move(mapping.migrated));
  if (std::optional<ProcessError> error = AddVariables(machine)) return FailsThere(*error);
  if (std::optional<ProcessError> error = WakeAnew(machine, from, before, {})) return FailsThere(*error);
  if (std::optional<ProcessError> error = AssignAll(machine, 0, migration->set)) return FailsThere(*error);
  crossing.replaced = ReplacedIn(variables, state.variables);
  machine.Record(WayBackNoted{std::move(crossing), state.crossings.size() >= kCrossingsMax});
  machine.entered_state = true;  // kept events may find somebody who takes them
  return std::nullopt;
}

std::optional<Error> RefuseRevert(const InstanceState& state, const MigrateInstance& command) {
  if (state.crossings.empty())
    return Error{kMigrationForbids,
                 "Expected an instance with a migration that can be taken back, but version " + state.version +
                     " is the one that it began with, or the way back is not known any more.",
                 "", "The last " + std::to_string(kCrossingsMax) + " migrations can be taken back, the newest first."};
  const std::string& version = state.crossings.back().version;
  if (command.version.empty() || command.version == version) return std::nullopt;
  return CannotMigrate("Expected an instance that came from version " + command.version + ", but it came from " +
                       version + ".");
}

std::optional<Error> Revert(Machine& machine, const Definition& from, const MigrateInstance& command) {
  const InstanceState& state = machine.state();
  const Crossing crossing = state.crossings.back();
  const Definition& to = machine.definition();
  FERMATA_ASSERT(to.hash == crossing.definition_hash);
  if (std::optional<Error> refused = RefuseWhileUndoing(machine)) return refused;
  Mapping mapping = MapOnto(state, from, to, NamesBack(crossing, to, from));
  std::vector<Restored> restored = RestoreAll(machine, crossing, mapping.reasons);
  if (!mapping.reasons.empty()) return CannotMigrate(mapping.reasons);
  const std::map<ActivationId, Activation> before = state.activations;
  mapping.migrated.reverted = true;
  for (MigratedActivation& there : mapping.migrated.activations)
    if (const auto fired = crossing.fired.find(there.activation); fired != crossing.fired.end())
      for (const ArmedTimer& timer : fired->second)
        if (timer.slot >= 0) there.timers.push_back(timer);
  FillIn(mapping.migrated, command);
  CarryOver(machine, std::move(mapping.migrated));
  for (Restored& one : restored) {
    if (!one.set.values.empty()) machine.Record(std::move(one.set));
    if (!one.dropped.names.empty()) machine.Record(std::move(one.dropped));
  }
  if (std::optional<ProcessError> error = WakeAnew(machine, from, before, crossing.fired)) return FailsThere(*error);
  machine.entered_state = true;
  return std::nullopt;
}

}  // namespace fermata

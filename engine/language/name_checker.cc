#include "engine/language/name_checker.h"

#include <algorithm>
#include <set>

#include "engine/language/codes.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

class VariableChecker {
 public:
  VariableChecker(const ParsedDefinition& parsed, const std::vector<Write>& writes, Report& report)
      : parsed_(parsed), definition_(*parsed.definition), writes_(writes), report_(report) {}

  void Check() {
    CheckRegions();
    CheckItems();
    for (const State& state : definition_.states)
      if (const auto* each = std::get_if<EachVerb>(&state.verb)) CheckItemNames(state, *each);
    for (const char* key : {"searchable", "encrypted"}) CheckNames(key);
    if (const NodeEntry* migrations = parsed_.root.Find("migrations"))
      for (const Node& migration : migrations->value.items) CheckMigrated(migration);
  }

 private:
  // The region of `parallel` that the state is in; kNoState if it is in none of them. What is local to an item inside does not count.
  StateIndex RegionOf(StateIndex state, StateIndex parallel) const {
    for (StateIndex at = state; at != kNoState; at = StateAt(definition_, at).parent) {
      if (at != state && Does<EachVerb>(StateAt(definition_, at))) return kNoState;
      if (StateAt(definition_, at).parent == parallel && StateAt(definition_, at).is_region) return at;
    }
    return kNoState;
  }

  void CheckRegions() {
    for (const State& parallel : definition_.states) {
      if (!Does<ParallelVerb>(parallel)) continue;
      std::map<std::string, std::pair<StateIndex, const Write*>> first;
      std::set<std::pair<std::string, StateIndex>> told;
      for (const Write& write : writes_) {
        const StateIndex region = RegionOf(write.state, parallel.index);
        if (region == kNoState) continue;
        const auto [known, added] = first.emplace(write.name, std::pair{region, &write});
        if (added || known->second.first == region || !told.emplace(write.name, region).second) continue;
        const Write& other = *known->second.second;
        report_.AddRelated(Severity::kError, kRegionsShareVariable, write.at, write.length,
                           "Expected each variable to be written in one region only, but '" +
                               StateAt(definition_, known->second.first).name + "' and '" +
                               StateAt(definition_, region).name + "' both write '" + write.name + "'.",
                           {other.at.line, other.at.column, "the other region writes it here"},
                           "give the results different names");
      }
    }
  }

  // The innermost `each` around a write; what a state of the `each` itself saves is written outside of it.
  StateIndex EachAround(StateIndex state) const {
    for (StateIndex at = StateAt(definition_, state).parent; at != kNoState; at = StateAt(definition_, at).parent)
      if (Does<EachVerb>(StateAt(definition_, at))) return at;
    return kNoState;
  }

  void CheckItems() {
    for (const Write& write : writes_) {
      const StateIndex each = write.state == kRoot ? kNoState : EachAround(write.state);
      if (each == kNoState) continue;
      const bool outer = std::any_of(writes_.begin(), writes_.end(), [&](const Write& other) {
        return other.name == write.name && !IsInside(definition_, other.state, each);
      });
      if (outer)
        report_.Add(Severity::kWarning, kOuterVariableInItem, write.at, write.length,
                    "Expected a name of its own for what an item assigns, but '" + write.name +
                        "' is also a variable outside: the item changes only its own copy.");
    }
  }

  void CheckItemNames(const State& state, const EachVerb& each) {
    for (const char* key : {"as", "index"}) {
      const NodeEntry* entry = parsed_.Find(state.index, key);
      const std::string& name = key == std::string_view("as") ? each.as : each.index;
      const bool variable =
          std::any_of(writes_.begin(), writes_.end(), [&](const Write& write) { return write.name == name; });
      bool outer = false;
      for (StateIndex at = state.parent; at != kNoState; at = StateAt(definition_, at).parent)
        if (const auto* around = std::get_if<EachVerb>(&StateAt(definition_, at).verb))
          outer |= around->as == name || around->index == name;
      if (!variable && !outer) continue;
      // Nobody asked for an index where none is named: the inner one hides the outer one.
      if (!variable && !entry && key == std::string_view("index")) continue;
      const NodeEntry* blamed = entry ? entry : parsed_.Find(state.index, "each");
      report_.Error(kShadowedName, blamed->value,
                    "Expected a name that nothing else has, but '" + name + "' is also " +
                        (variable ? "a variable." : "the name of an outer 'each'."),
                    "choose another one with '" + std::string(key) + "'");
    }
    if (each.as == each.index) {
      const NodeEntry* blamed =
          parsed_.Find(state.index, "index") ? parsed_.Find(state.index, "index") : parsed_.Find(state.index, "as");
      if (blamed)
        report_.Error(kShadowedName, blamed->value,
                      "Expected two names for the item and its index, but both are '" + each.as + "'.");
    }
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Write& write : writes_) names.push_back(write.name);
    return names;
  }

  // What only a migration sets is seen by people alone; if it is spelt like a variable, that one was meant.
  void CheckMigrated(const Node& migration) {
    const NodeEntry* set = migration.Find("set");
    if (!set) return;
    const std::vector<std::string> names = Names();
    for (const NodeEntry& entry : set->value.entries) {
      if (parsed_.lost_names.count(entry.key) > 0) continue;
      if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
      std::string hint = DidYouMean(entry.key, names);
      if (hint.empty()) continue;
      report_.Add(Severity::kWarning, kUnknownVariable, entry.key_at, entry.key_length,
                  "Expected a variable of this version, but only the migration assigns '" + entry.key + "'.",
                  std::move(hint));
    }
  }

  void CheckNames(const char* key) {
    const NodeEntry* entry = parsed_.root.Find(key);
    if (!entry) return;
    const std::vector<std::string> names = Names();
    for (const Node& item : entry->value.items) {
      if (!item.is_scalar() || parsed_.lost_names.count(item.text) > 0) continue;
      const std::vector<std::string>& searchable = definition_.searchable;
      if (key == std::string_view("encrypted") &&
          std::find(searchable.begin(), searchable.end(), item.text) != searchable.end())
        report_.Error(kSearchableSecret, item,
                      "Expected a variable that is not searchable, but '" + item.text +
                          "' stands under 'searchable', and what is searched for is stored readable.");
      if (std::find(names.begin(), names.end(), item.text) != names.end()) continue;
      report_.Error(kUnknownVariable, item,
                    "Expected a variable of the process, but nothing assigns '" + item.text + "'.",
                    DidYouMean(item.text, names));
    }
  }

  const ParsedDefinition& parsed_;
  const Definition& definition_;
  const std::vector<Write>& writes_;
  Report& report_;
};

}  // namespace

void CheckReferences(const ParsedDefinition& parsed, const std::vector<std::string>& processes, Report& report) {
  const Definition& definition = *parsed.definition;
  std::vector<std::string> events;
  for (const EventDeclaration& event : definition.events) events.push_back(event.type);
  for (const State& state : definition.states) {
    for (const EventHandler& handler : state.on) {
      if (definition.FindEvent(handler.type) || parsed.events_unknown) continue;
      std::string hint = DidYouMean(handler.type, events);
      report.Add(Severity::kError, kUnknownEvent, handler.at, CountCharacters(handler.type),
                 "Expected an event that is declared under 'events', but '" + handler.type + "' is not.",
                 hint.empty() ? "declare it: events: { " + handler.type + ": { key: … } }" : std::move(hint));
    }
    const auto* run = std::get_if<RunVerb>(&state.verb);
    if (!run || run->process.empty() || processes.empty() || run->process == definition.process) continue;
    if (std::find(processes.begin(), processes.end(), run->process) != processes.end()) continue;
    const NodeEntry* entry = parsed.Find(state.index, "run");
    if (entry)
      report.Add(Severity::kWarning, kUnknownProcess, entry->value.at, entry->value.length,
                 "Expected a process in this folder, but there is no '" + run->process + "'.",
                 DidYouMean(run->process, processes));
  }
}

void CheckVariables(const ParsedDefinition& parsed, const std::vector<Write>& writes, Report& report) {
  VariableChecker(parsed, writes, report).Check();
}

}  // namespace fermata

#include "engine/language/variables.h"

#include <algorithm>

#include "engine/language/walk.h"

namespace fermata {
namespace {

class WriteCollector {
 public:
  explicit WriteCollector(const ParsedDefinition& parsed) : parsed_(parsed) {}

  std::vector<Write> Collect() {
    if (const NodeEntry* vars = parsed_.root.Find("vars")) AddKeys(vars->value, kRoot);
    for (const State& state : parsed_.definition->states) {
      if (state.is_region) continue;
      if (const NodeEntry* set = state.index == kRoot ? nullptr : parsed_.Find(state.index, "set"))
        AddKeys(set->value, state.index);
      const NodeEntry* save = state.index == kRoot || state.save.empty() ? nullptr : parsed_.Find(state.index, "save");
      if (save) AddName(save->value, state.index);
      AddArms(state.index);
    }
    std::stable_sort(writes_.begin(), writes_.end(), [](const Write& a, const Write& b) {
      return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
    });
    return std::move(writes_);
  }

 private:
  void AddArms(StateIndex state) {
    for (const char* key : {"next"})
      if (const NodeEntry* entry = state == kRoot ? nullptr : parsed_.Find(state, key)) AddArm(entry->value, state);
    for (const char* key : {"on", "after", "on_error"})
      if (const NodeEntry* entry = parsed_.Find(state, key))
        for (const NodeEntry& handler : entry->value.entries) AddArm(handler.value, state);
  }

  void AddArm(const Node& node, StateIndex state) {
    for (const Node& item : node.items) AddArm(item, state);
    if (const NodeEntry* set = node.Find("set")) AddKeys(set->value, state);
    if (const NodeEntry* save = node.Find("save")) AddName(save->value, state);
  }

  void AddKeys(const Node& map, StateIndex state) {
    for (const NodeEntry& entry : map.entries) writes_.push_back({entry.key, state, entry.key_at, entry.key_length});
  }
  void AddName(const Node& node, StateIndex state) {
    if (node.is_scalar()) writes_.push_back({node.text, state, node.at, node.length});
  }

  const ParsedDefinition& parsed_;
  std::vector<Write> writes_;
};

void Intersect(VariableSet& set, const VariableSet& other) {
  for (std::size_t i = 0; i < set.size(); ++i) set[i] = set[i] && other[i];
}

void Unite(VariableSet& set, const VariableSet& other) {
  for (std::size_t i = 0; i < set.size(); ++i) set[i] = set[i] || other[i];
}

}  // namespace

std::vector<Write> CollectWrites(const ParsedDefinition& parsed) { return WriteCollector(parsed).Collect(); }

StateIndex EachLeftBy(const Definition& definition, StateIndex state, StateIndex target) {
  StateIndex outermost = kNoState;
  for (StateIndex outer = StateAt(definition, state).parent; outer != kNoState;
       outer = StateAt(definition, outer).parent)
    if (Does<EachVerb>(StateAt(definition, outer)) && (target == outer || !IsInside(definition, target, outer)))
      outermost = outer;
  return outermost;
}

Variables::Variables(const ParsedDefinition& parsed, const Graph& graph, const std::vector<Write>& writes)
    : definition_(*parsed.definition), reached_(graph.reached) {
  for (const Write& write : writes)
    if (numbers_.emplace(write.name, static_cast<int>(names_.size())).second) names_.push_back(write.name);
  Flow(graph);
}

int Variables::NumberOf(std::string_view name) const {
  const auto known = numbers_.find(name);
  return known == numbers_.end() ? -1 : known->second;
}

VariableSet Variables::With(VariableSet set, const std::string& name) const {
  const int number = name.empty() ? -1 : NumberOf(name);
  if (number >= 0) set[static_cast<std::size_t>(number)] = true;
  return set;
}

VariableSet Variables::AfterSet(const State& state) const {
  VariableSet set = AtEntry(state.index);
  for (const Assignment& assignment : state.set) set = With(std::move(set), assignment.name);
  return set;
}

// What every `end` inside has.
VariableSet Variables::AfterEnds(const State& state) const {
  VariableSet common(names_.size(), true);
  for (StateIndex child : state.children) {
    const State& end = StateAt(definition_, child);
    if (reached_[static_cast<std::size_t>(child)] && Does<EndVerb>(end)) Intersect(common, AfterSet(end));
  }
  return common;
}

VariableSet Variables::AfterVerb(const State& state) const {
  VariableSet set = AfterSet(state);
  if (Does<CompositeVerb>(state)) Unite(set, AfterEnds(state));
  if (const auto* parallel = std::get_if<ParallelVerb>(&state.verb)) {
    VariableSet common(names_.size(), true);
    for (StateIndex region : state.children) {
      const VariableSet done = AfterEnds(StateAt(definition_, region));
      if (parallel->join) {
        Intersect(common, done);
      } else {
        Unite(set, done);
      }
    }
    if (parallel->join) Unite(set, common);
  }
  return With(std::move(set), state.save);
}

bool Variables::Meet(StateIndex target, const VariableSet& arriving) {
  VariableSet& entry = entry_[static_cast<std::size_t>(target)];
  bool changed = false;
  for (std::size_t i = 0; i < entry.size(); ++i) {
    if (!entry[i] || arriving[i]) continue;
    entry[i] = false;
    changed = true;
  }
  return changed;
}

VariableSet Variables::Arriving(const State& from, const TransitionArm& arm, VariableSet set) const {
  // What was assigned in an item is gone outside of its `each`.
  if (const StateIndex each = EachLeftBy(definition_, from.index, arm.target); each != kNoState)
    return AfterSet(StateAt(definition_, each));
  set = With(std::move(set), arm.save);
  for (const Assignment& assignment : arm.set) set = With(std::move(set), assignment.name);
  return set;
}

void Variables::Flow(const Graph& graph) {
  entry_.assign(definition_.states.size(), VariableSet(names_.size(), true));
  entry_[kRoot].assign(names_.size(), false);
  for (const Assignment& assignment : definition_.vars) entry_[kRoot] = With(std::move(entry_[kRoot]), assignment.name);
  bool changed = true;
  while (changed) {
    changed = false;
    for (const State& state : definition_.states) {
      if (!graph.reached[static_cast<std::size_t>(state.index)]) continue;
      const VariableSet entered = AfterSet(state);
      if (state.start != kNoState) changed |= Meet(state.start, entered);
      if (Does<ParallelVerb>(state))
        for (StateIndex region : state.children) changed |= Meet(region, entered);
      const VariableSet done = AfterVerb(state);
      ForEachArm(state, [&](ArmKind kind, const TransitionArm& arm) {
        if (arm.target != kNoState)
          changed |= Meet(arm.target, Arriving(state, arm, kind == ArmKind::kNext ? done : entered));
      });
    }
  }
}

}  // namespace fermata

#include "engine/language/diff/flat_process.h"

#include <algorithm>
#include <utility>

#include "engine/language/reader.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::string_view kTriggers[] = {"on", "after", "on_error"};

bool IsTrigger(std::string_view key) {
  return std::find(std::begin(kTriggers), std::end(kTriggers), key) != std::end(kTriggers);
}

// A file of schemas may refer to itself.
constexpr int kReferencesMax = 4;

Value Resolve(const Value& value, const std::map<std::string, std::string>& schemas, int references) {
  if (value.is_list()) {
    std::vector<Value> items;
    for (const Value& item : value.as_list()) items.push_back(Resolve(item, schemas, references));
    return Value::List(std::move(items));
  }
  if (!value.is_map()) return value;
  const Value* reference = value.Find("$ref");
  if (reference && reference->is_string() && references < kReferencesMax) {
    const auto file = schemas.find(std::string(reference->as_string()));
    const ReadOutcome read = file == schemas.end() ? ReadOutcome{} : ReadYaml(file->first, file->second);
    if (read.root) return Resolve(ToValue(*read.root), schemas, references + 1);
  }
  std::vector<MapEntry> entries;
  for (const auto& [key, item] : value.as_map()) entries.emplace_back(key, Resolve(item, schemas, references));
  return Value::Map(std::move(entries));
}

Value Without(const Value& map, std::string_view key) {
  std::vector<MapEntry> entries;
  for (const MapEntry& entry : map.as_map())
    if (entry.first.as_string() != key) entries.push_back(entry);
  return Value::Map(std::move(entries));
}

Value With(const Value& map, std::string_view key, Value value) {
  std::vector<MapEntry> entries;
  for (const MapEntry& entry : map.as_map())
    entries.emplace_back(entry.first, entry.first.as_string() == key ? value : entry.second);
  return Value::Map(std::move(entries));
}

void AddStates(const Value* states, const std::string& parent, std::vector<FlatState>& out) {
  if (!states || !states->is_map()) return;
  for (const auto& [key, body] : states->as_map()) {
    FlatState state;
    state.name = key.as_string();
    state.parent = parent;
    if (!body.is_map()) continue;
    state.body = Without(body, "states");
    const Value* regions = body.Find("parallel");
    std::vector<MapEntry> bare;
    if (regions && regions->is_map())
      for (const auto& [name, region] : regions->as_map())
        bare.emplace_back(name, region.is_map() ? Without(region, "states") : region);
    if (regions) state.body = With(state.body, "parallel", Value::Map(std::move(bare)));
    const std::string name = state.name;
    out.push_back(std::move(state));
    AddStates(body.Find("states"), name, out);
    if (regions && regions->is_map())
      for (const auto& [region_name, region] : regions->as_map()) AddStates(region.Find("states"), name, out);
  }
}

void AddTargets(const Value* transitions, std::vector<std::string>& out) {
  if (!transitions) return;
  for (const Value& arm : ArmsOf(*transitions))
    if (const Value* go = arm.Find("go"); go && go->is_string()) out.emplace_back(go->as_string());
}

void FindNeighbours(FlatProcess& process) {
  std::map<std::string, FlatState*> states;
  for (FlatState& state : process.states) states[state.name] = &state;
  for (FlatState& state : process.states) {
    for (const std::string& target : TargetsOf(state.body)) {
      const auto found = states.find(target);
      if (found == states.end() || target == state.name) continue;
      if (state.goes_to.empty()) state.goes_to = target;
      if (found->second->entered_from.empty()) found->second->entered_from = state.name;
    }
  }
}

Value Renamed(const Value& value, const std::map<std::string, std::string>& names) {
  if (!value.is_string()) return value;
  const auto name = names.find(std::string(value.as_string()));
  return name == names.end() ? value : Value::String(name->second);
}

Value ArmsWithNames(const Value& transitions, const std::map<std::string, std::string>& names) {
  std::vector<Value> arms = ArmsOf(transitions);
  for (Value& arm : arms)
    if (const Value* go = arm.Find("go")) arm = With(arm, "go", Renamed(*go, names));
  return Value::List(std::move(arms));
}

}  // namespace

const FlatState* FlatProcess::Find(std::string_view name) const {
  const auto found =
      std::find_if(states.begin(), states.end(), [&](const FlatState& state) { return state.name == name; });
  return found == states.end() ? nullptr : &*found;
}

FlatProcess Flatten(const Definition& definition, const std::map<std::string, std::string>& schemas) {
  FlatProcess process;
  const ReadOutcome read = ReadYaml(definition.process, definition.source);
  process.root = Value::Object({});
  if (!read.root || !read.root->is_map()) return process;
  const Value whole = Resolve(ToValue(*read.root), schemas, 0);
  process.root = Without(whole, "states");
  AddStates(whole.Find("states"), "", process.states);
  FindNeighbours(process);
  return process;
}

std::vector<Value> ArmsOf(const Value& transitions) {
  if (transitions.is_string()) return {Value::Object({{"go", transitions}})};
  if (!transitions.is_list()) return {transitions};
  std::vector<Value> arms;
  for (const Value& item : transitions.as_list())
    for (Value& arm : ArmsOf(item)) arms.push_back(std::move(arm));
  return arms;
}

std::vector<std::string> TargetsOf(const Value& body) {
  std::vector<std::string> targets;
  AddTargets(body.Find("next"), targets);
  for (std::string_view trigger : kTriggers)
    if (const Value* entries = body.Find(trigger); entries && entries->is_map())
      for (const MapEntry& entry : entries->as_map()) AddTargets(&entry.second, targets);
  return targets;
}

Value WithNames(const Value& body, const std::map<std::string, std::string>& names) {
  std::vector<MapEntry> entries;
  for (const auto& [key, value] : body.as_map()) {
    Value renamed = value;
    if (key.as_string() == "next") renamed = ArmsWithNames(value, names);
    if (key.as_string() == "start" || key.as_string() == "rollback") renamed = Renamed(value, names);
    if (IsTrigger(key.as_string()) && value.is_map()) {
      std::vector<MapEntry> triggers;
      for (const auto& [trigger, arms] : value.as_map()) triggers.emplace_back(trigger, ArmsWithNames(arms, names));
      renamed = Value::Map(std::move(triggers));
    }
    if (key.as_string() == "undo" && value.is_map())
      if (const Value* replaced = value.Find("replaces")) renamed = With(value, "replaces", Renamed(*replaced, names));
    entries.emplace_back(key, std::move(renamed));
  }
  return Value::Map(std::move(entries));
}

}  // namespace fermata

#include "engine/scenario/scenario_fields.h"

#include <algorithm>

#include "engine/scenario/codes.h"

namespace fermata {

bool ScenarioFields::ExpectMap(const Node& node, std::string_view what) {
  if (node.is_map()) return true;
  report_.Error(kScenarioValueWrong, node,
                "Expected " + std::string(what) + " to be a map, but there is " + node.Describe() + ".");
  return false;
}

bool ScenarioFields::ExpectList(const Node& node, std::string_view what) {
  if (node.is_list()) return true;
  report_.Error(kScenarioValueWrong, node,
                "Expected a list of " + std::string(what) + ", but there is " + node.Describe() + ".");
  return false;
}

void ScenarioFields::CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where) {
  for (const NodeEntry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    report_.ErrorAtKey(kScenarioKeyUnknown, entry,
                       "Expected a key of " + std::string(where) + ", but '" + entry.key + "' is none.",
                       DidYouMean(entry.key, known));
  }
}

const NodeEntry* ScenarioFields::Require(const Node& map, std::string_view key, std::string_view where) {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr)
    report_.Error(kScenarioKeyMissing, map,
                  "Expected '" + std::string(key) + "' in " + std::string(where) + ", but it is missing.");
  return entry;
}

std::string ScenarioFields::Text(const Node& node) {
  if (node.is_scalar() && !node.is_null()) return node.text;
  report_.Error(kScenarioValueWrong, node, "Expected a text, but there is " + node.Describe() + ".");
  return "";
}

std::optional<std::string> ScenarioFields::TextAt(const Node& map, std::string_view key) {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr) return std::nullopt;
  return Text(entry->value);
}

std::optional<Value> ScenarioFields::ValueAt(const Node& map, std::string_view key) const {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr) return std::nullopt;
  return ToValue(entry->value);
}

std::int64_t ScenarioFields::Count(const Node& node) {
  if (node.is_scalar() && node.scalar.kind() == ValueKind::kInt && node.scalar.as_int() >= 0)
    return node.scalar.as_int();
  report_.Error(kScenarioValueWrong, node, "Expected a whole number from 0, but there is " + node.Describe() + ".");
  return 0;
}

bool ScenarioFields::FlagAt(const Node& map, std::string_view key) {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr) return false;
  if (entry->value.is_scalar() && entry->value.scalar.kind() == ValueKind::kBool) return entry->value.scalar.as_bool();
  report_.Error(kScenarioValueWrong, entry->value,
                "Expected true or false, but there is " + entry->value.Describe() + ".");
  return false;
}

}  // namespace fermata

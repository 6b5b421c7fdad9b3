#include "engine/language/diff/diff.h"

namespace fermata {
namespace {

Value SideOf(const std::string& process, const std::string& version) {
  return Value::Object({{"process", Value::String(process)}, {"version", Value::String(version)}});
}

void AddIfGiven(const char* key, const Value& value, std::vector<MapEntry>& entries) {
  if (!value.is_null()) entries.emplace_back(Value::String(key), value);
}

}  // namespace

std::string_view ChangeKindName(ChangeKind kind) {
  static constexpr std::string_view kNames[] = {"added", "removed", "changed", "moved", "renamed"};
  return kNames[static_cast<int>(kind)];
}

std::string FormatDiff(const DefinitionDiff& diff) {
  const std::string before = diff.process_before + " " + diff.version_before;
  const std::string after =
      (diff.process_before == diff.process_after ? "" : diff.process_after + " ") + diff.version_after;
  if (diff.same()) return before + " -> " + after + ": the same\n";
  std::string text = before + " -> " + after + "\n";
  const std::string* state = nullptr;
  for (const Change& change : diff.changes) {
    if (!state || *state != change.state) text += "\n" + (change.state.empty() ? "the process" : change.state) + "\n";
    state = &change.state;
    text += "  " + change.text + "\n";
  }
  return text;
}

Value ToValue(const DefinitionDiff& diff) {
  std::vector<Value> changes;
  for (const Change& change : diff.changes) {
    std::vector<MapEntry> entries;
    if (!change.state.empty()) entries.emplace_back(Value::String("state"), Value::String(change.state));
    entries.emplace_back(Value::String("what"), Value::String(change.what));
    entries.emplace_back(Value::String("kind"), Value::String(ChangeKindName(change.kind)));
    AddIfGiven("before", change.before, entries);
    AddIfGiven("after", change.after, entries);
    entries.emplace_back(Value::String("text"), Value::String(change.text));
    changes.push_back(Value::Map(std::move(entries)));
  }
  return Value::Object({{"from", SideOf(diff.process_before, diff.version_before)},
                        {"to", SideOf(diff.process_after, diff.version_after)},
                        {"same", Value::Bool(diff.same())},
                        {"changes", Value::List(std::move(changes))}});
}

}  // namespace fermata

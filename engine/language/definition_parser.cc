#include "engine/language/definition_parser.h"

#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/operations.h"
#include "engine/language/schedule.h"
#include "engine/language/schema_loader.h"
#include "engine/language/states.h"
#include "engine/language/templates.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

class RootParser {
 public:
  explicit RootParser(ParseContext& context)
      : context_(context),
        root_(context.parsed.root),
        definition_(*context.parsed.definition),
        report_(context.report) {}

  void Parse() {
    if (!ExpectMap(root_, "a process: a map with 'fermata', 'process', 'version' and 'states'", report_)) return;
    static const std::vector<std::string> keys{
        "fermata", "process",  "version",  "title",      "description", "tags",      "key",       "unique", "input",
        "output",  "vars",     "events",   "errors",     "on",          "after",     "on_error",  "atomic", "start",
        "states",  "start_on", "schedule", "searchable", "retention",   "encrypted", "migrations"};
    CheckKeys(root_, keys, "a process", report_);
    LoseMisspelt(root_, keys, {"vars"}, context_.parsed);
    context_.parsed.events_unknown = Misspells(root_, keys, "events");
    context_.parsed.states_unknown |= !root_.Find("states");
    for (const char* key : {"fermata", "process", "version", "states"})
      if (!root_.Find(key) && !Misspells(root_, keys, key))
        report_.Error(kMissingKey, root_, std::string("Expected '") + key + "' in a process, but it is missing.",
                      key == std::string_view("fermata") ? "the first line is: fermata: 1" : "");
    ReadIdentity();
    ReadStart();
    ReadData();
    ReadPolicies();
    CollectStates(context_);
    ReadStates(context_);
    if (const Node* node = Find("migrations")) ReadMigrations(*node);
  }

 private:
  const Node* Find(std::string_view key) const {
    const NodeEntry* entry = root_.Find(key);
    return entry ? &entry->value : nullptr;
  }

  void ReadIdentity() {
    if (const Node* node = Find("fermata")) {
      const bool supported = node->is_scalar() && node->scalar.kind() == ValueKind::kInt && node->scalar.as_int() == 1;
      if (!supported)
        report_.Error(kUnsupportedLanguageVersion, *node,
                      "Expected version 1 of the language, but there is " + node->Describe() + ".");
    }
    if (const Node* node = Find("process"))
      definition_.process = ReadName(*node, "the name of the process", report_).value_or("");
    if (const Node* node = Find("version")) {
      if (node->is_scalar() && IsSemanticVersion(node->text)) {
        definition_.version = node->text;
      } else {
        report_.Error(kBadVersion, *node,
                      "Expected a semantic version such as 1.0.0, but there is " + node->Describe() + ".");
      }
    }
    if (const Node* node = Find("title")) definition_.title = ReadText(*node, "a title", report_).value_or("");
    if (const Node* node = Find("description"))
      definition_.description = ReadText(*node, "a description", report_).value_or("");
    if (const Node* node = Find("tags"))
      definition_.tags = ReadTexts(*node, "tags", report_).value_or(std::vector<std::string>{});
  }

  void ReadStart() {
    if (const Node* node = Find("key")) definition_.key = ReadTemplate(*node, context_);
    if (const Node* node = Find("unique")) {
      const auto word = ReadChoice(*node, {"no", "running", "ever"}, report_);
      if (word)
        definition_.unique = *word == "ever"      ? Uniqueness::kEver
                             : *word == "running" ? Uniqueness::kRunning
                                                  : Uniqueness::kNo;
    }
    if (const Node* node = Find("start_on")) ReadStartOn(*node);
    if (const Node* node = Find("schedule")) ReadSchedule(*node, context_);
  }

  void ReadStartOn(const Node& node) {
    const auto type = ReadDottedName(node, "the type of an event", report_);
    if (!type) return;
    definition_.start_on = *type;
    const Node* events = Find("events");
    if (events && events->Find(*type)) return;
    std::vector<std::string> names;
    if (events)
      for (const NodeEntry& entry : events->entries) names.push_back(entry.key);
    std::string hint = DidYouMean(*type, names);
    if (hint.empty()) hint = "declare it: events: { " + *type + ": { key: … } }";
    report_.Error(kUnknownEvent, node, "Expected an event that is declared under 'events', but '" + *type + "' is not.",
                  std::move(hint));
  }

  void ReadData() {
    if (const Node* node = Find("input")) {
      definition_.input = context_.schemas.Load(*node);
      if (definition_.input) definition_.input_source = context_.schemas.Bundled(*node);
    }
    if (const Node* node = Find("output")) {
      definition_.output = context_.schemas.Load(*node);
      if (definition_.output) definition_.output_source = context_.schemas.Bundled(*node);
    }
    if (const Node* node = Find("vars")) definition_.vars = ReadAssignments(*node, "a map of variables", context_);
    if (const Node* node = Find("events")) ReadEvents(*node);
    if (const Node* node = Find("errors")) ReadErrors(*node);
  }

  void ReadEvents(const Node& node) {
    if (!ExpectMap(node, "a map of events", report_)) return;
    for (const NodeEntry& entry : node.entries) {
      if (!CheckDottedName(entry, "the type of an event", report_)) continue;
      EventDeclaration event;
      event.type = entry.key;
      event.at = entry.key_at;
      event.keep_ms = kKeepDefaultMs;
      if (!entry.value.is_null()) ReadEvent(entry.value, event);
      definition_.events.push_back(std::move(event));
    }
  }

  void ReadEvent(const Node& node, EventDeclaration& event) {
    if (!ExpectMap(node, "an event: {key, data, keep}", report_)) return;
    CheckKeys(node, {"key", "data", "keep", "title", "description"}, "an event", report_);
    if (const NodeEntry* key = node.Find("key")) event.key = ReadTemplate(key->value, context_);
    if (const NodeEntry* data = node.Find("data")) event.data = context_.schemas.Load(data->value);
    if (const NodeEntry* keep = node.Find("keep"))
      event.keep_ms = ReadSpan(keep->value, report_).value_or(kKeepDefaultMs);
  }

  // A list of names, or a map from names to what they mean.
  void ReadErrors(const Node& node) {
    if (node.is_map()) {
      for (const NodeEntry& entry : node.entries)
        if (CheckName(entry, "the name of a business error", report_))
          AddError(entry.key, entry.key_at, entry.key_length);
      return;
    }
    if (!node.is_list())
      report_.Error(kWrongKind, node, "Expected a list of business errors, but there is " + node.Describe() + ".");
    for (const Node& item : node.items)
      if (auto name = ReadName(item, "the name of a business error", report_)) AddError(*name, item.at, item.length);
  }

  void AddError(const std::string& name, SourcePosition at, int length) {
    if (IsReservedError(name)) {
      report_.Add(Severity::kError, kReservedName, at, length,
                  "Expected the name of a business error, but '" + name + "' is one of the engine's own.");
    } else {
      definition_.errors.push_back(name);
    }
  }

  std::vector<std::string> ReadVariables(const Node& node) {
    std::vector<std::string> names;
    if (!node.is_list())
      report_.Error(kWrongKind, node, "Expected a list of variables, but there is " + node.Describe() + ".");
    for (const Node& item : node.items)
      if (auto name = ReadVariable(item, report_)) names.push_back(std::move(*name));
    return names;
  }

  void ReadPolicies() {
    if (const Node* node = Find("searchable")) definition_.searchable = ReadVariables(*node);
    if (const Node* node = Find("encrypted")) definition_.encrypted = ReadVariables(*node);
    if (const Node* node = Find("retention")) definition_.retention_ms = ReadSpan(*node, report_);
  }

  void ReadMigrations(const Node& node) {
    if (!node.is_list()) {
      report_.Error(kWrongKind, node, "Expected a list of migrations, but there is " + node.Describe() + ".");
      return;
    }
    for (const Node& item : node.items)
      if (ExpectMap(item, "a migration: {from, states, set}", report_)) ReadMigration(item);
  }

  void ReadMigration(const Node& item) {
    CheckKeys(item, {"from", "states", "set"}, "a migration", report_);
    Migration migration;
    migration.at = item.at;
    const NodeEntry* from = item.Find("from");
    if (!from) report_.Error(kMissingKey, item, "Expected 'from' in a migration, but it is missing.");
    if (from && from->value.is_scalar() && IsVersionRange(from->value.text)) {
      migration.from = from->value.text;
    } else if (from) {
      report_.Error(kBadVersion, from->value,
                    "Expected a range of versions, but there is " + from->value.Describe() + ".",
                    "ranges are written 1.x, ^1.2.0 or >=1.0.0 <2.0.0");
    }
    if (const NodeEntry* states = item.Find("states");
        states && ExpectMap(states->value, "a map from old states to new ones", report_))
      for (const NodeEntry& entry : states->value.entries) ReadMigratedState(entry, migration);
    if (const NodeEntry* set = item.Find("set"))
      migration.set = ReadAssignments(set->value, "a map of variables", context_);
    definition_.migrations.push_back(std::move(migration));
  }

  void ReadMigratedState(const NodeEntry& entry, Migration& migration) {
    if (!CheckName(entry, "the name of a state", report_)) return;
    const std::optional<std::string> name = ReadName(entry.value, "the name of a state", report_);
    if (!name) return;
    migration.states.insert_or_assign(entry.key, *name);
    if (definition_.FindState(*name) != nullptr || context_.parsed.states_unknown) return;
    std::vector<std::string> names;
    for (const auto& [known, index] : context_.parsed.states) names.push_back(known);
    report_.Error(kUnknownState, entry.value, "no state is called '" + *name + "'", DidYouMean(*name, names));
  }

  ParseContext& context_;
  const Node& root_;
  Definition& definition_;
  Report& report_;
};

}  // namespace

void ParseDefinition(ParseContext& context) { RootParser(context).Parse(); }

}  // namespace fermata

#include "api/lsp/scenario_answers.h"

#include <algorithm>
#include <set>

#include "api/lsp/bounds.h"
#include "api/lsp/cursor.h"
#include "api/lsp/key_docs.h"
#include "engine/scenario/known_names.h"
#include "engine/scenario/step_parser.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

using Kind = Suggestion::Kind;
using Names = std::vector<std::string>;

bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The step that the place belongs to, and what it names: {"expect", "bank.authorise"}; both empty if none stands before it in its case.
struct StepBefore {
  std::string step, named;
};
StepBefore FindStepBefore(std::string_view text, std::size_t offset) {
  const std::size_t steps = text.rfind("steps:", offset);
  for (std::size_t colon = text.substr(0, offset).rfind(": "); colon != std::string_view::npos && colon > 0;
       colon = text.rfind(": ", colon - 1)) {
    if (steps == std::string_view::npos || colon <= steps + 5) return {};
    const std::size_t begin = text.find_last_of(" \t\n{,", colon) + 1;
    const std::string step(text.substr(begin, colon - begin));
    if (!Contains(StepNames(), step)) continue;
    const std::size_t named = text.find_first_not_of(" \"'[", colon + 1);
    if (named == std::string_view::npos) return {step, ""};
    return {step, std::string(text.substr(named, text.find_first_of(" ,}]\"'\r\n", named) - named))};
  }
  return {};
}

// Whether nothing but blanks stands before the byte in its line: what is typed there belongs to the map above.
bool BeginsItsLine(std::string_view text, std::size_t at) {
  const std::size_t before = text.substr(0, at).find_last_not_of(" ");
  return before == std::string_view::npos || text[before] == '\n';
}

// Which process the file is about, told without reading it as YAML.
std::string ProcessOf(std::string_view text) {
  const std::string_view key = "scenarios:";
  const std::size_t at = text.starts_with(key) ? 0 : text.find("\nscenarios:");
  if (at == std::string_view::npos) return "";
  const std::size_t begin = text.find_first_not_of(" \"'", text.find(':', at) + 1);
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_first_of(" \"'#\r\n", begin) - begin));
}

class ScenarioPlace {
 public:
  ScenarioPlace(const OpenFile& file, std::size_t offset, Workspace& workspace)
      : project_(workspace.ProjectFor(file)),
        process_(ProcessOf(file.document.text())),
        definition_(project_.Find(process_)),
        cursor_(LocateCursor(file.document.text(), offset)),
        step_(FindStepBefore(file.document.text(), offset)),
        new_item_(cursor_.in_list && !BeginsItsLine(file.document.text(), cursor_.begin)) {}

  Suggestions Complete() {
    found_.begin = cursor_.begin;
    if (cursor_.at_key) Keys();
    if (!cursor_.at_key || cursor_.in_list) Values();
    if (found_.items.size() > kCompletionsMax) found_.items.resize(kCompletionsMax);
    return std::move(found_);
  }

  std::optional<std::string> Hover() const {
    if (cursor_.word.empty()) return std::nullopt;
    if (const OperationManifest* operation = project_.FindOperation(cursor_.word))
      for (const ManifestPtr& manifest : project_.manifests)
        if (cursor_.word.starts_with(manifest->connector + ".")) return DescribeOperation(*manifest, *operation);
    if (cursor_.at_key) {
      std::vector<std::string> path = cursor_.path;
      path.push_back(cursor_.word);
      const std::string text = KeyDocs::OfScenarios().Describe(path);
      if (!text.empty()) return "**" + cursor_.word + "**\n\n" + text;
    }
    const State* state = definition_ ? definition_->FindState(cursor_.word) : nullptr;
    if (state == nullptr || !NamesStates()) return std::nullopt;
    return "**" + state->name + "**" + (state->title.empty() ? "" : ": " + state->title) +
           (state->description.empty() ? "" : "\n\n" + state->description);
  }

 private:
  std::string Last() const { return cursor_.path.empty() ? "" : cursor_.path.back(); }
  bool InSteps() const { return Contains(cursor_.path, "steps"); }
  bool NamesStates() const {
    static const Names keys{"in", "answer", "task", "resolve", "state", "path", "undone", "tasks"};
    return Contains(keys, Last());
  }

  void Add(Kind kind, const std::string& label, const std::string& detail = "", const std::string& documentation = "",
           const std::string& inserted = "") {
    if (label.empty() || !labels_.insert(label).second) return;
    found_.items.push_back({kind, label, detail, documentation, inserted});
  }
  void AddAll(Kind kind, const Names& names, const std::string& detail = "") {
    for (const std::string& name : names) Add(kind, name, detail);
  }

  // ---- keys ----

  void Keys() {
    const std::string last = Last();
    if (last == "with" || last == "return" || last == "data" || last == "input" || last == "output" || last == "vars")
      return Fields(last);
    const bool steps = last == "steps";
    const std::string beside = steps && !new_item_ ? step_.step : "";
    for (const KeyDoc& doc : KeyDocs::OfScenarios().KeysAt(cursor_.path, beside)) {
      if (steps && beside.empty() != Contains(StepNames(), doc.key)) continue;
      Add(Kind::kKey, doc.key, "", doc.description, doc.key + ": ");
    }
  }

  void FieldsOf(const SchemaPtr& schema) {
    if (!schema) return;
    const Type shape = TypeOf(*schema);
    for (const auto& [field, type] : shape.fields())
      Add(Kind::kField, field.name, type.ToString() + (field.required ? "" : ", optional"), "", field.name + ": ");
  }

  void Fields(const std::string& key) {
    const OperationManifest* operation = InSteps() ? project_.FindOperation(step_.named) : nullptr;
    if (operation) return FieldsOf(key == "return" ? operation->output : operation->input);
    if (!definition_) return;
    if (key == "input") return FieldsOf(definition_->input);
    if (key == "output") return FieldsOf(definition_->output);
    if (key == "vars")
      for (const State& state : definition_->states)
        for (const std::string& name : VariablesOf(state)) Add(Kind::kVariable, name, "", "", name + ": ");
    if (key != "data") return;
    for (const DefinitionPtr& definition : project_.definitions)
      if (const EventDeclaration* event = definition->FindEvent(step_.named)) FieldsOf(event->data);
    if (const State* state = definition_->FindState(step_.named))
      if (const auto* ask = std::get_if<AskVerb>(&state->verb)) FieldsOf(ask->form);
  }

  static Names VariablesOf(const State& state) {
    Names names;
    if (!state.save.empty()) names.push_back(state.save);
    for (const Assignment& assignment : state.set) names.push_back(assignment.name);
    return names;
  }

  // ---- values ----

  void Values() {
    const std::string last = Last();
    if (NamesStates()) {
      AddAll(Kind::kState, KnownStates(project_, process_));
      for (const std::string& process : KnownProcesses(project_))
        if (process != process_ && last != "path")
          for (const std::string& state : KnownStates(project_, process)) Add(Kind::kState, process + "/" + state);
    }
    if (last == "expect" || last == "idle" || last == "late") Operations();
    if (last == "event") AddAll(Kind::kEvent, KnownEvents(project_));
    if (last == "emitted" || last == "type") AddAll(Kind::kEvent, KnownEmissions(project_));
    if (last == "started") AddAll(Kind::kProcess, KnownChildren(project_));
    if (last == "scenarios" || last == "start" || last == "started" || last == "to" || last == "process")
      AddAll(Kind::kProcess, KnownProcesses(project_));
    if (last == "error") Errors();
    if (last == "outcome") Outcomes();
    if (last == "version" || last == "migrate")
      for (const DefinitionPtr& definition : project_.definitions)
        if (definition->process == process_) Add(Kind::kWord, definition->version);
    for (const std::string& word : KeyDocs::OfScenarios().WordsAt(cursor_.path))
      if (last != "steps") Add(Kind::kWord, word);
  }

  void Operations() {
    for (const ManifestPtr& manifest : project_.manifests)
      for (const OperationManifest& operation : manifest->operations)
        Add(Kind::kOperation, manifest->connector + "." + operation.name, operation.title,
            DescribeOperation(*manifest, operation));
    for (const std::string& child : KnownChildren(project_))
      if (project_.Find(child) == nullptr) Add(Kind::kOperation, "run." + child, "a child whose file is not here");
  }

  void Errors() {
    if (const OperationManifest* operation = InSteps() ? project_.FindOperation(step_.named) : nullptr)
      return AddAll(Kind::kError, operation->errors, "business error");
    for (const State& state : definition_ ? definition_->states : std::vector<State>{})
      if (const auto* fail = std::get_if<FailVerb>(&state.verb))
        Add(Kind::kError, fail->error, "raised by " + state.name);
    for (const ManifestPtr& manifest : definition_ ? definition_->manifests : std::vector<ManifestPtr>{})
      for (const OperationManifest& operation : manifest->operations)
        AddAll(Kind::kError, operation.errors, manifest->connector + "." + operation.name);
  }

  void Outcomes() {
    const State* state = definition_ ? definition_->FindState(step_.named) : nullptr;
    if (const auto* ask = state ? std::get_if<AskVerb>(&state->verb) : nullptr) AddAll(Kind::kWord, ask->outcomes);
  }

  const ScenarioProject project_;
  const std::string process_;
  const DefinitionPtr definition_;  // of the process, null if it is not there
  const Cursor cursor_;
  const StepBefore step_;
  const bool new_item_;  // of a list, and not a further key of its last one
  Suggestions found_;
  std::set<std::string> labels_;
};

}  // namespace

Suggestions CompleteScenario(const OpenFile& file, std::size_t offset, Workspace& workspace) {
  return ScenarioPlace(file, offset, workspace).Complete();
}

std::optional<std::string> HoverScenario(const OpenFile& file, std::size_t offset, Workspace& workspace) {
  const std::string& text = file.document.text();
  std::size_t end = EndOfWord(text, offset);
  // All of an operation's name, wherever in it the pointer stands.
  while (end < text.size() && text[end] == '.') end = EndOfWord(text, end + 1);
  return ScenarioPlace(file, end, workspace).Hover();
}

}  // namespace fermata

#include <algorithm>
#include <set>

#include "api/cli/text_files.h"
#include "api/lsp/answers.h"
#include "api/lsp/bounds.h"
#include "api/lsp/cursor.h"
#include "api/lsp/key_docs.h"
#include "api/lsp/scenario_answers.h"
#include "api/lsp/scope.h"
#include "engine/language/raised.h"
#include "engine/language/verbs.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

using Kind = Suggestion::Kind;

class Completer {
 public:
  Completer(OpenFile& file, std::size_t offset, Workspace& workspace)
      : file_(file), workspace_(workspace), cursor_(LocateCursor(file.document.text(), offset)) {
    found_.begin = cursor_.begin;
  }

  Suggestions Run() {
    if (cursor_.in_expression) {
      Expression();
    } else {
      Names(KindOfName(cursor_));
      if (cursor_.at_key) Keys();
      if (!cursor_.at_key)
        for (const std::string& word : KeyDocs::Get().WordsAt(cursor_.path)) Add(Kind::kWord, word, "");
    }
    if (found_.items.size() > kCompletionsMax) found_.items.resize(kCompletionsMax);
    return std::move(found_);
  }

 private:
  void Add(Kind kind, const std::string& label, std::string detail, std::string documentation = "",
           std::string inserted = "") {
    if (label.empty() || !labels_.insert(label).second) return;
    found_.items.push_back({kind, label, std::move(detail), std::move(documentation), std::move(inserted)});
  }

  void AddStates(const std::vector<const State*>& states) {
    for (const State* state : states)
      if (!state->is_region) Add(Kind::kState, state->name, state->title, state->description);
  }

  void Names(NameKind kind) {
    if (kind == NameKind::kOperation) return Operations();
    if (kind == NameKind::kProcess)
      for (const auto& [name, path] : workspace_.ProcessesBeside(file_))
        Add(Kind::kProcess, name, path.filename().string());
    if (!file_.definition) return;
    const Definition& definition = *file_.definition;
    const State& around = StateAround(definition, cursor_.path);
    if (kind == NameKind::kTarget) AddStates(TargetsOf(definition, around));
    if (kind == NameKind::kStart) AddStates(ChildrenOf(definition, around));
    if (kind == NameKind::kAnyState) {
      for (const State& state : definition.states)
        if (IsReal(state)) AddStates({&state});
      if (cursor_.path.back() == "rollback") Add(Kind::kWord, "all", "everything that was done");
    }
    const std::string colon = cursor_.at_key && !cursor_.in_list ? ": " : "";
    if (kind == NameKind::kEvent)
      for (const EventDeclaration& event : definition.events)
        Add(Kind::kEvent, event.type, event.data ? TypeOf(*event.data).ToString() : "", "", event.type + colon);
    if (kind == NameKind::kError) Errors(around, colon);
    if (kind == NameKind::kVariable)
      for (const NameInScope& name : NamesInScope(definition, {}))
        if (name.written.line > 0) Add(Kind::kVariable, name.name, name.origin);
  }

  void Operations() {
    for (const ManifestFile& file : workspace_.ManifestsFor(file_))
      for (const OperationManifest& operation : file.manifest->operations)
        Add(Kind::kOperation, file.manifest->connector + "." + operation.name, operation.title,
            DescribeOperation(*file.manifest, operation));
  }

  // What can go wrong in the state, and the words for several errors.
  void Errors(const State& around, const std::string& colon) {
    Raised raised;
    for (const State& state : file_.definition->states) {
      if (!IsInside(*file_.definition, state.index, around.index)) continue;
      const Raised own = RaisedBy(state);
      raised.business.insert(own.business.begin(), own.business.end());
    }
    for (const std::string& name : raised.business) Add(Kind::kError, name, "business error", "", name + colon);
    Add(Kind::kError, "any", "every business error", "", "any" + colon);
    Add(Kind::kError, "technical", "the four technical errors", "", "technical" + colon);
    for (const char* name : {"unavailable", "timeout", "invalid-response", "internal"})
      Add(Kind::kError, name, "technical error", "", name + colon);
  }

  // ---- keys ----

  void Keys() {
    if (!cursor_.path.empty() && cursor_.path.back() == "with") return InputFields();
    const std::vector<std::string> allowed = AllowedKeys();
    for (const KeyDoc& doc : KeyDocs::Get().KeysAt(cursor_.path)) {
      const bool fits = allowed.empty() || std::find(allowed.begin(), allowed.end(), doc.key) != allowed.end();
      if (fits) Add(Kind::kKey, doc.key, "", doc.description, doc.key + ": ");
    }
    if (!cursor_.path.empty() && cursor_.path.back() == "after" && cursor_.path.size() != 2)
      for (const char* span : {"10s", "30m", "2h", "1d"}) Add(Kind::kWord, span, "", "", std::string(span) + ": ");
  }

  // In a state, those that go with its verb; empty: all.
  std::vector<std::string> AllowedKeys() const {
    const std::vector<std::string>& path = cursor_.path;
    if (!file_.definition || path.size() < 2 || path[path.size() - 2] != "states") return {};
    const State* state = file_.definition->FindState(path.back());
    return state ? KeysBeside(VerbOf(*state)) : std::vector<std::string>{};
  }

  static std::string VerbOf(const State& state) {
    // In the order of the variant.
    static const char* const verbs[] = {"",         "call",   "ask",      "run", "emit", "each",
                                        "parallel", "states", "rollback", "end", "fail"};
    return verbs[state.verb.index()];
  }

  // Of the operation that is called, or of the child that is run.
  SchemaPtr InputAt() const {
    if (!file_.definition) return nullptr;
    if (const OperationManifest* operation = OperationAt(*file_.definition, cursor_.path)) return operation->input;
    const auto* run = std::get_if<RunVerb>(&StateAround(*file_.definition, cursor_.path).verb);
    const std::optional<ProcessShape> child = run ? workspace_.ShapeOf(file_, run->process) : std::nullopt;
    return child ? child->input : nullptr;
  }

  void InputFields() {
    const SchemaPtr schema = InputAt();
    if (!schema) return;
    const Type input = TypeOf(*schema);
    for (const auto& [field, type] : input.fields())
      Add(Kind::kField, field.name, type.ToString() + (field.required ? "" : ", optional"), "", field.name + ": ");
  }

  // ---- expressions ----

  void Expression() {
    if (!file_.definition) return;
    const std::vector<NameInScope> names = NamesInScope(*file_.definition, cursor_.path, outputs_);
    const std::size_t dot = cursor_.word.rfind('.');
    if (dot != std::string::npos) return Fields(TypeOfChain(names, cursor_.word.substr(0, dot)));
    for (const NameInScope& name : names)
      Add(Kind::kVariable, name.name, name.type.is_dyn() ? name.origin : name.type.ToString(), name.origin);
    for (const char* function :
         {"has", "size", "string", "int", "double", "timestamp", "duration", "matches", "type", "dyn", "bool"})
      Add(Kind::kFunction, function, "", "", std::string(function) + "(");
  }

  void Fields(const Type& type) {
    for (const auto& [field, content] : type.fields())
      Add(Kind::kField, field.name, content.ToString() + (field.required ? "" : ", optional"));
    for (const Type& alternative : type.alternatives()) Fields(alternative);
  }

  OpenFile& file_;
  Workspace& workspace_;
  const OutputOfChild outputs_ = [this](const std::string& process) { return workspace_.OutputOf(file_, process); };
  const Cursor cursor_;
  Suggestions found_;
  std::set<std::string> labels_;
};

}  // namespace

Suggestions Complete(OpenFile& file, std::size_t offset, Workspace& workspace) {
  return IsScenarioFile(file.path) ? CompleteScenario(file, offset, workspace)
                                   : Completer(file, offset, workspace).Run();
}

}  // namespace fermata

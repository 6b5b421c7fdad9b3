#include "api/cli/text_files.h"
#include "api/lsp/answers.h"
#include "api/lsp/cursor.h"
#include "api/lsp/key_docs.h"
#include "api/lsp/scenario_answers.h"
#include "api/lsp/scope.h"
#include "engine/base/time.h"
#include "engine/language/operations.h"
#include "engine/language/walk.h"
#include "engine/schema/schema.h"

namespace fermata {
namespace {

std::string Code(const std::string& text) { return "`" + text + "`"; }

std::string TextAt(const Value* value, std::string_view key) {
  const Value* text = value ? value->Find(key) : nullptr;
  return text && text->is_string() ? std::string(text->as_string()) : "";
}

// The schema of an operation as its manifest writes it; null if it is a reference or none.
const Value* WrittenSchema(const Manifest& manifest, const OperationManifest& operation, std::string_view part) {
  const Value* operations = manifest.source.is_map() ? manifest.source.Find("operations") : nullptr;
  const Value* written = operations ? operations->Find(operation.name) : nullptr;
  const Value* schema = written && written->is_map() ? written->Find(part) : nullptr;
  return schema && schema->is_map() ? schema : nullptr;
}

// A line a field.
std::string DescribeShape(const std::string& title, const SchemaPtr& schema, const Value* written) {
  if (!schema) return "";
  const Type type = TypeOf(*schema);
  if (type.fields().empty()) return "\n\n" + title + ": " + Code(type.ToString());
  std::string text = "\n\n" + title + ":";
  const Value* properties = written ? written->Find("properties") : nullptr;
  for (const auto& [field, content] : type.fields()) {
    const Value* property = properties && properties->is_map() ? properties->Find(field.name) : nullptr;
    const std::string meaning = TextAt(property && property->is_map() ? property : nullptr, "description");
    text += "\n- " + Code(field.name) + " " + content.ToString() + (field.required ? "" : ", optional") +
            (meaning.empty() ? "" : ": " + meaning);
  }
  return text;
}

std::string DescribeState(const State& state) {
  std::string text = "**" + state.name + "**" + (state.title.empty() ? "" : ": " + state.title);
  if (!state.description.empty()) text += "\n\n" + state.description;
  if (const auto* call = std::get_if<CallVerb>(&state.verb)) text += "\n\ncalls " + Code(call->full());
  if (const auto* run = std::get_if<RunVerb>(&state.verb)) text += "\n\nruns " + Code(run->process);
  if (Does<EndVerb>(state)) text += "\n\nan end";
  if (const auto* fail = std::get_if<FailVerb>(&state.verb)) text += "\n\nfails with " + Code(fail->error);
  return text;
}

class Explainer {
 public:
  Explainer(OpenFile& file, std::size_t offset, Workspace& workspace)
      : file_(file),
        workspace_(workspace),
        end_(EndOfWord(file.document.text(), offset)),
        cursor_(LocateCursor(file.document.text(), end_)) {}

  std::optional<std::string> Run() {
    if (cursor_.word.empty()) return std::nullopt;
    if (cursor_.in_expression) return Name();
    switch (KindOfName(cursor_)) {
      case NameKind::kTarget:
      case NameKind::kAnyState:
      case NameKind::kStart:
        if (const State* state = file_.definition ? file_.definition->FindState(cursor_.word) : nullptr)
          return DescribeState(*state);
        break;
      case NameKind::kOperation:
        return Operation();
      case NameKind::kEvent:
        return Event(cursor_.word);
      case NameKind::kError:
        return ErrorName();
      default:
        break;
    }
    return cursor_.at_key ? Key() : std::nullopt;
  }

 private:
  std::optional<std::string> Operation() {
    // All of the name, wherever in it the pointer stands.
    const std::string& text = file_.document.text();
    std::size_t end = end_;
    while (end < text.size() && text[end] == '.') end = EndOfWord(text, end + 1);
    const std::string full = LocateCursor(text, end).word;
    const std::size_t dot = full.find('.');
    for (const ManifestFile& file : workspace_.ManifestsFor(file_)) {
      if (file.manifest->connector != full.substr(0, dot)) continue;
      const OperationManifest* operation =
          dot == std::string::npos ? nullptr : file.manifest->Find(full.substr(dot + 1));
      if (operation) return DescribeOperation(*file.manifest, *operation);
    }
    return std::nullopt;
  }

  std::optional<std::string> Event(const std::string& type) const {
    const EventDeclaration* event = file_.definition ? file_.definition->FindEvent(type) : nullptr;
    if (!event) return std::nullopt;
    return "event **" + type + "**" + DescribeShape("Data", event->data, nullptr);
  }

  std::optional<std::string> ErrorName() const {
    const std::string& name = cursor_.word;
    if (name == "any") return "every business error";
    if (name == "technical") return "the four technical errors: unavailable, timeout, invalid-response, internal";
    if (IsTechnicalError(name)) return "technical error **" + name + "**";
    if (IsDefinitionError(name)) return "definition error **" + name + "**";
    return "business error **" + name + "**";
  }

  std::optional<std::string> Name() const {
    if (!file_.definition) return std::nullopt;
    const std::vector<NameInScope> names =
        NamesInScope(*file_.definition, cursor_.path,
                     [this](const std::string& process) { return workspace_.OutputOf(file_, process); });
    const std::string base = cursor_.word.substr(0, cursor_.word.find('.'));
    for (const NameInScope& name : names)
      if (name.name == base)
        return Code(cursor_.word) + ": " + TypeOfChain(names, cursor_.word).ToString() + "\n\n" + name.origin;
    return std::nullopt;
  }

  std::optional<std::string> Key() const {
    std::vector<std::string> path = cursor_.path;
    path.push_back(cursor_.word);
    const std::string text = KeyDocs::Get().Describe(path);
    if (!text.empty()) return "**" + cursor_.word + "**\n\n" + text;
    const bool names_state = !cursor_.path.empty() && cursor_.path.back() == "states";
    const State* state = file_.definition && names_state ? file_.definition->FindState(cursor_.word) : nullptr;
    if (state) return DescribeState(*state);
    if (!cursor_.path.empty() && cursor_.path.back() == "events") return Event(cursor_.word);
    return std::nullopt;
  }

  OpenFile& file_;
  Workspace& workspace_;
  const std::size_t end_;
  const Cursor cursor_;
};

}  // namespace

std::string DescribeOperation(const Manifest& manifest, const OperationManifest& operation) {
  std::string text = "**" + manifest.connector + "." + operation.name + "**";
  if (!operation.title.empty()) text += ": " + operation.title;
  if (!operation.description.empty()) text += "\n\n" + operation.description;
  text += DescribeShape("Input", operation.input, WrittenSchema(manifest, operation, "input"));
  text += DescribeShape("Output", operation.output, WrittenSchema(manifest, operation, "output"));
  std::string errors;
  for (const std::string& error : operation.errors) errors += (errors.empty() ? "" : ", ") + Code(error);
  if (!errors.empty()) text += "\n\nErrors: " + errors;
  if (operation.timeout_ms) text += "\n\nTimeout: " + FormatDuration(FromMillis(*operation.timeout_ms));
  return text;
}

std::optional<std::string> Hover(OpenFile& file, std::size_t offset, Workspace& workspace) {
  return IsScenarioFile(file.path) ? HoverScenario(file, offset, workspace) : Explainer(file, offset, workspace).Run();
}

}  // namespace fermata

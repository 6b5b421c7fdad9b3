#include "api/lsp/answers.h"
#include "api/lsp/cursor.h"
#include "api/lsp/scope.h"
#include "engine/base/percent.h"
#include "engine/language/reader.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

class Finder {
 public:
  Finder(OpenFile& file, std::size_t offset, Workspace& workspace) : file_(file), workspace_(workspace) {
    const std::string& text = file.document.text();
    std::size_t end = EndOfWord(text, offset);
    cursor_ = LocateCursor(text, end);
    // Names with dots and paths count as a whole.
    const NameKind kind = KindOfName(cursor_);
    const std::string_view joints = kind == NameKind::kSchemaFile ? "./#$" : ".";
    const bool whole = kind == NameKind::kSchemaFile || kind == NameKind::kOperation || kind == NameKind::kEvent;
    while (whole && end < text.size() && joints.find(text[end]) != std::string_view::npos) {
      end = EndOfWord(text, end + 1);
      cursor_ = LocateCursor(text, end);
    }
  }

  std::optional<Target> Run() {
    if (cursor_.word.empty()) return std::nullopt;
    if (cursor_.in_expression) return Variable();
    switch (KindOfName(cursor_)) {
      case NameKind::kTarget:
      case NameKind::kAnyState:
      case NameKind::kStart:
        return State();
      case NameKind::kOperation:
        return Operation();
      case NameKind::kProcess:
        return Process();
      case NameKind::kEvent:
        return Event();
      case NameKind::kVariable:
        return Variable();
      case NameKind::kSchemaFile:
        return Schema();
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<Target> Here(SourcePosition at, std::size_t length) const {
    if (at.line <= 0) return std::nullopt;
    return Target{file_.uri, at.line, at.column, static_cast<int>(length)};
  }

  std::optional<Target> State() const {
    const fermata::State* state = file_.definition ? file_.definition->FindState(cursor_.word) : nullptr;
    return state ? Here(state->at, state->name.size()) : std::nullopt;
  }

  std::optional<Target> Event() const {
    const EventDeclaration* event = file_.definition ? file_.definition->FindEvent(cursor_.word) : nullptr;
    return event ? Here(event->at, event->type.size()) : std::nullopt;
  }

  std::optional<Target> Variable() const {
    if (!file_.definition) return std::nullopt;
    const std::string name = cursor_.word.substr(0, cursor_.word.find('.'));
    for (const NameInScope& known : NamesInScope(*file_.definition, cursor_.path))
      if (known.name == name) return Here(known.written, 1);
    return std::nullopt;
  }

  // The node that a pointer names in a file, or the file's beginning.
  std::optional<Target> InFile(const fs::path& path, std::string_view pointer) const {
    const std::optional<std::string> text = workspace_.TextOf(path);
    if (!text) return std::nullopt;
    Target target{UriOfPath(path), 1, 1, 0};
    const ReadOutcome read = ReadYaml("", *text);
    if (!read.root || pointer.empty()) return target;
    const PointedNode pointed = FollowPointer(*read.root, pointer);
    const SourcePosition at = pointed.entry ? pointed.entry->key_at : pointed.node->at;
    target.line = at.line;
    target.column = at.column;
    target.length = pointed.entry ? pointed.entry->key_length : 0;
    return target;
  }

  std::optional<Target> Operation() {
    const std::size_t dot = cursor_.word.find('.');
    for (const ManifestFile& file : workspace_.ManifestsFor(file_)) {
      if (file.manifest->connector != cursor_.word.substr(0, dot) || file.path.empty()) continue;
      const std::string operation = dot == std::string::npos ? "" : "/" + cursor_.word.substr(dot + 1);
      return InFile(file.path, "/operations" + operation);
    }
    return std::nullopt;
  }

  std::optional<Target> Process() const {
    const auto processes = workspace_.ProcessesBeside(file_);
    const auto known = processes.find(cursor_.word);
    return known == processes.end() ? std::nullopt : InFile(known->second, "/process");
  }

  // A file relative to this one, a fragment, or both.
  std::optional<Target> Schema() const {
    const std::size_t hash = cursor_.word.find('#');
    const std::string file = cursor_.word.substr(0, hash);
    const std::string pointer = hash == std::string::npos ? "" : cursor_.word.substr(hash + 1);
    if (!file.empty()) return InFile((file_.path.parent_path() / file).lexically_normal(), pointer);
    const ReadOutcome read = ReadYaml("", file_.document.text());
    if (!read.root) return std::nullopt;
    // A fragment begins at the schema itself: the outermost key on the way that holds one.
    const std::string schema = "/" + cursor_.path.front();
    const PointedNode pointed = FollowPointer(*read.root, schema + pointer);
    return pointed.entry ? Here(pointed.entry->key_at, static_cast<std::size_t>(pointed.entry->key_length))
                         : std::nullopt;
  }

  OpenFile& file_;
  Workspace& workspace_;
  Cursor cursor_;
};

}  // namespace

std::optional<Target> FindDefinition(OpenFile& file, std::size_t offset, Workspace& workspace) {
  return Finder(file, offset, workspace).Run();
}

}  // namespace fermata

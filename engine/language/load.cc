#include "engine/language/load.h"

#include "engine/base/hash.h"
#include "engine/language/checker.h"
#include "engine/language/codes.h"
#include "engine/language/definition_parser.h"
#include "engine/language/reader.h"
#include "engine/language/schema_loader.h"
#include "engine/model/json.h"
#include "engine/model/semver.h"
#include "engine/schema/pointer.h"

namespace fermata {
namespace {

void AppendPart(std::string_view kind, std::string_view name, std::string_view content, std::string& bytes) {
  bytes += std::string(kind) + ' ' + std::string(name) + ' ' + std::to_string(content.size()) + '\n';
  bytes += content;
  bytes += '\n';
}

// Of the process and what it refers to, not of what merely lies beside it, nor of the built-in connectors' manifests: those come with the server and
// may change with it.
std::string HashOf(const Bundle& bundle, const Definition& definition,
                   const std::map<std::string, std::string>& files) {
  std::string bytes;
  AppendPart("process", "", bundle.text, bytes);
  for (const auto& [file, text] : files) AppendPart("file", file, text, bytes);
  for (const ManifestPtr& manifest : definition.manifests)
    if (manifest->kind != ConnectorKind::kBuiltin)
      AppendPart("manifest", manifest->connector, WriteJson(manifest->source), bytes);
  return Sha256Hex(bytes);
}

// The newest one that `run` may mean counts: which one is live is not known here.
const ProcessShape* Newest(const std::vector<ProcessShape>& shapes, const std::string& range) {
  const ProcessShape* newest = nullptr;
  for (const ProcessShape& shape : shapes) {
    if (!range.empty() && !Satisfies(shape.version, range)) continue;
    const auto version = ParseVersion(shape.version);
    if (version && (!newest || *version > *ParseVersion(newest->version))) newest = &shape;
  }
  return newest;
}

void FindChildren(const Bundle& bundle, ParsedDefinition& parsed) {
  const Definition& definition = *parsed.definition;
  std::map<std::string, std::vector<ProcessShape>> known;
  for (const State& state : definition.states) {
    const auto* run = std::get_if<RunVerb>(&state.verb);
    if (!run || run->process.empty()) continue;
    const auto [entry, added] = known.emplace(run->process, std::vector<ProcessShape>());
    if (added && bundle.open_process) entry->second = bundle.open_process(run->process);
    if (added && run->process == definition.process) {
      std::erase_if(entry->second, [&](const ProcessShape& shape) { return shape.version == definition.version; });
      entry->second.push_back({definition.process, definition.version, definition.input, definition.output});
    }
    if (const ProcessShape* shape = Newest(entry->second, run->version)) parsed.children[state.index] = *shape;
  }
}

}  // namespace

LoadOutcome LoadDefinition(const Bundle& bundle) {
  ReadOutcome read = ReadYaml(bundle.file, bundle.text);
  LoadOutcome outcome;
  outcome.diagnostics = std::move(read.diagnostics);
  if (!read.root) return outcome;
  ParsedDefinition parsed;
  parsed.root = std::move(*read.root);
  Report report(*read.source, outcome.diagnostics);
  SchemaLoader schemas(bundle.files, bundle.open_file, report, outcome.diagnostics);
  // The engine's own comes first: no other takes its name.
  std::vector<ManifestPtr> manifests = {EngineManifest()};
  manifests.insert(manifests.end(), bundle.manifests.begin(), bundle.manifests.end());
  ParseContext context{parsed, report, schemas, manifests};
  ParseDefinition(context);
  FindChildren(bundle, parsed);
  if (parsed.root.is_map()) CheckDefinition(parsed, bundle.processes, report);
  SortDiagnostics(outcome.diagnostics);
  if (parsed.root.is_map()) outcome.understood = parsed.definition;
  if (HasErrors(outcome.diagnostics)) return outcome;
  parsed.definition->source = bundle.text;
  parsed.definition->hash = HashOf(bundle, *parsed.definition, schemas.used_files());
  outcome.definition = std::move(parsed.definition);
  return outcome;
}

std::optional<ProcessShape> ReadProcessShape(
    const std::string& text, const std::function<std::optional<std::string>(const std::string& path)>& open_file) {
  const ReadOutcome read = ReadYaml("", text);
  const NodeEntry* process = read.root ? read.root->Find("process") : nullptr;
  const NodeEntry* version = read.root ? read.root->Find("version") : nullptr;
  if (!process || !version) return std::nullopt;
  ProcessShape shape{process->value.text, version->value.text, nullptr, nullptr};
  std::vector<Diagnostic> told_in_its_own_check;
  Report report(*read.source, told_in_its_own_check);
  const std::map<std::string, std::string> none;
  SchemaLoader schemas(none, open_file, report, told_in_its_own_check);
  if (const NodeEntry* input = read.root->Find("input")) shape.input = schemas.Load(input->value);
  if (const NodeEntry* output = read.root->Find("output")) shape.output = schemas.Load(output->value);
  return shape;
}

std::vector<std::string> ReferencedFiles(std::string_view text, const std::string& file) {
  const ReadOutcome read = ReadYaml(file, std::string(text));
  if (!read.root) return {};
  return ReferencedSchemaFiles(ToValue(*read.root), file);
}

}  // namespace fermata

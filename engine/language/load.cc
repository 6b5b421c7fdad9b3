#include "engine/language/load.h"

#include "engine/base/hash.h"
#include "engine/language/checker.h"
#include "engine/language/codes.h"
#include "engine/language/definition_parser.h"
#include "engine/language/reader.h"
#include "engine/language/schema_loader.h"
#include "engine/model/json.h"
#include "engine/schema/pointer.h"

namespace fermata {
namespace {

void AppendPart(std::string_view kind, std::string_view name, std::string_view content, std::string& bytes) {
  bytes += std::string(kind) + ' ' + std::string(name) + ' ' + std::to_string(content.size()) + '\n';
  bytes += content;
  bytes += '\n';
}

// Of the process and what it refers to, not of what merely lies beside it.
std::string HashOf(const Bundle& bundle, const Definition& definition,
                   const std::map<std::string, std::string>& files) {
  std::string bytes;
  AppendPart("process", "", bundle.text, bytes);
  for (const auto& [file, text] : files) AppendPart("file", file, text, bytes);
  for (const ManifestPtr& manifest : definition.manifests)
    AppendPart("manifest", manifest->connector, WriteJson(manifest->source), bytes);
  return Sha256Hex(bytes);
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
  std::vector<ManifestPtr> manifests = bundle.manifests;
  manifests.push_back(EngineManifest());
  ParseContext context{parsed, report, schemas, manifests};
  ParseDefinition(context);
  if (parsed.root.is_map()) CheckDefinition(parsed, bundle.processes, report);
  SortDiagnostics(outcome.diagnostics);
  if (parsed.root.is_map()) outcome.understood = parsed.definition;
  if (HasErrors(outcome.diagnostics)) return outcome;
  parsed.definition->source = bundle.text;
  parsed.definition->hash = HashOf(bundle, *parsed.definition, schemas.used_files());
  outcome.definition = std::move(parsed.definition);
  return outcome;
}

std::vector<std::string> ReferencedFiles(std::string_view text, const std::string& file) {
  const ReadOutcome read = ReadYaml(file, std::string(text));
  if (!read.root) return {};
  return ReferencedSchemaFiles(ToValue(*read.root), file);
}

}  // namespace fermata

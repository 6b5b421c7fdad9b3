#include "api/cli/definition_file.h"

#include <algorithm>
#include <fstream>
#include <ostream>

#include "api/cli/check.h"
#include "api/cli/codes.h"
#include "api/cli/draw_codes.h"
#include "api/cli/process_files.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

void AddManifest(const ManifestPtr& manifest, Bundle& bundle) {
  const bool known = std::any_of(bundle.manifests.begin(), bundle.manifests.end(),
                                 [&](const ManifestPtr& other) { return other->connector == manifest->connector; });
  if (!known) bundle.manifests.push_back(manifest);
}

// The schemas of a manifest stand beside it.
std::map<std::string, std::string> SchemasOf(const fs::path& manifest_file) { return ReadBundle(manifest_file).files; }

void AddManifests(const fs::path& folder, Bundle& bundle, std::vector<Diagnostic>& diagnostics) {
  for (const auto& [file, text] : ReadManifestFiles(folder)) {
    ManifestOutcome outcome = LoadManifest(file, text, SchemasOf(file));
    if (outcome.manifest) AddManifest(outcome.manifest, bundle);
    diagnostics.insert(diagnostics.end(), outcome.diagnostics.begin(), outcome.diagnostics.end());
  }
}

}  // namespace

Result<DefinitionFile> LoadDefinitionFile(const fs::path& file, const ManifestSources& sources) {
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    return Error{kFileUnreadable, "Expected a file that can be read, but '" + file.string() + "' is none."};
  Bundle bundle = ReadBundle(file);
  std::vector<Diagnostic> diagnostics;
  for (const fs::path& folder : sources.folders) AddManifests(folder, bundle, diagnostics);
  AddManifests(file.parent_path() / "connectors", bundle, diagnostics);
  for (const ManifestPtr& manifest : sources.builtin) AddManifest(manifest, bundle);
  DefinitionFile result{LoadDefinition(bundle), std::move(bundle.files)};
  diagnostics.insert(diagnostics.end(), result.loaded.diagnostics.begin(), result.loaded.diagnostics.end());
  result.loaded.diagnostics = std::move(diagnostics);
  SortDiagnostics(result.loaded.diagnostics);
  return result;
}

Result<Done> WriteOutput(const fs::path& file, const std::string& text, std::ostream& out) {
  if (file.empty() || file == "-") {
    out << text;
    return Done{};
  }
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  if (!stream)
    return Error{kFileUnwritable, "Expected a file that can be written, but '" + file.string() + "' is none."};
  return Done{};
}

}  // namespace fermata

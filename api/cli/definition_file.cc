#include "api/cli/definition_file.h"

#include <fstream>
#include <ostream>

#include "api/cli/check.h"
#include "api/cli/codes.h"
#include "api/cli/draw_codes.h"
#include "api/cli/process_files.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

void AddManifests(const fs::path& folder, Bundle& bundle, std::vector<Diagnostic>& diagnostics) {
  for (const LoadedManifest& one : LoadManifestFiles(folder)) {
    if (one.outcome.manifest) AddManifest(one.outcome.manifest, bundle);
    diagnostics.insert(diagnostics.end(), one.outcome.diagnostics.begin(), one.outcome.diagnostics.end());
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

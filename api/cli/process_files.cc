#include "api/cli/process_files.h"

#include <algorithm>
#include <optional>
#include <set>

#include "api/cli/check.h"
#include "api/cli/codes.h"
#include "api/cli/text_files.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool IsManifestFile(const fs::path& file) {
  const std::optional<std::string> text = ReadFile(file);
  return text && IsManifestText(*text);
}

std::vector<fs::path> FindProcessFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& file : YamlFilesIn(folder))
    if (!IsManifestFile(file)) files.push_back(file);
  return files;
}

std::vector<fs::path> WithSubfolders(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->is_directory(error)) folders.push_back(at->path());
  std::sort(folders.begin(), folders.end());
  folders.insert(folders.begin(), folder);
  return folders;
}

std::vector<std::pair<std::string, std::string>> ReadManifestFiles(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> manifests;
  for (const fs::path& place : WithSubfolders(folder))
    for (const fs::path& file : YamlFilesIn(place))
      if (std::optional<std::string> text = ReadFile(file); text && IsManifestText(*text))
        manifests.emplace_back(file.string(), *std::move(text));
  return manifests;
}

std::vector<LoadedManifest> LoadManifestFiles(const fs::path& folder) {
  std::vector<LoadedManifest> loaded;
  for (const auto& [name, text] : ReadManifestFiles(folder)) {
    const fs::path file = name, place = file.parent_path();
    const std::map<std::string, std::string> schemas = ReadSchemas(place, text);
    LoadedManifest& one = loaded.emplace_back(LoadedManifest{file, LoadManifest(name, text, schemas), {}});
    for (const std::string& schema : ReferencedFiles(text)) one.schemas.push_back(place / schema);
    for (const auto& [schema, content] : schemas) one.schemas.push_back(place / schema);
  }
  return loaded;
}

void AddManifest(const ManifestPtr& manifest, Bundle& bundle) {
  const bool known = std::any_of(bundle.manifests.begin(), bundle.manifests.end(),
                                 [&](const ManifestPtr& other) { return other->connector == manifest->connector; });
  if (!known) bundle.manifests.push_back(manifest);
}

Result<DeployRequest> ReadDeployRequest(const fs::path& file, const std::vector<fs::path>& connector_folders) {
  std::optional<std::string> text = ReadFile(file);
  if (!text) return Error{kFileUnreadable, "Expected a file that can be read, but '" + file.string() + "' is none."};
  Bundle bundle = BundleOf(file, *std::move(text));
  DeployRequest request;
  request.file_name = bundle.file;
  request.yaml = std::move(bundle.text);
  request.files = std::move(bundle.files);
  std::vector<fs::path> folders = connector_folders;
  folders.push_back(file.parent_path() / "connectors");
  std::set<std::string> known;
  for (const fs::path& folder : folders)
    for (auto& manifest : ReadManifestFiles(folder)) {
      const std::string connector = RootKeyText(manifest.second, "connector");
      // One too many only makes the bundle larger.
      if (connector.empty() ||
          (request.yaml.find(connector + ".") != std::string::npos && known.insert(connector).second))
        request.manifests.push_back(std::move(manifest));
    }
  return request;
}

}  // namespace fermata

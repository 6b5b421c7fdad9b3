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

// Of the connector that the manifest describes; empty if it is hard to say. Nor is this read as YAML.
std::string ConnectorNameIn(const std::string& manifest) {
  const std::string key = "connector:";
  const std::size_t found = manifest.starts_with(key) ? 0 : manifest.find("\n" + key);
  const std::size_t begin = manifest.find_first_not_of(" \t\"'", manifest.find(':', found) + 1);
  const std::size_t end = manifest.find_first_of(" \t\"'\r\n#", begin);
  if (found == std::string::npos || begin == std::string::npos) return "";
  return manifest.substr(begin, end - begin);
}

}  // namespace

bool IsManifestFile(const fs::path& file) {
  const std::optional<std::string> text = ReadFile(file);
  return text && HasRootKey(*text, "connector") && !HasRootKey(*text, "process");
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
      if (IsManifestFile(file)) manifests.emplace_back(file.string(), ReadFile(file).value_or(""));
  return manifests;
}

Result<DeployRequest> ReadDeployRequest(const fs::path& file, const std::vector<fs::path>& connector_folders) {
  if (!ReadFile(file))
    return Error{kFileUnreadable, "Expected a file that can be read, but '" + file.string() + "' is none."};
  Bundle bundle = ReadBundle(file);
  DeployRequest request;
  request.file_name = bundle.file;
  request.yaml = std::move(bundle.text);
  request.files = std::move(bundle.files);
  std::vector<fs::path> folders = connector_folders;
  folders.push_back(file.parent_path() / "connectors");
  std::set<std::string> known;
  for (const fs::path& folder : folders)
    for (auto& manifest : ReadManifestFiles(folder)) {
      const std::string connector = ConnectorNameIn(manifest.second);
      // One too many only makes the bundle larger.
      if (connector.empty() ||
          (request.yaml.find(connector + ".") != std::string::npos && known.insert(connector).second))
        request.manifests.push_back(std::move(manifest));
    }
  return request;
}

}  // namespace fermata

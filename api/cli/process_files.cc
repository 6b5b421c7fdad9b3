#include "api/cli/process_files.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "api/cli/check.h"
#include "api/cli/codes.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> ReadText(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return std::nullopt;
  return text.str();
}

// Without reading it as YAML, for it may be broken.
bool HasRootKey(std::string_view text, std::string_view key) {
  const std::string start = std::string(key) + ":";
  return text.starts_with(start) || text.find("\n" + start) != std::string_view::npos;
}

// Of the connector that the manifest describes; empty if it is hard to say. Nor is this read as YAML.
std::string ConnectorNameIn(const std::string& manifest) {
  const std::string key = "connector:";
  const std::size_t found = manifest.starts_with(key) ? 0 : manifest.find("\n" + key);
  const std::size_t begin = manifest.find_first_not_of(" \t\"'", manifest.find(':', found) + 1);
  const std::size_t end = manifest.find_first_of(" \t\"'\r\n#", begin);
  if (found == std::string::npos || begin == std::string::npos) return "";
  return manifest.substr(begin, end - begin);
}

bool IsYamlFile(const fs::path& path) {
  const std::string name = path.filename().string();
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  return yaml && !name.ends_with(".scenarios.yaml") && !name.ends_with(".scenarios.yml") && !name.starts_with(".");
}

std::vector<fs::path> YamlFilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (IsYamlFile(at->path())) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool IsManifestFile(const fs::path& file) {
  const std::optional<std::string> text = ReadText(file);
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
      if (IsManifestFile(file)) manifests.emplace_back(file.string(), ReadText(file).value_or(""));
  return manifests;
}

Result<DeployRequest> ReadDeployRequest(const fs::path& file, const std::vector<fs::path>& connector_folders) {
  if (!ReadText(file))
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

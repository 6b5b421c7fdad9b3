#include "api/cli/process_files.h"

#include <algorithm>
#include <fstream>
#include <optional>
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

// Whether the process may call the manifest's connector; a manifest too many only makes the bundle larger. Nor is this read as YAML.
bool Names(const std::string& process, const std::string& manifest) {
  const std::string key = "connector:";
  const std::size_t found = manifest.starts_with(key) ? 0 : manifest.find("\n" + key);
  const std::size_t begin = manifest.find_first_not_of(" \t\"'", manifest.find(':', found) + 1);
  const std::size_t end = manifest.find_first_of(" \t\"'\r\n#", begin);
  if (found == std::string::npos || begin == std::string::npos) return true;
  return process.find(manifest.substr(begin, end - begin) + ".") != std::string::npos;
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
  std::vector<fs::path> folders = {file.parent_path() / "connectors"};
  folders.insert(folders.end(), connector_folders.begin(), connector_folders.end());
  for (const fs::path& folder : folders)
    for (auto& manifest : ReadManifestFiles(folder))
      if (Names(request.yaml, manifest.second)) request.manifests.push_back(std::move(manifest));
  return request;
}

}  // namespace fermata

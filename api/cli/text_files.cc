#include "api/cli/text_files.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace fermata {
namespace {

namespace fs = std::filesystem;

bool IsYamlFile(const fs::path& path) {
  const std::string name = path.filename().string();
  const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml");
  return yaml && !IsScenarioFile(path) && !name.starts_with(".");
}

}  // namespace

std::optional<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return std::nullopt;
  return text.str();
}

std::optional<std::string> ReadFileBelow(const fs::path& folder, const std::string& name) {
  std::error_code error;
  const fs::path root = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  if (error) return std::nullopt;
  const fs::path file = fs::canonical(root / name, error);
  if (error) return std::nullopt;
  const fs::path inside = file.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..") return std::nullopt;
  return ReadFile(file);
}

bool IsScenarioFile(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".scenarios.yaml") || name.ends_with(".scenarios.yml");
}

std::vector<fs::path> YamlFilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (IsYamlFile(at->path())) files.push_back(at->path());
  std::sort(files.begin(), files.end());
  return files;
}

bool HasRootKey(std::string_view text, std::string_view key) {
  const std::string start = std::string(key) + ":";
  return text.starts_with(start) || text.find("\n" + start) != std::string_view::npos;
}

std::string RootKeyText(std::string_view text, std::string_view key) {
  const std::string start = std::string(key) + ":";
  std::size_t at = text.starts_with(start) ? 0 : text.find("\n" + start);
  if (at == std::string_view::npos) return "";
  at = text.find_first_not_of(" \t'\"", text.find(':', at) + 1);
  if (at == std::string_view::npos) return "";
  return std::string(text.substr(at, text.find_first_of(" \t'\"#\r\n", at) - at));
}

bool IsManifestText(std::string_view text) { return HasRootKey(text, "connector") && !HasRootKey(text, "process"); }

}  // namespace fermata

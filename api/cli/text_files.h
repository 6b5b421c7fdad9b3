// Files of people, as commands find and read them.
//
// Thread-safe; nothing throws.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fermata {

// Nothing if it is no file, or cannot be read.
std::optional<std::string> ReadFile(const std::filesystem::path& path);

// The text of a file of `folder` or below it; absent if there is none, or `name` or a link leads out of the folder.
std::optional<std::string> ReadFileBelow(const std::filesystem::path& folder, const std::string& name);

// *.scenarios.yaml
bool IsScenarioFile(const std::filesystem::path& path);

// Processes and manifests, not scenarios nor hidden files; in order of name, so that the output is the same everywhere.
std::vector<std::filesystem::path> YamlFilesIn(const std::filesystem::path& folder);

// Whether a line begins with the word that says what a file is; without reading it as YAML, for it may be broken.
bool HasRootKey(std::string_view text, std::string_view key);
// What stands behind `key:` there; "" if nothing does.
std::string RootKeyText(std::string_view text, std::string_view key);
// Whether it is a connector's manifest rather than a process; likewise.
bool IsManifestText(std::string_view text);

}  // namespace fermata

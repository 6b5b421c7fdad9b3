// The folder that a scenario file stands in, read from the disk: its processes, and the manifests that they are checked against.
//
// Used by one thread.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/scenario/project.h"

namespace fermata {

// Files and folders with what could be seen of them when they were added: whether anything has changed since.
class WatchedFiles {
 public:
  // Before it is read, so that no change is missed. A file may be absent, and come later.
  void AddFile(const std::filesystem::path& file) { stamps_.try_emplace(file.string(), StampOf(file)); }
  // The names in it; not what stands in the files.
  void AddFolder(const std::filesystem::path& folder) { stamps_.try_emplace(folder.string(), StampOf(folder)); }
  bool Changed() const;
  std::size_t size() const { return stamps_.size(); }

 private:
  static std::string StampOf(const std::filesystem::path& path);
  std::map<std::string, std::string> stamps_;
};

struct ScenarioFolder {
  ScenarioProject project;
  std::vector<Diagnostic> manifest_errors;
  // Processes that cannot be loaded, by name.
  std::map<std::string, std::vector<Diagnostic>> broken;

  // The broken ones among `process` and what it runs, directly or not.
  std::vector<std::string> BrokenFor(const std::string& process) const;
};

// Manifests: connectors/ in the folder, then `connector_folders`, then `builtin`, then the engine's own; the first of a connector counts.
ScenarioFolder LoadScenarioFolder(const std::filesystem::path& folder,
                                  const std::vector<std::filesystem::path>& connector_folders,
                                  const std::vector<ManifestPtr>& builtin, WatchedFiles& watched);

// Scenario files of the folder and of those inside it, in order of name.
std::vector<std::filesystem::path> FindScenarioFiles(const std::filesystem::path& folder, WatchedFiles& watched);

}  // namespace fermata

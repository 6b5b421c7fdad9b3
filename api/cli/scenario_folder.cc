#include "api/cli/scenario_folder.h"

#include <algorithm>
#include <fstream>

#include "api/cli/check.h"
#include "api/cli/process_files.h"
#include "api/cli/text_files.h"
#include "engine/language/load.h"
#include "engine/scenario/codes.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

void AddManifests(const fs::path& folder, ScenarioFolder& into, WatchedFiles& watched) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) return watched.AddFolder(folder);
  for (const fs::path& one : WithSubfolders(folder)) watched.AddFolder(one);
  for (LoadedManifest& one : LoadManifestFiles(folder)) {
    watched.AddFile(one.path);
    for (const fs::path& schema : one.schemas) watched.AddFile(schema);
    if (one.outcome.manifest != nullptr) {
      into.project.manifests.push_back(one.outcome.manifest);
    } else {
      into.manifest_errors.insert(into.manifest_errors.end(), one.outcome.diagnostics.begin(),
                                  one.outcome.diagnostics.end());
    }
  }
}

void KeepFirstOfEachConnector(std::vector<ManifestPtr>& manifests) {
  std::set<std::string> seen;
  std::erase_if(manifests, [&](const ManifestPtr& manifest) { return !seen.insert(manifest->connector).second; });
}

Diagnostic Repeated(const fs::path& file, const Definition& definition) {
  Diagnostic diagnostic;
  diagnostic.code = kScenarioProcessRepeated;
  diagnostic.file = file.string();
  diagnostic.message = "Expected one file for version " + definition.version + " of '" + definition.process +
                       "' in this folder, but there is another.";
  return diagnostic;
}

void AddProcess(const fs::path& file, ScenarioFolder& into, WatchedFiles& watched) {
  watched.AddFile(file);
  Bundle bundle = ReadBundle(file);
  const std::string process = RootKeyText(bundle.text, "process");
  if (process.empty()) return;
  for (const std::string& name : ReferencedFiles(bundle.text)) watched.AddFile(file.parent_path() / name);
  for (const auto& [name, text] : bundle.files) watched.AddFile(file.parent_path() / name);
  bundle.manifests = into.project.manifests;
  LoadOutcome loaded = LoadDefinition(bundle);
  if (loaded.definition == nullptr) {
    std::erase_if(loaded.diagnostics, [](const Diagnostic& one) { return one.severity != Severity::kError; });
    std::vector<Diagnostic>& broken = into.broken[process];
    broken.insert(broken.end(), loaded.diagnostics.begin(), loaded.diagnostics.end());
    return;
  }
  for (const DefinitionPtr& other : into.project.definitions)
    if (other->process == loaded.definition->process && other->version == loaded.definition->version)
      return into.broken[process].push_back(Repeated(file, *other));
  into.project.definitions.push_back(loaded.definition);
}

}  // namespace

std::string WatchedFiles::StampOf(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) {
    std::set<std::string> names;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
      names.insert(at->path().filename().string());
    std::string stamp = "folder";
    for (const std::string& name : names) stamp += "/" + name;
    return stamp;
  }
  if (!fs::is_regular_file(status)) return "absent";
  const auto written = fs::last_write_time(path, error).time_since_epoch().count();
  return std::to_string(written) + "/" + std::to_string(fs::file_size(path, error));
}

bool WatchedFiles::Changed() const {
  return std::any_of(stamps_.begin(), stamps_.end(), [](const auto& one) { return StampOf(one.first) != one.second; });
}

std::vector<std::string> ScenarioFolder::BrokenFor(const std::string& process) const {
  std::vector<std::string> found, reached{process};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    if (broken.contains(reached[i])) found.push_back(reached[i]);
    for (const DefinitionPtr& definition : project.definitions) {
      if (definition->process != reached[i]) continue;
      for (const State& state : definition->states)
        if (const auto* run = std::get_if<RunVerb>(&state.verb);
            run != nullptr && std::find(reached.begin(), reached.end(), run->process) == reached.end())
          reached.push_back(run->process);
    }
  }
  return found;
}

ScenarioFolder LoadScenarioFolder(const fs::path& path, const std::vector<fs::path>& connector_folders,
                                  const std::vector<ManifestPtr>& builtin, WatchedFiles& watched) {
  ScenarioFolder folder;
  watched.AddFolder(path);
  for (const fs::path& more : connector_folders) AddManifests(more, folder, watched);
  AddManifests(path / "connectors", folder, watched);
  std::vector<ManifestPtr>& manifests = folder.project.manifests;
  manifests.insert(manifests.end(), builtin.begin(), builtin.end());
  manifests.push_back(EngineManifest());
  KeepFirstOfEachConnector(manifests);
  for (const fs::path& file : FindProcessFiles(path)) AddProcess(file, folder, watched);
  return folder;
}

std::vector<fs::path> FindScenarioFiles(const fs::path& folder, WatchedFiles& watched) {
  std::vector<fs::path> files, folders{folder};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    watched.AddFolder(folders[i]);
    std::error_code error;
    for (fs::directory_iterator at(folders[i], error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      if (name.starts_with(".")) continue;
      if (at->is_directory(error) && !at->is_symlink(error)) folders.push_back(at->path());
      if (IsScenarioFile(at->path())) files.push_back(at->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace fermata

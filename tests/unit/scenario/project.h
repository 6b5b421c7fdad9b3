// The processes and manifests of tests/scenarios, and ways to run a case on them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/language/load.h"
#include "engine/scenario/runner.h"

namespace fermata {

inline const std::filesystem::path kFolder = std::filesystem::path(FERMATA_SOURCE_DIR) / "tests/scenarios";

inline std::string ReadText(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Null if it has errors, which are failures then.
inline DefinitionPtr Load(const std::string& file, const std::string& text, const std::vector<ManifestPtr>& manifests) {
  Bundle bundle;
  bundle.file = file;
  bundle.text = text;
  bundle.manifests = manifests;
  LoadOutcome loaded = LoadDefinition(bundle);
  EXPECT_NE(loaded.definition, nullptr) << FormatDiagnostics(loaded.diagnostics);
  return loaded.definition;
}

inline ScenarioProject LoadProject() {
  ScenarioProject project;
  for (const char* name : {"bank", "store"})
    project.manifests.push_back(
        LoadManifest(name, ReadText(kFolder / "connectors" / (std::string(name) + ".yaml"))).manifest);
  project.manifests.push_back(EngineManifest());
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".yaml") || name.ends_with(".scenarios.yaml")) continue;
    if (DefinitionPtr definition = Load(name, ReadText(entry.path()), project.manifests))
      project.definitions.push_back(definition);
  }
  return project;
}

inline const ScenarioProject& Project() {
  static const ScenarioProject project = LoadProject();
  return project;
}

inline FileResult RunText(const std::string& text, const ScenarioProject& project, const std::string& filter = "") {
  Visited visited;
  FileResult result = RunScenarios("f", text, project, visited, filter);
  EXPECT_FALSE(HasErrors(result.diagnostics)) << FormatDiagnostics(result.diagnostics);
  return result;
}

}  // namespace fermata

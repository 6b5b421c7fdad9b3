// Processes and manifests on disk, as `serve`, `deploy` and `check` find them.
//
// Reads files; nothing throws.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/language/load.h"
#include "engine/runtime/engine.h"

namespace fermata {

// The process files (*.yaml with a `process:`, not *.scenarios.yaml) of a folder, by name.
std::vector<std::filesystem::path> FindProcessFiles(const std::filesystem::path& folder);

// `folder` and the folders in it: connectors/ has one a connector.
std::vector<std::filesystem::path> WithSubfolders(const std::filesystem::path& folder);

// File name and text of every manifest in `folder` and the folders in it, by name.
std::vector<std::pair<std::string, std::string>> ReadManifestFiles(const std::filesystem::path& folder);

// A manifest as it was read; `schemas` are the files that it needs, those that are missing too.
struct LoadedManifest {
  std::filesystem::path path;
  ManifestOutcome outcome;
  std::vector<std::filesystem::path> schemas;
};
// Every manifest in `folder` and the folders in it, by name, with the schemas beside it.
std::vector<LoadedManifest> LoadManifestFiles(const std::filesystem::path& folder);
// The first manifest of a connector counts.
void AddManifest(const ManifestPtr& manifest, Bundle& bundle);

// The file with its schemas, and of the manifests in `connector_folders`, then in connectors/ beside it, those that it
// names; of each connector the first. Fails with kFileUnreadable.
Result<DeployRequest> ReadDeployRequest(const std::filesystem::path& file,
                                        const std::vector<std::filesystem::path>& connector_folders);

// Whether a file holds a connector's manifest rather than a process.
bool IsManifestFile(const std::filesystem::path& file);

}  // namespace fermata

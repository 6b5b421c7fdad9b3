#include "engine/scenario/project.h"

#include "engine/model/semver.h"

namespace fermata {

DefinitionPtr ScenarioProject::Find(std::string_view process, std::string_view range) const {
  const DefinitionPtr* newest = nullptr;
  std::optional<SemanticVersion> newest_version;
  for (const DefinitionPtr& definition : definitions) {
    if (definition->process != process || !(range.empty() || Satisfies(definition->version, range))) continue;
    std::optional<SemanticVersion> version = ParseVersion(definition->version);
    if (newest != nullptr && version < newest_version) continue;
    newest = &definition;
    newest_version = std::move(version);
  }
  return newest != nullptr ? *newest : nullptr;
}

const OperationManifest* ScenarioProject::FindOperation(std::string_view full) const {
  const std::size_t dot = full.find('.');
  if (dot == std::string_view::npos) return nullptr;
  for (const ManifestPtr& manifest : manifests)
    if (manifest->connector == full.substr(0, dot)) return manifest->Find(full.substr(dot + 1));
  return nullptr;
}

}  // namespace fermata

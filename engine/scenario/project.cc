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
  return fermata::FindOperation(manifests, full);
}

}  // namespace fermata

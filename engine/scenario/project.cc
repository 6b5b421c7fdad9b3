#include "engine/scenario/project.h"

#include "engine/model/semver.h"

namespace fermata {

DefinitionPtr ScenarioProject::Find(std::string_view process, std::string_view range) const {
  DefinitionPtr newest;
  for (const DefinitionPtr& definition : definitions)
    if (definition->process == process && (range.empty() || Satisfies(definition->version, range))) newest = definition;
  return newest;
}

const OperationManifest* ScenarioProject::FindOperation(std::string_view full) const {
  const std::size_t dot = full.find('.');
  if (dot == std::string_view::npos) return nullptr;
  for (const ManifestPtr& manifest : manifests)
    if (manifest->connector == full.substr(0, dot)) return manifest->Find(full.substr(dot + 1));
  return nullptr;
}

}  // namespace fermata

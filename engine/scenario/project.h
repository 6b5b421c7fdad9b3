// What scenarios run against: the processes of a folder and the manifests that they were checked against.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/definition.h"

namespace fermata {

struct ScenarioProject {
  std::vector<DefinitionPtr> definitions;  // of one process several versions may be there; the newest one is live
  std::vector<ManifestPtr> manifests;

  // nullptr if there is none. `range` is an npm-style range, empty = the live one.
  DefinitionPtr Find(std::string_view process, std::string_view range = {}) const;
  const OperationManifest* FindOperation(std::string_view full) const;
};

}  // namespace fermata

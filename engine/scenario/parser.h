// Scenario files: YAML to cases, or everything that is wrong with them. Pure; nothing throws.
#pragma once

#include <string>
#include <vector>

#include "engine/language/diagnostic.h"
#include "engine/scenario/project.h"
#include "engine/scenario/scenario.h"

namespace fermata {

struct ScenarioOutcome {
  ScenarioFile file;  // meaningless when there are errors
  std::vector<Diagnostic> diagnostics;
};
ScenarioOutcome ParseScenarios(const std::string& file, const std::string& text, const ScenarioProject& project);

}  // namespace fermata

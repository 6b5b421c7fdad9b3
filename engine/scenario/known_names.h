// The names of a folder that a scenario file may use, in the order of its files; some of them more than once.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/scenario/project.h"

namespace fermata {

std::vector<std::string> KnownProcesses(const ScenarioProject& project);
// Processes that some process runs, also those whose files are not there.
std::vector<std::string> KnownChildren(const ScenarioProject& project);
std::vector<std::string> KnownStates(const ScenarioProject& project, std::string_view process);
// "connector.operation"
std::vector<std::string> KnownOperations(const ScenarioProject& project);
// Events that some process takes, or is started by.
std::vector<std::string> KnownEvents(const ScenarioProject& project);
std::vector<std::string> KnownEmissions(const ScenarioProject& project);

}  // namespace fermata

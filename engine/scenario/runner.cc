#include "engine/scenario/runner.h"

#include <algorithm>
#include <array>

#include "engine/language/source_text.h"
#include "engine/scenario/case_runner.h"
#include "engine/scenario/parser.h"

namespace fermata {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool HasText(const std::string& name, const std::string& filter) {
  return std::search(name.begin(), name.end(), filter.begin(), filter.end(),
                     [](char a, char b) { return Lower(a) == Lower(b); }) != name.end() ||
         filter.empty();
}

// The variants in turn; the first one that fails is told.
CaseResult RunVariants(const ScenarioCase& one, const std::string& process, const ScenarioProject& project,
                       Visited& visited) {
  constexpr std::array<std::pair<Hardship, std::string_view>, 3> kVariants = {
      {{Hardship::kNone, ""},
       {Hardship::kRestarts, "restarted after every step"},
       {Hardship::kRepeats, "every command twice"}}};
  CaseResult result;
  for (const auto& [hardship, variant] : kVariants) {
    result = RunCase(one, process, project, hardship, visited);
    if (result.passed()) continue;
    result.variant = variant;
    return result;
  }
  return result;
}

}  // namespace

CaseResult RunCase(const ScenarioCase& one, const std::string& process, const ScenarioProject& project,
                   Hardship hardship, Visited& visited) {
  CaseRunner runner(one, process, project, hardship);
  CaseResult result = runner.Run();
  const World& world = runner.world();
  visited.transitions.insert(world.taken().begin(), world.taken().end());
  visited.states.insert(world.entered().begin(), world.entered().end());
  for (const auto& [id, state] : world.undone()) visited.undone.insert(world.Find(id)->definition->FindState(state));
  return result;
}

FileResult RunScenarios(const std::string& file, const std::string& text, const ScenarioProject& project,
                        Visited& visited, const std::string& filter) {
  FileResult result;
  result.file = file;
  ScenarioOutcome parsed = ParseScenarios(file, text, project);
  result.diagnostics = std::move(parsed.diagnostics);
  result.process = parsed.file.process;
  if (HasErrors(result.diagnostics)) return result;
  std::optional<SourceText> source;  // of use for failures only
  for (const ScenarioCase& one : parsed.file.cases) {
    if (!HasText(one.name, filter)) continue;
    CaseResult ran = RunVariants(one, parsed.file.process, project, visited);
    if (!ran.passed() && !source) source.emplace(file, text);
    for (CaseFailure& failure : ran.failures) failure.excerpt = source->Line(failure.at.line);
    result.cases.push_back(std::move(ran));
  }
  return result;
}

}  // namespace fermata

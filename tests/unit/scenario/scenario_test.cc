#include <gtest/gtest.h>

#include <algorithm>

#include "engine/scenario/coverage.h"
#include "engine/scenario/runner.h"
#include "tests/unit/scenario/project.h"

namespace fermata {
namespace {

TEST(Scenarios, OfThisTreePassStraightRestartedAndRepeated) {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".scenarios.yaml")) continue;
    Visited visited;
    FileResult result = RunScenarios(name, ReadText(entry.path()), Project(), visited);
    EXPECT_FALSE(HasErrors(result.diagnostics)) << FormatDiagnostics(result.diagnostics);
    for (const CaseResult& one : result.cases) {
      ++cases;
      EXPECT_TRUE(one.passed()) << name << ": " << one.name << " " << one.variant << "\n"
                                << one.failures.front().at.line << ": " << one.failures.front().message;
    }
  }
  EXPECT_GT(cases, 50);
}

TEST(Coverage, NamesWhatNoCaseVisits) {
  Visited nothing;
  const DefinitionPtr definition = Project().Find("payment");
  const Coverage coverage = MeasureCoverage(*definition, nothing);
  EXPECT_EQ(coverage.visited(), 0);
  EXPECT_EQ(coverage.states, 8);
  EXPECT_EQ(coverage.undos, 2);
  EXPECT_EQ(coverage.errors, 1);
  EXPECT_EQ(std::count_if(coverage.missing.begin(), coverage.missing.end(),
                          [](const std::string& one) { return one.starts_with("undo of 'hold' (line "); }),
            1);
}

}  // namespace
}  // namespace fermata

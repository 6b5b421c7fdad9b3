#include <gtest/gtest.h>

#include <algorithm>

#include "engine/model/limits.h"
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

TEST(Scenarios, ReplayALongLifeWhoseOldRowsAreGone) {
  const DefinitionPtr definition = Load("batch.yaml", R"(fermata: 1
process: batch
version: 1.0.0
states:
  all:
    each: ${lists.range(3000)}
    states:
      wait: { after: { 1s: done } }
      done: { end: { i: "${item}" } }
    save: results
    next: end
  end: { end: { n: "${results.size()}", last: "${results[2999].i}" } }
)",
                                        {});
  ScenarioProject project;
  project.definitions.push_back(definition);
  const FileResult passed = RunText(R"(scenarios: batch
cases:
  - name: all of them
    input: {}
    steps: [ { advance: 40m }, { in: wait }, { advance: 10m } ]
    then: { status: completed, output: { n: 3000, last: 2999 } }
)",
                                    project);
  ASSERT_EQ(passed.cases.size(), 1U);
  EXPECT_TRUE(passed.cases[0].passed()) << passed.cases[0].failures[0].message;
  const FileResult failed = RunText(R"(scenarios: batch
cases:
  - name: too early
    input: {}
    steps: [ { advance: 40m }, { in: end } ]
)",
                                    project);
  ASSERT_FALSE(failed.cases[0].passed());
  EXPECT_EQ(failed.cases[0].history.size(), kScenarioHistoryMax);
  EXPECT_EQ(failed.cases[0].history.back().text, "enters 'wait'");
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

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/language/load.h"
#include "engine/scenario/codes.h"
#include "engine/scenario/coverage.h"
#include "engine/scenario/parser.h"
#include "engine/scenario/runner.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(FERMATA_SOURCE_DIR) / "tests/scenarios";

std::string ReadText(const fs::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

ScenarioProject LoadProject() {
  ScenarioProject project;
  for (const char* name : {"bank", "store"})
    project.manifests.push_back(
        LoadManifest(name, ReadText(kFolder / "connectors" / (std::string(name) + ".yaml"))).manifest);
  project.manifests.push_back(EngineManifest());
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".yaml") || name.ends_with(".scenarios.yaml")) continue;
    Bundle bundle;
    bundle.file = name;
    bundle.text = ReadText(entry.path());
    bundle.manifests = project.manifests;
    LoadOutcome loaded = LoadDefinition(bundle);
    EXPECT_NE(loaded.definition, nullptr) << FormatDiagnostics(loaded.diagnostics);
    if (loaded.definition != nullptr) project.definitions.push_back(loaded.definition);
  }
  return project;
}

const ScenarioProject& Project() {
  static const ScenarioProject project = LoadProject();
  return project;
}

TEST(Scenarios, OfThisTreePassStraightRestartedAndRepeated) {
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".scenarios.yaml")) continue;
    Visited visited;
    FileResult result = RunScenarios(name, ReadText(entry.path()), Project(), visited);
    EXPECT_FALSE(HasErrors(result.diagnostics)) << FormatDiagnostics(result.diagnostics);
    for (const CaseResult& one : result.cases) {
      ++cases;
      EXPECT_TRUE(one.passed) << name << ":" << one.failed_line << ": " << one.name << " " << one.variant << "\n"
                              << one.failure << "\n"
                              << one.standing;
    }
  }
  EXPECT_GT(cases, 50);
}

// ---- a case that should fail, fails ----

std::string FailureOf(const std::string& steps_and_then) {
  const std::string text =
      "scenarios: payment\ndefaults: { input: { refId: o, amount: 5 } }\ncases:\n  - name: c\n" + steps_and_then;
  Visited visited;
  FileResult result = RunScenarios("f", text, Project(), visited);
  EXPECT_FALSE(HasErrors(result.diagnostics)) << FormatDiagnostics(result.diagnostics);
  return result.cases.size() == 1 ? result.cases[0].failure : "not run";
}

TEST(Scenarios, FailWhereTheEngineDoesOtherwise) {
  EXPECT_EQ(FailureOf("    then: { status: waiting }\n"), "");
  EXPECT_EQ(FailureOf("    then: { status: failed }\n"), "Expected the status 'failed', but there is 'waiting'.");
  EXPECT_EQ(FailureOf("    then: { path: [hold] }\n"), "Expected the path 'hold', but there is 'choose'.");
  EXPECT_EQ(FailureOf("    then: { output: 5 }\n"), "Expected the output 5, but there is null.");
  EXPECT_EQ(FailureOf("    then: { incidents: 1 }\n"), "Expected 1 open incidents, but there is none.");
  EXPECT_EQ(FailureOf("    then: { undone: [hold] }\n"), "Expected to be undone 'hold', but there is none.");
  EXPECT_EQ(FailureOf("    then: { tasks: [choose] }\n"), "Expected 1 open tasks, but there is none.");
  EXPECT_EQ(FailureOf("    then: { vars: { a: 1 } }\n"), "Expected the variables {\"a\":1}, but there is {}.");
  EXPECT_EQ(FailureOf("    steps: [ { in: hold } ]\n"),
            "Expected the state 'hold' to be active, but there is 'choose'.");
  EXPECT_EQ(FailureOf("    steps: [ { expect: bank.authorise } ]\n"),
            "Expected a call of bank.authorise in flight, but there is none.");
  EXPECT_EQ(FailureOf("    steps: [ { late: bank.authorise, return: 1 } ]\n"),
            "Expected a call of bank.authorise that was let go, but there is none.");
  EXPECT_EQ(FailureOf("    steps: [ { resolve: hold } ]\n"), "Expected an open incident in 'hold', but there is none.");
  EXPECT_EQ(FailureOf("    steps: [ { answer: hold } ]\n"), "Expected an open task in 'hold', but there is none.");
  EXPECT_EQ(FailureOf("    steps: [ { started: child } ]\n"),
            "Expected at least one started 'child', but there are 0.");
  EXPECT_EQ(FailureOf("    steps: [ { emitted: x } ]\n"), "Expected that 'x' was emitted, but there is none.");
  EXPECT_NE(FailureOf("    steps: [ { start: , refused: false } ]\n").find("the start is refused"), std::string::npos);
  EXPECT_NE(FailureOf("    input: {}\n").find("the start is refused"), std::string::npos);
}

// ---- mistakes in the file ----

std::vector<ErrorCode> CodesOf(const std::string& text) {
  std::vector<ErrorCode> codes;
  for (const Diagnostic& one : ParseScenarios("f", text, Project()).diagnostics) codes.push_back(one.code);
  return codes;
}

TEST(ScenarioFile, EveryMistakeIsTold) {
  const std::string head = "scenarios: payment\ncases:\n  - name: c\n    ";
  using Codes = std::vector<ErrorCode>;
  EXPECT_EQ(CodesOf(head + "steps: []\n"), Codes{});
  EXPECT_EQ(CodesOf("scenarios: nothing\ncases: []\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf("cases: []\n"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOf("scenarios: payment\n"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOf("[]\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "stops: []\n"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOf(head + "now: yesterday\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "version: 9.9.9\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ cancle ]\n"), Codes{kScenarioStepUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { expct: bank.authorise } ]\n"), Codes{kScenarioStepUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { expect: bank.autorise } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { expect: bank.authorise, error: broke } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { expect: bank.authorise, technical: broke } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { expect: bank.authorise, return: 1, error: declined } ]\n"),
            Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "steps: [ { expect: run.child } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { in: nowhere } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { event: nothing } ]\n"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOf(head + "steps: [ { advance: soon } ]\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "steps: [ { resolve: hold, do: nothing } ]\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "steps: [ { migrate: 2.0.0 } ]\n"), Codes{kScenarioNotYet});
  EXPECT_EQ(CodesOf(head + "then: { status: over }\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf(head + "then: { what: x }\n"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases:\n  - name: c\n  - name: c\n"), Codes{kScenarioCaseRepeated});
}

TEST(Coverage, NamesWhatNoCaseVisits) {
  Visited nothing;
  const DefinitionPtr definition = Project().Find("payment");
  const Coverage coverage = MeasureCoverage(*definition, nothing);
  EXPECT_EQ(coverage.visited(), 0);
  EXPECT_EQ(coverage.states, 8);
  EXPECT_EQ(coverage.undos, 2);
  EXPECT_EQ(coverage.errors, 1);
  EXPECT_NE(std::find(coverage.missing.begin(), coverage.missing.end(), "undo of 'hold'"), coverage.missing.end());
}

}  // namespace
}  // namespace fermata

// What checking a process and playing its scenarios may cost, in units of reading the YAML: hundreds of files, and a thousand
// cases three times each, in a second.
#include <filesystem>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "engine/language/load.h"
#include "engine/language/reader.h"
#include "engine/scenario/runner.h"
#include "tests/bench/best_seconds.h"
#include "tests/support/read_file.h"

namespace fermata::test {
namespace {

namespace fs = std::filesystem;

constexpr double kCheckMax = 8;  // it is 2
constexpr double kPlayMax = 12;  // it is 4

class AnalystRatio : public testing::Test {
 protected:
  AnalystRatio() {
    bundle_.file = "saga.yaml";
    bundle_.text = test::ReadFile(folder_ / "saga.yaml");
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "connectors"))
      if (entry.is_regular_file())
        bundle_.manifests.push_back(LoadManifest(entry.path().string(), test::ReadFile(entry.path())).manifest);
  }
  static double SecondsToRead(const std::string& text) {
    return BestSeconds([&] { (void)ReadYaml("f", text); });
  }

  const fs::path folder_ = fs::path(FERMATA_SOURCE_DIR) / "templates/processes/saga";
  Bundle bundle_;
};

TEST_F(AnalystRatio, CheckingAProcessCostsNoMoreThanAFewReadingsOfIt) {
  ASSERT_NE(LoadDefinition(bundle_).definition, nullptr);
  EXPECT_LT(BestSeconds([this] { (void)LoadDefinition(bundle_); }) / SecondsToRead(bundle_.text), kCheckMax);
}

TEST_F(AnalystRatio, PlayingCasesThreeTimesCostsNoMoreThanAFewReadingsOfThem) {
  ScenarioProject project;
  project.definitions.push_back(LoadDefinition(bundle_).definition);
  project.manifests = bundle_.manifests;
  const std::string text = test::ReadFile(folder_ / "saga.scenarios.yaml");
  Visited visited;
  for (const CaseResult& one : RunScenarios("f", text, project, visited).cases) ASSERT_TRUE(one.passed()) << one.name;
  EXPECT_LT(BestSeconds([&] { (void)RunScenarios("f", text, project, visited); }) / SecondsToRead(text), kPlayMax);
}

}  // namespace
}  // namespace fermata::test

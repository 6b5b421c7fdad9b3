// templates/scenarios.schema.json says what the parser of scenario files says, as far as shapes go.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "api/lsp/key_docs.h"
#include "api/lsp/schemas.h"
#include "engine/language/load.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "engine/scenario/codes.h"
#include "engine/scenario/parser.h"
#include "engine/scenario/step_parser.h"
#include "engine/schema/schema.h"
#include "tests/support/read_file.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

const CompiledSchema& ScenarioSchema() {
  static const SchemaPtr schema = [] {
    SchemaOutcome outcome = CompileSchema(*ParseJson(ScenarioSchemaText()));
    for (const SchemaError& error : outcome.errors) ADD_FAILURE() << error.path << ": " << error.message;
    return outcome.schema;
  }();
  return *schema;
}

std::vector<SchemaViolation> Violations(const std::string& text) {
  const ReadOutcome read = ReadYaml("f", text);
  EXPECT_TRUE(read.root) << text;
  return read.root ? Validate(ScenarioSchema(), ToValue(*read.root)) : std::vector<SchemaViolation>{};
}

TEST(ScenarioSchema, TakesEveryScenarioFileOfThisTree) {
  int files = 0;
  for (const char* folder : {"processes", "templates", "examples", "tests/scenarios"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(FERMATA_SOURCE_DIR) / folder)) {
      if (!entry.path().string().ends_with(".scenarios.yaml")) continue;
      ++files;
      const std::vector<SchemaViolation> violations = Violations(test::ReadFile(entry.path()));
      EXPECT_TRUE(violations.empty()) << entry.path() << violations.front().path << ": " << violations.front().message;
    }
  EXPECT_GT(files, 20);
}

// A key that the parser does not know is reported by its name; all else that is wrong here is of no interest.
std::set<std::string> UnknownKeys(const std::string& step, const ScenarioProject& project) {
  std::set<std::string> keys;
  for (const Diagnostic& one :
       ParseScenarios("f", "scenarios: p\ncases: [{ name: x, steps: [" + step + "] }]\n", project).diagnostics)
    if (one.code == kScenarioKeyUnknown) keys.insert(one.message);
  return keys;
}

TEST(ScenarioSchema, KnowsTheStepsOfTheParserAndTheirKeys) {
  Bundle bundle;
  bundle.text = "fermata: 1\nprocess: p\nversion: 1.0.0\nstates: { a: { end: {} } }\n";
  ScenarioProject project;
  project.definitions.push_back(LoadDefinition(bundle).definition);
  const std::vector<std::string> path{"cases", "steps"};
  std::set<std::string> all;
  for (const KeyDoc& doc : KeyDocs::OfScenarios().KeysAt(path)) {
    all.insert(doc.key);
    EXPECT_FALSE(doc.description.empty()) << doc.key;
  }
  for (const std::string& step : StepNames()) {
    EXPECT_TRUE(all.contains(step)) << step;
    std::set<std::string> beside;
    for (const KeyDoc& doc : KeyDocs::OfScenarios().KeysAt(path, step)) beside.insert(doc.key);
    for (const std::string& key : all) {
      const bool is_step = std::find(StepNames().begin(), StepNames().end(), key) != StepNames().end();
      if (is_step) continue;
      const bool known = UnknownKeys("{ " + step + ": , " + key + ": x }", project).empty();
      EXPECT_EQ(known, beside.contains(key)) << key << " beside " << step;
    }
  }
}

TEST(ScenarioSchema, RefusesShapesThatTheParserRefuses) {
  const char* const kWrong[] = {
      "scenarios: p\n",
      "scenarios: p\ncases: {}\n",
      "scenarios: p\ncases: [ { steps: [] } ]\n",
      "scenarios: p\ncases: [ { name: x, step: [] } ]\n",
      "scenarios: p\ncases: [ { name: x, steps: [ { expct: a.b } ] } ]\n",
      "scenarios: p\ncases: [ { name: x, steps: [ { expect: a.b, technical: gone } ] } ]\n",
      "scenarios: p\ncases: [ { name: x, steps: [ { advance: soon } ] } ]\n",
      "scenarios: p\ncases: [ { name: x, steps: [ { resolve: a, do: stop } ] } ]\n",
      "scenarios: p\ncases: [ { name: x, then: { status: done } } ]\n",
      "scenarios: p\ncases: [ { name: x, then: { path: a } } ]\n",
  };
  for (const char* text : kWrong) EXPECT_FALSE(Violations(text).empty()) << text;
}

}  // namespace
}  // namespace fermata

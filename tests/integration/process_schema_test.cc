// The schema of the language under somebody else's validator: both must agree on every file of the checker's tests.
#include <filesystem>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/language/reader.h"
#include "engine/model/json.h"
#include "engine/schema/schema.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/support/read_file.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {
namespace {

namespace fs = std::filesystem;

TEST(ProcessSchema, IsReadAlikeByAnIndependentValidator) {
  const fs::path root(FERMATA_SOURCE_DIR);
  const std::string schema_file = (root / "templates/process.schema.json").string();
  const SchemaOutcome schema = CompileSchema(*ParseJson(test::ReadFile(schema_file)));
  ASSERT_TRUE(schema.schema);
  std::vector<std::string> names, verdicts;
  std::string documents;
  for (const char* folder : {"tests/unit/language/cases", "processes", "examples/hello"})
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      const ReadOutcome read = ReadYaml("", test::ReadFile(entry.path()));
      if (!read.root) continue;
      names.push_back(entry.path().string());
      verdicts.push_back(Validate(*schema.schema, ToValue(*read.root)).empty() ? "valid" : "invalid");
      documents += WriteJson(ToValue(*read.root)) + "\n";
    }
  const TempFolder folder;
  WriteFile(folder.File("documents.jsonl"), documents);
  const CommandResult result = RunCommand({"python3", FERMATA_SOURCE_DIR "/tests/integration/support/json_schema.py",
                                           schema_file, folder.File("documents.jsonl")});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::istringstream lines(result.out);
  std::string line;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(line, verdicts[i]) << names[i];
  }
  EXPECT_GT(names.size(), 150u);
}

TEST(ProcessSchema, IsPrintedByTheBinary) {
  const CommandResult result = RunCommand({FERMATA_BINARY, "schema"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, test::ReadFile(fs::path(FERMATA_SOURCE_DIR) / "templates/process.schema.json"));
  const CommandResult scenarios = RunCommand({FERMATA_BINARY, "schema", "--scenarios"});
  EXPECT_EQ(scenarios.out, test::ReadFile(fs::path(FERMATA_SOURCE_DIR) / "templates/scenarios.schema.json"));
}

}  // namespace
}  // namespace fermata::test

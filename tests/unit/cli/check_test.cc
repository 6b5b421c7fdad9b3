#include "api/cli/check.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/model/json.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

const char* const kGood = "fermata: 1\nprocess: good\nversion: 1.0.0\nstates:\n  a: { end: {} }\n";

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-check-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CheckTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  // The output, with the folder's name left out.
  std::string Run(int expected_exit, CheckFormat format = CheckFormat::kText) {
    CheckOptions options;
    options.paths = paths_.empty() ? std::vector<fs::path>{folder_} : paths_;
    options.format = format;
    std::ostringstream out;
    EXPECT_EQ(RunCheck(options, out), expected_exit);
    std::string text = out.str();
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  fs::path folder_;
  std::vector<fs::path> paths_;
};

TEST_F(CheckTest, IsSilentAboutGoodFiles) {
  Write("good.yaml", kGood);
  EXPECT_EQ(Run(0), "1 file checked: 0 errors, 0 warnings\n");
}

TEST_F(CheckTest, TakesEveryProcessAndManifestOfAFolderButNoScenarios) {
  Write("good.yaml", kGood);
  Write("good.scenarios.yaml", "scenarios: [\n");
  Write("other.yaml", "fermata: 1\nprocess: other\nversion: 1.0.0\nstates:\n  a: { end: {}, next: a }\n");
  Write("connectors/bank.yaml", "connector: bank\noperations: { pay: { inputs: {} } }\n");
  const std::string text = Run(1);
  EXPECT_NE(text.find("other.yaml:5:17: error FM-2011"), std::string::npos) << text;
  EXPECT_NE(text.find("connectors/bank.yaml:2:22: error FM-2001"), std::string::npos) << text;
  EXPECT_NE(text.find("3 files checked: 2 errors, 0 warnings"), std::string::npos) << text;
}

TEST_F(CheckTest, FindsManifestsAndSchemasBesideTheProcess) {
  Write("p.yaml",
        "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: schemas/a.json }\nstates:\n  a: { call: bank.pay, "
        "undo: { call: bank.pay }, next: b }\n  b: { end: {} }\n");
  Write("schemas/a.json", R"({"$ref":"b.json"})");
  Write("schemas/b.json", R"({"type":"object"})");
  Write("connectors/bank.yaml", "connector: bank\noperations: { pay: {} }\n");
  paths_ = {folder_ / "p.yaml"};
  EXPECT_EQ(Run(0), "1 file checked: 0 errors, 0 warnings\n");
}

TEST_F(CheckTest, BlamesASchemaFileOnceByItsPath) {
  for (const char* name : {"p", "q"})
    Write(std::string(name) + ".yaml",
          "fermata: 1\nprocess: " + std::string(name) +
              "\nversion: 1.0.0\ninput: { $ref: schemas/a.yaml }\nstates:\n  a: { end: {} }\n");
  Write("schemas/a.yaml", "type: strin\n");
  const std::string text = Run(1);
  EXPECT_EQ(text.find("schemas/a.yaml:1:7: error FM-1051"), 0U) << text;
  EXPECT_NE(text.find("2 files checked: 1 error, 0 warnings"), std::string::npos) << text;
}

TEST_F(CheckTest, WarnsOfARunOfAProcessThatIsNotInTheFolder) {
  Write("good.yaml", kGood);
  Write("p.yaml",
        "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { run: god, next: b }\n  b: { run: good, next: c }\n  "
        "c: { end: {} }\n");
  const std::string text = Run(0);
  EXPECT_NE(text.find("p.yaml:5:13: warning FM-2305"), std::string::npos) << text;
  EXPECT_NE(text.find("2 files checked: 0 errors, 1 warning"), std::string::npos) << text;
}

TEST_F(CheckTest, RefusesAPathThatIsNotThere) {
  paths_ = {folder_ / "nothing.yaml"};
  EXPECT_EQ(Run(2),
            "nothing.yaml: error FM-8060: Expected a file that can be read, but there is none.\n0 files checked: 1 "
            "error, 0 warnings\n");
  paths_ = {folder_};
  Run(2);
}

TEST_F(CheckTest, PrintsOneJsonObject) {
  Write("p.yaml", "fermata: 2\nprocess: p\nversion: 1.0.0\nstates:\n  a: { end: {} }\n");
  const Result<Value> report = ParseJson(Run(1, CheckFormat::kJson));
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(*report->Find("errors"), Value::Int(1));
  const Value& first = report->Find("diagnostics")->as_list().at(0);
  EXPECT_EQ(*first.Find("code"), Value::String("FM-2006"));
  EXPECT_EQ(*first.Find("line"), Value::Int(1));
}

}  // namespace
}  // namespace fermata

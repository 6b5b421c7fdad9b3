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

TEST_F(CheckTest, TakesTheFoldersBelowAFolder) {
  Write("a/good.yaml", kGood);
  Write("a/deeper/bad.yaml", "fermata: 1\nprocess: bad\nversion: 1.0.0\nstates: {}\n");
  Write("a/deeper/connectors/bank.yaml", "connector: bank\noperations: { pay: { inputs: {} } }\n");
  Write("a/schemas/one.yaml", "type: [\n");
  Write(".hidden/bad.yaml", "fermata: [\n");
  const std::string text = Run(1);
  EXPECT_NE(text.find("a/deeper/bad.yaml:4:9: error FM-2002"), std::string::npos) << text;
  EXPECT_NE(text.find("a/deeper/connectors/bank.yaml:2:22: error FM-2001"), std::string::npos) << text;
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

// `input` comes from schemas/a.yaml; the file that it leads to is no schema, and says so with its own line.
TEST_F(CheckTest, ALinkLeadsToNoSchemaOutsideTheFolder) {
  const std::string input = "input: { $ref: schemas/a.yaml }\nstates:\n  a: { end: {} }\n";
  Write("outside/secret.yaml", "type: hunter2\n");
  Write("in/p.yaml", "fermata: 1\nprocess: p\nversion: 1.0.0\n" + input);
  fs::create_directories(folder_ / "in/schemas");
  fs::create_symlink("../../outside/secret.yaml", folder_ / "in/schemas/a.yaml");
  paths_ = {folder_ / "in"};
  EXPECT_EQ(Run(1).find("hunter2"), std::string::npos);
  EXPECT_TRUE(ReadBundle(folder_ / "in/p.yaml").files.empty());

  fs::remove_all(folder_ / "in/schemas");
  fs::create_directory_symlink("../outside", folder_ / "in/schemas");
  fs::rename(folder_ / "outside/secret.yaml", folder_ / "outside/a.yaml");
  EXPECT_EQ(Run(1).find("hunter2"), std::string::npos);
  EXPECT_TRUE(ReadBundle(folder_ / "in/p.yaml").files.empty());
}

TEST_F(CheckTest, FollowsALinkToASchemaInTheFolder) {
  Write("real/p.yaml",
        "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: schemas/a.yaml }\nstates:\n  a: { end: {} }\n");
  Write("real/data/a.yaml", "type: object\n");
  fs::create_directories(folder_ / "real/schemas");
  fs::create_symlink("../data/a.yaml", folder_ / "real/schemas/a.yaml");
  fs::create_directory_symlink("real", folder_ / "in");
  paths_ = {folder_ / "in"};
  EXPECT_EQ(Run(0), "1 file checked: 0 errors, 0 warnings\n");
  EXPECT_EQ(ReadBundle(folder_ / "in/p.yaml").files.at("schemas/a.yaml"), "type: object\n");
}

TEST_F(CheckTest, HoldsARunAgainstTheNewestVersionInTheFolderThatItMayMean) {
  const auto child = [](const std::string& version, const std::string& type) {
    return "fermata: 1\nprocess: child\nversion: " + version + "\ninput: { $ref: schemas/" + type +
           ".yaml }\nstates:\n  a: { end: {} }\n";
  };
  Write("schemas/number.yaml", "type: object\nproperties: { n: { type: integer } }\n");
  Write("in/child-2.yaml", child("2.0.0", "number"));
  Write("in/child-10.yaml", child("10.0.0", "text"));
  Write("in/schemas/text.yaml", "type: object\nproperties: { n: { type: string } }\n");
  fs::create_symlink("../../schemas/number.yaml", folder_ / "in/schemas/number.yaml");
  const auto parent = [](const std::string& name, const std::string& run) {
    return "fermata: 1\nprocess: " + name + "\nversion: 1.0.0\nstates:\n  a: { run: child, " + run +
           " with: { n: 1 }, next: b }\n  b: { end: {} }\n";
  };
  Write("in/p.yaml", parent("p", ""));
  Write("in/q.yaml", parent("q", "version: 2.x,"));
  paths_ = {folder_ / "in/p.yaml", folder_ / "in/q.yaml"};
  const std::string text = Run(1);
  EXPECT_NE(text.find("p.yaml:5:32: error FM-2202"), std::string::npos) << text;
  EXPECT_NE(text.find("1 error,"), std::string::npos) << text;  // what a link outside says of 2.x is not read
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

// The parts of the format that every reader of SARIF 2.1.0 demands.
TEST_F(CheckTest, PrintsOneSarifLog) {
  Write("a b.yaml", "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { next: bb }\n  b: { end: {} }\n");
  Write(
      "c.yaml",
      "fermata: 1\nprocess: q\nversion: 1.0.0\nevents: { e: {} }\nstates:\n  a: { on: { e: b } }\n  b: { end: {} }\n  "
      "b: { end: {} }\n");
  const Result<Value> log = ParseJson(Run(1, CheckFormat::kSarif));
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(*log->Find("version"), Value::String("2.1.0"));
  ASSERT_EQ(log->Find("runs")->as_list().size(), 1U);
  const Value& run = log->Find("runs")->as_list().at(0);
  const Value& driver = *run.Find("tool")->Find("driver");
  EXPECT_EQ(*driver.Find("name"), Value::String("fermata"));
  const auto& rules = driver.Find("rules")->as_list();
  const auto& results = run.Find("results")->as_list();
  ASSERT_EQ(results.size(), 2U);
  for (const Value& result : results) {
    const auto index = static_cast<std::size_t>(result.Find("ruleIndex")->as_int());
    EXPECT_EQ(*rules.at(index).Find("id"), *result.Find("ruleId"));
    EXPECT_EQ(*result.Find("level"), Value::String("error"));
    EXPECT_TRUE(result.Find("message")->Find("text")->is_string());
  }
  const Value& place = *results.at(0).Find("locations")->as_list().at(0).Find("physicalLocation");
  EXPECT_TRUE(place.Find("artifactLocation")->Find("uri")->as_string().ends_with("a%20b.yaml"));
  EXPECT_EQ(*place.Find("region")->Find("startLine"), Value::Int(5));
  EXPECT_EQ(*place.Find("region")->Find("startColumn"), Value::Int(14));
  EXPECT_EQ(*place.Find("region")->Find("endColumn"), Value::Int(16));
  const Value& related = results.at(1).Find("relatedLocations")->as_list().at(0);
  EXPECT_EQ(*related.Find("physicalLocation")->Find("region")->Find("startLine"), Value::Int(7));
}

TEST_F(CheckTest, ASarifLogOfNothingWrongHasNoResults) {
  Write("good.yaml", kGood);
  const Result<Value> log = ParseJson(Run(0, CheckFormat::kSarif));
  ASSERT_TRUE(log.ok());
  EXPECT_TRUE(log->Find("runs")->as_list().at(0).Find("results")->as_list().empty());
}

TEST_F(CheckTest, ReadsAFolderOnceHoweverManyFilesItHas) {
  for (int i = 0; i < 50; ++i)
    Write("p" + std::to_string(i) + ".yaml", "fermata: 1\nprocess: 'p" + std::to_string(i) +
                                                 "'\nversion: 1.0.0\nstates:\n  a: { run: p" +
                                                 std::to_string((i + 1) % 50) + ", next: b }\n  b: { end: {} }\n");
  EXPECT_EQ(Run(0), "50 files checked: 0 errors, 0 warnings\n");
}

}  // namespace
}  // namespace fermata

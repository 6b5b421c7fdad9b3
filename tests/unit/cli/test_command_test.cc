// `fermata test` over files on a disk.
#include "api/cli/test.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/model/json.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const char* const kProcess =
    "fermata: 1\n"
    "process: shop\n"
    "version: 1.0.0\n"
    "input: { $ref: schemas/order.yaml }\n"
    "states:\n"
    "  pay: { call: bank.pay, with: { amount: \"${input.amount}\" }, on_error: { poor: sorry }, next: paid }\n"
    "  paid: { end: {} }\n"
    "  sorry: { fail: sorry }\n";
const char* const kSchema = "type: object\nrequired: [amount]\nproperties: { amount: { type: integer } }\n";
const char* const kManifest =
    "connector: bank\nversion: 1.0.0\nkind: worker\noperations: { pay: { errors: [poor] } }\n";
const char* const kPassing =
    "scenarios: shop\ndefaults: { input: { amount: 5 } }\ncases:\n"
    "  - name: paid\n    steps:\n      - { expect: bank.pay, return: {} }\n    then: { status: completed }\n";
const char* const kFailing =
    "  - name: nothing is <owed> & paid\n    steps:\n      - { expect: bank.pay, with: { amount: 6 }, return: {} }\n";

class TestCommandTest : public testing::Test {
 protected:
  TestCommandTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    Write("shop.yaml", kProcess);
    Write("schemas/order.yaml", kSchema);
    Write("connectors/bank.yaml", kManifest);
    Write("shop.scenarios.yaml", kPassing);
    options_.paths = {folder_};
  }
  ~TestCommandTest() override { fs::remove_all(folder_); }

  // A new time of change, whatever the clock's grain.
  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    fs::last_write_time(folder_ / name, fs::file_time_type(std::chrono::seconds(++written_)));
  }

  // The output, with the folder's name left out.
  std::string Run(int expected_exit) {
    std::ostringstream out;
    EXPECT_EQ(RunTest(options_, out), expected_exit) << out.str();
    return Cut(out.str());
  }

  Value RunJson(int expected_exit) {
    options_.json = true;
    Result<Value> report = ParseJson(Run(expected_exit));
    EXPECT_TRUE(report.ok());
    return report.ok() ? *report : Value();
  }

  std::string Cut(std::string text) const {
    const std::string prefix = folder_.string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  fs::path folder_;
  TestOptions options_;
  int written_ = 0;
};

TEST_F(TestCommandTest, CountsWhatPassesAndNamesWhatNoCaseVisits) {
  EXPECT_EQ(Run(0),
            "shop: 60 % of its states, transitions, errors and undos are visited; no case visits\n"
            "  error 'poor' of 'pay' (line 6)\n"
            "  state 'sorry' (line 8)\n"
            "1 passed, 0 failed\n");
}

TEST_F(TestCommandTest, ShowsAFailureWithItsPlaceItsDifferenceAndItsHistory) {
  Write("shop.scenarios.yaml", std::string(kPassing) + kFailing);
  EXPECT_THAT(Run(1),
              HasSubstr("FAILED nothing is <owed> & paid\n"
                        "  shop.scenarios.yaml:10:11\n"
                        "   10 |       - { expect: bank.pay, with: { amount: 6 }, return: {} }\n"
                        "      |           ^~~~~~\n"
                        "  Expected a call of bank.pay with {\"amount\":6} in flight, but the one in flight has "
                        "another input.\n"
                        "      - with.amount: 6\n"
                        "      + with.amount: 5\n"
                        "      (- expected, + what there is)\n"
                        "\n"
                        "  Where it stands\n"
                        "    shop is running in 'pay'\n"
                        "      path: pay\n"
                        "    call in flight: bank.pay {\"amount\":5}\n"
                        "\n"
                        "  What happened\n"
                        "    0s  start      starts with {\"amount\":5}\n"
                        "    0s             enters 'pay'\n"
                        "    0s             calls bank.pay {\"amount\":5}\n"));
  options_.colour = Colour::kAlways;
  EXPECT_THAT(Run(1), HasSubstr("\x1b[32m+ with.amount: 5\x1b[0m"));
}

TEST_F(TestCommandTest, TakesFilesFoldersAndFoldersInsideEachOnce) {
  Write("deep/shop.yaml", kProcess);
  Write("deep/schemas/order.yaml", kSchema);
  Write("deep/connectors/bank.yaml", kManifest);
  Write("deep/shop.scenarios.yaml", kPassing);
  Write(".hidden/shop.scenarios.yaml", "no");
  EXPECT_THAT(Run(0), HasSubstr("\n2 passed, 0 failed\n"));
  options_.paths = {folder_ / "shop.scenarios.yaml", folder_, folder_ / "deep/../shop.scenarios.yaml"};
  EXPECT_THAT(Run(0), HasSubstr("\n2 passed, 0 failed\n"));
}

TEST_F(TestCommandTest, FailsBelowTheCoverageThatIsAskedFor) {
  options_.coverage_min = 60;
  Run(0);
  options_.coverage_min = 60.5;
  EXPECT_THAT(Run(1),
              HasSubstr("shop: 60 % of its states, transitions, errors and undos are visited, but at least 60 % "
                        "are asked for; no case visits\n"));
  EXPECT_EQ(*RunJson(1).Find("covered"), Value::Bool(false));
}

TEST_F(TestCommandTest, RunsOnlyWhatTheFilterTakes) {
  Write("shop.scenarios.yaml", std::string(kPassing) + kFailing);
  options_.filter = "PAID";
  Run(1);
  options_.filter = "owed";
  EXPECT_THAT(Run(1), HasSubstr("\n0 passed, 1 failed\n"));
  options_.filter = "nobody";
  EXPECT_EQ(
      Run(2),
      "nobody: error FM-6008: Expected a case with this text in its name, but there is none.\n0 passed, 0 failed\n");
}

TEST_F(TestCommandTest, SaysNothingAboutCoverageWhereCasesAreFiltered) {
  options_.filter = "paid";
  EXPECT_EQ(Run(0), "1 passed, 0 failed\n");
}

TEST_F(TestCommandTest, SpeaksJson) {
  Write("shop.scenarios.yaml", std::string(kPassing) + kFailing);
  const Value report = RunJson(1);
  EXPECT_EQ(*report.Find("passed"), Value::Int(1));
  EXPECT_EQ(*report.Find("failed"), Value::Int(1));
  const Value& file = report.Find("files")->as_list().at(0);
  EXPECT_EQ(*file.Find("process"), Value::String("shop"));
  const Value& failed = file.Find("cases")->as_list().at(1);
  EXPECT_EQ(*failed.Find("passed"), Value::Bool(false));
  const Value& failure = failed.Find("failures")->as_list().at(0);
  EXPECT_EQ(*failure.Find("line"), Value::Int(10));
  EXPECT_EQ(*failure.Find("column"), Value::Int(11));
  EXPECT_EQ(failure.Find("diff")->as_list().size(), 2u);
  EXPECT_EQ(failed.Find("history")->as_list().size(), 3u);
  const Value& coverage = report.Find("coverage")->as_list().at(0);
  EXPECT_EQ(*coverage.Find("states")->Find("total"), Value::Int(3));
  EXPECT_EQ(*coverage.Find("errors")->Find("visited"), Value::Int(0));
}

TEST_F(TestCommandTest, WritesJunit) {
  Write("shop.scenarios.yaml", std::string(kPassing) + kFailing);
  Write("other.scenarios.yaml", "scenarios: shop\ncases: 5\n");
  options_.junit = folder_ / "report.xml";
  Run(1);
  std::ifstream stream(options_.junit);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("<testsuites tests=\"2\" failures=\"1\" errors=\"1\">"));
  EXPECT_THAT(text.str(), HasSubstr("<testcase classname=\"shop\" name=\"paid\""));
  EXPECT_THAT(text.str(), HasSubstr("name=\"nothing is &lt;owed&gt; &amp; paid\""));
  EXPECT_THAT(text.str(), HasSubstr("<failure message=\"Expected a call of bank.pay with {&quot;amount&quot;:6}"));
  EXPECT_THAT(text.str(), HasSubstr("<error message=\"Expected a list of cases"));
  options_.junit = folder_ / "no/such/folder/report.xml";
  EXPECT_THAT(Run(2), HasSubstr("Expected a file that can be written for --junit, but it cannot."));
}

TEST_F(TestCommandTest, RefusesWhatIsNotThere) {
  options_.paths = {folder_ / "nothing.scenarios.yaml"};
  EXPECT_THAT(Run(2), HasSubstr("nothing.scenarios.yaml: error FM-6008: Expected a scenario file or a folder"));
  options_.paths = {folder_ / "schemas"};
  EXPECT_THAT(Run(2), HasSubstr("Expected files named *.scenarios.yaml in the folder, but there are none."));
}

TEST_F(TestCommandTest, TellsOfABrokenProcessWhatIsWrongAndNothingThatFollows) {
  Write("shop.yaml", std::string(kProcess) + "  odd: { next: nowhere }\n");
  const std::string text = Run(1);
  EXPECT_THAT(text, HasSubstr("shop.yaml:9:16: error FM-"));
  EXPECT_THAT(text, Not(HasSubstr("scenarios.yaml")));
  EXPECT_THAT(text, HasSubstr("0 passed, 0 failed, 1 with mistakes\n"));
}

TEST_F(TestCommandTest, SaysNothingAboutCoverageWhereAFileHasMistakes) {
  Write("shop.scenarios.yaml", "scenarios: shop\ncases: [ { name: x, stepz: [] } ]\n");
  const std::string text = Run(1);
  EXPECT_THAT(text, HasSubstr("shop.scenarios.yaml:2:21: error FM-"));
  EXPECT_THAT(text, Not(HasSubstr("visited")));
}

TEST_F(TestCommandTest, LetsABrokenNeighbourBeWhereOneFileIsAskedFor) {
  Write("other.yaml", "fermata: 1\nprocess: other\nversion: 1.0.0\nstates: {}\n");
  Write("notes.yaml", "- not a process\n");
  EXPECT_THAT(Run(1), HasSubstr("other.yaml:"));
  options_.paths = {folder_ / "shop.scenarios.yaml"};
  EXPECT_THAT(Run(0), Not(HasSubstr("other.yaml:")));
}

TEST_F(TestCommandTest, NeedsEveryChildThatIsRun) {
  Write("parent.yaml",
        "fermata: 1\nprocess: parent\nversion: 1.0.0\nstates:\n  a: { run: other, next: b }\n  b: { end: {} }\n");
  Write("parent.scenarios.yaml",
        "scenarios: parent\ncases:\n  - name: stubbed\n    steps:\n"
        "      - { expect: run.other, return: {} }\n    then: { status: completed }\n");
  options_.paths = {folder_ / "parent.scenarios.yaml"};
  Run(0);
  Write("other.yaml", "fermata: 1\nprocess: other\nversion: 1.0.0\nstates: {}\n");
  EXPECT_THAT(Run(1), HasSubstr("other.yaml:"));
}

TEST_F(TestCommandTest, RefusesTwoFilesOfOneVersion) {
  Write("again.yaml", kProcess);
  EXPECT_THAT(Run(1), HasSubstr("Expected one file for version 1.0.0 of 'shop' in this folder, but there is another."));
  Write("again.yaml", std::string(kProcess).replace(std::string(kProcess).find("1.0.0"), 5, "0.9.0"));
  EXPECT_THAT(Run(0), HasSubstr("1 passed"));
}

TEST_F(TestCommandTest, TellsOfABrokenManifest) {
  Write("connectors/bank.yaml", "connector: bank\nversion: x\n");
  EXPECT_THAT(Run(1), HasSubstr("connectors/bank.yaml:2:10: error"));
}

// What is changed, and what must be in the next run's output.
class WatchTest : public TestCommandTest,
                  public testing::WithParamInterface<std::tuple<std::string, std::string, std::string>> {};

TEST_P(WatchTest, RunsAgainWhenAFileHasChanged) {
  const auto& [file, text, told] = GetParam();
  std::ostringstream out;
  int looks = 0;
  std::string first;
  WatchTests(options_, out, [&] {
    if (++looks == 3) {  // not before something has changed
      first = out.str();
      Write(file, text);
    }
    return looks < 5;
  });
  const std::string line = "watching ";
  EXPECT_THAT(first, HasSubstr("1 passed, 0 failed\nwatching "));
  EXPECT_EQ(first.find(line), first.rfind(line));
  EXPECT_THAT(out.str().substr(first.size()), HasSubstr(told));
}

INSTANTIATE_TEST_SUITE_P(
    Of, WatchTest,
    testing::Values(std::tuple("shop.scenarios.yaml", std::string(kPassing) + kFailing, "1 passed, 1 failed"),
                    std::tuple("shop.yaml", "fermata: 1\nprocess: shop\n", "shop.yaml:"),
                    std::tuple("schemas/order.yaml", "type: object\nrequired: [size]\n", "0 passed, 1 failed"),
                    std::tuple("connectors/bank.yaml", "connector: bank\nversion: x\n", "bank.yaml:2:10"),
                    std::tuple("connectors/more/post.yaml", "connector: post\nversion: x\n", "post.yaml:2:10"),
                    std::tuple("more.scenarios.yaml", kPassing, "2 passed, 0 failed")));

}  // namespace
}  // namespace fermata

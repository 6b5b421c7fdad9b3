// `fermata new`: every starting point can be copied, and passes its own scenarios under its new name.
#include "api/cli/new.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "api/cli/test.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class NewTest : public testing::Test {
 protected:
  NewTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-new-XXXXXX").string();
    options_.folder = ::mkdtemp(pattern.data());
  }
  ~NewTest() override { fs::remove_all(options_.folder); }

  int Run(const std::string& name, const std::string& from) {
    options_.name = name;
    options_.from = from;
    out_.str("");
    errors_.str("");
    return RunNew(options_, out_, errors_);
  }

  std::string Read(const std::string& file) const {
    std::ifstream stream(options_.folder / file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  NewOptions options_;
  std::ostringstream out_, errors_;
};

TEST_F(NewTest, EveryTemplateIsCoveredByItsScenariosUnderItsNewName) {
  std::vector<std::string> names;
  for (const ProcessTemplate& one : ProcessTemplates()) {
    names.emplace_back(one.name);
    EXPECT_NE(one.Title(), "") << one.name;
    const std::string name = "my-" + std::string(one.name);
    ASSERT_EQ(Run(name, std::string(one.name)), 0) << errors_.str();
  }
  EXPECT_THAT(names, ElementsAre("approval", "batch", "fan-out", "polling", "race", "reminder", "saga"));
  TestOptions test;
  test.paths = {options_.folder};
  test.coverage_min = 100;
  std::ostringstream out;
  EXPECT_EQ(RunTest(test, out), 0) << out.str();
  EXPECT_THAT(out.str(), HasSubstr("my-saga: 100 %"));
}

TEST_F(NewTest, RenamesTheProcessAndNothingElse) {
  ASSERT_EQ(Run("trip", "saga"), 0);
  EXPECT_THAT(Read("trip.yaml"), StartsWith("fermata: 1\nprocess: trip\n"));
  EXPECT_THAT(Read("trip.scenarios.yaml"), HasSubstr("scenarios: trip\n"));
  EXPECT_THAT(Read("connectors/travel.yaml"), HasSubstr("connector: travel\n"));
  EXPECT_THAT(out_.str(), HasSubstr("trip.yaml\n"));
  EXPECT_THAT(out_.str(), HasSubstr("now try: fermata test "));
}

TEST_F(NewTest, OverwritesNothing) {
  ASSERT_EQ(Run("trip", "saga"), 0);
  std::ofstream(options_.folder / "trip.yaml") << "mine";
  EXPECT_EQ(Run("trip", "saga"), 1);
  EXPECT_EQ(Read("trip.yaml"), "mine");
  EXPECT_THAT(errors_.str(), HasSubstr("error FM-8082: Expected no such file yet, but there is one."));
  // A manifest that is there already is shared, one that says something else is in the way, and nothing is written at all.
  EXPECT_EQ(Run("journey", "saga"), 0) << errors_.str();
  std::ofstream(options_.folder / "connectors/travel.yaml") << "mine";
  EXPECT_EQ(Run("third", "saga"), 1);
  EXPECT_FALSE(fs::exists(options_.folder / "third.yaml"));
}

TEST_F(NewTest, RefusesUnknownTemplatesAndNamesThatNoProcessHas) {
  EXPECT_EQ(Run("trip", "sage"), 2);
  EXPECT_THAT(errors_.str(), HasSubstr("error FM-8080: Expected the name of a template, but there is no 'sage'."));
  EXPECT_THAT(errors_.str(), HasSubstr("did you mean 'saga'?"));
  EXPECT_EQ(Run("trip", ""), 2);
  EXPECT_THAT(errors_.str(), HasSubstr("--from is missing"));
  for (const char* name : {"", "Trip", "1trip", "a/b", "..", "a_b", "a b"}) {
    EXPECT_EQ(Run(name, "saga"), 2) << name;
    EXPECT_THAT(errors_.str(), HasSubstr("error FM-8081"));
  }
  EXPECT_TRUE(fs::is_empty(options_.folder));
}

TEST_F(NewTest, ReportsAFolderThatCannotBeWritten) {
  std::ofstream(options_.folder / "file") << "x";
  options_.folder /= "file";
  EXPECT_EQ(Run("trip", "saga"), 1);
  EXPECT_THAT(errors_.str(), HasSubstr("error FM-8083"));
  options_.folder = options_.folder.parent_path();
}

TEST_F(NewTest, ListsWhatThereIs) {
  options_.list = true;
  EXPECT_EQ(Run("", ""), 0);
  EXPECT_THAT(out_.str(), HasSubstr("saga      A trip is booked as a whole or not at all\n"));
}

}  // namespace
}  // namespace fermata

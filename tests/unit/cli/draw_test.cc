#include "api/cli/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "api/cli/exit_code.h"

namespace fermata {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

class DrawTest : public testing::Test {
 protected:
  DrawTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-draw-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.file = folder_ / "p.yaml";
  }
  ~DrawTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  void WriteGood() {
    Write("p.yaml",
          "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: schemas/a.json }\nstates:\n  a: { call: bank.pay, "
          "next: b }\n  b: { end: {} }\n");
    Write("schemas/a.json", R"({"type":"object"})");
    Write("connectors/bank.yaml", "connector: bank\noperations: { pay: {} }\n");
  }

  int Run() {
    out_.str("");
    err_.str("");
    return RunDraw(options_, out_, err_);
  }

  fs::path folder_;
  DrawOptions options_;
  std::ostringstream out_, err_;
};

TEST_F(DrawTest, DrawsWithTheManifestsAndSchemasBesideTheProcess) {
  WriteGood();
  EXPECT_EQ(Run(), kExitOk) << err_.str();
  EXPECT_THAT(out_.str(), StartsWith("<svg "));
  EXPECT_THAT(out_.str(), HasSubstr("id=\"state-a\" class=\"state call\""));
  options_.format = DrawFormat::kMermaid;
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_THAT(out_.str(), StartsWith("stateDiagram-v2\n"));
  options_.format = DrawFormat::kDot;
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_THAT(out_.str(), StartsWith("digraph "));
}

TEST_F(DrawTest, WritesIntoTheFileThatIsNamed) {
  WriteGood();
  options_.output = folder_ / "p.svg";
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_EQ(out_.str(), "");
  std::string first;
  std::ifstream(options_.output) >> first;
  EXPECT_EQ(first, "<svg");
  options_.output = folder_ / "nowhere" / "p.svg";
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8072"));
}

TEST_F(DrawTest, ShowsWhatIsWrongInsteadOfDrawingIt) {
  Write("p.yaml", "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { next: c }\n  b: { end: {} }\n");
  options_.output = folder_ / "p.svg";
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("p.yaml:5:14: error FM-2104: no state is called 'c'"));
  EXPECT_FALSE(fs::exists(options_.output));
}

TEST_F(DrawTest, RefusesFilesAndStatesThatAreNotThere) {
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8002"));
  WriteGood();
  options_.active = {"a", "x"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8073: Expected states of 'p' to light up, but 'x' is none."));
}

}  // namespace
}  // namespace fermata

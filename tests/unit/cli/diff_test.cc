#include "api/cli/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fermata {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const char* const kDiffed =
    "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: a.yaml }\nstates:\n  a: { after: { 1m: b } }\n  b: { end: "
    "{} }\n";

class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-diff-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.before = folder_ / "old/p.yaml";
    options_.after = folder_ / "new/p.yaml";
    Write("old/p.yaml", kDiffed);
    Write("new/p.yaml", kDiffed);
    Write("old/a.yaml", "type: object\n");
    Write("new/a.yaml", "type: object\n");
  }
  ~DiffTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  int Run() {
    out_.str("");
    err_.str("");
    return RunDiff(options_, out_, err_);
  }

  fs::path folder_;
  DiffOptions options_;
  std::ostringstream out_, err_;
};

TEST_F(DiffTest, ExitsWithZeroIfTheyAreTheSame) {
  EXPECT_EQ(Run(), 0) << err_.str();
  EXPECT_EQ(out_.str(), "p 1.0.0 -> 1.0.0: the same\n");
}

TEST_F(DiffTest, ExitsWithOneIfTheyDiffer) {
  Write("new/p.yaml",
        "fermata: 1\nprocess: p\nversion: 1.1.0\ninput: { $ref: a.yaml }\nstates:\n  a: { after: { 2m: b } "
        "}\n  b: { end: {} }\n");
  EXPECT_EQ(Run(), 1);
  EXPECT_EQ(out_.str(), "p 1.0.0 -> 1.1.0\n\nthe process\n  version: 1.0.0 -> 1.1.0\n\na\n  timer of a: 1m -> 2m\n");
  options_.json = true;
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("\"same\":false"));
}

TEST_F(DiffTest, ComparesTheSchemaFilesToo) {
  Write("new/a.yaml", "type: object\nproperties: { id: { type: string } }\n");
  EXPECT_EQ(Run(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("new property id of the input: string"));
}

TEST_F(DiffTest, DrawsBothVersions) {
  Write("new/p.yaml",
        "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: a.yaml }\nstates:\n  a: { after: { 1m: c } "
        "}\n  c: { fail: c }\n");
  options_.drawing = folder_ / "d.svg";
  EXPECT_EQ(Run(), 1);
  std::ostringstream svg;
  svg << std::ifstream(options_.drawing).rdbuf();
  EXPECT_THAT(svg.str(), HasSubstr("id=\"state-c\" class=\"state fail added\""));
  EXPECT_THAT(svg.str(), HasSubstr("id=\"removed-state-b\" class=\"state end removed\""));
  EXPECT_THAT(svg.str(), HasSubstr("class=\"legend removed\""));
  options_.drawing = folder_ / "nowhere/d.svg";
  EXPECT_EQ(Run(), 2);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8072"));
}

TEST_F(DiffTest, ExitsWithTwoIfOneOfThemIsWrong) {
  Write("new/p.yaml", "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { next: x }\n");
  EXPECT_EQ(Run(), 2);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("new/p.yaml:5:14: error FM-2104"));
  options_.after = folder_ / "nothing.yaml";
  EXPECT_EQ(Run(), 2);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8002"));
}

}  // namespace
}  // namespace fermata

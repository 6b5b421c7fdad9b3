#include "api/cli/fmt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "api/cli/exit_code.h"

namespace fermata {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class FmtTest : public testing::Test {
 protected:
  FmtTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-fmt-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.paths = {folder_};
  }
  ~FmtTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string Read(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    return text.str();
  }

  int Run(const std::string& input = "") {
    std::istringstream in(input);
    out_.str("");
    err_.str("");
    return RunFmt(options_, in, out_, err_);
  }

  fs::path folder_;
  FmtOptions options_;
  std::ostringstream out_, err_;
};

TEST_F(FmtTest, ChangesTheYamlFilesOfAFolderAndNamesThem) {
  Write("a.yaml", "a:   {b: 1}\n");
  Write("good.yaml", "a: 1\n");
  Write("deep/c.yml", "a:   1\n");
  Write("other.txt", "a:   1\n");
  EXPECT_EQ(Run(), kExitOk) << err_.str();
  EXPECT_EQ(out_.str(), (folder_ / "a.yaml").string() + "\n" + (folder_ / "deep/c.yml").string() + "\n");
  EXPECT_EQ(Read("a.yaml"), "a: { b: 1 }\n");
  EXPECT_EQ(Read("deep/c.yml"), "a: 1\n");
  EXPECT_EQ(Read("other.txt"), "a:   1\n");
  EXPECT_EQ(Run(), kExitOk);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(FmtTest, ChecksWithoutChangingAnything) {
  Write("a.yaml", "a:   1\n");
  options_.check = true;
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_EQ(out_.str(), (folder_ / "a.yaml").string() + "\n");
  EXPECT_EQ(Read("a.yaml"), "a:   1\n");
  Write("a.yaml", "a: 1\n");
  EXPECT_EQ(Run(), kExitOk);
}

TEST_F(FmtTest, LeavesFilesThatAreNoYamlAloneAndSaysWhy) {
  Write("bad.yaml", "a: [1\n");
  Write("good.yaml", "a:   1\n");
  EXPECT_EQ(Run(), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("bad.yaml:1:4: error FM-1107"));
  EXPECT_EQ(Read("bad.yaml"), "a: [1\n");
  EXPECT_EQ(Read("good.yaml"), "a: 1\n");
}

TEST_F(FmtTest, FormatsStdinToStdout) {
  options_.paths = {"-"};
  EXPECT_EQ(Run("a:   {b: 1}"), kExitOk);
  EXPECT_EQ(out_.str(), "a: { b: 1 }\n");
  EXPECT_EQ(Run("a: {"), kExitFailed);
  EXPECT_EQ(out_.str(), "");
  EXPECT_THAT(err_.str(), HasSubstr("stdin:1:4: error FM-1107"));
  options_.check = true;
  EXPECT_EQ(Run("a:   1\n"), kExitFailed);
  EXPECT_EQ(out_.str(), "stdin\n");
}

TEST_F(FmtTest, KeepsTheModeOfAFileAndFollowsItsLink) {
  Write("real/a.yaml", "a:   1\n");
  fs::permissions(folder_ / "real/a.yaml", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real/a.yaml", folder_ / "link.yaml");
  options_.paths = {folder_ / "link.yaml"};
  EXPECT_EQ(Run(), kExitOk) << err_.str();
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.yaml"));
  EXPECT_EQ(Read("real/a.yaml"), "a: 1\n");
  EXPECT_EQ(fs::status(folder_ / "real/a.yaml").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(FmtTest, RefusesAPathThatIsNotThere) {
  options_.paths = {folder_ / "nothing.yaml"};
  EXPECT_EQ(Run(), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("FM-8002"));
}

}  // namespace
}  // namespace fermata

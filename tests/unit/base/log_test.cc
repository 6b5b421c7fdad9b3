#include "engine/base/log.h"

#include <gtest/gtest.h>

#include <string>

namespace fermata {
namespace {

class LogLines : public testing::Test {
 protected:
  std::string Written(LogFormat format, LogLevel level, const std::string& message, const std::string& value) {
    SetUpLog({.level = LogLevel::kInfo, .format = format});
    testing::internal::CaptureStderr();
    Log(level, message, {{"name", value}, {"count", 3}});
    return testing::internal::GetCapturedStderr();
  }
  void TearDown() override { SetUpLog({.level = LogLevel::kWarning}); }
};

TEST_F(LogLines, TextHasLevelMessageAndFields) {
  const std::string line = Written(LogFormat::kText, LogLevel::kInfo, "The server is ready.", "a b");
  EXPECT_NE(line.find("Z info The server is ready. name=\"a b\" count=3\n"), std::string::npos) << line;
}

TEST_F(LogLines, JsonQuotesText) {
  const std::string line = Written(LogFormat::kJson, LogLevel::kError, "a \"b\"", "c\\d");
  EXPECT_NE(line.find(R"("level":"error","message":"a \"b\"","name":"c\\d","count":3})"), std::string::npos) << line;
}

TEST_F(LogLines, LineBreaksInValuesForgeNoLine) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    const std::string line = Written(format, LogLevel::kInfo, "one\ntwo", "x\nerror y");
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  }
}

TEST_F(LogLines, BracesInValuesAreNoFormat) {
  EXPECT_NE(Written(LogFormat::kText, LogLevel::kInfo, "{} {0}", "{").find("{} {0} name={"), std::string::npos);
}

TEST_F(LogLines, LowerLevelsAreLeftOut) { EXPECT_EQ(Written(LogFormat::kText, LogLevel::kDebug, "quiet", "x"), ""); }

}  // namespace
}  // namespace fermata

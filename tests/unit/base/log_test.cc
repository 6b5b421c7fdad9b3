#include "engine/base/log.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/base/trace_context.h"

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

TEST_F(LogLines, JsonKeepsUtf8AndMarksWhatIsNone) {
  const std::string line =
      Written(LogFormat::kJson, LogLevel::kInfo, "m", "\u0439\u20ac\xf0\x9f\x98\x80 \xff\xc0\xaf\xed\xa0\x80\xe2\x82");
  const std::string bad = "\xef\xbf\xbd";
  std::string marks;
  for (int i = 0; i < 8; ++i) marks += bad;
  EXPECT_NE(line.find("\"name\":\"\u0439\u20ac\xf0\x9f\x98\x80 " + marks + "\""), std::string::npos) << line;
}

TEST_F(LogLines, FieldsWithoutATextAreLeftOut) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson})
    EXPECT_EQ(Written(format, LogLevel::kInfo, "m", "").find("name"), std::string::npos);
}

TEST_F(LogLines, WhetherALevelIsWrittenCanBeAsked) {
  SetUpLog({.level = LogLevel::kInfo});
  EXPECT_TRUE(IsLogged(LogLevel::kInfo));
  EXPECT_FALSE(IsLogged(LogLevel::kDebug));
}

TEST_F(LogLines, BracesInValuesAreNoFormat) {
  EXPECT_NE(Written(LogFormat::kText, LogLevel::kInfo, "{} {0}", "{").find("{} {0} name={"), std::string::npos);
}

TEST_F(LogLines, LowerLevelsAreLeftOut) { EXPECT_EQ(Written(LogFormat::kText, LogLevel::kDebug, "quiet", "x"), ""); }

// ---- traceparent ----

TEST(TraceparentText, HasTraceAndSpan) {
  const TraceContext trace = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(trace.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace.span_id, "00f067aa0ba902b7");
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later").ok());
}

TEST(TraceparentText, WhatIsNoneIsIgnored) {
  for (const char* text : {"", "00-x", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later",
                           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01later",
                           "00-4bf92f3577b34da6a3ce929d0e0e473\"-00f067aa0ba902b7-01",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})
    EXPECT_FALSE(ParseTraceparent(text).ok()) << text;
}

}  // namespace
}  // namespace fermata

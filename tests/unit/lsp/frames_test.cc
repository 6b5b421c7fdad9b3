#include "api/lsp/frames.h"

#include <sstream>

#include <gtest/gtest.h>

#include "api/lsp/bounds.h"

namespace fermata {
namespace {

using Kind = Frame::Kind;

TEST(Frames, AreReadOneByOne) {
  std::istringstream in("Content-Length: 2\r\n\r\n{}content-length: 3\r\nContent-Type: x\r\n\r\n[1]");
  EXPECT_EQ(ReadFrame(in).body, "{}");
  EXPECT_EQ(ReadFrame(in).body, "[1]");
  EXPECT_EQ(ReadFrame(in).kind, Kind::kEnd);
}

TEST(Frames, WhatIsWrittenIsRead) {
  std::stringstream stream;
  WriteFrame("{\"a\":\"\xC3\xA4\"}", stream);
  EXPECT_EQ(ReadFrame(stream).body, "{\"a\":\"\xC3\xA4\"}");
}

TEST(Frames, ABadHeadIsToldAndTheNextMessageRead) {
  for (const char* head : {"Content-Length: x\r\n\r\n", "Nonsense\r\n\r\n", "Content-Length: -5\r\n\r\n",
                           "Content-Length: 99999999999999999999\r\n\r\n", "Content-Length:\r\n\r\n"}) {
    std::istringstream in(std::string(head) + "Content-Length: 2\r\n\r\n{}");
    EXPECT_EQ(ReadFrame(in).kind, Kind::kMalformed) << head;
    EXPECT_EQ(ReadFrame(in).body, "{}") << head;
  }
}

TEST(Frames, ATooLongBodyIsSkipped) {
  const std::size_t length = kFrameBodyBytesMax + 1;
  std::istringstream in("Content-Length: " + std::to_string(length) + "\r\n\r\n" + std::string(length, 'x') +
                        "Content-Length: 2\r\n\r\n{}");
  EXPECT_EQ(ReadFrame(in).kind, Kind::kMalformed);
  EXPECT_EQ(ReadFrame(in).body, "{}");
}

TEST(Frames, ATooLongHeadIsToldWithoutBeingKept) {
  std::istringstream in(std::string(kFrameHeadBytesMax * 3, 'h') + "\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(ReadFrame(in).kind, Kind::kMessage);
}

TEST(Frames, AStreamThatEndsInAMessageIsOver) {
  std::istringstream in("Content-Length: 20\r\n\r\n{}");
  EXPECT_EQ(ReadFrame(in).kind, Kind::kEnd);
  std::istringstream head("Content-Le");
  EXPECT_EQ(ReadFrame(head).kind, Kind::kEnd);
}

}  // namespace
}  // namespace fermata

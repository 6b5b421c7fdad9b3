#include "engine/base/percent.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

TEST(Percent, KeepsOnlyTheUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b/ü%+\xff"), "a%20b%2F%C3%BC%25%2B%FF");
  EXPECT_EQ(PercentEncode("a/b c", "/"), "a/b%20c");
}

TEST(Percent, DecodesWholeEscapesOnly) {
  EXPECT_EQ(PercentDecode("a%20b%c3%BC%00+"), std::string("a bü\0+", 7));
  EXPECT_EQ(PercentDecode(""), "");
  for (const char* bad : {"%", "a%2", "%g0", "%0g", "%%20"}) EXPECT_EQ(PercentDecode(bad), std::nullopt) << bad;
}

TEST(Percent, AnAbsolutePathIsAFileUri) {
  EXPECT_EQ(UriOfPath("/tmp/a b.yaml"), "file:///tmp/a%20b.yaml");
  EXPECT_EQ(UriOfPath("processes/a#1.yaml"), "processes/a%231.yaml");
}

}  // namespace
}  // namespace fermata

#include "engine/base/base64.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

TEST(Base64, WritesTheExamplesOfRfc4648) {
  EXPECT_EQ(EncodeBase64(""), "");
  EXPECT_EQ(EncodeBase64("f"), "Zg==");
  EXPECT_EQ(EncodeBase64("fo"), "Zm8=");
  EXPECT_EQ(EncodeBase64("foo"), "Zm9v");
  EXPECT_EQ(EncodeBase64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(EncodeBase64("\xff\xfe"), "//4=");
}

TEST(Base64, ReadsWithAndWithoutPadding) {
  EXPECT_EQ(DecodeBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(DecodeBase64("Zm9vYg"), "foob");
  EXPECT_EQ(DecodeBase64("//4="), "\xff\xfe");
  EXPECT_EQ(DecodeBase64(""), "");
}

TEST(Base64, RefusesOtherTexts) {
  for (const char* text : {"Z", "Zg=", "Zg===", "=", "====", "Zm9v====", "Zm 9v", "Zm9v\n", "-_==", "Zh=="})
    EXPECT_FALSE(DecodeBase64(text)) << text;
}

}  // namespace
}  // namespace fermata

#include "engine/base/sealing.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

SealingKeys Keys(const std::string& text) { return SealingKeys::Parse(text).value(); }

TEST(Sealing, OnlyTheKeyAndThePlaceOpenWhatIsSealed) {
  const std::string line = SealingKeys::NewLine("a");
  const SealingKeys keys = Keys(line), other = Keys(SealingKeys::NewLine("a"));
  const std::string secret = std::string("canary\0text", 11), sealed = keys.Seal(secret, "here");
  EXPECT_EQ(sealed.find("canary"), std::string::npos);
  EXPECT_EQ(keys.Open(sealed, "here").value(), secret);
  EXPECT_NE(keys.Seal(secret, "here"), sealed);
  EXPECT_EQ(keys.Open(sealed, "there").error().code, kSealedUnreadable);
  EXPECT_EQ(other.Open(sealed, "here").error().code, kSealedUnreadable);
  EXPECT_EQ(SealingKeys().Open(sealed, "here").error().code, kSealedUnreadable);
  for (std::size_t i = 5; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(keys.Open(changed, "here").ok()) << i;
    EXPECT_FALSE(keys.Open(std::string_view(sealed).substr(0, i), "here").ok()) << i;
  }
  EXPECT_EQ(keys.Open(keys.Seal("", ""), "").value(), "");
}

TEST(Sealing, TheNewestKeySealsAndOldOnesStillOpen) {
  const std::string old_line = SealingKeys::NewLine("2026"), new_line = SealingKeys::NewLine("2027");
  const std::string before = Keys(old_line).Seal("x", "p");
  const SealingKeys both = Keys("# keys\n\n" + old_line + new_line);
  EXPECT_EQ(both.newest(), "2027");
  EXPECT_EQ(both.Open(before, "p").value(), "x");
  EXPECT_EQ(Keys(new_line).Open(both.Seal("y", "p"), "p").value(), "y");
  EXPECT_NE(Keys(new_line).Open(before, "p").error().message.find("'2026' is missing"), std::string::npos);
}

TEST(Sealing, WhatWasWrittenBeforeThereWereKeysIsReadAsItIs) {
  const SealingKeys keys = Keys(SealingKeys::NewLine("a"));
  for (const std::string& plain : {std::string(), std::string("{\"a\":1}"), std::string("\0FM", 3)})
    EXPECT_EQ(keys.Open(plain, "p").value(), plain);
}

TEST(Sealing, AKeyFileThatIsNoneIsRefusedWithoutItsKeys) {
  const std::string key = SealingKeys::NewLine("a").substr(2);
  for (const std::string& bad : {"a" + key, "A " + key, "-a " + key, std::string("a AAAA\n"), std::string("a \n"),
                                 "a " + key + "a " + key, std::string("a b c\n")}) {
    const Result<SealingKeys> keys = SealingKeys::Parse(bad);
    ASSERT_FALSE(keys.ok()) << bad;
    EXPECT_EQ(keys.error().code, kSealingKeysWrong);
    EXPECT_EQ(keys.error().message.find(key.substr(0, 20)), std::string::npos);
  }
  EXPECT_TRUE(SealingKeys::Parse("").value().empty());
}

}  // namespace
}  // namespace fermata

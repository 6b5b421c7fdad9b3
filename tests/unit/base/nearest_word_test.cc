#include "engine/base/nearest_word.h"

#include <gtest/gtest.h>

#include "engine/base/hash.h"

namespace fermata {
namespace {

TEST(NearestWord, FindsSlipsOfThePen) {
  EXPECT_EQ(NearestWord("refnud", {"refund", "reserve"}), "refund");
  EXPECT_EQ(NearestWord("sve", {"set", "save"}), "save");
  EXPECT_EQ(NearestWord("Input", {"output", "input"}), "input");
}

TEST(NearestWord, GuessesNothingFromFarAway) {
  EXPECT_EQ(NearestWord("next", {"set"}), "");
  EXPECT_EQ(NearestWord("x", {"y"}), "");
  EXPECT_EQ(NearestWord("", {"a"}), "");
  EXPECT_EQ(NearestWord("anything", {}), "");
  EXPECT_EQ(NearestWord(std::string(1'000, 'a'), {std::string(1'000, 'a')}), "");
}

TEST(NearestWord, TakesTheFirstOfEquals) { EXPECT_EQ(NearestWord("cat", {"bat", "hat"}), "bat"); }

TEST(Sha256Hex, GivesTheKnownDigests) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace fermata

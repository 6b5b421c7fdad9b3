#include "api/lsp/text_document.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

// One, two, three and four bytes a character.
const std::string kText = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z\nsecond\r\nthird";

TEST(TextDocument, CountsAsTheClientDoes) {
  const TextDocument document(kText);
  EXPECT_EQ(document.OffsetOf({0, 5}, PositionUnit::kUtf16), 10U);
  EXPECT_EQ(document.OffsetOf({0, 4}, PositionUnit::kUtf32), 10U);
  EXPECT_EQ(document.OffsetOf({0, 10}, PositionUnit::kUtf8), 10U);
  for (PositionUnit unit : {PositionUnit::kUtf8, PositionUnit::kUtf16, PositionUnit::kUtf32})
    for (std::size_t offset : {0, 1, 3, 6, 10, 11, 12, 15}) {
      const Position position = document.PositionOf(offset, unit);
      EXPECT_EQ(document.OffsetOf(position, unit), offset);
    }
}

TEST(TextDocument, NeverSplitsACharacter) {
  const TextDocument document(kText);
  EXPECT_EQ(document.OffsetOf({0, 4}, PositionUnit::kUtf16), 6U);
  EXPECT_EQ(document.OffsetOf({0, 2}, PositionUnit::kUtf8), 1U);
}

TEST(TextDocument, WhatIsBeyondIsTheEnd) {
  const TextDocument document(kText);
  EXPECT_EQ(document.OffsetOf({1, 99}, PositionUnit::kUtf16), 18U);
  EXPECT_EQ(document.OffsetOf({99, 0}, PositionUnit::kUtf16), kText.size());
  EXPECT_EQ(document.OffsetOf({-1, 5}, PositionUnit::kUtf16), 0U);
  EXPECT_EQ(document.PositionOf(999, PositionUnit::kUtf16).line, 2);
  EXPECT_EQ(document.Line(1), "second");
  EXPECT_EQ(document.Line(7), "");
}

TEST(TextDocument, ChangesApplyInOrder) {
  TextDocument document("one\ntwo\nthree");
  document.Replace({1, 0}, {1, 3}, "2", PositionUnit::kUtf16);
  document.Replace({2, 5}, {2, 5}, "\nfour", PositionUnit::kUtf16);
  document.Replace({0, 3}, {1, 0}, "", PositionUnit::kUtf16);
  EXPECT_EQ(document.text(), "one2\nthree\nfour");
  EXPECT_EQ(document.lines(), 3);
  document.Replace({2, 0}, {0, 0}, "x", PositionUnit::kUtf16);
  EXPECT_EQ(document.text(), "one2\nthree\nxfour");
  document.Replace("new");
  EXPECT_EQ(document.lines(), 1);
}

TEST(TextDocument, PlacesOfTheCheckerCountCharacters) {
  const TextDocument document(kText);
  EXPECT_EQ(document.PositionAt(1, 5, PositionUnit::kUtf16).character, 5);
  EXPECT_EQ(document.PositionAt(1, 5, PositionUnit::kUtf8).character, 10);
  EXPECT_EQ(document.PositionAt(0, 1, PositionUnit::kUtf16).line, 0);
}

}  // namespace
}  // namespace fermata

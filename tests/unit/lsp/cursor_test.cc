// Where a place is, told from text that is being typed. `|` marks the place.
#include "api/lsp/cursor.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

struct Place {
  std::string text;
  std::string path;  // keys joined by dots
  std::string word;
  std::string kind;  // key, value, expression
};

std::string KindOf(const Cursor& cursor) {
  return cursor.in_expression ? "expression" : cursor.at_key ? "key" : "value";
}

Cursor Locate(std::string text) {
  const std::size_t offset = text.find('|');
  text.erase(offset, 1);
  return LocateCursor(text, offset);
}

class CursorTest : public testing::TestWithParam<Place> {};

TEST_P(CursorTest, IsFound) {
  const Cursor cursor = Locate(GetParam().text);
  std::string path;
  for (const std::string& key : cursor.path) path += (path.empty() ? "" : ".") + key;
  EXPECT_EQ(path, GetParam().path) << GetParam().text;
  EXPECT_EQ(cursor.word, GetParam().word) << GetParam().text;
  EXPECT_EQ(KindOf(cursor), GetParam().kind) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Places, CursorTest,
    testing::Values(
        Place{"|", "", "", "key"}, Place{"sta|", "", "sta", "key"},
        Place{"states:\n  a:\n    ca|", "states.a", "ca", "key"},
        Place{"states:\n  a:\n    call: billing.de|\n", "states.a.call", "billing.de", "value"},
        Place{"states:\n  a:\n    call: |\n", "states.a.call", "", "value"},
        Place{"states:\n  a:\n    call: x\n    |\n", "states.a", "", "key"},
        Place{"states:\n  a:\n    call: x\n  |\n", "states", "", "key"}, Place{"states:\n  a: {}\n|\n", "", "", "key"},
        Place{"states:\n  a: { call: b| }\n", "states.a.call", "b", "value"},
        Place{"states:\n  a: { | }\n", "states.a", "", "key"},
        Place{"states:\n  a: { call: x, ne|", "states.a", "ne", "key"},
        Place{"states:\n  a: { next: [ { if: x, go: r|", "states.a.next.go", "r", "value"},
        Place{"states:\n  a: { next: [ { if: x, go: r }, { |", "states.a.next", "", "key"},
        Place{"states:\n  a:\n    next:\n      - { if: x, go: b|", "states.a.next.go", "b", "value"},
        Place{"states:\n  a:\n    next:\n    - go: b|\n", "states.a.next.go", "b", "value"},
        Place{"states:\n  a:\n    next:\n    - if: x\n      go: b|\n", "states.a.next.go", "b", "value"},
        Place{"states:\n  a:\n    on:\n      paid: |\n", "states.a.on.paid", "", "value"},
        Place{"states:\n  a:\n    on:\n      pa|\n", "states.a.on", "pa", "key"},
        Place{"states:\n  a:\n    next: { if: input.am|", "states.a.next.if", "input.am", "expression"},
        Place{"states:\n  a:\n    with: { x: \"${input.a|", "states.a.with.x", "input.a", "expression"},
        Place{"states:\n  a:\n    with:\n      x: ${in|}\n", "states.a.with.x", "in", "expression"},
        Place{"states:\n  a:\n    with:\n      x: \"a ${b} c|\"\n", "states.a.with.x", "a ${b} c", "value"},
        Place{"states:\n  a:\n    with:\n      x: \"a $${b|\"\n", "states.a.with.x", "a $${b", "value"},
        Place{"key: 'x: y' # c\nst|", "", "st", "key"}, Place{"a:\n  \"b c\":\n    d|", "a.b c", "d", "key"},
        Place{"a: { \"b\": [1, 2], c: { d: |", "a.c.d", "", "value"},
        Place{"a: {\n  # } comment\n  b: x,\n  c|", "a", "c", "key"}, Place{"a: {b: c}\nd: [x, y|]", "d", "y", "value"},
        Place{"a: \"x\n  y\"\nb: |", "b", "", "value"}, Place{"after: { \"${now + d|", "after", "d", "expression"}));

TEST(Cursor, EveryPlaceOfEveryPrefixIsSomewhere) {
  const std::string text =
      "states:\n  a: { next: [ { if: \"x == 'y'\", go: b } ] }\n  b:\n    ask: |\n      Text ${x}\n    on:\n    - c\n  "
      "\"d\": '\n";
  for (std::size_t length = 0; length <= text.size(); ++length)
    for (std::size_t offset = 0; offset <= length; ++offset) {
      const Cursor cursor = LocateCursor(std::string_view(text).substr(0, length), offset);
      EXPECT_LE(cursor.begin, length);
    }
}

TEST(Cursor, AWordEndsWhereItsNameEnds) {
  EXPECT_EQ(EndOfWord("go: hold-it }", 5), 11U);
  EXPECT_EQ(EndOfWord("go: hold", 8), 8U);
  EXPECT_EQ(EndOfWord("go", 99), 2U);
}

}  // namespace
}  // namespace fermata

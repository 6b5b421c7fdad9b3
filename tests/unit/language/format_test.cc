// The formatter: what it changes, what it leaves alone, and that neither meaning nor comments suffer.
#include "engine/language/formatter/format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/language/codes.h"
#include "engine/language/load.h"
#include "engine/language/reader.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

std::string Format(const std::string& text) {
  const FormatOutcome once = FormatYaml("a.yaml", text);
  EXPECT_TRUE(once.text.has_value()) << FormatDiagnostics(once.diagnostics) << text;
  if (!once.text) return "";
  const FormatOutcome twice = FormatYaml("a.yaml", *once.text);
  EXPECT_EQ(twice.text, once.text) << "not the same when formatted twice";
  return *once.text;
}

struct FormatCase {
  const char* name;
  const char* before;
  const char* after;
};

class FormatCases : public testing::TestWithParam<FormatCase> {};

TEST_P(FormatCases, ComesOutAsExpected) { EXPECT_EQ(Format(GetParam().before), GetParam().after); }

const FormatCase kCases[] = {
    {"IndentsByTwo", "a:\n    b:\n        c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n"},
    {"IndentsListsBelowTheirKey", "a:\n- 1\n-   b: 2\n    c: 3\n-\n  - 4\nd: 5\n",
     "a:\n  - 1\n  - b: 2\n    c: 3\n  -\n    - 4\nd: 5\n"},
    {"KeepsListsInListsOnOneLine", "- - a\n  - b\n-   - c\n", "- - a\n  - b\n- - c\n"},
    {"SpacesFlowMapsAndLists", "a: {b: 1,c:   [ 1,2 ,3 ],  d: {} , e: [  ]}\n",
     "a: { b: 1, c: [1, 2, 3], d: {}, e: [] }\n"},
    {"KeepsColonsInsideOfFlowWords", "a: {b: 10:30, \"c\":1, d: x:y}\n", "a: { b: 10:30, \"c\": 1, d: x:y }\n"},
    {"KeepsEmptyFlowValues", "a: {b: , c}\n", "a: { b: , c }\n"},
    {"IndentsFlowOverSeveralLines", "a: {\n b: [\n 1,\n      2\n],   # two\n c: 3\n}\n",
     "a: {\n  b: [\n    1,\n    2\n  ], # two\n  c: 3\n  }\n"},
    {"KeepsCommentsInFlow", "a: [1, # one\n# alone\n2]\n", "a: [1, # one\n  # alone\n  2]\n"},
    {"DropsSpacesAtLineEnds", "a: 1   \n# c  \nb: 2\t\n", "a: 1\n# c\nb: 2\n"},
    {"KeepsOneOfSeveralBlankLines", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"},
    {"EndsWithOneLineEnd", "a: 1", "a: 1\n"},
    {"WritesLineFeeds", "a: 1\r\nb: |\r\n  x\r\n  y\r\n", "a: 1\nb: |\n  x\n  y\n"},
    {"KeepsKeyOrder", "z: 1\na: 2\n", "z: 1\na: 2\n"},
    {"KeepsValuesBelowEachOther", "a:    1\nbcde: 2\nf: 3\n", "a:    1\nbcde: 2\nf: 3\n"},
    {"ClosesGapsThatLineNothingUp", "a:    1\nbcde: 2\n\nc:   3\n", "a:    1\nbcde: 2\n\nc: 3\n"},
    {"KeepsCommentsInTheirColumn", "a: {b: 1}      # x\nlong: name     # y\n",
     "a: { b: 1 }    # x\nlong: name     # y\n"},
    {"KeepsSmallGapsBeforeComments", "a:\n      b: 1 # x\n      c: 2  # y\n", "a:\n  b: 1 # x\n  c: 2  # y\n"},
    {"PutsCommentsWithWhatFollows", "a:\n# of b\n   # of b, too\n    b: 1\n# of c\nc: 2\n",
     "a:\n# of b\n  # of b, too\n  b: 1\n# of c\nc: 2\n"},
    {"LeavesCommentsAtTheEndOfABlockThere",
     "a:\n    b:\n        c: 1\n        # last of b\n    # last of a\nd: 2\n# end\n",
     "a:\n  b:\n    c: 1\n    # last of b\n  # last of a\nd: 2\n# end\n"},
    {"PutsCommentsBehindAListInTheColumnOfItsKeyWithTheNextKey",
     "tags:\n- one\n# of a\na:\n    l:\n    - 1\n    # of b\n    b: 1\nt:\n- 1\n# end\n",
     "tags:\n  - one\n# of a\na:\n  l:\n    - 1\n  # of b\n  b: 1\nt:\n  - 1\n# end\n"},
    {"PutsCommentsOfListsWithTheList", "a:\n# one\n- 1\n# two\n- 2\n", "a:\n  # one\n  - 1\n  # two\n  - 2\n"},
    {"MovesBlockTextsWhole", "a:\n    b: |\n          x\n            y\n\n          z\n    c: 1\n",
     "a:\n  b: |\n    x\n      y\n\n    z\n  c: 1\n"},
    {"KeepsSpacesAndBlankLinesInBlockTexts", "a: |\n   x  \n\n\n   y\n\n\nb: 1\n", "a: |\n  x  \n\n\n  y\n\nb: 1\n"},
    {"KeepsKeptLineEnds", "a: |+\n   x\n\n\nb: >-\n   y\n", "a: |+\n  x\n\n\nb: >-\n  y\n"},
    {"KeepsIndentationIndicators", "a:\n    b: |2\n         x\n       y\n", "a:\n  b: |2\n       x\n     y\n"},
    {"EndsBlockTextsAtCommentsFurtherOut", "a: |\n    x\n  # no text\nb: 1\n", "a: |\n  x\n# no text\nb: 1\n"},
    {"KeepsAMissingLineEndOfABlockText", "a: |\n   x", "a: |\n  x"},
    {"IndentsPlainTextOverSeveralLines", "a: one\n      two\n\n    three\nb: 1\n", "a: one\n  two\n\n  three\nb: 1\n"},
    {"IndentsQuotedTextOverSeveralLines", "a: \"one \\\n      two\n\n    three\"   # c\nb: 'x\n y'\n",
     "a: \"one \\\n  two\n\n  three\"     # c\nb: 'x\n  y'\n"},
    {"IndentsValuesOnTheirOwnLine", "a:\n      one two\nb:\n    { c: 1 }\n", "a:\n  one two\nb:\n  { c: 1 }\n"},
    {"KeepsQuotes", "a: \"word\"\nb: 'a/path.yaml'\nc: {d: \"word\"}\ne: \"${input.x}\"\nf: 'it''s'\ng: \"a\\n\"\n",
     "a: \"word\"\nb: 'a/path.yaml'\nc: { d: \"word\" }\ne: \"${input.x}\"\nf: 'it''s'\ng: \"a\\n\"\n"},
    {"KeepsFlowPartsBelowEachOther", "a:\n  - { if: \"x == 'é'\",  go: b }\n  - { if: \"x == 'dd'\", go: c }\n",
     "a:\n  - { if: \"x == 'é'\",  go: b }\n  - { if: \"x == 'dd'\", go: c }\n"},
    {"ClosesFlowGapsThatLineNothingUp", "a:\n  - { if: x,   go: b }\n  - {  if: yy, go:   cc }\n",
     "a:\n  - { if: x, go: b }\n  - { if: yy, go: cc }\n"},
    {"KeepsListsOfMapsApart", "a: [ { b: 1 },   { c: 2 } ]\nd: [{ e: 1 }]\nf: [  {g: [ 1 ]} ]\n",
     "a: [ { b: 1 }, { c: 2 } ]\nd: [{ e: 1 }]\nf: [ { g: [1] } ]\n"},
    {"KeepsValuesBelowEachOtherAroundComments", "a:   1\n# of b\nbcd: 2\ne:\n  f:   3\n  g:\n    h: 4\n  ijk: 5\n",
     "a:   1\n# of b\nbcd: 2\ne:\n  f: 3\n  g:\n    h: 4\n  ijk: 5\n"},
    {"KeepsQuotesOfKeys", "\"a\":   1\n'b': 2\n", "\"a\": 1\n'b': 2\n"},
    {"KeepsHashesInTexts", "a: x#y\nb: \"x # y\" # z\nc: it's # fine\n", "a: x#y\nb: \"x # y\" # z\nc: it's # fine\n"},
    {"KeepsAnchorsAndAliases", "a:  &x {b: 1}\nc:   *x\nd: &y\n    e: 1\n", "a: &x { b: 1 }\nc: *x\nd: &y\n  e: 1\n"},
    {"KeepsTheStartOfTheDocument", "# top\n---\na:   1\n...\n", "# top\n---\na: 1\n...\n"},
    {"CountsCharactersNotBytes", "имя:  1\nвозраст: 2 # лет\nя:   3\nыыы: 4\n",
     "имя: 1\nвозраст: 2 # лет\nя:   3\nыыы: 4\n"},
    {"KeepsOddIndentationInOrder", "a:\n   b:\n    - c\n    -  d: 1\n       e: 2\n",
     "a:\n  b:\n    - c\n    - d: 1\n      e: 2\n"},
};

INSTANTIATE_TEST_SUITE_P(Format, FormatCases, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Format, RefusesWhatCannotBeRead) {
  const FormatOutcome outcome = FormatYaml("a.yaml", "a: 1\na: 2\n");
  EXPECT_FALSE(outcome.text);
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].code, kYamlDuplicateKey);
  EXPECT_EQ(outcome.diagnostics[0].line, 2);
  EXPECT_FALSE(FormatYaml("a.yaml", "a: [1\n").text);
  EXPECT_FALSE(FormatYaml("a.yaml", "").text);
}

TEST(Format, RefusesRatherThanChangesTheMeaning) {
  const FormatOutcome outcome = FormatYaml("a.yaml", "--- {a:\n b}\n");
  if (outcome.text) {
    EXPECT_EQ(ToValue(*ReadYaml("", *outcome.text).root), ToValue(*ReadYaml("", "--- {a:\n b}\n").root));
  } else {
    EXPECT_EQ(outcome.diagnostics.back().code, kYamlNotFormatted);
  }
}

std::string ReadText(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(Format, KeepsTheMeaningOfEveryYamlFileOfTheTree) {
  int files = 0;
  for (const char* folder :
       {"processes", "tests/scenarios", "tests/unit/language/cases", "connectors", "templates", "examples"}) {
    if (!fs::is_directory(fs::path(FERMATA_SOURCE_DIR) / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(FERMATA_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".yaml") continue;
      const std::string text = ReadText(entry.path());
      const ReadOutcome before = ReadYaml("a.yaml", text);
      if (!before.root) continue;
      ++files;
      SCOPED_TRACE(entry.path().string());
      const std::string formatted = Format(text);
      const ReadOutcome after = ReadYaml("a.yaml", formatted);
      ASSERT_TRUE(after.root);
      EXPECT_EQ(WriteJson(ToValue(*before.root)), WriteJson(ToValue(*after.root)));
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Format, KeepsTheDefinitionOfAProcess) {
  const std::string text =
      "fermata: 1\nprocess: p   # a comment\nversion: \"1.0.0\"\nevents: {e: {key: \"${event.data.k}\"}}\nstates:\n"
      "    a:\n     # wait\n     on: {e: [{if: \"event.data.n > 1\",go: b},{go: c}]}\n     after: {10m: c}\n"
      "    b: {end: {x: \"${1 + 1}\"}}\n    c:\n        fail: late\n        message: >-\n             so\n             "
      "late\n";
  Bundle before{"p.yaml", text, {}, {}, {}}, after{"p.yaml", Format(text), {}, {}, {}};
  const DefinitionPtr a = LoadDefinition(before).definition, b = LoadDefinition(after).definition;
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  ASSERT_EQ(a->states.size(), b->states.size());
  for (std::size_t i = 0; i < a->states.size(); ++i) {
    EXPECT_EQ(a->states[i].name, b->states[i].name);
    EXPECT_EQ(a->states[i].verb.index(), b->states[i].verb.index());
    EXPECT_EQ(a->states[i].on.size(), b->states[i].on.size());
  }
  EXPECT_NE(after.text.find("# a comment"), std::string::npos);
  EXPECT_NE(after.text.find("    # wait\n"), std::string::npos);
}

// Documents of random shape with comments and blank lines wherever YAML lets them stand.
class NastyYaml {
 public:
  explicit NastyYaml(unsigned seed) : random_(seed) {}

  std::string Make() {
    Map(static_cast<int>(Pick(3)), 0);
    return text_;
  }

 private:
  unsigned Pick(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }

  std::string Scalar(bool flow) {
    static const char* const kBlock[] = {
        "1",   "text",   "\"quoted\"",       "'it''s'",  "two words", "\"# no comment\"",
        "x#y", "${a.b}", "\"${a ? b : c}\"", "\"true\"", "null",      "-1",
        "a: b"};
    static const char* const kFlow[] = {"1", "text", "\"quoted\"", "'a, b'", "two words", "\"# no\"", "x#y", "\"{\""};
    if (flow) return kFlow[Pick(8)];
    return kBlock[Pick(12)];
  }

  std::string Flow(int depth) {
    const bool map = Pick(2) == 0;
    std::string text = map ? "{" : "[";
    const unsigned entries = Pick(4);
    for (unsigned i = 0; i < entries; ++i) {
      text += std::string(Pick(3), ' ');
      if (map) text += "k" + std::to_string(i) + ":" + std::string(1 + Pick(2), ' ');
      text += depth < 2 && Pick(3) == 0 ? Flow(depth + 1) : Scalar(true);
      text += std::string(Pick(2), ' ') + (i + 1 < entries ? "," : "");
    }
    return text + std::string(Pick(2), ' ') + (map ? "}" : "]");
  }

  std::string Tail() {
    const unsigned pick = Pick(5);
    return pick == 0 ? " # tail" : pick == 1 ? "     # far 'tail' {" : pick == 2 ? "  " : "";
  }

  void Noise(int column) {
    if (Pick(6) == 0) text_ += std::string(Pick(3), '\n');
    if (Pick(4) == 0) text_ += std::string(static_cast<std::size_t>(column) + Pick(2), ' ') + "# \"note: [\n";
    if (Pick(12) == 0) text_ += "# far out\n";
  }

  void Value(int column, int depth) {
    const std::string indent(static_cast<std::size_t>(column), ' ');
    const int deeper = column + 1 + static_cast<int>(Pick(4));
    const std::string inside(static_cast<std::size_t>(deeper), ' ');
    switch (depth > 4 ? Pick(6) : Pick(9)) {
      case 0:
      case 1:
        text_ += std::string(1 + Pick(3), ' ') + Scalar(false) + Tail() + "\n";
        break;
      case 2:
        text_ += " " + Flow(0) + Tail() + "\n";
        break;
      case 3:
        text_ += std::string(" |") + (Pick(3) == 0 ? "-" : "") + Tail() + "\n" + inside + "block # text\n" + inside +
                 "  more: text  \n" + (Pick(2) ? "\n" + inside + "- end\n" : "");
        break;
      case 4:
        text_ += " plain text\n" + inside + "goes on\n" + (Pick(2) ? "\n" + inside + "and on\n" : "");
        break;
      case 5:
        text_ += " \"in quotes\n" + inside + "# no comment \\\"\n\n" + inside + "end\"" + Tail() + "\n";
        break;
      case 6:
        text_ += Tail() + "\n";
        List(Pick(2) == 0 ? column : deeper, depth + 1);
        break;
      default:
        text_ += Tail() + "\n";
        Map(deeper, depth + 1);
    }
  }

  void Map(int column, int depth) {
    const unsigned entries = 1 + Pick(4);
    for (unsigned i = 0; i < entries; ++i) {
      Noise(column);
      text_ += std::string(static_cast<std::size_t>(column), ' ') + (Pick(4) == 0 ? "\"k" : "k") + std::to_string(i);
      if (text_[text_.size() - 3] == '"') text_ += '"';
      text_ += ":";
      Value(column, depth);
    }
  }

  void List(int column, int depth) {
    const unsigned items = 1 + Pick(3);
    for (unsigned i = 0; i < items; ++i) {
      Noise(column);
      text_ += std::string(static_cast<std::size_t>(column), ' ') + "-";
      if (Pick(3) == 0) {
        const int gap = 1 + static_cast<int>(Pick(3));
        text_ += std::string(static_cast<std::size_t>(gap), ' ') + "k:";
        Value(column + 1 + gap, depth);
      } else {
        Value(column, depth);
      }
    }
  }

  std::mt19937 random_;
  std::string text_;
};

TEST(Format, KeepsMeaningAndCommentsOfAnythingAndIsDoneAfterOnce) {
  int formatted = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const std::string text = NastyYaml(seed).Make();
    const ReadOutcome before = ReadYaml("a.yaml", text);
    if (!before.root) continue;
    ++formatted;
    SCOPED_TRACE(text);
    const std::string result = Format(text);
    ASSERT_EQ(std::count(text.begin(), text.end(), '#'), std::count(result.begin(), result.end(), '#'));
    const ReadOutcome after = ReadYaml("a.yaml", result);
    ASSERT_TRUE(after.root);
    ASSERT_EQ(WriteJson(ToValue(*before.root)), WriteJson(ToValue(*after.root))) << result;
    if (testing::Test::HasFailure()) break;
  }
  EXPECT_GT(formatted, 800);
}

}  // namespace
}  // namespace fermata

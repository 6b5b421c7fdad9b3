// What the reader gives for good files; what it says of bad ones stands in cases/yaml-*.
#include "engine/language/reader.h"

#include <gtest/gtest.h>

#include "engine/language/codes.h"
#include "engine/language/scalar.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

Node Read(const std::string& text) {
  ReadOutcome outcome = ReadYaml("test.yaml", text);
  EXPECT_EQ(FormatDiagnostics(outcome.diagnostics), "");
  return outcome.root ? std::move(*outcome.root) : Node();
}

std::string Place(SourcePosition at) { return std::to_string(at.line) + ":" + std::to_string(at.column); }

struct ScalarCase {
  const char* text;
  const char* json;  // nullptr = refused
};
class ScalarTest : public testing::TestWithParam<ScalarCase> {};

TEST_P(ScalarTest, FollowsTheCoreSchemaOfYaml12) {
  const auto value = ReadPlainScalar(GetParam().text);
  ASSERT_EQ(value.has_value(), GetParam().json != nullptr) << GetParam().text;
  if (value) EXPECT_EQ(WriteJson(*value), GetParam().json) << GetParam().text;
}

const ScalarCase kScalars[] = {
    {"null", "null"},
    {"", "null"},
    {"Null", "\"Null\""},
    {"~", "\"~\""},
    {"true", "true"},
    {"false", "false"},
    {"True", "\"True\""},
    {"yes", "\"yes\""},
    {"on", "\"on\""},
    {"0", "0"},
    {"-0", "0"},
    {"+12", "12"},
    {"007", "7"},
    {"0o17", "15"},
    {"0x1F", "31"},
    {"0x1f", "31"},
    {"0b11", "\"0b11\""},
    {"1_000", "\"1_000\""},
    {"9223372036854775807", "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808"},
    {"9223372036854775808", nullptr},
    {"0xFFFFFFFFFFFFFFFF", nullptr},
    {"1.5", "1.5"},
    {"1.", "1.0"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"1e3", "1000.0"},
    {"1E-3", "0.001"},
    {"1e", "\"1e\""},
    {".", "\".\""},
    {"1.2.3", "\"1.2.3\""},
    {"1e999", nullptr},
    {"1e-999", "0.0"},
    {".inf", "\"Infinity\""},
    {"-.INF", "\"-Infinity\""},
    {".nan", "\"NaN\""},
    {"12:30", "\"12:30\""},
    {"2020-01-01", "\"2020-01-01\""},
    {"30m", "\"30m\""},
};
INSTANTIATE_TEST_SUITE_P(Scalars, ScalarTest, testing::ValuesIn(kScalars));

TEST(Reader, KeepsTheOrderAndThePlaceOfEveryKeyAndValue) {
  const Node root = Read("a: 1\nb:\n  - x\n  - y: {z: \"w\"}\n");
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(Place(root.entries[0].key_at), "1:1");
  EXPECT_EQ(Place(root.entries[0].value.at), "1:4");
  const Node& list = root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(Place(list.items[0].at), "3:5");
  const NodeEntry& y = list.items[1].entries[0];
  EXPECT_EQ(Place(y.key_at), "4:5");
  EXPECT_EQ(Place(y.value.entries[0].key_at), "4:9");
  EXPECT_EQ(Place(y.value.entries[0].value.at), "4:12");
  EXPECT_EQ(y.value.entries[0].value.length, 3);
}

TEST(Reader, CountsColumnsInCharacters) {
  const Node root = Read("{ключ: значение, b: c}\n");
  EXPECT_EQ(Place(root.entries[1].key_at), "1:18");
}

TEST(Reader, TakesQuotedTextAsText) {
  const Node root = Read("a: \"5\"\nb: 'true'\nc: |\n  null\n");
  EXPECT_EQ(WriteJson(ToValue(root)), R"({"a":"5","b":"true","c":"null\n"})");
}

TEST(Reader, TakesAQuestionMarkWithinATextForWhatItIs) {
  const Node root = Read("a: {b: Well?, c: [d?e, 'f?', g??], h?: 1, i: \"?j\"}\n? k\n: l?\n");
  EXPECT_EQ(WriteJson(ToValue(root)), R"({"a":{"b":"Well?","c":["d?e","f?","g??"],"h?":1,"i":"?j"},"k":"l?"})");
}

TEST(Reader, TakesOnlyLowerCaseNullForNull) {
  const Node root = Read("a: null\nb: Null\nc: ~\nd: NULL\ne:\nNull: x\n~: y\n");
  EXPECT_EQ(WriteJson(ToValue(root)), R"({"a":null,"b":"Null","c":"~","d":"NULL","e":null,"Null":"x","~":"y"})");
}

TEST(Reader, TakesKeysAsTheyAreWritten) {
  const Node root = Read("1.10: a\ntrue: b\n0x10: c\n\"q\": d\n");
  EXPECT_EQ(WriteJson(ToValue(root)), R"({"1.10":"a","true":"b","0x10":"c","q":"d"})");
}

TEST(Reader, KeepsTheTextOfNumbers) {
  const Node root = Read("version: 1.10\n");
  EXPECT_EQ(root.entries[0].value.text, "1.10");
  EXPECT_EQ(root.entries[0].value.scalar, Value::Double(1.1));
}

TEST(Reader, ExpandsAliases) {
  const Node root = Read("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n");
  EXPECT_EQ(WriteJson(ToValue(root)), R"({"a":{"b":[1,2]},"c":{"b":[1,2]},"d":[{"b":[1,2]},{"b":[1,2]}]})");
}

TEST(Reader, LocatesCharactersBehindEscapesAndFolds) {
  const ReadOutcome outcome = ReadYaml("t", "a: \"x\\ty\"\nb: 'it''s'\nc: |\n  one\n  two\nd: one\n  two\n");
  ASSERT_TRUE(outcome.root.has_value());
  const auto place = [&](const char* key, int index) {
    return Place(outcome.source->Locate(outcome.root->Find(key)->value, index));
  };
  EXPECT_EQ(place("a", 0), "1:5");
  EXPECT_EQ(place("a", 2), "1:8");
  EXPECT_EQ(place("b", 3), "2:9");
  EXPECT_EQ(place("c", 0), "4:3");
  EXPECT_EQ(place("c", 4), "5:3");
  EXPECT_EQ(place("d", 4), "7:3");
}

TEST(Reader, RefusesAFileThatIsTooLarge) {
  const ReadOutcome outcome = ReadYaml("t", "a: " + std::string(256 << 10, 'x'));
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].code, kYamlTooLarge);
}

TEST(Reader, RefusesBytesThatAreNoUtf8WhereTheyStand) {
  const ReadOutcome outcome = ReadYaml("t", "a: b\nc: x\xC3(\n");
  ASSERT_EQ(outcome.diagnostics.size(), 1U);
  EXPECT_EQ(outcome.diagnostics[0].code, kYamlEncoding);
  EXPECT_EQ(outcome.diagnostics[0].line, 2);
  EXPECT_EQ(outcome.diagnostics[0].column, 5);
}

TEST(Reader, RefusesUtf16AndNul) {
  for (const std::string& text : {std::string("\xFF\xFE"
                                              "a\0",
                                              4),
                                  std::string("a\0:\0", 4), std::string("ab: c\0d", 7)}) {
    const ReadOutcome outcome = ReadYaml("t", text);
    ASSERT_EQ(outcome.diagnostics.size(), 1U);
    EXPECT_EQ(outcome.diagnostics[0].code, kYamlEncoding);
  }
}

TEST(Reader, SurvivesDeepNestingOfEveryKind) {
  for (const std::string& part : {std::string("["), std::string("{a: "), std::string("- "), std::string("? ")}) {
    std::string text;
    while (text.size() < 100'000) text += part;
    const ReadOutcome outcome = ReadYaml("t", text);
    ASSERT_EQ(outcome.diagnostics.size(), 1U) << part;
    EXPECT_FALSE(outcome.root.has_value());
  }
}

}  // namespace
}  // namespace fermata

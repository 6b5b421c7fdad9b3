#include "engine/model/json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/model/codes.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

std::string Again(std::string_view text) {
  const Result<Value> value = ParseJson(text);
  return value.ok() ? WriteJson(*value) : FormatErrorCode(value.error().code);
}

TEST(Json, KeepsKindsAndOrder) {
  EXPECT_EQ(Again(R"( {"b": [1, 2.0, -0, 1e3, 1.5e-7, null, true, false], "a": {"": "x"}} )"),
            R"({"b":[1,2.0,0,1000.0,1.5e-07,null,true,false],"a":{"":"x"}})");
  EXPECT_EQ(ParseJson("1")->kind(), ValueKind::kInt);
  EXPECT_EQ(ParseJson("1.0")->kind(), ValueKind::kDouble);
  EXPECT_EQ(ParseJson("-9223372036854775808")->as_int(), INT64_MIN);
  EXPECT_EQ(ParseJson("9223372036854775807")->as_int(), INT64_MAX);
  EXPECT_TRUE(std::signbit(ParseJson("-0.0")->as_double()));
}

TEST(Json, ReadsAndWritesEveryKindOfCharacter) {
  EXPECT_EQ(Again(R"("\u0000\u001f\"\\\/\b\f\n\r\t")"), R"("\u0000\u001f\"\\/\b\f\n\r\t")");
  EXPECT_EQ(Again(R"("\u00e9\ud83d\ude00")"), "\"é😀\"");
  EXPECT_EQ(Again("\"жизнь\""), "\"жизнь\"");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",   " ",   "{",   "[1,]",  "{\"a\"}", "{a:1}",   "'a'",    "nul",     "01",         "+1",          "1.",
        ".5", "NaN", "1 2", "[1] x", "\"a",     "\"\\x\"", "\"\t\"", "// c\n1", "{\"a\":1,}", "\xef\xbb\xbf"}) {
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  }
}

TEST(Json, RefusesNumbersBeyond64Bits) {
  EXPECT_EQ(Again("9223372036854775808"), "FM-1005");
  EXPECT_EQ(Again("[18446744073709551615]"), "FM-1005");
  EXPECT_EQ(Again("100000000000000000000000"), "FM-1005");
  EXPECT_EQ(Again("-9223372036854775809"), "FM-1005");
  EXPECT_EQ(Again("1e999"), "FM-1005");
}

TEST(Json, RefusesADuplicateKeyAndPointsAtIt) {
  const Result<Value> value = ParseJson(R"({"x":[0,{"a/b":1,"c":2,"a\u002fb":3}]})");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, kJsonDuplicateKey);
  EXPECT_EQ(value.error().path, "/x/1/a~1b");
  std::string large = "{\"k0\":0";
  for (int i = 1; i < 100; ++i) large += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_TRUE(ParseJson(large + "}").ok());
  EXPECT_EQ(Again(large + ",\"k50\":1}"), "FM-1004");
}

TEST(Json, RefusesBadUtf8AndHalfSurrogates) {
  EXPECT_EQ(Again("\"\xff\""), "FM-1006");
  EXPECT_EQ(Again("\"\xed\xa0\x80\""), "FM-1006");
  EXPECT_EQ(Again("\"\xc0\xaf\""), "FM-1006");
  EXPECT_FALSE(ParseJson(R"("\ud800")").ok());
  EXPECT_FALSE(ParseJson(R"("\udc00")").ok());
  EXPECT_FALSE(ParseJson(R"({"\udc00":1})").ok());
  EXPECT_FALSE(ParseJson(R"("\ud800\u0041")").ok());
}

TEST(Json, BoundsDepthAndSize) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(ParseJson(nested(kValueDepthMax)).ok());
  EXPECT_EQ(Again(nested(kValueDepthMax + 1)), "FM-1003");
  EXPECT_EQ(Again(nested(100'000)), "FM-1003");
  EXPECT_EQ(ParseJson("[1,2]", 4).error().code, kJsonTooLarge);
  EXPECT_TRUE(ParseJson("[1,2]", 5).ok());
}

TEST(Json, WritesTheKindsThatJsonLacksInCelsForm) {
  EXPECT_EQ(WriteJson(Value::Uint(7)), "7");
  EXPECT_EQ(WriteJson(Value::Uint(UINT64_MAX)), "\"18446744073709551615\"");
  EXPECT_EQ(WriteJson(Value::Bytes("\xff\x00")), "\"/w==\"");
  EXPECT_EQ(WriteJson(Value::Time({0, 0})), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(WriteJson(Value::Span({1, 500'000'000})), "\"1.5s\"");
  EXPECT_EQ(WriteJson(Value::List({Value::Double(NAN), Value::Double(INFINITY), Value::Double(-INFINITY)})),
            R"(["NaN","Infinity","-Infinity"])");
  EXPECT_EQ(WriteJson(Value::Type("list")), "\"list\"");
  EXPECT_EQ(WriteJson(Value::List({Value::OptionalNone(), Value::OptionalOf(Value::List({Value::Int(1)}))})),
            "[null,[1]]");
  EXPECT_EQ(WriteJson(Value::Map({{Value::Int(1), Value()}, {Value::Bool(true), Value()}})),
            R"({"1":null,"true":null})");
}

TEST(Json, DoublesSurviveWriting) {
  for (const double number : {0.1, 2.0, -0.0, 1e21, 1e-7, 123456789.0, 5e-324, 1.7976931348623157e308, 3.0e10}) {
    const Value again = *ParseJson(WriteJson(Value::Double(number)));
    ASSERT_EQ(again.kind(), ValueKind::kDouble) << number;
    EXPECT_EQ(again.as_double(), number);
  }
}

TEST(Json, WritesForPeople) {
  EXPECT_EQ(WritePrettyJson(*ParseJson(R"({"a":[1,{}],"b":[]})")),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

TEST(Json, MakesAnyValueOneThatAVariableCanHold) {
  const Value value =
      Value::Object({{"u", Value::Uint(1)}, {"t", Value::List({Value::Time({0, 0})})}, {"s", Value::String("x")}});
  EXPECT_EQ(WriteJson(*ToJsonValue(value)), R"({"u":1,"t":["1970-01-01T00:00:00Z"],"s":"x"})");
  EXPECT_EQ(ToJsonValue(value)->Find("u")->kind(), ValueKind::kInt);
  EXPECT_EQ(ToJsonValue(Value::Uint(UINT64_MAX))->as_string(), "18446744073709551615");
}

TEST(Json, RefusesWhatAVariableCannotHold) {
  for (const Value& value : {Value::Double(NAN), Value::Double(INFINITY), Value::Type("int"), Value::OptionalNone(),
                             Value::Map({{Value::Int(1), Value()}})}) {
    EXPECT_FALSE(ToJsonValue(value).ok());
    EXPECT_EQ(ToJsonValue(Value::Object({{"a", Value::List({value})}})).error().path, "/a/0");
  }
  Value deep;
  for (int i = 0; i <= kValueDepthMax; ++i) deep = Value::List({deep});
  EXPECT_EQ(ToJsonValue(deep).error().code, kJsonTooDeep);
}

TEST(Json, WritesAValueOfAnyDepth) {
  Value deep;
  for (int i = 0; i < 100'000; ++i) deep = Value::List({std::move(deep)});
  EXPECT_EQ(WriteJson(deep).size(), 200'004u);
}

}  // namespace
}  // namespace fermata

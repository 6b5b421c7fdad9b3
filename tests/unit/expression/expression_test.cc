#include "engine/expression/expression.h"

#include <gtest/gtest.h>

#include "engine/expression/codes.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

EvaluationResult EvaluateText(std::string_view source, const Value& vars = Value::Object({}),
                              const EvaluationLimits& limits = {}) {
  const ParseOutcome parsed = ParseExpression(source);
  if (parsed.expression == nullptr) return parsed.errors.front();
  NamesScope scope;
  for (const auto& [name, value] : vars.as_map()) scope.Bind(name.as_string(), value);
  return Evaluate(*parsed.expression, scope, limits);
}

std::string Text(std::string_view source, std::string_view vars = "{}") {
  const EvaluationResult result = EvaluateText(source, *ParseJson(vars));
  return result.ok() ? WriteJson(result.value())
                     : FormatErrorCode(result.error().code) + "@" + std::to_string(result.error().column);
}

TEST(Expression, ErrorsStandAtTheTokenInCharacters) {
  EXPECT_EQ(Text("1 +"), "FM-3001@4");
  EXPECT_EQ(Text("'жизнь' + nope"), "FM-3101@11");
  EXPECT_EQ(Text("a.b.c", R"({"a":{"b":{}}})"), "FM-3102@5");
  EXPECT_EQ(Text("1 / 0"), "FM-3105@3");
  EXPECT_EQ(Text("[1][5]"), "FM-3107@4");
  EXPECT_EQ(Text("true && 'x'.charAt(9) == ''"), "FM-3107@13");
}

TEST(Expression, CountsLinesAndTheColumnInTheLine) {
  const ParseOutcome parsed = ParseExpression("1 +\n  'é' # 2");
  ASSERT_EQ(parsed.errors.size(), 1u);
  EXPECT_EQ(parsed.errors[0].line, 2);
  EXPECT_EQ(parsed.errors[0].column, 7);
}

TEST(Expression, ReportsEveryLexicalMistake) {
  EXPECT_EQ(ParseExpression("'\\q' + 99999999999999999999 + @").errors.size(), 3u);
}

TEST(Expression, TripleQuotesKeepLineEndsAsTheyAre) {
  EXPECT_EQ(Text("'''a\nb'''"), R"("a\nb")");
  EXPECT_EQ(Text("\"\"\"a\r\nb\rc\"\"\""), R"("a\r\nb\rc")");
  EXPECT_EQ(Text("r'''a\\\nb'''"), R"("a\\\nb")");
  EXPECT_EQ(Text("'a\nb'").substr(0, 7), "FM-3002");
  EXPECT_EQ(Text("'a\rb'").substr(0, 7), "FM-3002");
}

TEST(Expression, MessagesNeverCutACharacter) {
  for (const std::string prefix : {"", "a", "aa", "aaa"}) {
    std::string text = prefix;
    for (int i = 0; i < 60; ++i) text += "\u20ac";
    for (const char* call :
         {"int(x)", "timestamp(x)", "timestamp(0).getHours(x)", "{}[x]", "('%' + x.charAt(9)).format([1])"}) {
      const EvaluationResult result = EvaluateText(call, Value::Object({{"x", Value::String(text)}}));
      ASSERT_FALSE(result.ok());
      EXPECT_TRUE(IsValidUtf8(result.error().message)) << call;
    }
  }
}

TEST(Expression, TheLongestNameWins) {
  EXPECT_EQ(Text("a.b.c", R"({"a":{"b":{"c":1}},"a.b":{"c":2},"a.b.c":3})"), "3");
  EXPECT_EQ(Text("a.b.c", R"({"a":{"b":{"c":1}},"a.b":{"c":2}})"), "2");
  EXPECT_EQ(Text("a.b.c", R"({"a":{"b":{"c":1}}})"), "1");
}

TEST(Expression, AnInnerScopeShadowsAnOuterOne) {
  NamesScope outer;
  outer.Bind("x", Value::Int(1));
  outer.Bind("y", Value::Int(10));
  NamesScope inner(&outer);
  inner.Bind("x", Value::Int(2));
  EXPECT_EQ(Evaluate(*ParseExpression("x + y").expression, inner).value(), Value::Int(12));
}

TEST(Expression, ListsTheNamesThatItReads) {
  const auto names = FreeNames(
      *ParseExpression("[1].all(i, i < limit.max) && has(auth.card.id) && limit.min > 0 && type(x) == int").expression);
  ASSERT_EQ(names.size(), 3u);
  EXPECT_EQ(names[0].name, "limit");
  EXPECT_EQ(names[0].column, 16);
  EXPECT_EQ(names[0].path, std::vector<std::string>{"max"});
  EXPECT_EQ(names[1].name, "auth");
  EXPECT_EQ(names[1].path, std::vector<std::string>{"card"});
  EXPECT_EQ(names[2].name, "x");
}

TEST(Expression, KeepsItsSource) { EXPECT_EQ(SourceOf(*ParseExpression(" a + b ").expression), " a + b "); }

TEST(Expression, WritesTheTextsThatTemplatesTake) {
  EXPECT_EQ(TextOf(Value::Double(2.0)), "2");
  EXPECT_EQ(TextOf(Value::Double(1e6)), "1e+06");
  EXPECT_EQ(TextOf(Value::Double(-0.25)), "-0.25");
  EXPECT_EQ(TextOf(Value::Time({0, 0})), "1970-01-01T00:00:00Z");
  EXPECT_EQ(TextOf(Value::Span({90, 0})), "90s");
  EXPECT_EQ(TextOf(Value::Null()), std::nullopt);
  EXPECT_EQ(TextOf(Value::List({})), std::nullopt);
  EXPECT_EQ(TextOf(Value::Object({})), std::nullopt);
}

TEST(Expression, EqualityIsHeterogeneous) {
  EXPECT_TRUE(CelEquals(Value::Int(1), Value::Double(1)));
  EXPECT_TRUE(CelEquals(Value::Uint(1), Value::Double(1)));
  EXPECT_TRUE(CelEquals(Value::Int(INT64_MAX), Value::Double(0x1p63)));  // rounded
  EXPECT_FALSE(CelEquals(Value::Int(INT64_MIN), Value::Double(0x1p63)));
  EXPECT_FALSE(CelEquals(Value::Double(0.0 / 0.0), Value::Double(0.0 / 0.0)));
  EXPECT_FALSE(CelEquals(Value::String("1"), Value::Int(1)));
  EXPECT_TRUE(CelEquals(Value::List({Value::Int(1)}), Value::List({Value::Uint(1)})));
}

TEST(Expression, CanBeEvaluatedByManyThreads) { EXPECT_EQ(Text("'a1'.matches('[a-z][0-9]')"), "true"); }

class LimitTest : public testing::TestWithParam<const char*> {};

TEST_P(LimitTest, IsStopped) { EXPECT_EQ(Text(GetParam()).substr(0, 7), "FM-3109") << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    Bombs, LimitTest,
    testing::Values(
        "lists.range(1000000000000)", "lists.range(2000).all(a, lists.range(2000).all(b, true))",
        "lists.range(100000).map(a, lists.range(100000))", "lists.range(20000).distinct()",
        "cel.bind(a, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', cel.bind(b, a+a+a+a+a+a+a+a+a+a, "
        "cel.bind(c, b+b+b+b+b+b+b+b+b+b, "
        "cel.bind(d, c+c+c+c+c+c+c+c+c+c, cel.bind(e, d+d+d+d+d+d+d+d+d+d, "
        "e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e+e)))))",
        "cel.bind(a, lists.range(1000).map(i, 'x').join(), lists.range(900).map(i, a).join().replace('x', a))",
        "lists.range(1000000000) == [] || true", "[1].exists(x, lists.range(1000000000) == [])",
        "optional.none().orValue(lists.range(1000000000))", "cel.bind(x, lists.range(1000000000), 1)"));

TEST(ExpressionLimits, SharedPartsCountEachTimeTheyAreWritten) {
  std::string source = "[1,2,3]";
  for (int i = 0; i < 30; ++i)
    source = "cel.bind(x" + std::to_string(i) + ", " + source + ", [x" + std::to_string(i) + ", x" + std::to_string(i) +
             "])";
  EXPECT_EQ(Text(source).substr(0, 7), "FM-3109");
}

TEST(ExpressionLimits, ComparingSharedPartsTakesSteps) {
  std::string source = "[1,2,3]";
  for (int i = 0; i < 30; ++i)
    source = "cel.bind(x" + std::to_string(i) + ", " + source + ", [x" + std::to_string(i) + ", x" + std::to_string(i) +
             "])";
  EXPECT_EQ(Text("cel.bind(a, " + source + ", a == " + source + ")").substr(0, 7), "FM-3109");
}

TEST(ExpressionLimits, BoundsTheDepthOfTheResult) {
  Value deep = Value::Int(1);
  for (int i = 0; i < kValueDepthMax; ++i) deep = Value::List({deep});
  EXPECT_TRUE(EvaluateText("x", Value::Object({{"x", deep}})).ok());
  EXPECT_EQ(EvaluateText("[x]", Value::Object({{"x", deep}})).error().code, kEvaluationLimit);
}

TEST(ExpressionLimits, BoundsTheSource) {
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  const auto code = [](const std::string& source) {
    return ParseExpression(source).errors.empty() ? ErrorCode{} : ParseExpression(source).errors.front().code;
  };
  EXPECT_EQ(code(repeated(" ", static_cast<int>(kExpressionBytesMax) + 1)), kExpressionTooLarge);
  EXPECT_EQ(code(repeated("(", 100) + "1" + repeated(")", 100)), ErrorCode{});
  EXPECT_EQ(code(repeated("(", 200) + "1" + repeated(")", 200)), kExpressionTooLarge);
  EXPECT_EQ(code(repeated("[", 5000)), kExpressionTooLarge);
  EXPECT_EQ(code(repeated("!", 5000) + "true"), kExpressionTooLarge);
  EXPECT_EQ(code(repeated("-", 5000) + "x"), kExpressionTooLarge);
  EXPECT_EQ(code("1" + repeated("+1", 500)), ErrorCode{});
  EXPECT_EQ(code("1" + repeated("+1", 5000)), kExpressionTooLarge);
  EXPECT_EQ(code("a" + repeated(".a", 1000)), kExpressionTooLarge);
  EXPECT_EQ(code("a" + repeated("[0]", 3000)), kExpressionTooLarge);
  EXPECT_EQ(code("true" + repeated(" && true", 1000)), ErrorCode{});
  EXPECT_EQ(code(repeated("a?b:", 1000) + "c"), kExpressionTooLarge);
  EXPECT_EQ(code("\"\xff\""), kExpressionSyntax);
}

TEST(ExpressionLimits, ManyPatternsStillMatch) {
  std::string source = "'a7'.matches('a7')";
  for (int i = 0; i < 2 * kRegexConstantsMax; ++i) source += " && !'a'.matches('b{" + std::to_string(i + 1) + "}')";
  EXPECT_EQ(Text(source), "true");
  EXPECT_EQ(Text(source + " && 'a'.matches('(')").substr(0, 7), "FM-3108");
}

TEST(ExpressionLimits, FewerStepsCanBeAllowed) {
  EvaluationLimits limits;
  limits.steps_max = 10;
  EXPECT_TRUE(EvaluateText("1 + 2", Value::Object({}), limits).ok());
  EXPECT_EQ(EvaluateText("[1,2,3,4,5,6,7,8,9,10,11]", Value::Object({}), limits).error().code, kEvaluationLimit);
}

}  // namespace
}  // namespace fermata

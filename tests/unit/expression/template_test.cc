#include "engine/expression/template.h"

#include <gtest/gtest.h>

#include "engine/model/json.h"

namespace fermata {
namespace {

Value Evaluated(std::string_view text) {
  TemplateOutcome outcome = ParseTemplateText(text);
  EXPECT_TRUE(outcome.errors.empty()) << text;
  NamesScope scope;
  scope.Bind("x", Value::Int(5));
  scope.Bind("m", Value::Object({{"a", Value::String("}")}}));
  EvaluationResult result = EvaluateTemplate(outcome.content, scope);
  EXPECT_TRUE(result.ok()) << text;
  return result.ok() ? std::move(result).value() : Value();
}

TEST(Template, KeepsTheTypeOfAnExpressionAlone) {
  EXPECT_EQ(Evaluated("${x}"), Value::Int(5));
  EXPECT_EQ(Evaluated("${ m }"), Value::Object({{"a", Value::String("}")}}));
}

TEST(Template, MakesTextOfEverythingElse) {
  EXPECT_EQ(Evaluated(" ${x}"), Value::String(" 5"));
  EXPECT_EQ(Evaluated("${x}${x}"), Value::String("55"));
  EXPECT_EQ(Evaluated("a ${x} b ${2.0} c ${true}"), Value::String("a 5 b 2 c true"));
  EXPECT_EQ(Evaluated("at ${timestamp('2020-01-01T00:00:00Z')} for ${duration('90s')}"),
            Value::String("at 2020-01-01T00:00:00Z for 90s"));
}

TEST(Template, TakesTextWithoutExpressionsAsItIs) {
  EXPECT_EQ(Evaluated("plain $x {y} $"), Value::String("plain $x {y} $"));
  EXPECT_EQ(Evaluated(""), Value::String(""));
}

TEST(Template, EscapesDollarBrace) {
  EXPECT_EQ(Evaluated("$${x}"), Value::String("${x}"));
  EXPECT_EQ(Evaluated("$${x} ${x}"), Value::String("${x} 5"));
  EXPECT_FALSE(HoldsExpression("$${x}"));
  EXPECT_TRUE(HoldsExpression("$${x} ${x}"));
}

TEST(Template, FindsTheClosingBraceBehindBracesStringsAndComments) {
  EXPECT_EQ(Evaluated("${ {'a': {'b': 1}}.a.b }"), Value::Int(1));
  EXPECT_EQ(Evaluated("${'}' + \"}\"}"), Value::String("}}"));
  EXPECT_EQ(Evaluated("${'\\'}'}"), Value::String("'}"));
  EXPECT_EQ(Evaluated("${r'\\' + '}'}"), Value::String("\\}"));
  EXPECT_EQ(Evaluated("${'''}'''}"), Value::String("}"));
  EXPECT_EQ(Evaluated("${x // }\n}"), Value::Int(5));
}

struct BadText {
  const char* text;
  int code, line, column;
};
class BadTemplateTest : public testing::TestWithParam<BadText> {};

TEST_P(BadTemplateTest, IsBlamedAtItsPlace) {
  const TemplateOutcome outcome = ParseTemplateText(GetParam().text);
  ASSERT_FALSE(outcome.errors.empty());
  EXPECT_EQ(FormatErrorCode(outcome.errors[0].code), FormatErrorCode(ErrorCode{GetParam().code}));
  EXPECT_EQ(outcome.errors[0].line, GetParam().line);
  EXPECT_EQ(outcome.errors[0].column, GetParam().column);
}

const BadText kBadTexts[] = {{"ab ${x", 3050, 1, 4},
                             {"${'}", 3050, 1, 1},
                             {"я ${}", 3051, 1, 3},
                             {"${ x + }", 3001, 1, 8},
                             {"a\nb ${x +}", 3001, 2, 8}};
INSTANTIATE_TEST_SUITE_P(Mistakes, BadTemplateTest, testing::ValuesIn(kBadTexts));

TEST(Template, RefusesAVeryLongTextWithExpressions) {
  EXPECT_TRUE(ParseTemplateText(std::string(20'000, 'x')).errors.empty());
  const TemplateOutcome outcome = ParseTemplateText(std::string(20'000, 'x') + "${x}");
  ASSERT_EQ(outcome.errors.size(), 1U);
  EXPECT_EQ(outcome.errors[0].code, kTemplateTooLong);
}

TEST(Template, RefusesListsMapsAndNullInsideAText) {
  for (const char* text : {"a ${[1]}", "a ${ {'b': 1} }", "a ${null}"}) {
    const TemplateOutcome outcome = ParseTemplateText(text);
    NamesScope scope;
    const EvaluationResult result = EvaluateTemplate(outcome.content, scope);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().code, kTemplateNotText);
  }
}

TEST(Template, FailsWithTheFirstErrorOfAListOrMap) {
  Template list;
  list.content = Template::ListOf{ParseTemplateText("${1}").content, ParseTemplateText("${1 / 0}").content};
  Template map;
  map.content = Template::MapOf{{"a", list}};
  NamesScope scope;
  const EvaluationResult result = EvaluateTemplate(map, scope);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(FormatErrorCode(result.error().code), "FM-3105");
}

TEST(Template, EvaluatesListsAndMapsInOrder) {
  Template list;
  list.content = Template::ListOf{ParseTemplateText("${x}").content, ParseTemplateText("t").content};
  Template map;
  map.content = Template::MapOf{{"b", list}, {"a", ParseTemplateText("${x + 1}").content}};
  NamesScope scope;
  scope.Bind("x", Value::Int(1));
  EXPECT_EQ(WriteJson(EvaluateTemplate(map, scope).value()), R"({"b":[1,"t"],"a":2})");
}

}  // namespace
}  // namespace fermata

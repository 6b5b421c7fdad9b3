#include "api/cli/eval.h"

#include <gtest/gtest.h>

#include <sstream>

#include "api/cli/typed_value.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

std::string Plain(std::string_view line) { return EvalLine(line, {}); }
std::string Typed(std::string_view line) { return EvalLine(line, {.typed = true}); }

// The code and column of an answer that is an error.
std::string ErrorOf(const std::string& answer) {
  const Value parsed = *ParseJson(answer);
  const Value* error = parsed.Find("error");
  if (error == nullptr) return answer;
  return std::string(error->Find("code")->as_string()) + "@" + std::to_string(error->Find("column")->as_int());
}

TEST(Eval, AnswersWithTheValueAsJson) {
  EXPECT_EQ(Plain(R"({"expr":"a + 1","vars":{"a":2}})"), R"({"value":3})");
  EXPECT_EQ(Plain(R"({"expr":"[1.0, 'x', null, {'k': b'a'}]"})"), R"({"value":[1.0,"x",null,{"k":"YQ=="}]})");
  EXPECT_EQ(Plain(R"({"expr":"a.b","vars":{"a.b":1}})"), R"({"value":1})");
  EXPECT_EQ(Plain(R"({"expr":"1","vars":null})"), R"({"value":1})");
}

TEST(Eval, AnswersWithCodeMessageAndColumn) {
  const Value answer = *ParseJson(Plain(R"({"expr":"1 / 0"})"));
  const Value* error = answer.Find("error");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->Find("code")->as_string(), "FM-3105");
  EXPECT_EQ(error->Find("column")->as_int(), 3);
  EXPECT_FALSE(error->Find("message")->as_string().empty());
}

TEST(Eval, ChecksBeforeItEvaluates) {
  EXPECT_EQ(ErrorOf(Plain(R"({"expr":"false && nope"})")), "FM-3011@10");
  EXPECT_EQ(ErrorOf(Plain(R"({"expr":"a + 'x'","vars":{"a":1}})")), "FM-3014@3");
  EXPECT_EQ(Typed(R"({"expr":"false && nope"})"), R"({"value":{"type":"bool","value":false}})");
}

TEST(Eval, RefusesBadLines) {
  EXPECT_EQ(ErrorOf(Plain("garbage")), "FM-1001@1");
  EXPECT_EQ(ErrorOf(Plain("[]")), "FM-8050@1");
  EXPECT_EQ(ErrorOf(Plain("{}")), "FM-8050@1");
  EXPECT_EQ(ErrorOf(Plain(R"({"expr":1})")), "FM-8050@1");
  EXPECT_EQ(ErrorOf(Plain(R"({"expr":"1","vars":[]})")), "FM-8050@1");
  EXPECT_EQ(ErrorOf(Plain(R"({"expr":"1 +"})")), "FM-3001@4");
}

TEST(Eval, RefusesFieldsThatItDoesNotKnow) {
  EXPECT_EQ(
      Plain(R"({"expr":"a","var":{"a":1}})"),
      R"({"error":{"code":"FM-8050","message":"Expected \"expr\" and \"vars\" only, but there is \"var\".","column":1,)"
      R"("hint":"did you mean 'vars'?"}})");
  EXPECT_EQ(ErrorOf(Typed(R"({"expr":"1","vars":{},"id":7})")), "FM-8050@1");
}

TEST(Eval, GoesOnAfterABadLine) {
  std::istringstream in("nonsense\n{\"expr\":\"1\"}\r\n{\"expr\":\"2\"}");
  std::ostringstream out;
  EXPECT_EQ(RunEval(in, out, {}), 0);
  const std::string text = out.str();
  EXPECT_EQ(text.substr(text.find('\n') + 1), "{\"value\":1}\n{\"value\":2}\n");
  EXPECT_EQ(text.find("{\"error\""), 0u);
}

TEST(Eval, AnswersOnOneLineForReadersThatKnowUnicodesLineEnds) {
  std::istringstream in(R"({"expr":"'a\\u2028b\\u2029c\\u0085d é'"})");
  std::ostringstream out;
  EXPECT_EQ(RunEval(in, out, {}), 0);
  EXPECT_EQ(out.str(), "{\"value\":\"a\\u2028b\\u2029c\\u0085d é\"}\n");
}

TEST(EvalTyped, EveryKindSurvivesTheWayInAndOut) {
  for (
      const char* typed :
      {R"({"type":"null","value":null})", R"({"type":"bool","value":true})",
       R"({"type":"int","value":"-9223372036854775808"})", R"({"type":"uint","value":"18446744073709551615"})",
       R"({"type":"double","value":1.5})", R"({"type":"double","value":2.0})", R"({"type":"double","value":"NaN"})",
       R"({"type":"double","value":"Infinity"})", R"({"type":"double","value":"-Infinity"})",
       R"({"type":"string","value":"é"})", R"({"type":"bytes","value":"/w=="})",
       R"({"type":"timestamp","value":"2009-02-13T23:31:30.5Z"})", R"({"type":"duration","value":"-3.5s"})",
       R"({"type":"list","value":[{"type":"int","value":"1"},{"type":"null","value":null}]})",
       R"({"type":"map","value":[[{"type":"int","value":"1"},{"type":"string","value":"x"}],[{"type":"bool","value":true},{"type":"list","value":[]}]]})",
       R"({"type":"type","value":"int"})", R"({"type":"optional","value":null})",
       R"({"type":"optional","value":{"type":"int","value":"1"}})"}) {
    EXPECT_EQ(Typed(std::string(R"({"expr":"x","vars":{"x":)") + typed + "}}"),
              std::string(R"({"value":)") + typed + "}");
  }
}

TEST(EvalTyped, ReadsLiberally) {
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":{"type":"int","value":5}}})"), R"({"value":{"type":"int","value":"5"}})");
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":{"type":"double","value":5}}})"),
            R"({"value":{"type":"double","value":5.0}})");
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":{"type":"double","value":"1e3"}}})"),
            R"({"value":{"type":"double","value":1000.0}})");
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":{"type":"null"}}})"), R"({"value":{"type":"null","value":null}})");
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":7}})"), R"({"value":{"type":"int","value":"7"}})");
  EXPECT_EQ(Typed(R"({"expr":"x","vars":{"x":{"type":"google.protobuf.Duration","value":"1m"}}})"),
            R"({"value":{"type":"duration","value":"60s"}})");
  EXPECT_EQ(Typed(R"({"expr":"x.y","vars":{"x.y":{"type":"bool","value":true}}})"),
            R"({"value":{"type":"bool","value":true}})");
}

TEST(EvalTyped, RefusesValuesThatAreNotOfTheirType) {
  for (
      const char* typed :
      {R"({"type":"int","value":"x"})", R"({"type":"int","value":1.5})",
       R"({"type":"int","value":"9223372036854775808"})", R"({"type":"uint","value":"-1"})",
       R"({"type":"bool","value":"true"})", R"({"type":"string","value":1})", R"({"type":"bytes","value":"*"})",
       R"({"type":"timestamp","value":"now"})", R"({"type":"duration","value":"long"})",
       R"({"type":"list","value":{}})", R"({"type":"map","value":[[1]]})",
       R"({"type":"map","value":[[{"type":"double","value":1},{"type":"null"}]]})",
       R"({"type":"map","value":[[{"type":"int","value":"1"},{"type":"null"}],[{"type":"uint","value":"1"},{"type":"null"}]]})",
       R"({"type":"list"})", R"({"type":"what","value":1})", R"({"value":1})", R"({"type":5,"value":1})",
       R"({"type":"double","value":"one"})"}) {
    EXPECT_EQ(ErrorOf(Typed(std::string(R"({"expr":"x","vars":{"x":)") + typed + "}}")), "FM-8051@1") << typed;
  }
}

TEST(Eval, EveryLineHasItsAnswer) {
  std::istringstream in("\n{\"expr\":\"1\"}\n  \t\n{\"expr\":\"2\"}");
  std::ostringstream out;
  EXPECT_EQ(RunEval(in, out, {}), 0);
  std::istringstream answers(out.str());
  std::string empty, one, blank, two, more;
  ASSERT_TRUE(std::getline(answers, empty) && std::getline(answers, one) && std::getline(answers, blank) &&
              std::getline(answers, two))
      << out.str();
  EXPECT_EQ(one, R"({"value":1})");
  EXPECT_EQ(two, R"({"value":2})");
  EXPECT_EQ(ErrorOf(empty), "FM-1001@1") << empty;
  EXPECT_EQ(ErrorOf(blank), ErrorOf(empty));
  EXPECT_FALSE(std::getline(answers, more));
}

}  // namespace
}  // namespace fermata

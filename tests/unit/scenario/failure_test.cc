// A case that should fail, fails, and says so in a way that tells an analyst what to do.
#include <gmock/gmock.h>

#include "tests/unit/scenario/project.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CaseResult RunOn(const std::string& process, const std::string& input, const std::string& steps_and_then) {
  const FileResult result =
      RunText("scenarios: " + process + "\ndefaults: { input: " + input + " }\ncases:\n  - name: c\n" + steps_and_then,
              Project());
  return result.cases.empty() ? CaseResult{} : result.cases.front();
}

CaseResult RunPayment(const std::string& steps_and_then) {
  return RunOn("payment", "{ refId: o, amount: 5 }", steps_and_then);
}

std::string FailureOf(const std::string& steps_and_then) {
  const CaseResult result = RunPayment(steps_and_then);
  return result.passed() ? "" : result.failures.front().message;
}

std::string StepFailure(const std::string& step) { return FailureOf("    steps: [ " + step + " ]\n"); }

std::vector<std::string> Lines(const Diff& diff) {
  std::vector<std::string> lines;
  for (const DiffLine& line : diff)
    lines.push_back((line.kind == DiffLine::Kind::kSame       ? "  "
                     : line.kind == DiffLine::Kind::kExpected ? "- "
                                                              : "+ ") +
                    line.text);
  return lines;
}

const std::string kHold =
    "    steps:\n"
    "      - { event: method-chosen, data: { refId: o, method: card, token: t } }\n";

TEST(Failures, OfEveryKeyOfThen) {
  EXPECT_EQ(FailureOf("    then: { status: waiting, error: null, undone: [], incidents: 0, emitted: [], tasks: 0 }\n"),
            "");
  EXPECT_EQ(FailureOf("    then:\n"), "");
  EXPECT_EQ(FailureOf("    then: { status: failed }\n"), "Expected the status 'failed', but there is 'waiting'.");
  EXPECT_EQ(FailureOf("    then: { error: abandoned }\n"), "Expected the error 'abandoned', but there is none.");
  EXPECT_EQ(FailureOf("    then: { path: [hold] }\n"), "Expected the path 'hold', but there is 'choose'.");
  EXPECT_EQ(FailureOf("    then: { output: 5 }\n"), "Expected the output 5, but there is null.");
  EXPECT_EQ(FailureOf("    then: { incidents: 1 }\n"), "Expected 1 open incident, but there is none.");
  EXPECT_EQ(FailureOf("    then: { incidents: [ { state: hold, error: internal } ] }\n"),
            "Expected an open incident 'hold: internal', but there is none.");
  EXPECT_EQ(FailureOf("    then: { undone: [hold] }\n"), "Expected to be undone 'hold', but there is none.");
  EXPECT_EQ(FailureOf("    then: { emitted: [child-said] }\n"),
            "Expected 'child-said' to be emitted, in this order, but there is none.");
  EXPECT_EQ(FailureOf("    then: { tasks: [choose] }\n"), "Expected 1 open task, but there is none.");
  EXPECT_EQ(FailureOf("    then: { vars: { a: 1 } }\n"), "Expected the variables {\"a\":1}, but they differ.");
}

TEST(Failures, OfARefusedStartPointAtTheInput) {
  const CaseFailure own = RunPayment("    then: { status: waiting }\n    input: { refId: o }\n").failures.at(0);
  EXPECT_EQ(own.excerpt, "    input: { refId: o }");
  EXPECT_EQ(own.at.column, 5);
  EXPECT_EQ(own.length, 5);
  const CaseFailure inherited = RunOn("payment", "{ refId: o }", "    then: { status: waiting }\n").failures.at(0);
  EXPECT_EQ(inherited.excerpt, "defaults: { input: { refId: o } }");
  EXPECT_EQ(inherited.at.column, 13);
}

TEST(Failures, OfEveryStep) {
  EXPECT_EQ(StepFailure("{ in: hold }"), "Expected the state 'hold' to be active, but there is 'choose'.");
  EXPECT_EQ(StepFailure("{ in: child/wait }"), "Expected the state 'child/wait' to be active, but there is none.");
  EXPECT_EQ(StepFailure("{ expect: bank.authorise }"),
            "Expected a call of bank.authorise in flight, but there is none.");
  EXPECT_EQ(StepFailure("{ expect: run.elsewhere }"), "Expected a call of run.elsewhere in flight, but there is none.");
  EXPECT_EQ(StepFailure("{ late: bank.authorise, return: 1 }"),
            "Expected a call of bank.authorise that was let go, but there is none.");
  EXPECT_EQ(StepFailure("{ resolve: hold }"), "Expected an open incident in 'hold', but there is none.");
  EXPECT_EQ(StepFailure("{ answer: hold }"), "Expected an open task in 'hold', but there is none.");
  EXPECT_EQ(StepFailure("{ task: hold }"), "Expected an open task in 'hold', but there is none.");
  EXPECT_EQ(StepFailure("{ started: child }"), "Expected at least one started 'child', but there are 0.");
  EXPECT_EQ(StepFailure("{ started: child, n: 2 }"), "Expected 2 started 'child', but there are 0.");
  EXPECT_EQ(StepFailure("{ emitted: child-said, with: { a: 1 } }"),
            "Expected that 'child-said' with {\"a\":1} was emitted, but there is none.");
  EXPECT_EQ(StepFailure("{ start: , input: { refId: p, amount: 5 }, refused: true }"),
            "Expected the start to be refused, but it is accepted.");
  EXPECT_THAT(StepFailure("{ start: , input: {} }"),
              HasSubstr("Expected the start to be accepted, but it is refused: "));
  EXPECT_EQ(StepFailure("{ event: method-chosen, key: o, refused: true }"),
            "Expected the event to be refused, but it is accepted.");
  EXPECT_THAT(StepFailure("suspend, suspend, cancel, cancel, resume"), HasSubstr("it is refused: "));
  EXPECT_THAT(FailureOf("    input: {}\n"), HasSubstr("Expected the start to be accepted, but it is refused: "));
  EXPECT_EQ(FailureOf(kHold + "      - idle: bank.authorise\n"),
            "Expected no call of bank.authorise in flight, but there is one with {\"amount\":5,\"card\":\"t\"}.");
}

TEST(Failures, ShowInWhatTheNearestCallDiffers) {
  const CaseResult one =
      RunPayment(kHold + "      - { expect: bank.authorise, with: { amount: 6, card: t, to: x } }\n");
  ASSERT_EQ(one.failures.size(), 1u);
  EXPECT_EQ(one.failures[0].message,
            "Expected a call of bank.authorise with {\"amount\":6,\"card\":\"t\",\"to\":\"x\"} in flight, but the one "
            "in flight has another input.");
  EXPECT_THAT(Lines(one.failures[0].diff), ElementsAre("- with.amount: 6", "+ with.amount: 5", "- with.to: \"x\""));

  const CaseResult two = RunOn("steps", "{ how: both }",
                               "    steps:\n      - { expect: store.pack, with: { box: 3, label: { to: ann } } }\n");
  ASSERT_EQ(two.failures.size(), 1u);
  EXPECT_EQ(two.failures[0].message,
            "Expected a call of store.pack with {\"box\":3,\"label\":{\"to\":\"ann\"}} in flight, but none of the 2 in "
            "flight fits. The nearest one differs in:");
  EXPECT_THAT(Lines(two.failures[0].diff), ElementsAre("- with.box: 3", "+ with.box: 2"));
}

TEST(Failures, NameTheOtherCallsInFlight) {
  EXPECT_EQ(FailureOf(kHold + "      - expect: bank.capture\n"),
            "Expected a call of bank.capture in flight, but there is none. In flight is 'bank.authorise'.");
}

TEST(Failures, ShowWhereAPathTurnsOff) {
  const CaseResult result = RunPayment(kHold + "    then: { path: [choose, hold, capture] }\n");
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_THAT(Lines(result.failures[0].diff), ElementsAre("  choose", "+ route", "  hold", "- capture"));
}

TEST(Failures, OfThenAreAllTold) {
  const CaseResult result = RunPayment("    then:\n      status: failed\n      path: [choose]\n      tasks: 1\n");
  ASSERT_EQ(result.failures.size(), 2u);
  EXPECT_EQ(result.failures[0].at.line, 6);
  EXPECT_EQ(result.failures[0].at.column, 7);
  EXPECT_EQ(result.failures[0].length, 6);
  EXPECT_EQ(result.failures[0].excerpt, "      status: failed");
  EXPECT_EQ(result.failures[1].at.line, 8);
}

TEST(Failures, OfAStepEndTheCaseAndHaveItsPlace) {
  const CaseResult result =
      RunPayment("    steps:\n      - in: choose\n      - in: hold\n      - in: route\n    then: { status: failed }\n");
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].at.line, 7);
  EXPECT_EQ(result.failures[0].at.column, 9);
  EXPECT_EQ(result.failures[0].excerpt, "      - in: hold");
}

TEST(Failures, TellWhereTheInstanceStands) {
  const CaseResult result = RunPayment(kHold + "    then: { status: failed }\n");
  EXPECT_THAT(
      result.standing,
      ElementsAre("payment 'o' is running in 'hold'", HasSubstr("  choice = {\"refId\":\"o\",\"method\":\"card\""),
                  "  path: choose -> route -> hold", "call in flight: bank.authorise {\"amount\":5,\"card\":\"t\"}"));
  EXPECT_EQ(RunPayment("    then: { status: failed }\n").standing[1], "  a timer of 'choose' is due in 30m");
}

TEST(Failures, TellOfAnIncidentWithAndWithoutAMessage) {
  const auto incident = [](const std::string& technical) {
    const std::string expect = "      - { expect: bank.authorise, technical: " + technical + " }\n";
    return RunPayment(kHold + expect + "    then: { status: failed }\n").standing.at(1);
  };
  EXPECT_EQ(incident("internal"), "  incident in 'hold': internal");
  EXPECT_EQ(incident("{ name: internal, message: out of order }"), "  incident in 'hold': internal: out of order");
}

TEST(Failures, TellWhatHappenedAndInWhichStep) {
  const CaseResult result = RunPayment(kHold +
                                       "      - { expect: bank.authorise, technical: unavailable }\n"
                                       "      - advance: 2s\n"
                                       "      - { expect: bank.authorise, error: declined }\n"
                                       "    then: { status: failed }\n");
  std::vector<std::string> told;
  for (const HistoryLine& line : result.history)
    told.push_back(ElapsedText(line.after_us) + " line " + std::to_string(line.step_line) + ": " + line.text);
  EXPECT_THAT(told,
              ElementsAre("0s line 0: starts with {\"refId\":\"o\",\"amount\":5}", "0s line 0: enters 'choose'",
                          "0s line 6: takes the event method-chosen in 'choose'",
                          "0s line 6: sets choice = {\"refId\":\"o\",\"method\":\"card\",\"token\":\"t\"}",
                          "0s line 6: enters 'route'", "0s line 6: enters 'hold'",
                          "0s line 6: calls bank.authorise {\"amount\":5,\"card\":\"t\"}",
                          "0s line 7: bank.authorise fails: 'unavailable', to be tried again",
                          "2s line 8: calls bank.authorise again, attempt 2",
                          "2s line 9: bank.authorise fails: 'declined'", "2s line 9: error in 'hold': 'declined'",
                          "2s line 9: 'declined' is handled by 'declined' of 'hold'", "2s line 9: enters 'choose'"));
}

TEST(Failures, OfPassedCasesHaveNothingToTell) {
  const CaseResult result = RunPayment("    then: { status: waiting }\n");
  EXPECT_TRUE(result.passed());
  EXPECT_THAT(result.standing, IsEmpty());
  EXPECT_THAT(result.history, IsEmpty());
  EXPECT_EQ(result.variant, "");
}

TEST(Failures, OfTimersWithoutEndAreNoHang) {
  ScenarioProject project;
  project.definitions.push_back(Load("x.yaml",
                                     "fermata: 1\nprocess: x\nversion: 1.0.0\nstates:\n"
                                     "  a: { after: { 0s: a } }\n",
                                     {}));
  const FileResult result = RunText("scenarios: x\ncases:\n  - name: c\n", project);
  ASSERT_EQ(result.cases.size(), 1u);
  ASSERT_EQ(result.cases[0].failures.size(), 1u);
  EXPECT_EQ(result.cases[0].failures[0].message,
            "Expected the timers to come to rest, but 100000 have fired in one step.");
  EXPECT_LE(result.cases[0].history.size(), 80u);
}

TEST(Failures, OfInstancesThatWakeEachOtherForEverAreNoHang) {
  ScenarioProject project;
  for (const auto& [name, other] : {std::pair("x", "y"), std::pair("y", "x")})
    project.definitions.push_back(
        Load(std::string(name) + ".yaml",
             std::string("fermata: 1\nprocess: ") + name + "\nversion: 1.0.0\nkey: k\nevents:\n  to-" + name +
                 ": { key: k }\n" + "start_on: to-" + name + "\nunique: running\nstates:\n  a:\n    on: { to-" + name +
                 ": b }\n    after: { 1h: b }\n  b: { emit: to-" + other + ", next: a }\n",
             {}));
  const FileResult result = RunText("scenarios: x\ncases:\n  - name: c\n    steps:\n      - advance: 3h\n", project);
  ASSERT_EQ(result.cases.size(), 1u);
  ASSERT_EQ(result.cases[0].failures.size(), 1u);
  EXPECT_EQ(result.cases[0].failures[0].message,
            "Expected the instances to come to rest, but they have sent each other 100000 messages in one step.");
}

TEST(Filter, TakesCasesWithTheTextInTheirNamesWhateverItsCase) {
  const std::string text =
      "scenarios: payment\ndefaults: { input: { refId: o, amount: 5 } }\ncases:\n"
      "  - name: A Card is charged\n  - name: a wallet is charged\n";
  EXPECT_EQ(RunText(text, Project(), "CARD").cases.size(), 1u);
  EXPECT_EQ(RunText(text, Project(), "charged").cases.size(), 2u);
  EXPECT_EQ(RunText(text, Project(), "cash").cases.size(), 0u);
  EXPECT_EQ(RunText(text, Project()).cases.size(), 2u);
}

TEST(Span, HasItsTwoLargestUnits) {
  EXPECT_EQ(ElapsedText(0), "0s");
  EXPECT_EQ(ElapsedText(1'800'000'000), "30m");
  EXPECT_EQ(ElapsedText(5'400'000'000), "1h 30m");
  EXPECT_EQ(ElapsedText(90'061'000'000), "1d 1h");
  EXPECT_EQ(ElapsedText(1'500), "1ms");
}

TEST(Diffs, OfValuesHaveALineForEachPlace) {
  const auto map = [](std::string_view key, Value value) { return Value::Object({{key, std::move(value)}}); };
  const Value expected = map("a", Value::List({map("b", Value::Int(1)), Value::Int(2)}));
  const Value actual = map("a", Value::List({map("b", Value::Int(3)), Value::Int(2)}));
  EXPECT_THAT(Lines(DiffOf("", expected, actual, Comparison::kPart)), ElementsAre("- a[0].b: 1", "+ a[0].b: 3"));
  EXPECT_THAT(Lines(DiffOf("x", map("a", Value::Int(1)), Value::Null(), Comparison::kPart)),
              ElementsAre("- x: {\"a\":1}", "+ x: null"));
  EXPECT_THAT(Lines(DiffOf("x", Value::Map({}), map("a", Value::Int(1)), Comparison::kPart)), IsEmpty());
  EXPECT_THAT(Lines(DiffOf("x", Value::Map({}), map("a", Value::Int(1)), Comparison::kExact)), ElementsAre("+ x.a: 1"));
  EXPECT_THAT(Lines(DiffOf("x", Value::Int(1), Value::Double(1.0), Comparison::kExact)), IsEmpty());
}

TEST(Diffs, OfListsAreTheShortestWay) {
  EXPECT_THAT(Lines(DiffOf({"a", "b", "c"}, {"a", "c", "d"})), ElementsAre("  a", "- b", "  c", "+ d"));
  EXPECT_THAT(Lines(DiffOf(std::vector<std::string>{}, {"a"})), ElementsAre("+ a"));
}

}  // namespace
}  // namespace fermata

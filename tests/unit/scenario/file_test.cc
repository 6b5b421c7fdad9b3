// What is wrong with a scenario file: every mistake at once, each with its place and a hint.
#include <gmock/gmock.h>

#include "engine/scenario/codes.h"
#include "engine/scenario/parser.h"
#include "tests/unit/scenario/project.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Codes = std::vector<ErrorCode>;

std::vector<Diagnostic> MistakesOf(const std::string& text) { return ParseScenarios("f", text, Project()).diagnostics; }

Codes CodesOf(const std::string& text) {
  Codes codes;
  for (const Diagnostic& one : MistakesOf(text)) codes.push_back(one.code);
  return codes;
}

Codes CodesOfCase(const std::string& rest) {
  return CodesOf("scenarios: payment\ncases:\n  - name: c\n    " + rest + "\n");
}
Codes CodesOfStep(const std::string& step) { return CodesOfCase("steps: [ " + step + " ]"); }
Codes CodesOfThen(const std::string& then) { return CodesOfCase("then: { " + then + " }"); }

// "line:column+length message / hint" of the one mistake of a step.
std::string MistakeOfStep(const std::string& step) {
  const auto mistakes = MistakesOf("scenarios: payment\ncases:\n  - name: c\n    steps:\n      - " + step + "\n");
  if (mistakes.size() != 1) return FormatDiagnostics(mistakes);
  const Diagnostic& one = mistakes.front();
  return std::to_string(one.line) + ":" + std::to_string(one.column) + "+" + std::to_string(one.length) + " " +
         one.message + (one.hint.empty() ? "" : " / " + one.hint);
}

TEST(ScenarioFile, MayHaveEverythingThatItMayHave) {
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: []\n"), Codes{});
  EXPECT_EQ(CodesOf("scenarios: payment\ndefaults: { input: {}, key: k, version: 1.0.0, now: 2020-01-01T00:00:00Z }\n"
                    "cases:\n  - { name: c, input: null, key: 5, version: 1.x, now: 2020-01-01T00:00:00.5+01:00 }\n"),
            Codes{});
  EXPECT_EQ(CodesOfCase("steps:"), Codes{});
  EXPECT_EQ(CodesOfCase("steps: [ cancel, suspend, resume, start, { cancel: }, { start: { input: 5, key: 5 } },"
                        " { start: child }, { cancel: why }, { suspend: true }, { resume: {} } ]"),
            Codes{});
  EXPECT_EQ(CodesOfStep("{ expect: engine.cancel }, { idle: engine.cancel }, { emitted: task.reminded }"), Codes{});
  EXPECT_EQ(CodesOfStep("{ expect: run.elsewhere, error: whatever }, { started: elsewhere }"), Codes{});
  EXPECT_EQ(CodesOfThen("status: failed, error: null, output: , vars: {}, path: [], undone: [child/begin], "
                        "incidents: [], emitted: [], tasks: []"),
            Codes{});
}

TEST(ScenarioFile, NeedsAProcessAndCases) {
  EXPECT_EQ(CodesOf("[]\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf("cases: []\n"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOf("scenarios: payment\n"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: {}\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: [ 5 ]\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: []\ncase: []\n"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: []\ndefaults: []\n"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: []\ndefaults: { inputs: {} }\n"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases: [ {} ]\n"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOf("scenarios: payment\ncases:\n  - name: c\n  - name: c\n"), Codes{kScenarioCaseRepeated});
}

TEST(ScenarioFile, AboutAnUnknownProcessHasNoOtherMistakes) {
  const auto mistakes = MistakesOf("scenarios: paymant\ncases:\n  - name: c\n    steps: [ { in: nowhere } ]\n");
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].code, kScenarioNameUnknown);
  EXPECT_EQ(mistakes[0].hint, "did you mean 'payment'?");
}

TEST(ScenarioFile, TellsEveryMistakeAtOnce) {
  std::vector<int> lines;
  for (const Diagnostic& one : MistakesOf("scenarios: payment\n"
                                          "defaults: { version: 9.x }\n"
                                          "cases:\n"
                                          "  - name: c\n"
                                          "    stops: []\n"
                                          "  - name: d\n"
                                          "    now: yesterday\n"
                                          "    steps:\n"
                                          "      - in: nowhere\n"
                                          "      - cancle\n"
                                          "    then: { status: over, path: [nowhere] }\n"))
    lines.push_back(one.line);
  EXPECT_THAT(lines, ElementsAre(2, 5, 7, 9, 10, 11, 11));
}

TEST(ScenarioFile, HasStepsOfTheTableOnly) {
  EXPECT_EQ(MistakeOfStep("cancle"), "5:9+6 Expected a step, but 'cancle' is none. / did you mean 'cancel'?");
  EXPECT_EQ(MistakeOfStep("advance"),
            "5:9+7 Expected a step, but 'advance' is none without a value. / write 'advance: …'");
  EXPECT_EQ(MistakeOfStep("{ expct: bank.authorise }"),
            "5:11+5 Expected a step, but 'expct' is none. / did you mean 'expect'?");
  EXPECT_EQ(MistakeOfStep("{ in: hold, advance: 5s }"),
            "5:21+7 Expected one step, but 'advance' stands beside 'in'. / each step is an item of the list: begin it "
            "with '- '");
  EXPECT_EQ(MistakeOfStep("{ event: method-chosen, dta: {} }"),
            "5:33+3 Expected a key of 'event', but 'dta' is none. / did you mean 'data'?");
  EXPECT_EQ(CodesOfStep("{}"), Codes{kScenarioStepUnknown});
  EXPECT_EQ(CodesOfStep("5"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOfStep("{ with: {} }"), Codes{kScenarioStepUnknown});
  for (const char* step : {"in: hold", "advance: 1s", "answer: hold", "task: hold", "resolve: hold", "started: child",
                           "emitted: child-said", "idle: bank.void", "late: bank.void", "migrate: 1.0.0",
                           "expect: bank.void", "cancel: ", "suspend: ", "resume: ", "start: "})
    EXPECT_EQ(CodesOfStep("{ " + std::string(step) + ", odd: 1 }"), Codes{kScenarioKeyUnknown}) << step;
}

TEST(ScenarioFile, NamesOnlyWhatThereIs) {
  EXPECT_EQ(MistakeOfStep("expect: bank.autorise"),
            "5:17+13 Expected connector.operation of a manifest, but there is no 'bank.autorise'. / did you mean "
            "'bank.authorise'?");
  EXPECT_EQ(MistakeOfStep("{ expect: bank.authorise, error: declind }"),
            "5:42+7 Expected an error that the manifest of bank.authorise names, but 'declind' is none. / did you mean "
            "'declined'?");
  EXPECT_EQ(MistakeOfStep("{ expect: bank.authorise, error: { name: timeout } }"),
            "5:50+7 Expected an error that the manifest of bank.authorise names, but 'timeout' is none. / technical "
            "errors stand under 'technical'");
  EXPECT_EQ(MistakeOfStep("{ expect: bank.authorise, technical: declined }"),
            "5:46+8 Expected unavailable, timeout, invalid-response or internal, but there is 'declined'.");
  EXPECT_EQ(MistakeOfStep("in: chose"),
            "5:13+5 Expected a state of 'payment', but there is no 'chose'. / did you mean 'choose'?");
  EXPECT_EQ(MistakeOfStep("event: method-chosn"),
            "5:16+12 Expected an event that a process of this folder declares, but there is no 'method-chosn'. / did "
            "you mean 'method-chosen'?");
  EXPECT_THAT(MistakeOfStep("expect: run.child"), HasSubstr("'child' is here: it runs for real."));
  EXPECT_THAT(MistakeOfStep("expect: run.elsewher"), HasSubstr("none runs 'elsewher'. / did you mean 'elsewhere'?"));
  EXPECT_THAT(MistakeOfStep("{ expect: engine.cancel, return: {} }"), HasSubstr("is done by the engine."));
  for (const char* step :
       {"{ in: [choose, nowhere] }", "{ in: child/choose }", "{ in: nothing/choose }", "{ answer: nowhere }",
        "{ task: nowhere }", "{ resolve: nowhere }", "{ idle: bank.pay }", "{ late: bank.pay }", "{ started: nothing }",
        "{ emitted: nothing }", "{ event: method-chosen, to: nothing }",
        "{ event: method-chosen, to: { process: nothing } }", "{ start: nothing }", "{ migrate: 9.9.9 }",
        "{ late: engine.find, return: [] }"})
    EXPECT_EQ(CodesOfStep(step), Codes{kScenarioNameUnknown}) << step;
  for (const char* then : {"path: [nowhere]", "path: [child/wait]", "undone: [nowhere]", "emitted: [nothing]",
                           "tasks: [nowhere]", "incidents: [ { state: nowhere } ]"})
    EXPECT_EQ(CodesOfThen(then), Codes{kScenarioNameUnknown}) << then;
}

TEST(ScenarioFile, HasValuesOfTheirKind) {
  EXPECT_EQ(MistakeOfStep("advance: soon"),
            "5:18+4 Expected a duration like 30m or PT30M, but there is the text 'soon'.");
  EXPECT_EQ(MistakeOfStep("{ expect: bank.authorise, return: 1, error: declined }"),
            "5:46+5 Expected one of 'return', 'error' and 'technical', but there is 'return' already.");
  EXPECT_EQ(MistakeOfStep("{ resolve: hold, do: skp }"),
            "5:30+3 Expected retry, skip or fail, but there is 'skp'. / did you mean 'skip'?");
  EXPECT_EQ(MistakeOfStep("{ resolve: hold, return: 5 }"),
            "5:26+6 Expected 'return' beside 'do: skip' only, but there is 'retry'.");
  EXPECT_EQ(MistakeOfStep("suspend: now"), "5:18+3 Expected nothing after 'suspend:', but there is the text 'now'.");
  for (const char* step :
       {"{ advance: 5 }", "{ advance: -5s }", "{ advance: [] }", "{ in: [] }", "{ in: {} }", "{ in: }",
        "{ event: method-chosen, refused: maybe }", "{ event: method-chosen, refused: }",
        "{ event: method-chosen, id: {} }", "{ resolve: hold, do: skip, error: x }", "{ resolve: hold, set: 5 }",
        "{ task: hold, reminded: often }", "{ started: child, n: -1 }", "{ start: 5 }", "{ suspend: 5 }",
        "{ cancel: 5 }", "{ expect: [] }", "{ expect: bank.authorise, error: [] }"})
    EXPECT_EQ(CodesOfStep(step), Codes{kScenarioValueWrong}) << step;
  for (const char* then : {"status: over", "vars: 5", "path: choose", "undone: 5", "incidents: many",
                           "incidents: [hold]", "emitted: child-said", "tasks: hold", "tasks: -1", "error: []"})
    EXPECT_EQ(CodesOfThen(then), Codes{kScenarioValueWrong}) << then;
  EXPECT_EQ(CodesOfStep("{ expect: bank.authorise, error: { message: x } }"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOfStep("{ expect: bank.authorise, error: { name: declined, code: 5 } }"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOfStep("{ cancel: { raeson: x } }"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOfThen("what: x"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOfThen("emitted: [ { with: {} } ]"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOfThen("tasks: [ { reminded: 1 } ]"), Codes{kScenarioKeyMissing});
  EXPECT_EQ(CodesOfThen("incidents: [ { state: hold, why: x } ]"), Codes{kScenarioKeyUnknown});
  EXPECT_EQ(CodesOfCase("now: yesterday"), Codes{kScenarioValueWrong});
  EXPECT_EQ(CodesOfCase("version: 9.9.9"), Codes{kScenarioNameUnknown});
  EXPECT_EQ(CodesOfCase("then: 5"), Codes{kScenarioValueWrong});
}

TEST(ScenarioFile, OfADefaultThatIsWrongBlamesTheDefault) {
  const auto mistakes =
      MistakesOf("scenarios: payment\ndefaults: { version: 9.x }\ncases:\n  - name: c\n  - name: d\n");
  ASSERT_EQ(mistakes.size(), 1u);
  EXPECT_EQ(mistakes[0].line, 2);
  EXPECT_EQ(mistakes[0].column, 22);
  EXPECT_EQ(mistakes[0].message, "Expected a version of 'payment' in this folder, but there is no 9.x, only 1.0.0.");
}

TEST(Project, TakesTheNewestVersionWhateverTheOrder) {
  ScenarioProject project;
  for (const char* version : {"1.10.0", "2.0.0-rc.1", "1.9.0"})
    project.definitions.push_back(Load(
        "x.yaml", std::string("fermata: 1\nprocess: x\nversion: ") + version + "\nstates:\n  a: { end: {} }\n", {}));
  EXPECT_EQ(project.Find("x")->version, "2.0.0-rc.1");
  EXPECT_EQ(project.Find("x", "1.x")->version, "1.10.0");
  EXPECT_EQ(project.Find("x", "3.x"), nullptr);
}

}  // namespace
}  // namespace fermata

// Two versions of a process told apart in words.
#include "engine/language/diff/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/language/load.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

const char* const kBefore = R"(fermata: 1
process: p
version: 1.0.0
input: { type: object, required: [id], properties: { id: { type: string }, amount: { type: integer, minimum: 1 } } }
vars: { tries: 3 }
events:
  chosen: { key: "${event.data.id}", keep: 1h }
  back: { key: "${event.data.id}" }
states:
  offer: { call: shop.offer, with: { id: "${input.id}" }, next: choose }
  choose:
    on:
      chosen: [ { if: "event.data.method == 'card'", go: hold }, { go: lost } ]
    after: { 30m: lost }
  hold:
    call: shop.hold
    with: { id: "${input.id}", amount: 5 }
    retry: { attempts: 3, first: 1s }
    undo: { call: shop.release }
    on_error: { declined: choose }
    next: paid
  paid: { end: { ok: true } }
  lost: { fail: lost }
)";

ManifestPtr Shop() {
  return LoadManifest("shop.yaml",
                      "connector: shop\noperations: { offer: {}, hold: { errors: [declined, gone] }, review: {}, "
                      "release: {}, drop: {} }\n")
      .manifest;
}

DiffSide Side(const std::string& text, std::map<std::string, std::string> schemas = {}) {
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = text;
  bundle.files = schemas;
  bundle.manifests = {Shop()};
  LoadOutcome outcome = LoadDefinition(bundle);
  EXPECT_NE(outcome.definition, nullptr) << FormatDiagnostics(outcome.diagnostics) << text;
  return {outcome.definition, std::move(schemas)};
}

// The older version with some text replaced.
std::string Edited(const std::vector<std::pair<std::string, std::string>>& edits) {
  std::string text = kBefore;
  for (const auto& [from, to] : edits) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  return text;
}

DefinitionDiff Diff(const std::vector<std::pair<std::string, std::string>>& edits) {
  return CompareDefinitions(Side(kBefore), Side(Edited(edits)));
}

std::vector<std::string> WordsOf(const DefinitionDiff& diff) {
  std::vector<std::string> words;
  for (const Change& change : diff.changes) words.push_back(change.text);
  return words;
}

std::vector<std::string> Words(const std::vector<std::pair<std::string, std::string>>& edits) {
  return WordsOf(Diff(edits));
}

TEST(Diff, FindsNothingWhereOnlyTheLayoutDiffers) {
  EXPECT_THAT(Words({{"next: choose }", "next: [ { go: choose } ] } # a comment"},
                     {"{ declined: choose }", "{ declined: [ choose ] }"},
                     {"{ tries: 3 }", "\n  tries: 3"}}),
              ElementsAre());
  EXPECT_EQ(FormatDiff(Diff({})), "p 1.0.0 -> 1.0.0: the same\n");
}

TEST(Diff, TellsOfRetries) {
  EXPECT_THAT(Words({{"attempts: 3", "attempts: 5"}}), ElementsAre("retry of hold: 3 -> 5 attempts"));
  EXPECT_THAT(Words({{"first: 1s", "first: 2s, max: 1m"}}),
              ElementsAre("retry of hold: first 1s -> 2s", "retry of hold: max not set -> 1m"));
  EXPECT_THAT(Words({{"{ attempts: 3, first: 1s }", "none"}}), ElementsAre("retry of hold: 3 attempts -> none"));
  EXPECT_THAT(Words({{"    retry: { attempts: 3, first: 1s }\n", ""}}),
              ElementsAre("retry of hold is gone (was 3 attempts)"));
  EXPECT_THAT(Words({{"call: shop.offer", "call: shop.offer, retry: { attempts: 2 }"}}),
              ElementsAre("new retry of offer: 2 attempts"));
}

TEST(Diff, TellsWhereANewStateStands) {
  EXPECT_THAT(Words({{"next: choose }", "next: review }\n  review: { call: shop.review, next: choose }"}}),
              UnorderedElementsAre("new state review between offer and choose: call shop.review",
                                   "transition of offer by next: choose -> review"));
}

TEST(Diff, TellsOfStatesThatAreGone) {
  EXPECT_THAT(
      Words({{"  offer: { call: shop.offer, with: { id: \"${input.id}\" }, next: choose }\n", ""}}),
      UnorderedElementsAre("start: offer -> choose", "state offer is gone (was before choose: call shop.offer)"));
}

TEST(Diff, FollowsRenamedStates) {
  const DefinitionDiff diff = Diff({{"go: hold", "go: reserve"}, {"  hold:\n", "  reserve:\n"}});
  EXPECT_THAT(WordsOf(diff), ElementsAre("state hold is now called reserve"));
  EXPECT_EQ(diff.changes[0].kind, ChangeKind::kRenamed);
  EXPECT_EQ(diff.renamed, (std::map<std::string, std::string>{{"reserve", "hold"}}));
  EXPECT_THAT(Words({{"go: hold", "go: reserve"}, {"  hold:\n", "  reserve:\n"}, {"attempts: 3", "attempts: 4"}}),
              ElementsAre("state hold is now called reserve", "retry of reserve: 3 -> 4 attempts"));
}

TEST(Diff, TellsOfStatesThatMove) {
  EXPECT_THAT(Words({{"  paid: { end: { ok: true } }\n",
                      "  paid: { end: { ok: true } }\n  box:\n    states:\n      lost: { fail: lost }\n"},
                     {"  lost: { fail: lost }\n", ""},
                     {"{ go: lost }", "{ go: box }"},
                     {"30m: lost", "30m: box"}}),
              testing::Contains("state lost moved from the process to box"));
}

TEST(Diff, TellsOfTransitions) {
  EXPECT_THAT(Words({{"declined: choose", "declined: lost"}}),
              ElementsAre("transition of hold on error declined: choose -> lost"));
  EXPECT_THAT(Words({{"declined: choose", "declined: choose, gone: lost"}}),
              ElementsAre("new transition of hold on error gone to lost"));
  EXPECT_THAT(Words({{"    on_error: { declined: choose }\n", ""}}),
              ElementsAre("transition of hold on error declined to choose is gone"));
  EXPECT_THAT(Words({{"'card'", "'wallet'"}}),
              ElementsAre("guard of the transition of choose on chosen to hold: event.data.method == 'card' -> "
                          "event.data.method == 'wallet'"));
  EXPECT_THAT(Words({{"30m: lost", "45m: lost"}}), ElementsAre("timer of choose: 30m -> 45m"));
  EXPECT_THAT(Words({{"30m: lost", "30m: lost, 1d: offer"}}),
              ElementsAre("new transition of choose after 1d to offer"));
  EXPECT_THAT(Words({{"version: 1.0.0", "version: 1.0.0\non: { back: lost }"}}),
              ElementsAre("new transition on back to lost"));
  EXPECT_THAT(Words({{"{ go: lost } ]", "{ set: { tries: 1 }, go: lost } ]"}}),
              ElementsAre("new set of the transition of choose on chosen to lost: {\"tries\":1}"));
}

TEST(Diff, TellsOfTransitionsInAnotherOrder) {
  const std::string two = "[ { if: \"tries > 1\", go: lost }, { if: \"tries > 2\", go: hold }, { go: paid } ]";
  const std::string other = "[ { if: \"tries > 2\", go: hold }, { if: \"tries > 1\", go: lost }, { go: paid } ]";
  const DefinitionDiff diff = CompareDefinitions(Side(Edited({{"next: paid", "next: " + two}})),
                                                 Side(Edited({{"next: paid", "next: " + other}})));
  EXPECT_THAT(WordsOf(diff), ElementsAre("transitions of hold by next are tried in another order"));
}

TEST(Diff, TellsOfWork) {
  EXPECT_THAT(Words({{"call: shop.hold", "call: shop.review"}, {"    on_error: { declined: choose }\n", ""}}),
              testing::Contains("call of hold: shop.hold -> shop.review"));
  EXPECT_THAT(Words({{"amount: 5", "amount: 6, note: hello"}}),
              ElementsAre("with.amount of hold: 5 -> 6", "new with.note of hold: hello"));
  EXPECT_THAT(Words({{"{ end: { ok: true } }", "{ fail: broke }"}}), ElementsAre("work of paid: end -> fail broke"));
  EXPECT_THAT(Words({{"call: shop.hold", "call: shop.hold\n    timeout: 20s"}}),
              ElementsAre("new timeout of hold: 20s"));
}

TEST(Diff, TellsOfUndo) {
  EXPECT_THAT(Words({{"{ call: shop.release }", "{ call: shop.drop }"}}),
              ElementsAre("undo of hold: shop.release -> shop.drop"));
  EXPECT_THAT(Words({{"    undo: { call: shop.release }\n", ""}}),
              ElementsAre("undo of hold is gone (was shop.release)"));
  EXPECT_THAT(Words({{"call: shop.offer", "call: shop.offer, undo: { call: shop.drop }"}}),
              ElementsAre("new undo of offer: shop.drop"));
}

TEST(Diff, TellsOfTheInput) {
  EXPECT_THAT(Words({{"minimum: 1", "minimum: 5"}}), ElementsAre("minimum of property amount of the input: 1 -> 5"));
  EXPECT_THAT(Words({{"required: [id]", "required: [id, amount]"}}),
              ElementsAre("property amount of the input is now required"));
  EXPECT_THAT(Words({{"required: [id], properties: {", "properties: { note: { type: string },"}}),
              ElementsAre("new property note of the input: string", "property id of the input is no longer required"));
  EXPECT_THAT(Words({{", amount: { type: integer, minimum: 1 }", ""}}),
              ElementsAre("property amount of the input is gone"));
}

TEST(Diff, LooksIntoSchemaFiles) {
  const std::string text = Edited(
      {{"input: { type: object, required: [id], properties: { id: { type: string }, amount: { type: integer, minimum: "
        "1 } } }",
        "input: { $ref: a.yaml }"}});
  const std::string schema = "type: object\nproperties: { id: { type: string } }\n";
  EXPECT_THAT(WordsOf(CompareDefinitions(Side(text, {{"a.yaml", schema}}),
                                         Side(text, {{"a.yaml", schema + "required: [id]\n"}}))),
              ElementsAre("property id of the input is now required"));
}

TEST(Diff, TellsOfVariablesEventsAndTheRest) {
  EXPECT_THAT(Words({{"version: 1.0.0", "version: 1.1.0\ntitle: Pay"}}),
              ElementsAre("version: 1.0.0 -> 1.1.0", "new title: Pay"));
  EXPECT_THAT(Words({{"tries: 3", "tries: 4, more: 1"}}),
              ElementsAre("variable tries: 3 -> 4", "new variable more: 1"));
  EXPECT_THAT(Words({{"keep: 1h", "keep: 2h"}}), ElementsAre("keep of the event chosen: 1h -> 2h"));
  EXPECT_THAT(Words({{"  back: { key: \"${event.data.id}\" }\n", ""}}), ElementsAre("event back is gone"));
  EXPECT_THAT(Words({{"states:\n", "start: choose\nstates:\n"},
                     {"  offer: { call: shop.offer, with: { id: \"${input.id}\" }, next: choose }\n", ""}}),
              testing::Contains("start: offer -> choose"));
}

TEST(Diff, GroupsByState) {
  EXPECT_EQ(FormatDiff(Diff({{"version: 1.0.0", "version: 2.0.0"}, {"attempts: 3", "attempts: 5"}, {"30m", "20m"}})),
            "p 1.0.0 -> 2.0.0\n\nthe process\n  version: 1.0.0 -> 2.0.0\n\nchoose\n  timer of choose: 30m -> 20m\n\n"
            "hold\n  retry of hold: 3 -> 5 attempts\n");
}

TEST(Diff, IsJsonForPrograms) {
  const Value json = ToValue(Diff({{"attempts: 3", "attempts: 5"}}));
  EXPECT_EQ(WriteJson(json),
            "{\"from\":{\"process\":\"p\",\"version\":\"1.0.0\"},\"to\":{\"process\":\"p\",\"version\":\"1.0.0\"},"
            "\"same\":false,\"changes\":[{\"state\":\"hold\",\"what\":\"retry\",\"kind\":\"changed\",\"before\":3,"
            "\"after\":5,\"text\":\"retry of hold: 3 -> 5 attempts\"}]}");
}

TEST(Diff, FindsTheSameTheOtherWayRound) {
  const std::vector<std::vector<std::pair<std::string, std::string>>> edits = {
      {{"attempts: 3", "attempts: 5"}},
      {{"30m: lost", "45m: lost"}},
      {{"declined: choose", "declined: lost"}},
      {{"next: choose }", "next: review }\n  review: { call: shop.review, next: choose }"}}};
  for (const auto& edit : edits) {
    const DiffSide a = Side(kBefore), b = Side(Edited(edit));
    EXPECT_EQ(CompareDefinitions(a, b).changes.size(), CompareDefinitions(b, a).changes.size());
    EXPECT_FALSE(CompareDefinitions(a, b).same());
  }
}

TEST(Diff, MarksBothVersionsInOneChart) {
  const DiffSide before = Side(kBefore);
  const DiffSide after =
      Side(Edited({{"next: choose }", "next: review }\n  review: { call: shop.review, next: choose }"},
                   {"attempts: 3", "attempts: 5"},
                   {"30m: lost", "45m: lost"},
                   {"on_error: { declined: choose }", "on_error: { declined: gone }"},
                   {"  lost: { fail: lost }\n", "  lost: { fail: lost }\n  gone: { fail: gone }\n"}}));
  const Chart chart = BuildDiffChart(CompareDefinitions(before, after), *before.definition, *after.definition);
  std::map<std::string, ChartMark> marks;
  for (const ChartState& state : chart.states) marks[state.id] = state.mark;
  for (const ChartTransition& transition : chart.transitions) marks[transition.id] = transition.mark;
  EXPECT_EQ(marks.at("state-review"), ChartMark::kAdded);
  EXPECT_EQ(marks.at("state-hold"), ChartMark::kChanged);
  EXPECT_EQ(marks.at("state-choose"), ChartMark::kSame);
  EXPECT_EQ(marks.at("transition-offer-next-review"), ChartMark::kAdded);
  EXPECT_EQ(marks.at("removed-transition-offer-next-choose"), ChartMark::kRemoved);
  EXPECT_EQ(marks.at("removed-transition-hold-declined-choose"), ChartMark::kRemoved);
  EXPECT_EQ(marks.at("transition-choose-45m-lost"), ChartMark::kChanged);
  EXPECT_EQ(marks.at("transition-hold-next-paid"), ChartMark::kSame);

  const Chart back = BuildDiffChart(CompareDefinitions(after, before), *after.definition, *before.definition);
  const auto removed = std::find_if(back.states.begin(), back.states.end(),
                                    [](const ChartState& state) { return state.id == "removed-state-review"; });
  ASSERT_NE(removed, back.states.end());
  EXPECT_EQ(removed->mark, ChartMark::kRemoved);
}

}  // namespace
}  // namespace fermata

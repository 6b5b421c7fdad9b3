// What a definition holds after it was read; what the loader says of bad files stands in cases/.
#include "engine/language/load.h"

#include <gtest/gtest.h>

#include "engine/expression/template.h"
#include "engine/language/codes.h"
#include "engine/model/json.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

const char* const kHead = "fermata: 1\nprocess: p\nversion: 1.0.0\n";

ManifestPtr Billing() {
  ManifestOutcome outcome = LoadManifest("billing.yaml", R"(connector: billing
version: 2.0.0
operations:
  debit:
    errors: [insufficient-funds]
    timeout: 10s
    retry: { attempts: 5, first: 1s, factor: 3, max: 1m, jitter: 0.5, on: [unavailable] }
    limits: { concurrency: 16, per_second: 2.5 }
  credit: {}
)");
  EXPECT_EQ(FormatDiagnostics(outcome.diagnostics), "");
  return outcome.manifest;
}

DefinitionPtr Load(const std::string& body) {
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = kHead + body;
  bundle.manifests = {Billing()};
  LoadOutcome outcome = LoadDefinition(bundle);
  EXPECT_FALSE(HasErrors(outcome.diagnostics)) << FormatDiagnostics(outcome.diagnostics);
  return outcome.definition;
}

const State& StateOf(const DefinitionPtr& definition, const std::string& name) {
  const State* state = definition->FindState(name);
  EXPECT_NE(state, nullptr) << name;
  return *state;
}

TEST(Load, PutsParentsBeforeChildrenInDocumentOrder) {
  const DefinitionPtr definition = Load(R"(
states:
  a:
    states:
      b: { next: c }
      c: { end: {} }
    next: d
  d:
    parallel:
      e: { start: g, states: { f: { end: {} }, g: { next: f } } }
    next: h
  h: { end: {} }
)");
  ASSERT_NE(definition, nullptr);
  std::string order;
  for (const State& state : definition->states) order += state.name + std::to_string(state.parent) + " ";
  EXPECT_EQ(order, "-1 a0 b1 c1 d0 e4 f5 g5 h0 ");
  EXPECT_EQ(definition->states[kRoot].start, 1);
  EXPECT_EQ(StateOf(definition, "a").start, 2);
  EXPECT_EQ(definition->FindState("e"), nullptr);  // a region is no state
  EXPECT_TRUE(definition->states[5].is_region);
  EXPECT_EQ(definition->states[5].start, 7);
  EXPECT_TRUE(StateOf(definition, "b").is_choice);
  EXPECT_EQ(StateOf(definition, "b").next[0].target, 3);
}

TEST(Load, TakesRetryAndTimeoutFromTheManifestUnlessTheStateSaysOtherwise) {
  const DefinitionPtr definition = Load(R"(
states:
  plain:   { call: billing.debit, on_error: { any: done }, next: own }
  own:     { call: billing.debit, timeout: 5s, deadline: 1m, retry: { attempts: 2 }, on_error: { any: done }, next: none }
  none:    { call: billing.debit, retry: none, on_error: { any: done }, next: forever }
  forever: { call: billing.debit, retry: forever, on_error: { any: done }, next: bare }
  bare:    { call: billing.credit, undo: { call: billing.debit, timeout: 1s }, next: done }
  done:    { end: {} }
)");
  ASSERT_NE(definition, nullptr);
  const auto call = [&](const char* name) { return std::get<CallVerb>(StateOf(definition, name).verb); };
  const RetryPolicy manifest{5, 1'000, 3, 60'000, 0.5, {"unavailable"}};
  EXPECT_EQ(call("plain").retry, manifest);
  EXPECT_EQ(call("plain").timeout_ms, 10'000);
  EXPECT_EQ(call("own").retry, (RetryPolicy{2, 1'000, 2, 3'600'000, 0, {}}));
  EXPECT_EQ(call("own").timeout_ms, 5'000);
  EXPECT_EQ(call("own").deadline_ms, 60'000);
  EXPECT_EQ(call("none").retry.attempts, 1);
  EXPECT_EQ(call("forever").retry.attempts, 0);
  EXPECT_EQ(call("forever").retry.factor, 3);
  EXPECT_EQ(call("bare").retry, RetryPolicy{});
  EXPECT_EQ(call("bare").timeout_ms, kJobTimeoutDefaultMs);
  EXPECT_EQ(call("bare").manifest->name, "credit");
  const State& bare = StateOf(definition, "bare");
  ASSERT_TRUE(bare.undo.has_value());
  EXPECT_EQ(bare.undo->operation, "billing.debit");
  EXPECT_EQ(bare.undo->retry, manifest);
  EXPECT_EQ(bare.undo->timeout_ms, 1'000);
}

TEST(Load, ReadsTransitionsInEveryForm) {
  const DefinitionPtr definition = Load(R"(
input: { type: object }
events: { e: { key: "${event.data.id}", keep: 1h }, f: }
states:
  a:
    on:
      e: b
      f: [ { if: "event.data.x == 1", match: "${input.id}", save: got, set: { n: 1 }, emit: { type: seen, with: "${n}", to: { process: q, key: k } }, go: b }, { set: { n: 2 } } ]
    after: { 10s: b, PT1M: { set: { n: 3 } }, "${duration('5s')}": [ { if: input.late, go: b } ] }
    on_error: { expression: { save: problem, go: b } }
  b: { end: {} }
)");
  ASSERT_NE(definition, nullptr);
  const State& a = StateOf(definition, "a");
  ASSERT_EQ(a.on.size(), 2U);
  EXPECT_EQ(a.on[0].arms[0].transition.target, 2);
  const EventHandler::Arm& first = a.on[1].arms[0];
  EXPECT_TRUE(first.match.has_value());
  EXPECT_TRUE(first.transition.condition.has_value());
  EXPECT_EQ(first.transition.save, "got");
  EXPECT_EQ(first.transition.set[0].name, "n");
  EXPECT_EQ(first.transition.emit->type, "seen");
  EXPECT_TRUE(first.transition.emit->to_key.has_value());
  EXPECT_EQ(a.on[1].arms[1].transition.target, kNoState);
  ASSERT_EQ(a.after.size(), 3U);
  EXPECT_EQ(std::get<std::int64_t>(a.after[0].due), 10'000);
  EXPECT_EQ(std::get<std::int64_t>(a.after[1].due), 60'000);
  EXPECT_TRUE(std::holds_alternative<Template>(a.after[2].due));
  EXPECT_EQ(a.on_error[0].arms[0].save, "problem");
  EXPECT_EQ(definition->FindEvent("e")->keep_ms, 3'600'000);
  EXPECT_EQ(definition->FindEvent("f")->keep_ms, kKeepDefaultMs);
}

TEST(Load, KeepsLiteralsWholeAndTemplatesInParts) {
  const DefinitionPtr definition = Load(R"(
states:
  a:
    set:
      literal: { list: [1, two, null], dollar: "$${x}" }
      typed: ${1 + 1}
      text: "n=${1 + 1}!"
      mixed: { list: ["${1}", x] }
    next: b
  b: { end: {} }
)");
  ASSERT_NE(definition, nullptr);
  const std::vector<Assignment>& set = StateOf(definition, "a").set;
  NamesScope scope;
  const auto json = [&](int i) {
    return WriteJson(EvaluateTemplate(set[static_cast<std::size_t>(i)].value, scope).value());
  };
  EXPECT_TRUE(std::holds_alternative<Value>(set[0].value.content));
  EXPECT_EQ(json(0), R"({"list":[1,"two",null],"dollar":"${x}"})");
  EXPECT_EQ(json(1), "2");
  EXPECT_EQ(json(2), R"("n=2!")");
  EXPECT_EQ(json(3), R"({"list":[1,"x"]})");
}

TEST(Load, GivesDefaultsForWhatIsNotWritten) {
  const DefinitionPtr definition = Load("states: { a: { end: {} } }\n");
  ASSERT_NE(definition, nullptr);
  EXPECT_EQ(definition->unique, Uniqueness::kNo);
  EXPECT_TRUE(definition->states[kRoot].atomic);
  EXPECT_EQ(definition->input, nullptr);
  EXPECT_FALSE(definition->key.has_value());
  EXPECT_TRUE(definition->manifests.empty());
}

TEST(Load, HasTheEngineAsAConnector) {
  const DefinitionPtr definition = Load(
      "states:\n  a: { call: engine.cancel, with: { process: p, key: k }, on_error: { any: b }, next: b }\n  b: { end: "
      "{} }\n");
  ASSERT_NE(definition, nullptr);
  ASSERT_EQ(definition->manifests.size(), 1U);
  EXPECT_EQ(definition->manifests[0]->connector, "engine");
}

TEST(Hash, ChangesWithEverythingThatTheProcessRefersToAndNothingElse) {
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = std::string(kHead) +
                "input: { $ref: s.json }\nstates:\n  a: { call: billing.credit, next: b }\n  b: { end: {} }\n";
  bundle.files = {{"s.json", "{}"}, {"unused.json", "{}"}};
  const auto manifest = [](const std::string& kind, const std::string& title) {
    return LoadManifest("billing.yaml", "connector: billing\nversion: 1.0.0\nkind: " + kind + "\ntitle: " + title +
                                            "\noperations: { credit: {} }\n")
        .manifest;
  };
  bundle.manifests = {manifest("worker", "one")};
  const auto hash = [](const Bundle& source) {
    const LoadOutcome outcome = LoadDefinition(source);
    EXPECT_FALSE(HasErrors(outcome.diagnostics)) << FormatDiagnostics(outcome.diagnostics);
    return outcome.definition ? outcome.definition->hash : "";
  };
  const std::string original = hash(bundle);
  EXPECT_EQ(original.size(), 64U);
  EXPECT_EQ(hash(bundle), original);
  Bundle other = bundle;
  other.files["unused.json"] = "true";
  other.file = "elsewhere/p.yaml";
  EXPECT_EQ(hash(other), original);
  other.files["s.json"] = "true";
  EXPECT_NE(hash(other), original);
  other = bundle;
  other.text += "# a comment\n";
  EXPECT_NE(hash(other), original);
  other = bundle;
  other.manifests = {manifest("worker", "two")};
  EXPECT_NE(hash(other), original);
  // A built-in connector's comes with the server.
  bundle.manifests = {manifest("builtin", "one")};
  other.manifests = {manifest("builtin", "two")};
  EXPECT_EQ(hash(other), hash(bundle));
}

TEST(ReferencedFiles, AreRelativeToTheFileThatNamesThem) {
  EXPECT_EQ(ReferencedFiles("input: { $ref: schemas/a.json }\nevents: { e: { data: { $ref: schemas/b.yaml#/x } } }\n"),
            (std::vector<std::string>{"schemas/a.json", "schemas/b.yaml"}));
  EXPECT_EQ(ReferencedFiles("{\"$ref\": \"c.json\"}", "schemas/a.json"), (std::vector<std::string>{"schemas/c.json"}));
  EXPECT_TRUE(ReferencedFiles("a: [").empty());
}

struct BadManifest {
  const char* text;
  const char* expected;  // place and code of each diagnostic
};
class ManifestTest : public testing::TestWithParam<BadManifest> {};

TEST_P(ManifestTest, IsRefusedWhereItIsWrong) {
  const ManifestOutcome outcome = LoadManifest("m.yaml", GetParam().text);
  EXPECT_EQ(outcome.manifest, nullptr);
  std::string places;
  for (const Diagnostic& diagnostic : outcome.diagnostics)
    places += std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column) + " " +
              FormatErrorCode(diagnostic.code) + " ";
  EXPECT_EQ(places, GetParam().expected) << FormatDiagnostics(outcome.diagnostics);
}

const BadManifest kBadManifests[] = {
    {"- a\n", "1:1 FM-2003 "},
    {"title: x\n", "1:1 FM-2002 1:1 FM-2002 "},
    {"connector: a b\noperations: { c: {} }\n", "1:12 FM-2004 "},
    {"connector: a\nversion: 1\noperations: { c: {} }\n", "2:10 FM-2005 "},
    {"connector: a\nkind: grpc\noperations: { c: {} }\n", "2:7 FM-2009 "},
    {"connector: a\noperations: {}\n", "2:13 FM-2002 "},
    {"connector: a\noperations: { c: { inputs: {} } }\n", "2:20 FM-2001 "},
    {"connector: a\noperations: { c: { input: { type: strin } } }\n", "2:35 FM-1051 "},
    {"connector: a\noperations: { c: { errors: [timeout] } }\n", "2:29 FM-2012 "},
    {"connector: a\noperations: { c: { retry: { first: 1s } } }\n", "2:27 FM-2002 "},
    {"connector: a\noperations: { c: { limits: { concurrency: 0 } } }\n", "2:43 FM-2009 "},
    {"connector: a\nhttp: { url: x }\noperations: { c: {} }\n", "2:1 FM-2011 "},
    {"connector: a\nkind: http\nhttp: { url: x }\noperations: { c: {} }\n", "4:15 FM-2002 "},
    {"connector: a\nkind: http\nhttp: { url: x }\noperations: { c: { http: { urll: /y } } }\n", "4:28 FM-2001 "},
};
INSTANTIATE_TEST_SUITE_P(Mistakes, ManifestTest, testing::ValuesIn(kBadManifests));

TEST(Manifest, HoldsWhatTheFileSays) {
  const ManifestPtr manifest = Billing();
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->version, "2.0.0");
  const OperationManifest* debit = manifest->Find("debit");
  ASSERT_NE(debit, nullptr);
  EXPECT_EQ(debit->errors, std::vector<std::string>{"insufficient-funds"});
  EXPECT_EQ(debit->timeout_ms, 10'000);
  EXPECT_EQ(debit->limits.concurrency, 16);
  EXPECT_EQ(debit->limits.per_second, 2.5);
  EXPECT_EQ(manifest->Find("refund"), nullptr);
}

TEST(Manifest, KeepsTheHttpPartsAsTheyAre) {
  const ManifestOutcome outcome =
      LoadManifest("m.yaml",
                   "connector: a\nkind: http\nhttp: { url: 'http://x', headers: { A: '${secret.B}' } }\noperations: { "
                   "c: { http: { method: GET, url: '/y' } } }\n");
  ASSERT_NE(outcome.manifest, nullptr) << FormatDiagnostics(outcome.diagnostics);
  EXPECT_EQ(WriteJson(outcome.manifest->http), R"({"url":"http://x","headers":{"A":"${secret.B}"}})");
  EXPECT_EQ(WriteJson(outcome.manifest->operations[0].http), R"({"method":"GET","url":"/y"})");
}

TEST(Diagnostics, HaveAJsonForm) {
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = "fermata: 1\nprocess: p\nprocess: q\n";
  const LoadOutcome outcome = LoadDefinition(bundle);
  EXPECT_EQ(
      WriteJson(ToValue(outcome.diagnostics)),
      R"([{"severity":"error","code":"FM-1102","file":"p.yaml","line":3,"column":1,"length":7,"message":"Expected each key once, but 'process' occurs twice in this map.",)"
      R"("excerpt":"process: q","related":{"line":2,"column":1,"message":"the first 'process' is here"}}])");
}

TEST(Diagnostics, AreColouredOnlyWhenAskedTo) {
  Diagnostic diagnostic;
  diagnostic.code = kUnknownKey;
  diagnostic.file = "p.yaml";
  diagnostic.line = 1;
  diagnostic.message = "m";
  diagnostic.excerpt = "\tx";
  diagnostic.column = 2;
  diagnostic.length = 9;
  EXPECT_EQ(FormatDiagnostic(diagnostic), "p.yaml:1:2: error FM-2001: m\n    1 | \tx\n      | \t^\n");
  EXPECT_NE(FormatDiagnostic(diagnostic, Colour::kAlways).find("\x1b[1;31merror"), std::string::npos);
}

TEST(Diagnostics, AreBounded) {
  std::string body = "states:\n";
  for (int i = 0; i < 500; ++i) body += "  s" + std::to_string(i) + ": { sve: 1 }\n";
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = kHead + body;
  EXPECT_EQ(LoadDefinition(bundle).diagnostics.size(), static_cast<std::size_t>(kDiagnosticsMax));
}

TEST(Diagnostics, LoseNoErrorAmongManyWarnings) {
  std::string body = "events: { e: {} }\nstates:\n";
  for (int i = 0; i < 300; ++i) body += "  s" + std::to_string(i) + ": { on: { e: s" + std::to_string(i + 1) + " } }\n";
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = kHead + body + "  s300: { end: {} }\n  orphan: { end: {} }\n";
  const LoadOutcome outcome = LoadDefinition(bundle);
  EXPECT_EQ(outcome.definition, nullptr);
  EXPECT_TRUE(HasErrors(outcome.diagnostics));
}

TEST(Bounds, RefusesTooManyStates) {
  std::string body = "states:\n";
  for (int i = 0; i <= kStatesMax; ++i) body += "  s" + std::to_string(i) + ": { end: {} }\n";
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = kHead + body;
  const LoadOutcome outcome = LoadDefinition(bundle);
  const bool told = std::any_of(outcome.diagnostics.begin(), outcome.diagnostics.end(),
                                [](const Diagnostic& diagnostic) { return diagnostic.code == kTooManyStates; });
  EXPECT_TRUE(told);
}

TEST(Bounds, RefusesStatesNestedTooDeeply) {
  std::string body = "states: { end: { end: {} } }\n";
  for (int i = 0; i < 20; ++i)
    body = "states: { s" + std::to_string(i) + ": { " + body.substr(0, body.size() - 1) + " } }\n";
  Bundle bundle;
  bundle.file = "p.yaml";
  bundle.text = kHead + body;
  const LoadOutcome outcome = LoadDefinition(bundle);
  const bool told = std::any_of(outcome.diagnostics.begin(), outcome.diagnostics.end(),
                                [](const Diagnostic& diagnostic) { return diagnostic.code == kTooManyStates; });
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace fermata

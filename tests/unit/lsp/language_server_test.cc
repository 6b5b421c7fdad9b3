// An editor's session against the server in memory: what it sends, and what it is answered.
#include "api/lsp/language_server.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/lsp/bounds.h"
#include "api/lsp/frames.h"
#include "api/lsp/protocol.h"
#include "engine/base/percent.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const char* const kProcess =
    "fermata: 1\n"                                                                              // 0
    "process: pay\n"                                                                            // 1
    "version: 1.0.0\n"                                                                          // 2
    "input: { type: object, required: [amount], properties: { amount: { type: integer } } }\n"  // 3
    "events:\n"                                                                                 // 4
    "  paid: { key: \"${event.data.id}\", data: { $ref: schemas/paid.yaml } }\n"                // 5
    "states:\n"                                                                                 // 6
    "  hold:\n"                                                                                 // 7
    "    title: Hold the money\n"                                                               // 8
    "    call: bank.authorise\n"                                                                // 9
    "    with: { amount: \"${input.amount}\" }\n"                                               // 10
    "    save: auth\n"                                                                          // 11
    "    undo: { call: bank.void }\n"                                                           // 12
    "    on_error: { declined: refused }\n"                                                     // 13
    "    next: wait\n"                                                                          // 14
    "  wait:\n"                                                                                 // 15
    "    on: { paid: { if: event.data.id == auth.holdId, go: done } }\n"                        // 16
    "    after: { 1d: refused }\n"                                                              // 17
    "  group:\n"                                                                                // 18
    "    states: { inner: { end: {} } }\n"                                                      // 19
    "    next: done\n"                                                                          // 20
    "  done: { end: {} }\n"                                                                     // 21
    "  refused: { fail: refused }\n";                                                           // 22

class LanguageServerTest : public testing::Test {
 protected:
  LanguageServerTest() {
    std::string pattern = (fs::temp_directory_path() / "fermata-lsp-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    Write("connectors/bank.yaml",
          "connector: bank\nversion: 1.0.0\nkind: worker\noperations:\n  authorise:\n    title: Holds money\n    "
          "description: On a card.\n    input: { type: object, required: [amount], properties: { amount: { type: "
          "integer, description: minor units } } }\n    output: { type: object, required: [holdId], properties: { "
          "holdId: { type: string } } }\n    errors: [declined]\n    timeout: 10s\n  void: {}\n");
    Write("schemas/paid.yaml", "type: object\nrequired: [id]\nproperties: { id: { type: string } }\n");
    Write("refund.yaml", "fermata: 1\nprocess: refund\nversion: 1.0.0\nstates: { a: { end: {} } }\n");
    uri_ = UriOfPath((folder_ / "pay.yaml").string());
  }
  ~LanguageServerTest() override { fs::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  static Value Text(std::string_view text) { return Value::String(text); }
  static Value Object(std::initializer_list<std::pair<std::string_view, Value>> entries) {
    return Value::Object(entries);
  }

  void Send(const Value& message) { WriteFrame(WriteJson(message), in_); }
  void Notify(const std::string& method, Value params) {
    Send(Object({{"jsonrpc", Text("2.0")}, {"method", Text(method)}, {"params", std::move(params)}}));
  }
  int Ask(const std::string& method, Value params) {
    Send(Object({{"jsonrpc", Text("2.0")},
                 {"id", Value::Int(++id_)},
                 {"method", Text(method)},
                 {"params", std::move(params)}}));
    return id_;
  }
  int Initialize(const std::string& encoding = "") {
    std::vector<Value> encodings;
    if (!encoding.empty()) encodings.push_back(Text(encoding));
    const Value general = Object({{"positionEncodings", Value::List(std::move(encodings))}});
    return Ask("initialize", Object({{"capabilities", Object({{"general", general}})}}));
  }
  void Open(const std::string& text) {
    Notify("textDocument/didOpen",
           Object({{"textDocument", Object({{"uri", Text(uri_)}, {"version", Value::Int(1)}, {"text", Text(text)}})}}));
  }
  void Change(const std::string& text) {
    Notify("textDocument/didChange", Object({{"textDocument", Object({{"uri", Text(uri_)}})},
                                             {"contentChanges", Value::List({Object({{"text", Text(text)}})})}}));
  }
  void Change(Position from, Position to, const std::string& text) {
    const Value change = Object({{"range", RangeOf(from, to)}, {"text", Text(text)}});
    Notify("textDocument/didChange",
           Object({{"textDocument", Object({{"uri", Text(uri_)}})}, {"contentChanges", Value::List({change})}}));
  }
  int AskAt(const std::string& method, int line, int character) {
    return Ask("textDocument/" + method, Object({{"textDocument", Object({{"uri", Text(uri_)}})},
                                                 {"position", ToValue(Position{line, character})}}));
  }
  // The place behind `needle` in kProcess, or inside of it.
  int AskBehind(const std::string& method, const std::string& needle, int back = 0) {
    const std::string text(kProcess);
    const std::size_t at = text.find(needle) + needle.size() - static_cast<std::size_t>(back);
    const Position position = TextDocument(text).PositionOf(at, PositionUnit::kUtf16);
    return AskAt(method, position.line, position.character);
  }

  // Runs all that was sent; what the server said is in `said_` then.
  int Run() {
    std::stringstream out;
    LspOptions options;
    options.version = "1.2.3";
    const int code = LanguageServer(std::move(options), in_, out).Run();
    for (Frame frame = ReadFrame(out); frame.kind == Frame::Kind::kMessage; frame = ReadFrame(out))
      said_.push_back(*ParseJson(frame.body));
    return code;
  }
  void RunToEnd() {
    Ask("shutdown", Value::Null());
    Notify("exit", Value::Null());
    EXPECT_EQ(Run(), 0);
  }

  const Value& AnswerTo(int id) const {
    for (const Value& message : said_)
      if (const Value* given = message.Find("id"); given && *given == Value::Int(id)) return message;
    static const Value none = Value::Object({});
    ADD_FAILURE() << "There is no answer to " << id;
    return none;
  }
  std::vector<std::string> LabelsOf(int id) const {
    std::vector<std::string> labels;
    for (const Value& item : AnswerTo(id).Find("result")->as_list()) labels.push_back(TextMember(item, "label"));
    return labels;
  }
  std::string HoverOf(int id) const {
    const Value* result = AnswerTo(id).Find("result");
    return result->is_null() ? "" : TextMember(*result, "contents.value");
  }
  // "pay.yaml:7:2"
  std::string TargetOf(int id) const {
    const Value& result = *AnswerTo(id).Find("result");
    if (result.is_null()) return "";
    const Position at = PositionMember(result, "range.start");
    return PathOfUri(TextMember(result, "uri")).lexically_relative(folder_).string() + ":" + std::to_string(at.line) +
           ":" + std::to_string(at.character);
  }
  // The codes of the n-th publication for the open file.
  std::vector<std::vector<std::string>> Published(const std::string& uri) const {
    std::vector<std::vector<std::string>> all;
    for (const Value& message : said_) {
      if (TextMember(message, "method") != "textDocument/publishDiagnostics" ||
          TextMember(message, "params.uri") != uri)
        continue;
      all.emplace_back();
      for (const Value& diagnostic : Member(message, "params.diagnostics")->as_list()) {
        const Position at = PositionMember(diagnostic, "range.start");
        all.back().push_back(TextMember(diagnostic, "code") + "@" + std::to_string(at.line) + ":" +
                             std::to_string(at.character));
      }
    }
    return all;
  }

  fs::path folder_;
  std::string uri_;
  std::stringstream in_;
  std::vector<Value> said_;
  int id_ = 0;
};

TEST_F(LanguageServerTest, SaysWhatItCan) {
  const int id = Initialize();
  RunToEnd();
  const Value& result = *AnswerTo(id).Find("result");
  EXPECT_EQ(TextMember(result, "serverInfo.version"), "1.2.3");
  EXPECT_EQ(TextMember(result, "capabilities.positionEncoding"), "utf-16");
  EXPECT_EQ(*Member(result, "capabilities.textDocumentSync.change"), Value::Int(2));
}

TEST_F(LanguageServerTest, EndsWith1WithoutShutdown) {
  Initialize();
  Notify("exit", Value::Null());
  EXPECT_EQ(Run(), 1);
}

TEST_F(LanguageServerTest, EndsWith1WhenTheStreamCloses) {
  Initialize();
  EXPECT_EQ(Run(), 1);
}

TEST_F(LanguageServerTest, RefusesWhatComesOutOfTurn) {
  const int early = AskAt("hover", 0, 0);
  Initialize();
  const int again = Initialize();
  const int unknown = Ask("textDocument/nonsense", Value::Null());
  Ask("shutdown", Value::Null());
  const int late = AskAt("hover", 0, 0);
  Notify("exit", Value::Null());
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(*Member(AnswerTo(early), "error.code"), Value::Int(-32002));
  EXPECT_EQ(*Member(AnswerTo(again), "error.code"), Value::Int(-32600));
  EXPECT_EQ(*Member(AnswerTo(unknown), "error.code"), Value::Int(-32601));
  EXPECT_EQ(*Member(AnswerTo(late), "error.code"), Value::Int(-32600));
}

TEST_F(LanguageServerTest, GoesOnAfterWhatIsMalformed) {
  Initialize();
  in_ << "Nonsense: 1\r\n\r\n";
  WriteFrame("{not json", in_);
  WriteFrame("[]", in_);
  WriteFrame("{\"id\":7}", in_);
  WriteFrame("{\"id\":8,\"result\":null}", in_);
  Notify("textDocument/didOpen", Value::Null());
  Notify("textDocument/didChange", Value::Int(3));
  Notify("$/cancelRequest", Object({{"id", Value::Int(1)}}));
  const int hover = Ask("textDocument/hover", Object({{"position", Text("x")}}));
  RunToEnd();
  EXPECT_TRUE(AnswerTo(hover).Find("result")->is_null());
  const auto errors = std::count_if(said_.begin(), said_.end(), [](const Value& one) { return one.Find("error"); });
  EXPECT_EQ(errors, 4);
}

TEST_F(LanguageServerTest, TellsWhatIsWrongWhileSomebodyTypes) {
  Initialize();
  Open(kProcess);
  Change({14, 10}, {14, 14}, "wai");
  Change({14, 13}, {14, 13}, "t");
  Change("states: {");
  RunToEnd();
  const auto published = Published(uri_);
  ASSERT_EQ(published.size(), 4U);
  EXPECT_EQ(published[0], std::vector<std::string>{"FM-2206@18:2"});
  EXPECT_EQ(published[1], std::vector<std::string>{"FM-2104@14:10"});
  EXPECT_EQ(published[2], published[0]);
  EXPECT_EQ(published[3].size(), 1U);
}

TEST_F(LanguageServerTest, CountsColumnsAsTheClientWants) {
  const std::string text =
      "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  a: { title: \"\xF0\x9F\x98\x80\xC3\xA4\", next: b }\n";
  for (const auto& [encoding, column] : {std::pair{"utf-16", 27}, {"utf-8", 30}, {"utf-32", 26}}) {
    in_.str("");
    in_.clear();
    said_.clear();
    Initialize(encoding);
    Open(text);
    RunToEnd();
    EXPECT_EQ(Published(uri_).at(0), std::vector<std::string>{"FM-2104@4:" + std::to_string(column)}) << encoding;
  }
}

TEST_F(LanguageServerTest, TellsOfSchemaFilesAndTakesItBack) {
  Write("schemas/paid.yaml", "type: objekt\n");
  Initialize();
  Open(kProcess);
  Change("fermata: 1\nprocess: pay\nversion: 1.0.0\nstates: { a: { end: {} } }\n");
  RunToEnd();
  const auto published = Published(UriOfPath((folder_ / "schemas/paid.yaml").string()));
  ASSERT_EQ(published.size(), 2U);
  EXPECT_EQ(published[0], std::vector<std::string>{"FM-1051@0:6"});
  EXPECT_TRUE(published[1].empty());
}

TEST_F(LanguageServerTest, ClosingTakesDiagnosticsBack) {
  Initialize();
  Open(kProcess);
  Notify("textDocument/didClose", Object({{"textDocument", Object({{"uri", Text(uri_)}})}}));
  const int hover = AskBehind("hover", "next: wait");
  RunToEnd();
  EXPECT_TRUE(Published(uri_).back().empty());
  EXPECT_EQ(HoverOf(hover), "");
}

TEST_F(LanguageServerTest, LooksAtManifestsAndLeavesOtherYamlAlone) {
  Initialize();
  Open("connector: bank\noperations: { pay: { inputs: {} } }\n");
  Change("services:\n  web: { image: x }\n");
  RunToEnd();
  const auto published = Published(uri_);
  ASSERT_EQ(published.size(), 2U);
  EXPECT_EQ(published[0], std::vector<std::string>{"FM-2001@1:21"});
  EXPECT_TRUE(published[1].empty());
}

TEST_F(LanguageServerTest, CompletesStatesThatMayBeReached) {
  Initialize();
  Open(kProcess);
  const int next = AskBehind("completion", "next: wait");
  const int inner = AskBehind("completion", "inner: { end");
  const int handler = AskBehind("completion", "1d: refused");
  RunToEnd();
  EXPECT_THAT(LabelsOf(next), testing::UnorderedElementsAre("hold", "wait", "group", "done", "refused"));
  EXPECT_THAT(LabelsOf(handler), Contains("done"));
  EXPECT_THAT(LabelsOf(inner), Contains("end"));
}

TEST_F(LanguageServerTest, CompletesOperationsWithTheirMeaning) {
  Initialize();
  Open(kProcess);
  const int id = AskBehind("completion", "call: bank.a");
  RunToEnd();
  EXPECT_THAT(LabelsOf(id), Contains("bank.authorise"));
  EXPECT_THAT(LabelsOf(id), Contains("engine.cancel"));
  const Value& first = AnswerTo(id).Find("result")->as_list().at(0);
  EXPECT_EQ(TextMember(first, "textEdit.newText"), "bank.authorise");
  EXPECT_EQ(PositionMember(first, "textEdit.range.start").character, 10);
  EXPECT_THAT(TextMember(first, "documentation.value"), HasSubstr("minor units"));
}

TEST_F(LanguageServerTest, CompletesNamesAndFieldsInExpressions) {
  Initialize();
  Open(kProcess);
  const int fields = AskBehind("completion", "${input.");
  const int names = AskBehind("completion", "{ if: ");
  const int data = AskBehind("completion", "{ if: event.data.");
  const int saved = AskBehind("completion", "== auth.");
  RunToEnd();
  EXPECT_EQ(LabelsOf(fields), std::vector<std::string>{"amount"});
  EXPECT_THAT(LabelsOf(names), Contains("event"));
  EXPECT_THAT(LabelsOf(names), Contains("auth"));
  EXPECT_THAT(LabelsOf(names), Not(Contains("error")));
  EXPECT_EQ(LabelsOf(data), std::vector<std::string>{"id"});
  EXPECT_EQ(LabelsOf(saved), std::vector<std::string>{"holdId"});
}

TEST_F(LanguageServerTest, CompletesKeysEventsErrorsAndWords) {
  Initialize();
  Open(kProcess);
  const int event = AskBehind("completion", "    on: {");
  const int error = AskBehind("completion", "on_error: {");
  const int field = AskBehind("completion", "with: {");
  const int key = AskBehind("completion", "    ti");
  const int root = AskBehind("completion", "version: 1.0.0\n");
  RunToEnd();
  EXPECT_EQ(LabelsOf(event), std::vector<std::string>{"paid"});
  EXPECT_THAT(LabelsOf(error), Contains("declined"));
  EXPECT_THAT(LabelsOf(error), Contains("any"));
  EXPECT_EQ(LabelsOf(field), std::vector<std::string>{"amount"});
  EXPECT_THAT(LabelsOf(key), Contains("retry"));
  EXPECT_THAT(LabelsOf(key), Not(Contains("outcomes")));
  EXPECT_THAT(LabelsOf(root), Contains("schedule"));
}

TEST_F(LanguageServerTest, TheLastGoodTreeServesWhileTheTextIsNoYaml) {
  Initialize();
  Open(kProcess);
  Change({21, 0}, {21, 0}, "  more: { next: [ { if: \"input.amount > 1\", go: \n");
  const int target = AskAt("completion", 21, 48);
  const int hover = AskBehind("hover", "next: wait");
  const int outline = Ask("textDocument/documentSymbol", Object({{"textDocument", Object({{"uri", Text(uri_)}})}}));
  RunToEnd();
  EXPECT_THAT(LabelsOf(target), Contains("refused"));
  EXPECT_THAT(HoverOf(hover), HasSubstr("wait"));
  EXPECT_FALSE(AnswerTo(outline).Find("result")->as_list().empty());
}

TEST_F(LanguageServerTest, HoverExplains) {
  Initialize();
  Open(kProcess);
  const int operation = AskBehind("hover", "call: bank.auth");
  const int connector = AskBehind("hover", "call: ba");
  const int state = AskBehind("hover", "go: do");
  const int key = AskBehind("hover", "    sav");
  const int event = AskBehind("hover", "on: { pa");
  const int variable = AskBehind("hover", "== au");
  const int nothing = AskBehind("hover", "process: pa");
  RunToEnd();
  for (int id : {operation, connector}) {
    EXPECT_THAT(HoverOf(id), HasSubstr("**bank.authorise**: Holds money"));
    EXPECT_THAT(HoverOf(id), HasSubstr("- `amount` int: minor units"));
    EXPECT_THAT(HoverOf(id), HasSubstr("Errors: `declined`"));
    EXPECT_THAT(HoverOf(id), HasSubstr("Timeout: 10s"));
  }
  EXPECT_THAT(HoverOf(state), HasSubstr("**done**"));
  EXPECT_THAT(HoverOf(key), HasSubstr("takes the result"));
  EXPECT_THAT(HoverOf(event), HasSubstr("`id` string"));
  EXPECT_THAT(HoverOf(variable), HasSubstr("saved by 'hold'"));
  EXPECT_EQ(HoverOf(nothing), "");
}

TEST_F(LanguageServerTest, FindsDefinitions) {
  Initialize();
  Open(std::string(kProcess) + "  again: { run: refund, next: done }\n");
  const int state = AskBehind("definition", "next: wa");
  const int schema = AskBehind("definition", "schemas/pa");
  const int operation = AskBehind("definition", "call: bank.auth");
  const int event = AskBehind("definition", "on: { pa");
  const int variable = AskBehind("definition", "== auth");
  const int process = AskAt("definition", 23, 18);
  const int nowhere = AskBehind("definition", "process: pa");
  RunToEnd();
  EXPECT_EQ(TargetOf(state), "pay.yaml:15:2");
  EXPECT_EQ(TargetOf(schema), "schemas/paid.yaml:0:0");
  EXPECT_EQ(TargetOf(operation), "connectors/bank.yaml:4:2");
  EXPECT_EQ(TargetOf(event), "pay.yaml:5:2");
  EXPECT_EQ(TargetOf(variable), "pay.yaml:7:2");
  EXPECT_EQ(TargetOf(process), "refund.yaml:1:0");
  EXPECT_EQ(TargetOf(nowhere), "");
}

TEST_F(LanguageServerTest, TheOutlineIsNested) {
  Initialize();
  Open(kProcess);
  const int id = Ask("textDocument/documentSymbol", Object({{"textDocument", Object({{"uri", Text(uri_)}})}}));
  RunToEnd();
  std::vector<std::string> names;
  for (const Value& symbol : AnswerTo(id).Find("result")->as_list()) {
    names.push_back(TextMember(symbol, "name"));
    const Position begin = PositionMember(symbol, "range.start"), end = PositionMember(symbol, "range.end");
    EXPECT_TRUE(begin.line < end.line || begin.character < end.character) << names.back();
    if (names.back() != "group") continue;
    EXPECT_EQ(TextMember(symbol.Find("children")->as_list().at(0), "name"), "inner");
    EXPECT_EQ(end.line, 21);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"paid", "hold", "wait", "group", "done", "refused"}));
}

TEST_F(LanguageServerTest, FormatsTheWholeText) {
  Initialize();
  Open("fermata: 1\nprocess:   pay   \nversion: 1.0.0\nstates: {a: {end: {}}}\n");
  const Value params = Object({{"textDocument", Object({{"uri", Text(uri_)}})}});
  const int id = Ask("textDocument/formatting", params);
  Change("a: [");
  const int broken = Ask("textDocument/formatting", params);
  RunToEnd();
  ASSERT_EQ(AnswerTo(id).Find("result")->as_list().size(), 1U);
  EXPECT_THAT(TextMember(AnswerTo(id).Find("result")->as_list().at(0), "newText"),
              HasSubstr("states: { a: { end: {} } }"));
  EXPECT_TRUE(AnswerTo(broken).Find("result")->as_list().empty());
}

// ---- scenario files ----

const char* const kScenarios =
    "scenarios: pay\n"                                              // 0
    "cases:\n"                                                      // 1
    "  - name: paid\n"                                              // 2
    "    input: { amount: 5 }\n"                                    // 3
    "    steps:\n"                                                  // 4
    "      - expect: bank.authorise\n"                              // 5
    "        with: { amount: 5 }\n"                                 // 6
    "        return: { holdId: h }\n"                               // 7
    "      - { event: paid, data: { id: h } }\n"                    // 8
    "      - in: wait\n"                                            // 9
    "    then: { status: completed, path: [hold, wait, done] }\n";  // 10

class ScenarioServerTest : public LanguageServerTest {
 protected:
  ScenarioServerTest() {
    Write("pay.yaml", kProcess);
    uri_ = UriOfPath((folder_ / "pay.scenarios.yaml").string());
    Initialize();
    Open(kScenarios);
  }
  // With `typed` instead of this line, the place behind it.
  int AskTyped(int line, const std::string& typed) {
    std::string text(kScenarios);
    std::size_t begin = 0;
    for (int i = 0; i < line; ++i) begin = text.find('\n', begin) + 1;
    text.replace(begin, text.find('\n', begin) - begin, typed);
    Change(text);
    return AskAt("completion", line, static_cast<int>(typed.size()));
  }
};

TEST_F(ScenarioServerTest, TellsWhatIsWrongWhileSomebodyTypes) {
  Change("scenarios: pay\ncases:\n  - name: x\n    steps: [ { expect: bank.authorize }, { exspect: x } ]\n");
  Change("");
  RunToEnd();
  const auto published = Published(uri_);
  ASSERT_EQ(published.size(), 3U);
  EXPECT_THAT(published[0], testing::IsEmpty());
  EXPECT_THAT(published[1], testing::ElementsAre("FM-6005@3:23", "FM-6003@3:43"));
  EXPECT_THAT(published[2], testing::IsEmpty());
}

TEST_F(ScenarioServerTest, LooksAtTheProcessAsItIsTyped) {
  Notify("textDocument/didOpen",
         Object({{"textDocument", Object({{"uri", Text(UriOfPath((folder_ / "pay.yaml").string()))},
                                          {"version", Value::Int(1)},
                                          {"text", Text(std::string(kProcess) + "  extra: { end: {} }\n")}})}}));
  const int states = AskTyped(9, "      - in: ");
  RunToEnd();
  EXPECT_THAT(LabelsOf(states), Contains("extra"));
}

TEST_F(ScenarioServerTest, CompletesStepsAndTheirKeys) {
  const int steps = AskTyped(9, "      - ");
  const int beside = AskTyped(7, "        ");
  const int in_flow = AskTyped(8, "      - { event: paid, ");
  const int of_case = AskTyped(10, "    ");
  const int of_then = AskTyped(10, "    then: { ");
  RunToEnd();
  EXPECT_THAT(LabelsOf(steps), testing::IsSupersetOf({"expect", "event", "advance", "answer", "resolve", "late"}));
  EXPECT_THAT(LabelsOf(steps), Not(Contains("return")));
  EXPECT_THAT(LabelsOf(beside), testing::UnorderedElementsAre("with", "return", "error", "technical"));
  EXPECT_THAT(LabelsOf(in_flow), testing::UnorderedElementsAre("data", "source", "id", "key", "to", "refused"));
  EXPECT_THAT(LabelsOf(of_case), testing::IsSupersetOf({"name", "input", "steps", "then"}));
  EXPECT_THAT(LabelsOf(of_then), testing::IsSupersetOf({"status", "undone", "incidents"}));
}

TEST_F(ScenarioServerTest, CompletesNamesOfTheFolder) {
  const int operations = AskTyped(5, "      - expect: ");
  const int events = AskTyped(8, "      - { event: ");
  const int states = AskTyped(9, "      - in: ");
  const int input = AskTyped(6, "        with: { ");
  const int output = AskTyped(7, "        return: { ");
  const int data = AskTyped(8, "      - { event: paid, data: { ");
  const int errors = AskTyped(7, "        error: ");
  const int technical = AskTyped(7, "        technical: ");
  const int status = AskTyped(10, "    then: { status: ");
  const int path = AskTyped(10, "    then: { path: [hold, ");
  const int process = AskTyped(0, "scenarios: ");
  RunToEnd();
  EXPECT_THAT(LabelsOf(operations), testing::IsSupersetOf({"bank.authorise", "bank.void", "engine.cancel"}));
  EXPECT_THAT(LabelsOf(events), testing::ElementsAre("paid"));
  EXPECT_THAT(LabelsOf(states), testing::IsSupersetOf({"hold", "wait", "inner", "refund/a"}));
  EXPECT_THAT(LabelsOf(input), testing::ElementsAre("amount"));
  EXPECT_THAT(LabelsOf(output), testing::ElementsAre("holdId"));
  EXPECT_THAT(LabelsOf(data), testing::ElementsAre("id"));
  EXPECT_THAT(LabelsOf(errors), testing::ElementsAre("declined"));
  EXPECT_THAT(LabelsOf(technical), testing::ElementsAre("unavailable", "timeout", "invalid-response", "internal"));
  EXPECT_EQ(LabelsOf(status).size(), 7U);
  EXPECT_THAT(LabelsOf(path), Contains("done"));
  EXPECT_THAT(LabelsOf(path), Not(Contains("refund/a")));
  EXPECT_THAT(LabelsOf(process), testing::UnorderedElementsAre("pay", "refund"));
}

TEST_F(ScenarioServerTest, HoverExplains) {
  const int step = AskAt("hover", 5, 10), operation = AskAt("hover", 5, 22), state = AskAt("hover", 10, 39);
  RunToEnd();
  EXPECT_THAT(HoverOf(step), HasSubstr("Takes the oldest call in flight"));
  EXPECT_THAT(HoverOf(operation), HasSubstr("**bank.authorise**: Holds money"));
  EXPECT_EQ(HoverOf(state), "**hold**: Hold the money");
}

TEST_F(ScenarioServerTest, NothingInAnyPrefixEndsIt) {
  const std::string text(kScenarios);
  for (std::size_t length = 0; length < text.size(); length += 5) {
    Change(text.substr(0, length));
    const Position end = TextDocument(text.substr(0, length)).PositionOf(length, PositionUnit::kUtf16);
    for (const char* method : {"completion", "hover", "definition"}) AskAt(method, end.line, end.character);
  }
  RunToEnd();
}

// ---- children ----

TEST_F(LanguageServerTest, KnowsWhatAChildTakesAndGives) {
  Write("refund.yaml",
        "fermata: 1\nprocess: refund\nversion: 1.0.0\n"
        "input: { type: object, required: [why], properties: { why: { type: string } } }\n"
        "output: { type: object, required: [refundId], properties: { refundId: { type: string } } }\n"
        "states: { a: { end: { refundId: r } } }\n");
  Initialize();
  const std::string head = "fermata: 1\nprocess: parent\nversion: 1.0.0\nstates:\n  a:\n    run: refund\n";
  Open(head + "    with: { why: x }\n    save: refund\n    next: b\n  b: { end: { id: \"${refund.refundId}\" } }\n");
  const int hover = AskAt("hover", 9, 22);
  const int fields = AskAt("completion", 9, 28);
  const int input = AskAt("completion", 6, 12);
  RunToEnd();
  EXPECT_THAT(HoverOf(hover), HasSubstr("refundId"));
  EXPECT_THAT(LabelsOf(fields), testing::ElementsAre("refundId"));
  EXPECT_THAT(LabelsOf(input), testing::ElementsAre("why"));
}

// ---- links ----

TEST_F(LanguageServerTest, ReadsNoSchemaOutsideOfItsFolder) {
  const fs::path outside = folder_.string() + "-outside.yaml";
  std::ofstream(outside) << "type: string\n";
  fs::create_symlink(outside, folder_ / "schemas/link.yaml");
  Initialize();
  const std::string head = "fermata: 1\nprocess: p\nversion: 1.0.0\ninput: { $ref: ";
  const std::string tail = " }\nstates: { a: { end: {} } }\n";
  Open(head + "schemas/link.yaml" + tail);
  Change(head + "../" + outside.filename().string() + tail);
  Change(head + outside.string() + tail);
  Change(head + "schemas/paid.yaml" + tail);
  RunToEnd();
  fs::remove(outside);
  const auto published = Published(uri_);
  ASSERT_EQ(published.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(published[i].size(), 1U) << i;
  EXPECT_THAT(published[3], testing::IsEmpty());
}

TEST_F(LanguageServerTest, NothingInAnyPrefixEndsIt) {
  Initialize();
  const std::string text(kProcess);
  Open("");
  for (std::size_t length = 0; length < text.size(); length += 7) {
    Change(text.substr(0, length));
    const Position end = TextDocument(text.substr(0, length)).PositionOf(length, PositionUnit::kUtf16);
    for (const char* method : {"completion", "hover", "definition"}) AskAt(method, end.line, end.character);
  }
  RunToEnd();
}

}  // namespace
}  // namespace fermata

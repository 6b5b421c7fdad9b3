// What the API reads out of requests, without a server.
#include <gtest/gtest.h>

#include "api/handlers/cloud_event_reader.h"
#include "api/handlers/codes.h"
#include "api/handlers/error_pages.h"
#include "api/handlers/field_reader.h"
#include "api/handlers/guard.h"
#include "api/handlers/problems.h"
#include "api/handlers/request_reader.h"
#include "api/handlers/views.h"
#include "engine/model/json.h"
#include "engine/runtime/codes.h"

namespace fermata {
namespace {

constexpr Timestamp kNow{1'000, 0};

HttpRequest Post(std::string content_type, std::string body, HttpHeaders more = {}) {
  HttpRequest request;
  request.method = "POST";
  request.body = std::move(body);
  if (!content_type.empty()) request.headers.emplace_back("content-type", std::move(content_type));
  request.headers.insert(request.headers.end(), more.begin(), more.end());
  return request;
}

ReadEvent OneEvent(const HttpRequest& request) {
  Result<ReadEvents> read = ReadCloudEvents(request, kNow);
  EXPECT_TRUE(read.ok());
  EXPECT_EQ(read->events.size(), 1u);
  return read->events.front();
}

// ---- bodies ----

TEST(FieldReader, TellsEveryMistakeWithItsPlace) {
  const Value body = *ParseJson(R"({"a":1,"b":"x","c/d":2})");
  FieldReader fields(body, {"a", "b", "e"});
  EXPECT_FALSE(fields.Text("a").has_value());
  EXPECT_EQ(fields.Text("b"), "x");
  EXPECT_EQ(fields.RequiredText("e"), "");
  ASSERT_EQ(fields.mistakes().size(), 3u);
  EXPECT_EQ(fields.mistakes()[0].path, "/c~1d");
  EXPECT_EQ(fields.mistakes()[0].code, kUnknownField);
  EXPECT_EQ(fields.mistakes()[1].path, "/a");
  EXPECT_EQ(fields.mistakes()[2].path, "/e");
}

TEST(FieldReader, ABodyThatIsNoObjectIsOneMistake) {
  for (const char* text : {"[]", "5", "null", "\"x\""}) {
    const Value body = *ParseJson(text);
    FieldReader fields(body, {"a"});
    EXPECT_EQ(fields.RequiredText("a"), "");
    EXPECT_EQ(fields.Object("a"), nullptr);
    EXPECT_EQ(fields.mistakes().size(), 1u) << text;
  }
}

TEST(RequestReader, MediaTypesAreReadWithoutCaseAndParameters) {
  EXPECT_EQ(MediaType(Post("Application/JSON ; charset=utf-8", "")), "application/json");
  EXPECT_TRUE(ReadJsonBody(Post("application/json; charset=utf-8", "{}")).ok());
  EXPECT_EQ(ReadJsonBody(Post("", "{}")).error().code, kUnsupportedMediaType);
}

TEST(RequestReader, LongWaitsAreCut) {
  HttpRequest request;
  request.query = {{"wait", "2h"}};
  QueryReader query(request, {"wait"});
  EXPECT_EQ(query.WaitMs("wait"), kWaitMaxMs);
  EXPECT_TRUE(query.mistakes().empty());
}

TEST(RequestReader, AnEmptyParameterIsAMistakeAndAnEmptyVariableIsNot) {
  for (const std::string name : {"status", "process", "state", "key", "startedAfter", "cursor", "limit", "until"}) {
    HttpRequest request;
    request.query = {{name, ""}};
    const QueryReader query(request, {"status", "process", "state", "key", "startedAfter", "cursor", "limit", "until"});
    ASSERT_EQ(query.mistakes().size(), 1u) << name;
    EXPECT_EQ(query.mistakes()[0].code, kWrongParameter);
    EXPECT_EQ(query.mistakes()[0].path, "?" + name);
  }
  HttpRequest request;
  request.query = {{"var.name", ""}};
  EXPECT_TRUE(QueryReader(request, {"var."}).mistakes().empty());
}

TEST(RequestReader, OnlyTheOrderOfMembersIsNotPartOfWhatIsSaid) {
  const auto in_order = [](const char* json) { return WriteJson(InOrder(*ParseJson(json))); };
  EXPECT_EQ(in_order(R"({"b":[{"d":1,"c":2}],"a":null})"), R"({"a":null,"b":[{"c":2,"d":1}]})");
  EXPECT_EQ(in_order("[2,1]"), "[2,1]");
  EXPECT_NE(in_order(R"({"a":1})"), in_order(R"({"a":"1"})"));
}

// ---- events ----

TEST(CloudEvents, StructuredKeepsExtensions) {
  const ReadEvent read = OneEvent(Post(
      "application/cloudevents+json; charset=utf-8",
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","subject":"u","time":"2026-01-02T03:04:05Z","traceparent":"00-x","n":5,"data":{"a":1}})"));
  ASSERT_TRUE(read.mistakes.empty()) << read.mistakes[0].message;
  EXPECT_EQ(read.event.subject, "u");
  EXPECT_EQ(FormatTimestamp(read.event.time), "2026-01-02T03:04:05Z");
  EXPECT_EQ(WriteJson(read.event.extensions), R"({"traceparent":"00-x","n":5})");
  EXPECT_EQ(WriteJson(read.event.data), R"({"a":1})");
}

TEST(CloudEvents, AnEventWithoutTimeGetsThatOfAcceptance) {
  EXPECT_EQ(OneEvent(Post("application/json", R"({"id":"1","source":"s","type":"t"})")).event.time, kNow);
}

TEST(CloudEvents, BinaryHeadersArePercentDecoded) {
  const ReadEvent read = OneEvent(
      Post("application/json", R"({"a":1})",
           {{"ce-specversion", "1.0"}, {"ce-id", "%C3%A9"}, {"ce-source", "s"}, {"ce-type", "t"}, {"ce-more", "m"}}));
  ASSERT_TRUE(read.mistakes.empty());
  EXPECT_EQ(read.event.id, "é");
  EXPECT_EQ(WriteJson(read.event.extensions), R"({"more":"m"})");
  const ReadEvent bad = OneEvent(Post(
      "application/json", "", {{"ce-specversion", "1.0"}, {"ce-id", "%ZZ"}, {"ce-source", "s"}, {"ce-type", "t"}}));
  EXPECT_FALSE(bad.mistakes.empty());
}

TEST(CloudEvents, BinaryDataIsReadByItsType) {
  const HttpHeaders headers = {{"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "s"}, {"ce-type", "t"}};
  EXPECT_EQ(WriteJson(OneEvent(Post("text/plain", "hello", headers)).event.data), "\"hello\"");
  EXPECT_EQ(WriteJson(OneEvent(Post("application/octet-stream", std::string("\0\1", 2), headers)).event.data),
            "\"AAE=\"");
  EXPECT_FALSE(OneEvent(Post("application/json", "{", headers)).mistakes.empty());
}

TEST(CloudEvents, DataBase64IsDecoded) {
  const std::string head = R"({"specversion":"1.0","id":"1","source":"s","type":"t",)";
  EXPECT_EQ(
      WriteJson(OneEvent(Post("application/cloudevents+json", head + R"("data_base64":"eyJhIjoxfQ=="})")).event.data),
      R"({"a":1})");
  EXPECT_FALSE(OneEvent(Post("application/cloudevents+json", head + R"("data_base64":"%%"})")).mistakes.empty());
  EXPECT_FALSE(
      OneEvent(Post("application/cloudevents+json", head + R"("data_base64":"AA==","data":1})")).mistakes.empty());
}

TEST(CloudEvents, AttributesMayBeAllThatTheSpecificationAllows) {
  const ReadEvent read = OneEvent(Post(
      "application/cloudevents+json",
      R"({"specversion":"1.0","id":"1","source":"//a/b?c#d","type":"t","time":"2026-01-31t12:00:00.5+02:00",)"
      R"("dataschema":"urn:a:b","datacontenttype":"application/vnd.a.b+json; charset=utf-8","big":2147483647,"flag":true})"));
  EXPECT_TRUE(read.mistakes.empty()) << read.mistakes[0].message;
  EXPECT_EQ(FormatTimestamp(read.event.time), "2026-01-31T10:00:00.5Z");
}

TEST(CloudEvents, BinaryHeadersAreHeldToTheBinding) {
  const auto read = [](HttpHeaders more) {
    HttpHeaders headers = {{"ce-specversion", "1.0"}, {"ce-source", "s"}, {"ce-type", "t"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return OneEvent(Post("application/json", "{}", headers));
  };
  EXPECT_EQ(read({{"ce-id", R"("a \"b\"")"}}).event.id, R"(a "b")");
  EXPECT_EQ(read({{"ce-id", "1"}, {"ce-id", "2"}}).mistakes.size(), 1u);
  EXPECT_EQ(read({{"ce-id", "1"}, {"ce-datacontenttype", "text/plain"}}).mistakes.size(), 1u);
  EXPECT_EQ(read({{"ce-id", "1"}, {"ce-data", "x"}}).mistakes.size(), 1u);
  EXPECT_EQ(read({{"ce-id", "%FF"}}).mistakes.size(), 1u);
}

TEST(CloudEvents, EachMalformedOneIsRefused) {
  const std::string type = "application/cloudevents+json";
  for (const char* body : {R"({"id":"1","source":"s","type":"t"})",
                           R"({"specversion":"1.0","source":"s","type":"t"})",
                           R"({"specversion":"1.0","id":"","source":"s","type":"t"})",
                           R"({"specversion":"1.0","id":5,"source":"s","type":"t"})",
                           R"({"specversion":"2.0","id":"1","source":"s","type":"t"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","Sub_ject":"x"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","ext":{}})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","ext":1.5})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","ext":2147483648})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","ext":"a\u0085"})",
                           R"({"specversion":"1.0","id":"a\u0000","source":"s","type":"t"})",
                           R"({"specversion":"1.0","id":"1","source":"a b","type":"t"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","subject":""})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","dataschema":"a/b"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"a/b/c"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"json"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-02-30T00:00:00Z"})",
                           R"({"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-02-03"})",
                           "5",
                           "[]"})
    EXPECT_EQ(OneEvent(Post(type, body)).mistakes.size(), 1u) << body;
  EXPECT_FALSE(ReadCloudEvents(Post(type, "{"), kNow).ok());
  EXPECT_FALSE(ReadCloudEvents(Post("application/cloudevents-batch+json", "{}"), kNow).ok());
  EXPECT_EQ(ReadCloudEvents(Post("text/plain", "x"), kNow).error().code, kUnsupportedMediaType);
}

// ---- who may ask ----

TEST(Guard, OnlyThisMachineIsAHost) {
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080"})
    EXPECT_TRUE(IsLoopbackAuthority(host)) << host;
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil", "[::2]:80", "127.0.0.1:80:80",
                           "localhost:x", "", "0.0.0.0"})
    EXPECT_FALSE(IsLoopbackAuthority(host)) << host;
}

TEST(Guard, ForeignOriginsMayOnlyRead) {
  const HttpHeaders foreign = {{"host", "localhost:1"}, {"origin", "http://evil.example"}};
  const HttpHeaders own = {{"host", "localhost:1"}, {"origin", "http://localhost:1"}};
  HttpRequest request = Post("application/json", "{}", foreign);
  EXPECT_EQ(RefuseForeign(request)->code, kForeignOrigin);
  request.method = "GET";
  EXPECT_FALSE(RefuseForeign(request).has_value());
  EXPECT_FALSE(RefuseForeign(Post("application/json", "{}", own)).has_value());
}

// ---- answers ----

TEST(Problems, EveryCodeOfACommandHasAPageAndAStatus) {
  for (const ErrorCode code : {kUnknownProcess, kKeyInUse, kInvalidInput, kInboxFull, kUnknownField, kWrongField,
                               kUnsupportedMediaType, kWrongParameter, kWrongHeader, kForeignHost, kForeignOrigin,
                               kDefinitionRefused, kUnknownPage, kEventsRefused, kServerBusy}) {
    EXPECT_NE(FindErrorPage(FormatErrorCode(code)), nullptr) << FormatErrorCode(code);
    EXPECT_NE(StatusOf(code), 500) << FormatErrorCode(code);
  }
}

TEST(Problems, OverloadSaysWhenToTryAgain) {
  const HttpResponse response = ProblemOf(Error{kInboxFull, "Expected room."});
  EXPECT_EQ(response.status, 503);
  bool retry_after = false;
  for (const auto& [name, value] : response.headers) retry_after |= name == "Retry-After" && value == "1";
  EXPECT_TRUE(retry_after);
}

TEST(ErrorPages, HtmlEscapesAndKeepsCode) {
  const std::string html = ErrorPageHtml({"FM-1", "# FM-1: a <b>\n\n## What to do\n- `x < y`\n\n```\na & b\n```\n"});
  EXPECT_NE(html.find("<h1>FM-1: a &lt;b&gt;</h1>"), std::string::npos) << html;
  EXPECT_NE(html.find("<ul><li><code>x &lt; y</code></li>"), std::string::npos) << html;
  EXPECT_NE(html.find("<pre>a &amp; b\n</pre>"), std::string::npos) << html;
}

TEST(Views, IncidentNamesGoThereAndBack) {
  const InstanceId id = InstanceId::Make(0, 1'700'000'000'000, 42, 7);
  const std::optional<IncidentId> parsed = ParseIncidentName(IncidentName(id, 12));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->instance, id);
  EXPECT_EQ(parsed->number, 12);
  for (const std::string& text : {std::string(""), std::string("-1"), id.ToString(), id.ToString() + "-",
                                  id.ToString() + "-0", id.ToString() + "-x", id.ToString() + "-1x"})
    EXPECT_FALSE(ParseIncidentName(text).has_value()) << text;
}

TEST(JsonPlace, TheFirstMistakeIsToldWithLineColumnAndWhatIsThere) {
  const auto told = [](const std::string& text) {
    const Result<Value> read = ReadJsonBody(Post("application/json", text));
    return read.ok() ? std::string("it is JSON") : read.error().message;
  };
  EXPECT_EQ(told("{\"a\": [1, 2\n, ]}"), "Expected a value in line 2, column 3 of the JSON, but got ']}'.");
  EXPECT_EQ(told("{\"\u00e4\": 1 \"b\": 2}"),
            "Expected ',' or '}' in line 1, column 9 of the JSON, but got '\"b\": 2}'.");
  EXPECT_EQ(told("{\"a\" 1}"), "Expected ':' in line 1, column 6 of the JSON, but got '1}'.");
  EXPECT_EQ(told("{\"a\":"), "Expected a value in line 1, column 6 of the JSON, but the text ends.");
  EXPECT_EQ(told("{'a': 1}"),
            "Expected a name in double quotes or '}' in line 1, column 2 of the JSON, but got ''a': 1}'.");
  EXPECT_EQ(told("{} {}"), "Expected nothing more in line 1, column 4 of the JSON, but got '{}'.");
  EXPECT_EQ(told("[tru]"), "Expected a value or ']' in line 1, column 2 of the JSON, but got 'tru]'.");
  EXPECT_EQ(told("[1 2]"), "Expected ',' or ']' in line 1, column 4 of the JSON, but got '2]'.");
  EXPECT_EQ(told("[\"" + std::string(60, 'x') + "\", y]"),
            "Expected a value in line 1, column 66 of the JSON, but got 'y]'.");
  EXPECT_EQ(told("[1, -2.5e3, \"\\u00e4\", null, {}]"), "it is JSON");
}

}  // namespace
}  // namespace fermata

// The rules of the REST API, one by one, against the real server. docs/api.md states them.
#include <gtest/gtest.h>

#include <set>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"

namespace fermata::test {
namespace {

constexpr const char* kHello = R"(fermata: 1
process: hello
version: 1.0.0
input: { type: object, required: [name], properties: { name: { type: string } } }
states:
  done: { end: { greeting: "Hello, ${input.name}!" } }
)";

constexpr const char* kWaiter = R"(fermata: 1
process: waiter
version: 1.0.0
key: ${input.ref}
unique: running
input: { type: object, required: [ref], properties: { ref: { type: string } } }
events:
  go-on: { key: "${event.data.ref}", data: { type: object, required: [ref], properties: { ref: { type: string } } } }
states:
  first: { on: { go-on: { save: given, go: second } }, after: { 1d: done } }
  second: { on: { go-on: done }, after: { 1d: done } }
  done: { end: { ok: true } }
)";

// One server for all of them: each test uses keys of its own.
class Rest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = new RecordingService();
    server_ = new FermataServer({"--storage", "memory"});
    ASSERT_EQ(server_->Deploy(kHello).status, 201);
    ASSERT_EQ(server_->Deploy(kWaiter).status, 201);
    ASSERT_EQ(server_->DeployConnector(service_->Manifest()).status, 201);
    const ClientResponse chain = server_->Deploy(ChainProcess("chain", 2));
    ASSERT_EQ(chain.status, 201) << chain.body;
  }
  static void TearDownTestSuite() {
    delete server_;
    delete service_;
  }

  static ClientResponse Post(const std::string& path, const std::string& body,
                             const std::string& type = "application/json",
                             const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return server_->http().Post(path, body, type, headers);
  }
  static ClientResponse Get(const std::string& path,
                            const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return server_->http().Get(path, headers);
  }
  static ClientResponse StartWaiter(const std::string& ref) {
    return Post("/v1/instances", R"({"process":"waiter","input":{"ref":")" + ref + R"("}})");
  }
  static ClientResponse SendGoOn(const std::string& id, const std::string& ref) {
    return Post(
        "/v1/events",
        R"({"specversion":"1.0","id":")" + id + R"(","source":"test","type":"go-on","data":{"ref":")" + ref + R"("}})",
        "application/cloudevents+json");
  }

  static void ExpectProblem(const ClientResponse& response, int status, const std::string& code) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.Header("content-type"), "application/problem+json");
    EXPECT_EQ(At(response, "code"), code) << response.body;
    EXPECT_EQ(At(response, "type"), "/errors/" + code);
    EXPECT_EQ(At(response, "status"), std::to_string(status));
    EXPECT_NE(At(response, "title"), "");
    EXPECT_NE(At(response, "detail"), "");
  }

  static RecordingService* service_;
  static FermataServer* server_;
};
RecordingService* Rest::service_ = nullptr;
FermataServer* Rest::server_ = nullptr;

// ---- starting ----

TEST_F(Rest, AStartIsAnsweredWithTheInstance) {
  const ClientResponse response = Post("/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Ann"}})");
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.Header("location"), "/v1/instances/" + At(response, "id"));
  EXPECT_EQ(At(response, "status"), "completed");
  EXPECT_EQ(At(response, "output.greeting"), "Hello, Ann!");
  EXPECT_EQ(At(response, "process"), "hello");
  EXPECT_EQ(At(response, "version"), "1.0.0");
  EXPECT_EQ(At(response, "key"), "null");
  EXPECT_EQ(At(response, "incidents"), "[]");
  EXPECT_TRUE(At(response, "startedAt").ends_with("Z"));
  EXPECT_TRUE(At(response, "endedAt").ends_with("Z"));
}

TEST_F(Rest, AnUnknownProcessIs404) {
  ExpectProblem(Post("/v1/instances", R"({"process":"nobody","input":{}})"), 404, "FM-4001");
}

TEST_F(Rest, AnUnknownVersionIs404) {
  ExpectProblem(Post("/v1/instances", R"({"process":"hello","version":"9.0.0","input":{"name":"a"}})"), 404, "FM-4002");
}

TEST_F(Rest, BadInputIs422WithThePath) {
  const ClientResponse response = Post("/v1/instances", R"({"process":"hello","input":{"name":5}})");
  EXPECT_EQ(response.status, 422) << response.body;
  EXPECT_NE(At(response, "errors.0.path").find("name"), std::string::npos) << response.body;
}

TEST_F(Rest, AnUnknownFieldIs422WithTheNearestName) {
  const ClientResponse response = Post("/v1/instances", R"({"process":"hello","inputs":{"name":"a"}})");
  ExpectProblem(response, 422, "FM-4050");
  EXPECT_EQ(At(response, "errors.0.path"), "/inputs");
  EXPECT_NE(response.body.find("'input'"), std::string::npos) << response.body;
}

TEST_F(Rest, AMissingFieldIs422) { ExpectProblem(Post("/v1/instances", R"({"input":{}})"), 422, "FM-4051"); }

TEST_F(Rest, AllMistakesAreToldAtOnce) {
  const ClientResponse response = Post("/v1/instances", R"({"process":7,"version":[],"more":1})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(At(response, "errors.2.path").empty(), false) << response.body;
}

TEST_F(Rest, BrokenJsonIs400) {
  ExpectProblem(Post("/v1/instances", R"({"process":)"), 400, "FM-1001");
  EXPECT_EQ(Post("/v1/instances", R"({"process":"hello","process":"hello"})").status, 400);
  EXPECT_EQ(Post("/v1/instances", "").status, 400);
}

TEST_F(Rest, AnotherContentTypeIs415) {
  ExpectProblem(Post("/v1/instances", R"({"process":"hello"})", "application/x-www-form-urlencoded"), 415, "FM-4052");
  ExpectProblem(Post("/v1/definitions", "x", "text/plain"), 415, "FM-4052");
}

TEST_F(Rest, AnOversizedBodyIs413) {
  const ClientResponse response =
      Post("/v1/instances", R"({"process":"hello","input":{"name":")" + std::string(5 << 20, 'x') + R"("}})");
  EXPECT_EQ(response.status, 413);
}

TEST_F(Rest, AWrongMethodIs405WithAllow) {
  const ClientResponse response = server_->http().Request("DELETE", "/v1/instances", {}, "");
  EXPECT_EQ(response.status, 405);
  EXPECT_NE(response.Header("allow").find("POST"), std::string::npos);
}

TEST_F(Rest, AnUnknownPathIs404) { EXPECT_EQ(Get("/v1/nothing").status, 404); }

TEST_F(Rest, AKeyInUseIs409) {
  ASSERT_EQ(StartWaiter("k1").status, 201);
  ExpectProblem(StartWaiter("k1"), 409, "FM-4005");
}

TEST_F(Rest, AnotherKeyThanTheProcessMakesIs422) {
  ExpectProblem(Post("/v1/instances", R"({"process":"waiter","key":"other","input":{"ref":"k2"}})"), 422, "FM-4007");
}

// ---- Idempotency-Key ----

TEST_F(Rest, TheSameIdempotencyKeyStartsOnce) {
  const std::string body = R"({"process":"hello","input":{"name":"Bo"}})";
  const ClientResponse first = Post("/v1/instances", body, "application/json", {{"Idempotency-Key", "i1"}});
  const ClientResponse second = Post("/v1/instances", body, "application/json", {{"Idempotency-Key", "i1"}});
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(At(first, "id"), At(second, "id"));
  EXPECT_EQ(first.Header("idempotency-replayed"), "");
  EXPECT_EQ(second.Header("idempotency-replayed"), "true");
}

TEST_F(Rest, AnIdempotencyKeyForAnotherRequestIs409) {
  Post("/v1/instances", R"({"process":"hello","input":{"name":"a"}})", "application/json", {{"Idempotency-Key", "i2"}});
  ExpectProblem(Post("/v1/instances", R"({"process":"hello","input":{"name":"b"}})", "application/json",
                     {{"Idempotency-Key", "i2"}}),
                409, "FM-4006");
}

TEST_F(Rest, ATooLongIdempotencyKeyIs422) {
  ExpectProblem(Post("/v1/instances", R"({"process":"hello","input":{"name":"b"}})", "application/json",
                     {{"Idempotency-Key", std::string(2'000, 'k')}}),
                422, "FM-4054");
}

// ---- looking ----

TEST_F(Rest, AnUnknownInstanceIs404) {
  ExpectProblem(Get("/v1/instances/nonsense"), 404, "FM-4003");
  ExpectProblem(Get("/v1/instances/00000000000000000000000000"), 404, "FM-4003");
  ExpectProblem(Get("/v1/instances/00000000000000000000000000/history"), 404, "FM-4003");
  EXPECT_EQ(Get("/v1/instances/00000000000000000000000000?wait=100ms").status, 404);
}

TEST_F(Rest, AWaitEndsWhenTheTimeIsOver) {
  const ClientResponse started = StartWaiter("w1");
  const ClientResponse response = Get("/v1/instances/" + At(started, "id") + "?wait=50ms");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(At(response, "status"), "waiting");
  EXPECT_EQ(At(response, "states"), R"(["first"])");
}

TEST_F(Rest, UntilWaitsForAState) {
  const ClientResponse started = StartWaiter("w2");
  ASSERT_EQ(SendGoOn("w2-1", "w2").status, 202);
  const ClientResponse response = Get("/v1/instances/" + At(started, "id") + "?wait=9s&until=second");
  EXPECT_EQ(At(response, "states"), R"(["second"])");
  EXPECT_EQ(At(response, "variables.given.ref"), "w2") << response.body;
}

TEST_F(Rest, AWrongParameterIs422) {
  for (const std::string query : {"wait=soon", "limit=0", "limit=501", "limit=x", "startedAfter=yesterday", "nothing=1",
                                  "status=runing", "limit=1&limit=2"}) {
    const std::string path = query.starts_with("wait") ? "/v1/instances/x?" : "/v1/instances?";
    ExpectProblem(Get(path + query), 422, "FM-4053");
  }
  EXPECT_NE(Get("/v1/instances?status=runing").body.find("running"), std::string::npos);
  ExpectProblem(Get("/v1/instances?cursor=zzz"), 422, "FM-4014");
}

TEST_F(Rest, ListsFilterAndPage) {
  std::set<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(At(StartWaiter("list-" + std::to_string(i)), "id"));
  std::set<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const ClientResponse page =
        Get("/v1/instances?process=waiter&state=first&limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    ASSERT_EQ(page.status, 200) << page.body;
    const Value json = JsonOf(page);
    for (const Value& item : json.Find("items")->as_list()) EXPECT_TRUE(seen.insert(At(item, "id")).second);
    cursor = At(json, "next") == "null" ? "" : At(json, "next");
  } while (!cursor.empty() && ++pages < 100);
  for (const std::string& id : ids) EXPECT_TRUE(seen.count(id)) << id;
  const ClientResponse by_key = Get("/v1/instances?key=list-3");
  EXPECT_EQ(JsonOf(by_key).Find("items")->as_list().size(), 1u);
  EXPECT_EQ(At(by_key, "items.0.key"), "list-3");
  EXPECT_EQ(JsonOf(Get("/v1/instances?startedBefore=2020-01-01T00:00:00Z")).Find("items")->as_list().size(), 0u);
}

TEST_F(Rest, HistoryTellsWhatHappened) {
  const ClientResponse run = Post("/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Ann"}})");
  const ClientResponse history = Get("/v1/instances/" + At(run, "id") + "/history");
  ASSERT_EQ(history.status, 200) << history.body;
  EXPECT_EQ(At(history, "items.0.seq"), "1");
  EXPECT_TRUE(At(history, "items.0.time").ends_with("Z"));
  EXPECT_TRUE(JsonOf(history).Find("items")->as_list()[0].Find("event")->is_map());
}

// ---- steering ----

TEST_F(Rest, CancelEndsAnInstanceAndTwiceIsOnce) {
  const std::string id = At(StartWaiter("c1"), "id");
  const ClientResponse first = Post("/v1/instances/" + id + "/cancel?wait=5s", R"({"reason":"a test"})");
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(At(first, "status"), "cancelled");
  const ClientResponse second = Post("/v1/instances/" + id + "/cancel", "");
  EXPECT_EQ(At(second, "status"), second.status == 200 ? "cancelled" : "409") << second.body;
}

TEST_F(Rest, SuspendHoldsAndResumeGoesOn) {
  const std::string id = At(StartWaiter("s1"), "id");
  EXPECT_EQ(At(Post("/v1/instances/" + id + "/suspend", ""), "status"), "suspended");
  SendGoOn("s1-1", "s1");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "status"), "suspended");
  EXPECT_EQ(Post("/v1/instances/" + id + "/resume", "").status, 200);
  EXPECT_EQ(At(Get("/v1/instances/" + id + "?wait=5s&until=second"), "states"), R"(["second"])");
}

TEST_F(Rest, AStatusThatForbidsIs409) {
  const std::string id = At(Post("/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Ann"}})"), "id");
  ExpectProblem(Post("/v1/instances/" + id + "/suspend", ""), 409, "FM-4009");
}

TEST_F(Rest, CancellingNobodyIs404) {
  ExpectProblem(Post("/v1/instances/00000000000000000000000000/cancel", "{}"), 404, "FM-4003");
}

// ---- events ----

TEST_F(Rest, AnEventIsAcceptedOnce) {
  StartWaiter("e1");
  const ClientResponse first = SendGoOn("e1-1", "e1");
  ASSERT_EQ(first.status, 202) << first.body;
  EXPECT_EQ(At(first, "accepted"), "true");
  EXPECT_EQ(At(first, "duplicate"), "false");
  EXPECT_EQ(At(first, "delivered"), "1");
  const ClientResponse second = SendGoOn("e1-1", "e1");
  EXPECT_EQ(second.status, 202);
  EXPECT_EQ(At(second, "duplicate"), "true");
}

TEST_F(Rest, AnEarlyEventIsKeptForWhoeverComes) {
  const ClientResponse sent = SendGoOn("e2-1", "e2");
  EXPECT_EQ(At(sent, "kept"), "true") << sent.body;
  const std::string id = At(StartWaiter("e2"), "id");
  EXPECT_EQ(At(Get("/v1/instances/" + id + "?wait=5s&until=second"), "states"), R"(["second"])");
}

TEST_F(Rest, BinaryModeIsUnderstood) {
  StartWaiter("e3");
  const ClientResponse sent =
      Post("/v1/events", R"({"ref":"e3"})", "application/json",
           {{"ce-specversion", "1.0"}, {"ce-id", "e3-1"}, {"ce-source", "test"}, {"ce-type", "go-on"}});
  EXPECT_EQ(sent.status, 202) << sent.body;
  EXPECT_EQ(At(sent, "delivered"), "1");
}

TEST_F(Rest, PlainJsonIsTakenAsStructured) {
  StartWaiter("e4");
  const ClientResponse sent = Post("/v1/events", R"({"id":"e4-1","source":"test","type":"go-on","data":{"ref":"e4"}})");
  EXPECT_EQ(sent.status, 202) << sent.body;
}

TEST_F(Rest, ABatchIsTakenOneByOne) {
  StartWaiter("e5");
  const std::string good = R"({"specversion":"1.0","id":"e5-1","source":"test","type":"go-on","data":{"ref":"e5"}})";
  const std::string bad = R"({"specversion":"1.0","id":"e5-2","source":"test","type":"unheard-of"})";
  const ClientResponse mixed = Post("/v1/events", "[" + good + "," + bad + "]", "application/cloudevents-batch+json");
  ExpectProblem(mixed, 422, "FM-4059");
  EXPECT_EQ(At(mixed, "results.0.accepted"), "true") << mixed.body;
  EXPECT_EQ(At(mixed, "results.1.accepted"), "false");
  const ClientResponse again = Post("/v1/events", "[" + good + "]", "application/cloudevents-batch+json");
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(At(again, "results.0.duplicate"), "true");
}

TEST_F(Rest, AMalformedEventIs422) {
  const std::string type = "application/cloudevents+json";
  ExpectProblem(Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"test"})", type), 422, "FM-4010");
  EXPECT_EQ(Post("/v1/events", R"({"specversion":"0.3","id":"x","source":"s","type":"go-on"})", type).status, 422);
  EXPECT_EQ(Post("/v1/events", R"({"id":"x","source":"s","type":"go-on","data":{"ref":"e"}})", type).status, 422);
  EXPECT_EQ(
      Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"s","type":"go-on","time":"noon"})", type).status,
      422);
  EXPECT_EQ(
      Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"s","type":"go-on","Bad_Name":"1"})", type).status,
      422);
  EXPECT_EQ(
      Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"s","type":"go-on","data":{"ref":5}})", type).status,
      422);
  ExpectProblem(Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"s","type":"unheard-of"})", type), 422,
                "FM-4011");
  EXPECT_EQ(Post("/v1/events", "hello", "text/plain").status, 415);
}

// ---- incidents ----

TEST_F(Rest, AnIncidentIsSeenAndResolved) {
  const std::string yaml =
      "fermata: 1\nprocess: stuck\nversion: 1.0.0\nstates:\n"
      "  try: { call: recorder.once, with: { work: \"down-stuck\", step: \"1\" }, next: done }\n  done: { end: {} }\n";
  ASSERT_EQ(server_->Deploy(yaml).status, 201);
  const ClientResponse started = Post("/v1/instances?wait=9s&until=waiting", R"({"process":"stuck","input":{}})");
  const ClientResponse incidents = Get("/v1/incidents?process=stuck&open=true");
  ASSERT_EQ(JsonOf(incidents).Find("items")->as_list().size(), 1u) << incidents.body << started.body;
  const std::string incident = At(incidents, "items.0.id");
  EXPECT_EQ(incident, At(started, "id") + "-1");
  EXPECT_EQ(At(incidents, "items.0.state"), "try");
  EXPECT_EQ(At(incidents, "items.0.error"), "unavailable");
  EXPECT_EQ(At(Get("/v1/instances/" + At(started, "id")), "incidents.0.id"), incident);
  ExpectProblem(Post("/v1/incidents/" + incident + "/resolve", R"({"action":"hope"})"), 422, "FM-4051");
  ExpectProblem(Post("/v1/incidents/" + incident + "/resolve", R"({"action":"retry","output":1})"), 422, "FM-4051");
  ExpectProblem(Post("/v1/incidents/" + At(started, "id") + "-99/resolve", R"({"action":"retry"})"), 404, "FM-4004");
  ExpectProblem(Post("/v1/incidents/nonsense/resolve", R"({"action":"retry"})"), 404, "FM-4004");
  service_->Repair();
  EXPECT_EQ(Post("/v1/incidents/" + incident + "/resolve", R"({"action":"retry","by":"a test"})").status, 200);
  EXPECT_EQ(At(Get("/v1/instances/" + At(started, "id") + "?wait=9s"), "status"), "completed");
  EXPECT_EQ(JsonOf(Get("/v1/incidents?process=stuck&open=true")).Find("items")->as_list().size(), 0u);
}

// ---- definitions ----

TEST_F(Rest, ADefinitionWithErrorsIs422WithAllOfThem) {
  const ClientResponse response = server_->Deploy(
      "fermata: 1\nprocess: bad\nversion: 1.0.0\nstates:\n  a: { next: nowhere }\n  b: { nxt: a, next: gone }\n");
  ExpectProblem(response, 422, "FM-4057");
  const Value problem = JsonOf(response);
  const std::vector<Value>& diagnostics = problem.Find("diagnostics")->as_list();
  ASSERT_GE(diagnostics.size(), 2u) << response.body;
  for (const char* field : {"file", "line", "column", "code", "message", "excerpt"})
    EXPECT_NE(diagnostics[0].Find(field), nullptr) << field;
}

TEST_F(Rest, TheSameDefinitionAgainIs200AndAnotherOneIs409) {
  EXPECT_EQ(server_->Deploy(kHello).status, 200);
  std::string changed = kHello;
  changed.replace(changed.find("Hello,"), 6, "Howdy,");
  const ClientResponse response = server_->Deploy(changed);
  ExpectProblem(response, 409, "FM-4012");
  EXPECT_NE(At(response, "hint").find("1.0.1"), std::string::npos) << response.body;
}

TEST_F(Rest, ABundleAsJsonBringsItsSchemas) {
  const std::string yaml =
      "fermata: 1\nprocess: bundled\nversion: 1.0.0\ninput: { $ref: schemas/in.json }\nstates:\n  done: { end: {} }\n";
  const Value bundle = Value::Object(
      {{"file", Value::String("bundled.yaml")},
       {"yaml", Value::String(yaml)},
       {"files", Value::Object({{"schemas/in.json", Value::String(R"({"type":"object","required":["n"]})")}})}});
  const ClientResponse response = Post("/v1/definitions", WriteJson(bundle));
  ASSERT_EQ(response.status, 201) << response.body;
  EXPECT_EQ(response.Header("location"), "/v1/definitions/bundled/1.0.0");
  EXPECT_EQ(Post("/v1/instances", R"({"process":"bundled","input":{}})").status, 422);
  ExpectProblem(Post("/v1/definitions", R"({"yaml":5,"filles":{}})"), 422, "FM-4050");
}

TEST_F(Rest, DefinitionsAreShown) {
  EXPECT_EQ(At(Get("/v1/definitions/hello"), "live"), "true");
  EXPECT_NE(At(Get("/v1/definitions/hello"), "versions.0.version"), "");
  EXPECT_EQ(At(Get("/v1/definitions/hello/1.0.0"), "states"), R"(["done"])");
  const ClientResponse yaml = Get("/v1/definitions/hello/1.0.0", {{"Accept", "application/yaml"}});
  EXPECT_EQ(yaml.body, kHello);
  ExpectProblem(Get("/v1/definitions/nobody"), 404, "FM-4001");
  ExpectProblem(Get("/v1/definitions/hello/7.0.0"), 404, "FM-4002");
  EXPECT_EQ(Get("/v1/definitions").status, 200);
}

TEST_F(Rest, TheLiveVersionCanBeMovedBack) {
  const auto version = [](const std::string& number) {
    return "fermata: 1\nprocess: moved\nversion: " + number + "\nstates:\n  done: { end: { v: \"" + number + "\" } }\n";
  };
  ASSERT_EQ(server_->Deploy(version("1.0.0")).status, 201);
  ASSERT_EQ(server_->Deploy(version("2.0.0")).status, 201);
  EXPECT_EQ(At(server_->Run("moved", "{}"), "version"), "2.0.0");
  EXPECT_EQ(Post("/v1/definitions/moved/live", R"({"version":"1.0.0"})").status, 200);
  EXPECT_EQ(At(server_->Run("moved", "{}"), "version"), "1.0.0");
  ExpectProblem(Post("/v1/definitions/moved/live", R"({"version":"3.0.0"})"), 404, "FM-4002");
}

TEST_F(Rest, ConnectorsAreShownAndBadOnesRefused) {
  EXPECT_NE(Get("/v1/connectors").body.find("\"recorder\""), std::string::npos);
  EXPECT_EQ(server_->DeployConnector("connector: bad\nversion: 1.0.0\nkind: nothing\noperations: {}\n").status, 422);
}

// ---- around ----

TEST_F(Rest, ForeignHostsAndOriginsAre403) {
  RawClient rebinding(server_->port());
  rebinding.Send("GET /v1/instances HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(ReadResponse(rebinding).status, 403);
  const std::string body = R"({"process":"hello","input":{"name":"a"}})";
  EXPECT_EQ(Post("/v1/instances", body, "application/json", {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(Post("/v1/instances", body, "application/json", {{"Origin", "null"}}).status, 403);
}

TEST_F(Rest, HealthMetricsAndPagesAreThere) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 200);
  const ClientResponse metrics = Get("/metrics");
  EXPECT_NE(metrics.body.find("fermata_instances_started_total "), std::string::npos);
  EXPECT_NE(metrics.body.find("fermata_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"}"),
            std::string::npos)
      << metrics.body;
  EXPECT_NE(metrics.body.find("fermata_http_request_seconds_bucket"), std::string::npos);
  EXPECT_NE(Get("/errors/FM-4001").body.find("# FM-4001"), std::string::npos);
  EXPECT_NE(Get("/errors/FM-4001", {{"Accept", "text/html"}}).body.find("<h1>FM-4001"), std::string::npos);
  ExpectProblem(Get("/errors/FM-0000"), 404, "FM-4058");
  EXPECT_EQ(At(Get("/"), "name"), "fermata");
  EXPECT_NE(Get("/openapi.yaml").body.find("openapi: 3.1.0"), std::string::npos);
}

TEST_F(Rest, AProblemsTypeLeadsToItsPage) {
  const std::string type = At(Get("/v1/definitions/nobody"), "type");
  EXPECT_EQ(Get(type).status, 200);
}

}  // namespace
}  // namespace fermata::test

// The rules of the REST API, one by one, against the real server: starting, looking, and what holds for all. docs/api.md states them.
#include <set>

#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

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

TEST_F(Rest, AnUnknownProcessIs404WithTheNearestName) {
  ExpectProblem(Post("/v1/instances", R"({"process":"nobody","input":{}})"), 404, "FM-4001");
  for (const ClientResponse& response :
       {Post("/v1/instances", R"({"process":"helo","input":{}})"), Get("/v1/definitions/helo"),
        Get("/v1/definitions/helo/1.0.0"), Post("/v1/definitions/helo/live", R"({"version":"1.0.0"})")}) {
    ExpectProblem(response, 404, "FM-4001");
    EXPECT_EQ(At(response, "hint"), "Did you mean 'hello'?");
  }
}

TEST_F(Rest, AnUnknownVersionIs404WithTheLiveOne) {
  const ClientResponse response =
      Post("/v1/instances", R"({"process":"hello","version":"9.0.0","input":{"name":"a"}})");
  ExpectProblem(response, 404, "FM-4002");
  EXPECT_EQ(At(response, "hint"), "The live version is 1.0.0.");
}

TEST_F(Rest, BadInputIs422WithThePath) {
  const ClientResponse response = Post("/v1/instances", R"({"process":"hello","input":{"name":5}})");
  ExpectProblem(response, 422, "FM-4008");
  EXPECT_EQ(At(response, "errors.0.path"), "/input/name");
  EXPECT_EQ(At(response, "errors.1.path"), "");
}

TEST_F(Rest, AllThatIsWrongWithAnInputIsToldAtOnce) {
  ASSERT_EQ(server_
                ->Deploy("fermata: 1\nprocess: strict\nversion: 1.0.0\ninput:\n  type: object\n  required: [a, b]\n"
                         "  additionalProperties: false\n  properties:\n    a: { type: integer }\n"
                         "    b: { type: array, items: { type: string } }\nstates:\n  done: { end: {} }\n")
                .status,
            201);
  const ClientResponse response =
      Post("/v1/instances", R"({"process":"strict","input":{"a":"x","b":["y",1],"c":true}})");
  ExpectProblem(response, 422, "FM-4008");
  std::set<std::string> paths;
  const Value problem = JsonOf(response);
  for (const Value& mistake : problem.Find("errors")->as_list()) {
    EXPECT_EQ(At(mistake, "code"), "FM-4008");
    EXPECT_NE(At(mistake, "message"), "");
    paths.insert(At(mistake, "path"));
  }
  EXPECT_EQ(paths, (std::set<std::string>{"/input/a", "/input/b/1", "/input/c"})) << response.body;
  ExpectProblem(Post("/v1/instances", R"({"process":"strict","input":[]})"), 422, "FM-4008");
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

TEST_F(Rest, AMistakeInJsonIsToldWithItsPlace) {
  const ClientResponse comma = Post("/v1/instances", "{\"process\": \"hello\",\n  \"input\": {},}");
  ExpectProblem(comma, 400, "FM-1001");
  EXPECT_EQ(At(comma, "detail"), "Expected a name in double quotes in line 2, column 15 of the JSON, but got '}'.");
  const ClientResponse yaml = Post("/v1/definitions", kHello);
  ExpectProblem(yaml, 400, "FM-1001");
  EXPECT_NE(At(yaml, "hint").find("application/yaml"), std::string::npos) << yaml.body;
}

TEST_F(Rest, WhatIsWaitedForMustBeAWordThatTheInstanceCanSay) {
  const std::string path = "/v1/instances?wait=9s&until=", body = R"({"process":"waiter","input":{"ref":"u1"}})";
  const ClientResponse typo = Post(path + "complete", body);
  ExpectProblem(typo, 422, "FM-4053");
  EXPECT_EQ(At(typo, "hint"), "Did you mean 'completed'?");
  EXPECT_EQ(At(Get("/v1/instances?key=u1"), "items"), "[]") << "nothing was started";
  const std::string id = At(Post(path + "first", body), "id");
  EXPECT_EQ(At(Post("/v1/instances/" + id + "/suspend?wait=9s&until=secnod", ""), "hint"), "Did you mean 'second'?");
  EXPECT_EQ(At(Get("/v1/instances/" + id + "?wait=9s&until=waiting"), "status"), "waiting") << "nothing was done";
  ExpectProblem(Get("/v1/instances/" + id + "?wait=9s&until=nosuch"), 422, "FM-4053");
  ExpectProblem(Get("/v1/instances/" + id + "?until=waiting"), 422, "FM-4053");
}

TEST_F(Rest, AnotherContentTypeIs415) {
  ExpectProblem(Post("/v1/instances", R"({"process":"hello"})", "application/x-www-form-urlencoded"), 415, "FM-4052");
  ExpectProblem(Post("/v1/definitions", "x", "text/plain"), 415, "FM-4052");
}

TEST_F(Rest, ACodedBodyIs415) {
  ExpectProblem(Post("/v1/instances", R"({"process":"hello"})", "application/json", {{"Content-Encoding", "gzip"}}),
                415, "FM-4052");
}

TEST_F(Rest, ARefusalIsShortWhateverWasAsked) {
  const ClientResponse unknown = Post("/v1/instances", R"({"process":")" + std::string(1 << 20, 'x') + R"("})");
  ExpectProblem(unknown, 404, "FM-4001");
  EXPECT_LT(unknown.body.size(), 10'000u);
  std::string fields;
  for (int i = 0; i < 5'000; ++i) fields += ",\"f" + std::to_string(i) + "\":1";
  const ClientResponse many = Post("/v1/instances", R"({"process":"hello")" + fields + "}");
  ExpectProblem(many, 422, "FM-4050");
  EXPECT_LT(many.body.size(), 100'000u);
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
  const ClientResponse first = StartWaiter("k1");
  ASSERT_EQ(first.status, 201);
  const ClientResponse second = StartWaiter("k1");
  ExpectProblem(second, 409, "FM-4005");
  EXPECT_NE(At(second, "detail").find(At(first, "id")), std::string::npos) << second.body;
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

TEST_F(Rest, ARepeatMayNameTheMembersInAnotherOrder) {
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "i3"}};
  const ClientResponse first = Post(
      "/v1/instances", R"({"process":"waiter","input":{"ref":"k3","more":{"a":1,"b":2}}})", "application/json", key);
  const ClientResponse second = Post(
      "/v1/instances", R"({"input":{"more":{"b":2,"a":1},"ref":"k3"},"process":"waiter"})", "application/json", key);
  EXPECT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(At(first, "id"), At(second, "id")) << second.body;
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
                                  "status=runing", "limit=1&limit=2", "status=", "cursor="}) {
    const std::string path = query.starts_with("wait") ? "/v1/instances/x?" : "/v1/instances?";
    ExpectProblem(Get(path + query), 422, "FM-4053");
  }
  EXPECT_NE(Get("/v1/instances?status=runing").body.find("running"), std::string::npos);
  ExpectProblem(Get("/v1/instances?cursor=zzz"), 422, "FM-4014");
  const std::string history = "/v1/instances/" + At(StartWaiter("p1"), "id") + "/history?cursor=";
  for (const std::string cursor : {"-1", "0", "1x", "99999999999999999999"})
    ExpectProblem(Get(history + cursor), 422, "FM-4014");
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

TEST_F(Rest, ListsAreFilteredBySearchableVariables) {
  ASSERT_EQ(server_
                ->Deploy("fermata: 1\nprocess: searched\nversion: 1.0.0\nsearchable: [city, size]\n"
                         "vars: { city: \"${input.city}\", size: 3 }\nstates:\n  done: { end: {} }\n")
                .status,
            201);
  for (const std::string city : {"Berlin", "Paris", "Berlin"})
    ASSERT_EQ(Post("/v1/instances?wait=5s", R"({"process":"searched","input":{"city":")" + city + R"("}})").status,
              201);
  const auto count = [&](const std::string& query) {
    const ClientResponse page = Get("/v1/instances?" + query);
    EXPECT_EQ(page.status, 200) << page.body;
    return JsonOf(page).Find("items")->as_list().size();
  };
  EXPECT_EQ(count("process=searched&var.city=Berlin"), 2u);
  EXPECT_EQ(count("var.city=Berlin&var.size=3"), 2u);
  EXPECT_EQ(count("var.city=Berlin&var.size=4"), 0u);
  EXPECT_EQ(count("var.city=Paris"), 1u);
  ExpectProblem(Get("/v1/instances?var.town=Berlin"), 422, "FM-4053");
  ExpectProblem(Get("/v1/instances?process=hello&var.city=Berlin"), 422, "FM-4053");
  ExpectProblem(Get("/v1/instances?var.=Berlin"), 422, "FM-4053");
}

TEST_F(Rest, HistoryTellsWhatHappened) {
  const ClientResponse run = Post("/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Ann"}})");
  const ClientResponse history = Get("/v1/instances/" + At(run, "id") + "/history");
  ASSERT_EQ(history.status, 200) << history.body;
  EXPECT_EQ(At(history, "items.0.seq"), "1");
  EXPECT_TRUE(At(history, "items.0.time").ends_with("Z"));
  EXPECT_TRUE(JsonOf(history).Find("items")->as_list()[0].Find("event")->is_map());
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

// The rules of the REST API for what changes an instance: commands, events, incidents. docs/api.md states them.
#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

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

TEST_F(Rest, ABodyWithFieldsThatMeanNothingIs422) {
  const std::string instance = "/v1/instances/" + At(StartWaiter("s2"), "id");
  ExpectProblem(Post(instance + "/suspend", R"({"cause":"x"})"), 422, "FM-4050", "/cause");
  ExpectProblem(Post(instance + "/cancel", R"({"reasn":"x"})"), 422, "FM-4050");
  ExpectProblem(Post(instance + "/cancel", "x", "text/plain"), 415, "FM-4052");
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

TEST_F(Rest, WhatBecameOfAnEventIsTold) {
  ASSERT_EQ(
      server_
          ->Deploy("fermata: 1\nprocess: listener\nversion: 1.0.0\nkey: ${input.ref}\n"
                   "input: { type: object, properties: { ref: { type: string } } }\n"
                   "events:\n  heard: { key: \"${event.data.ref}\" }\n  later: { key: \"${event.data.ref}\" }\n"
                   "  ping: {}\nstates:\n"
                   "  wait: { on: { heard: [ { if: event.data.loud, go: done } ], ping: done }, after: { 1d: done } }\n"
                   "  done: { end: {} }\n")
          .status,
      201);
  const auto start = [](const std::string& ref) {
    return At(Post("/v1/instances", R"({"process":"listener","input":{"ref":")" + ref + R"("}})"), "id");
  };
  const auto send = [](const std::string& type, const std::string& id, const std::string& more) {
    return Post("/v1/events", R"({"id":")" + id + R"(","source":"told","type":")" + type + "\"" + more + "}");
  };
  start("w1");
  const ClientResponse ignored = send("heard", "1", R"(,"data":{"ref":"w1","loud":false})");
  EXPECT_EQ(At(ignored, "delivered") + At(ignored, "taken") + At(ignored, "kept"), "10true") << ignored.body;
  const ClientResponse kept = send("later", "2", R"(,"data":{"ref":"w1"})");
  EXPECT_EQ(At(kept, "delivered") + At(kept, "taken") + At(kept, "kept"), "10true") << kept.body;
  const ClientResponse taken = send("heard", "3", R"(,"data":{"ref":"w1","loud":true})");
  EXPECT_EQ(At(taken, "delivered") + At(taken, "taken") + At(taken, "kept"), "11false") << taken.body;
  EXPECT_EQ(At(taken, "warnings"), "[]");
  // A key that fails is no match, and that is said.
  const ClientResponse mistyped = send("heard", "4", R"(,"data":{"reff":"w1"})");
  EXPECT_EQ(mistyped.status, 202);
  EXPECT_EQ(At(mistyped, "delivered") + At(mistyped, "kept"), "0false");
  EXPECT_NE(At(mistyped, "warnings.0").find("'listener' 1.0.0 got the event, for its key there cannot be evaluated"),
            std::string::npos)
      << mistyped.body;

  const std::string id = start("w2");
  const ClientResponse unaddressed = send("ping", "5", "");
  EXPECT_EQ(At(unaddressed, "delivered"), "0");
  EXPECT_NE(At(unaddressed, "warnings.0").find("name one instance by the attribute 'instance'"), std::string::npos);
  const std::string explain = "/v1/instances/" + id + "/explain?event=ping";
  EXPECT_EQ(At(Get(explain), "event.taken"), "false");
  EXPECT_EQ(At(Get(explain + "&addressed=true"), "event.taken"), "true");
  const ClientResponse addressed = send("ping", "6", R"(,"instance":")" + id + "\"");
  EXPECT_EQ(At(addressed, "delivered") + At(addressed, "taken"), "11") << addressed.body;
  EXPECT_EQ(At(Get("/v1/instances/" + id), "status"), "completed");
  EXPECT_EQ(At(send("ping", "6", R"(,"instance":")" + id + "\""), "duplicate"), "true");
  ExpectProblem(send("ping", "7", R"(,"instance":")" + id + "\""), 409, "FM-4009");
  ExpectProblem(send("ping", "8", R"(,"instance":"00000000000000000000000000")"), 404, "FM-4003");
  ExpectProblem(send("ping", "9", R"(,"instance":"o-1")"), 422, "FM-4010");
  ExpectProblem(send("go-on", "10", R"(,"instance":")" + start("w3") + "\""), 422, "FM-4011");
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
  const ClientResponse undeclared =
      Post("/v1/events", R"({"specversion":"1.0","id":"x","source":"s","type":"goon"})", type);
  ExpectProblem(undeclared, 422, "FM-4011");
  EXPECT_EQ(At(undeclared, "hint"), "Did you mean 'go-on'?");
  EXPECT_EQ(Post("/v1/events", "hello", "text/plain").status, 415);
}

TEST_F(Rest, AllThatIsWrongWithAnEventsDataIsToldAtOnce) {
  ASSERT_EQ(server_
                ->Deploy("fermata: 1\nprocess: picky\nversion: 1.0.0\nevents:\n  picked:\n"
                         "    key: \"${event.data.a}\"\n    data: { type: object, required: [a, b], properties: "
                         "{ a: { type: string }, b: { type: integer } } }\n"
                         "states:\n  wait: { on: { picked: done }, after: { 1d: done } }\n  done: { end: {} }\n")
                .status,
            201);
  const std::string event = R"({"specversion":"1.0","id":"x","source":"s","type":"picked","data":{"a":5,"b":"c"}})";
  const ClientResponse one = Post("/v1/events", event, "application/cloudevents+json");
  ExpectProblem(one, 422, "FM-4010");
  EXPECT_EQ(At(one, "errors.0.path") + " " + At(one, "errors.1.path"), "/data/a /data/b") << one.body;
  const ClientResponse batch = Post("/v1/events", "[" + event + "]", "application/cloudevents-batch+json");
  ExpectProblem(batch, 422, "FM-4059");
  EXPECT_EQ(At(batch, "results.0.errors.0.path") + " " + At(batch, "results.0.errors.1.path"), "/0/data/a /0/data/b")
      << batch.body;
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
  for (const std::string error :
       {R"("")", R"("1st")", R"("a b")", R"("timeout")", R"({"name":"schema"})", R"({"name":""})"})
    ExpectProblem(Post("/v1/incidents/" + incident + "/resolve", R"({"action":"fail","error":)" + error + "}"), 422,
                  "FM-4051");
  service_->Repair();
  const std::string resolve = "/v1/incidents/" + incident + "/resolve", retry = R"({"action":"retry","by":"a test"})";
  const std::vector<std::pair<std::string, std::string>> key = {{"Idempotency-Key", "resolve-" + incident}};
  EXPECT_EQ(server_->http().Post(resolve, retry, "application/json", key).status, 200);
  const ClientResponse again = server_->http().Post(resolve, retry, "application/json", key);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  const ClientResponse closed = Post(resolve, R"({"action":"fail"})");
  ExpectProblem(closed, 409, "FM-4021");
  EXPECT_NE(closed.body.find("by a test"), std::string::npos) << closed.body;
  EXPECT_EQ(At(Get("/v1/instances/" + At(started, "id") + "?wait=9s"), "status"), "completed");
  EXPECT_EQ(JsonOf(Get("/v1/incidents?process=stuck&open=true")).Find("items")->as_list().size(), 0u);
}

}  // namespace
}  // namespace fermata::test

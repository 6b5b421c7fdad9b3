// What operators do over REST: explain, variables, moves, work in bulk, pauses.
#include <gmock/gmock.h>

#include <thread>

#include "engine/base/percent.h"
#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;

constexpr const char* kParcel = R"(fermata: 1
process: parcel
version: 1.0.0
key: ${input.ref}
input: { type: object, required: [ref], properties: { ref: { type: string } } }
vars: { weight: 1, note: "" }
searchable: [note]
events:
  packed: { key: "${event.data.ref}", data: { type: object, required: [ref], properties: { ref: { type: string }, weight: { type: integer } } } }
  stopped: {}
states:
  wait: { on: { packed: [ { if: "event.data.weight == weight", go: check } ] }, after: { 1d: done } }
  check: { ask: Is it sealed?, assign: { role: packer }, outcomes: [yes, no], save: answer, next: done }
  done: { end: {} }
on: { stopped: done }
)";

class Operations : public Rest {
 protected:
  static void SetUpTestSuite() {
    Rest::SetUpTestSuite();
    const ClientResponse deployed = server_->Deploy(kParcel);
    ASSERT_EQ(deployed.status, 201) << deployed.body;
  }
  static std::string Start(const std::string& ref) {
    const ClientResponse started = Post("/v1/instances", R"({"process":"parcel","input":{"ref":")" + ref + R"("}})");
    EXPECT_EQ(started.status, 201) << started.body;
    return At(started, "id");
  }
  static ClientResponse Explain(const std::string& id, const std::string& query = "") {
    return Get("/v1/instances/" + id + "/explain" + query);
  }
  static ClientResponse Move(const std::string& id, const std::string& body) {
    return Post("/v1/instances/" + id + "/move", body);
  }
  static ClientResponse Send(const std::string& method, const std::string& path, const std::string& body = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
    return server_->http().Request(method, path, headers, body);
  }
  // The work in bulk, once it is over.
  static ClientResponse WaitForBulk(const std::string& id) {
    while (true) {
      ClientResponse bulk = Get("/v1/bulk/" + id);
      if (At(bulk, "status") != "running" || bulk.status != 200) return bulk;
      std::this_thread::yield();
    }
  }
};

// ---- explain ----

TEST_F(Operations, ExplainTellsEventsKeysGuardsAndTimers) {
  const ClientResponse told = Explain(Start("e-1"));
  ASSERT_EQ(told.status, 200) << told.body;
  EXPECT_EQ(At(told, "status"), "waiting");
  EXPECT_EQ(At(told, "waits.0.state"), "null");
  EXPECT_EQ(At(told, "waits.0.for.0.event"), "stopped");
  EXPECT_EQ(At(told, "waits.1.state"), "wait");
  EXPECT_EQ(At(told, "waits.1.for.0.kind"), "event");
  EXPECT_EQ(At(told, "waits.1.for.0.key"), "e-1");
  EXPECT_EQ(At(told, "waits.1.for.0.ways.0.to"), "check");
  EXPECT_EQ(At(told, "waits.1.for.0.ways.0.if"), "event.data.weight == weight");
  EXPECT_EQ(At(told, "waits.1.for.1.kind"), "timer");
  EXPECT_EQ(At(told, "waits.1.for.1.ways.0.to"), "done");
  EXPECT_EQ(At(told, "event"), "null");
}

TEST_F(Operations, ExplainSaysWhyAnEventDoesNotMoveIt) {
  const std::string id = Start("e-2");
  const auto verdict = [&](const std::string& query) { return Explain(id, query); };
  const ClientResponse wrong_guard = verdict("?event=packed&data=" + PercentEncode(R"({"ref":"e-2","weight":7})"));
  ASSERT_EQ(wrong_guard.status, 200) << wrong_guard.body;
  EXPECT_EQ(At(wrong_guard, "event.taken"), "false");
  EXPECT_EQ(At(wrong_guard, "event.kept"), "true");
  EXPECT_EQ(At(wrong_guard, "event.reasons.0"), "In 'wait' `if: event.data.weight == weight` is false.");
  EXPECT_EQ(At(verdict("?event=packed&data=" + PercentEncode(R"({"ref":"e-2","weight":1})")), "event.taken"), "true");
  EXPECT_THAT(At(verdict("?event=packed&data=" + PercentEncode(R"({"ref":"other","weight":1})")), "event.reasons.0"),
              HasSubstr("Its key is 'other'"));
  EXPECT_THAT(At(verdict("?event=pakced"), "event.reasons.0"), HasSubstr("Did you mean 'packed'?"));
  EXPECT_THAT(At(verdict("?event=packed&data=" + PercentEncode("{}")), "event.reasons.0"),
              HasSubstr("does not fit the event's schema"));
  EXPECT_EQ(At(Get("/v1/instances/" + id), "states.0"), "wait") << "nothing has happened";
}

TEST_F(Operations, ExplainKnowsARepeat) {
  const std::string id = Start("e-3");
  const std::string data = R"({"ref":"e-3","weight":5})";
  ASSERT_EQ(
      Post("/v1/events", R"({"specversion":"1.0","id":"p-1","source":"scales","type":"packed","data":)" + data + "}",
           "application/cloudevents+json")
          .status,
      202);
  const ClientResponse told = Explain(id, "?event=packed&source=scales&id=p-1&data=" + PercentEncode(data));
  EXPECT_EQ(At(told, "event.duplicate"), "true") << told.body;
  EXPECT_EQ(At(told, "kept.0"), "packed");
  EXPECT_EQ(At(Explain(id, "?event=packed&source=scales&id=p-2&data=" + PercentEncode(data)), "event.duplicate"),
            "false");
}

TEST_F(Operations, ExplainTellsTasks) {
  const std::string id = Start("e-4");
  ASSERT_EQ(Move(id, R"({"target":"check"})").status, 200);
  const ClientResponse told = Explain(id);
  EXPECT_EQ(At(told, "waits.1.for.0.kind"), "task");
  EXPECT_EQ(At(told, "waits.1.for.0.role"), "packer");
  EXPECT_EQ(Get("/v1/tasks/" + At(told, "waits.1.for.0.task")).status, 200);
}

TEST_F(Operations, ExplainRefusesWhatItCannotRead) {
  const std::string id = Start("e-5");
  ExpectProblem(Explain("nobody"), 404, "FM-4003");
  ExpectProblem(Explain(id, "?event=packed&data=%7B"), 422, "FM-4053");
  ExpectProblem(Explain(id, "?data=1"), 422, "FM-4053");
}

// ---- variables and moves ----

TEST_F(Operations, VariablesAreSetAndStandInTheHistory) {
  const std::string id = Start("v-1");
  const ClientResponse set =
      Post("/v1/instances/" + id + "/variables", R"({"set":{"weight":7},"reason":"weighed anew","by":"ann"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(At(set, "variables.weight"), "7");
  EXPECT_THAT(Get("/v1/instances/" + id + "/history").body,
              HasSubstr("an operator sets variables, by ann (weighed anew)"));
  const std::string path = "/v1/instances/" + id + "/variables";
  ExpectProblem(Post(path, R"({"set":{"wieght":7}})"), 422, "FM-4022");
  ExpectProblem(Post(path, R"({"set":{}})"), 422, "FM-4051");
  ExpectProblem(Post(path, R"({"set":7})"), 422, "FM-4051");
  ExpectProblem(Post(path, R"({"sett":{"weight":7}})"), 422, "FM-4050");
  ASSERT_EQ(Post("/v1/instances/" + id + "/cancel", "{}").status, 200);
  ExpectProblem(Post(path, R"({"set":{"weight":7}})"), 409, "FM-4009");
}

TEST_F(Operations, AMoveIsPreviewedDoneOnceAndToldOf) {
  const std::string id = Start("m-1");
  const ClientResponse preview = Move(id, R"({"target":"check","dryRun":true})");
  ASSERT_EQ(preview.status, 200) << preview.body;
  EXPECT_EQ(At(preview, "from"), "wait");
  EXPECT_EQ(At(preview, "exited.0"), "wait");
  EXPECT_EQ(At(preview, "givenUp.0.for.1.kind"), "timer");
  EXPECT_EQ(At(preview, "entered.0"), "check");
  EXPECT_EQ(At(preview, "armed.0.for.0.title"), "Is it sealed?");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "states.0"), "wait");
  const std::vector<std::pair<std::string, std::string>> once = {{"Idempotency-Key", "move-m-1"}};
  for (const char* replayed : {"", "true"}) {
    const ClientResponse moved =
        Post("/v1/instances/" + id + "/move", R"({"target":"check","by":"ann"})", "application/json", once);
    ASSERT_EQ(moved.status, 200) << moved.body;
    EXPECT_EQ(At(moved, "states.0"), "check");
    EXPECT_EQ(moved.Header("idempotency-replayed"), replayed);
  }
  const std::string history = Get("/v1/instances/" + id + "/history").body;
  const std::string told = "an operator moves it from 'wait' to 'check', by ann";
  EXPECT_THAT(history, HasSubstr(told));
  EXPECT_EQ(history.find(told), history.rfind(told)) << "once";
}

TEST_F(Operations, AMoveThatCannotBeIsRefused) {
  const std::string id = Start("m-2");
  ExpectProblem(Move(id, R"({"target":"chekc"})"), 422, "FM-4023");
  ExpectProblem(Move(id, R"({"target":"check","from":"done"})"), 409, "FM-4024");
  ExpectProblem(Move(id, R"({"target":"check","from":"done","dryRun":true})"), 409, "FM-4024");
  ExpectProblem(Move(id, "{}"), 422, "FM-4051");
  ExpectProblem(Move(id, R"({"target":"check","dryRun":"yes"})"), 422, "FM-4051");
  ASSERT_EQ(Post("/v1/instances/" + id + "/suspend", "{}").status, 200);
  ExpectProblem(Move(id, R"({"target":"check"})"), 409, "FM-4009");
  ExpectProblem(Move("nobody", R"({"target":"check"})"), 404, "FM-4003");
}

// ---- in bulk ----

TEST_F(Operations, BulkIsTriedDoneAndCounted) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Start("b-" + std::to_string(i)));
  for (const std::string& id : ids)
    ASSERT_EQ(Post("/v1/instances/" + id + "/variables", R"({"set":{"note":"mine"}})").status, 200);
  ASSERT_EQ(Post("/v1/instances/" + ids[0] + "/suspend", "{}").status, 200);
  const std::string work =
      R"("action":"move","filter":{"process":"parcel","vars":{"note":"mine"}},"with":{"target":"check"},"perSecond":1000)";
  const ClientResponse trial = Post("/v1/bulk", "{" + work + R"(,"dryRun":true})");
  ASSERT_EQ(trial.status, 200) << trial.body;
  EXPECT_EQ(At(trial, "total"), "5");
  EXPECT_EQ(At(trial, "possible"), "4");
  EXPECT_EQ(At(trial, "refusals.0.instance"), ids[0]);
  EXPECT_EQ(At(trial, "refusals.0.code"), "FM-4009");
  const std::vector<std::pair<std::string, std::string>> once = {{"Idempotency-Key", "bulk-1"}};
  const ClientResponse begun = Post("/v1/bulk", "{" + work + "}", "application/json", once);
  ASSERT_EQ(begun.status, 202) << begun.body;
  const ClientResponse again = Post("/v1/bulk", "{" + work + "}", "application/json", once);
  EXPECT_EQ(At(again, "id"), At(begun, "id"));
  ExpectProblem(Post("/v1/bulk", R"({"action":"cancel","filter":{"process":"parcel"}})", "application/json", once), 409,
                "FM-4006");
  const ClientResponse done = WaitForBulk(At(begun, "id"));
  EXPECT_EQ(At(done, "status"), "done") << done.body;
  EXPECT_EQ(At(done, "visited"), "5");
  EXPECT_EQ(At(done, "done"), "4");
  EXPECT_EQ(At(done, "refused"), "1");
  EXPECT_EQ(At(done, "refusals.0.instance"), ids[0]);
  for (std::size_t i = 1; i < ids.size(); ++i) EXPECT_EQ(At(Get("/v1/instances/" + ids[i]), "states.0"), "check");
  EXPECT_EQ(At(Get("/v1/bulk"), "items.0.id"), At(begun, "id"));
  ExpectProblem(Post("/v1/bulk/" + At(begun, "id") + "/stop", ""), 409, "FM-4028");
}

TEST_F(Operations, BulkIsPausedAndStopped) {
  for (int i = 0; i < 3; ++i) Start("s-" + std::to_string(i));
  const ClientResponse begun =
      Post("/v1/bulk", R"({"action":"suspend","filter":{"process":"parcel","state":"wait"},"perSecond":1})");
  ASSERT_EQ(begun.status, 202) << begun.body;
  const std::string path = "/v1/bulk/" + At(begun, "id");
  EXPECT_EQ(At(Post(path + "/pause", ""), "status"), "paused");
  EXPECT_EQ(At(Post(path + "/resume", ""), "status"), "running");
  const ClientResponse stopped = Post(path + "/stop", "");
  EXPECT_EQ(At(stopped, "status"), "stopped");
  EXPECT_NE(At(stopped, "endedAt"), "null");
  ExpectProblem(Post(path + "/resume", ""), 409, "FM-4028");
  ExpectProblem(Post("/v1/bulk/none/stop", ""), 404, "FM-4027");
  ExpectProblem(Get("/v1/bulk/none"), 404, "FM-4027");
}

TEST_F(Operations, BulkThatIsWronglyAskedForIsRefused) {
  const auto refused = [](const std::string& body) { ExpectProblem(Post("/v1/bulk", body), 422, "FM-4051"); };
  refused(R"({"action":"destroy","filter":{"process":"parcel"}})");
  refused(R"({"action":"cancel"})");
  refused(R"({"action":"cancel","filter":{}})");
  refused(R"({"action":"cancel","filter":{"process":"parcel","status":"completed"}})");
  refused(R"({"action":"cancel","filter":{"process":"parcel","incident":"timeout"}})");
  refused(R"({"action":"cancel","filter":{"process":"parcel","vars":{"weight":"1"}}})");
  refused(R"({"action":"cancel","filter":{"process":"parcel"},"perSecond":0})");
  refused(R"({"action":"move","filter":{"process":"parcel"}})");
  refused(R"({"action":"resolve","filter":{"process":"parcel"},"with":{"action":"pray"}})");
  ExpectProblem(Post("/v1/bulk", R"({"action":"cancel","filter":{"process":"nobody"}})"), 404, "FM-4001");
  ExpectProblem(Post("/v1/bulk", R"({"action":"cancel","filter":{"process":"parcel"},"with":{"why":1}})"), 422,
                "FM-4050");
}

// ---- pauses ----

TEST_F(Operations, APausedProcessTakesNoStarts) {
  const std::string running = Start("p-1");
  const ClientResponse paused = Send("PUT", "/v1/pauses/process/parcel", R"({"reason":"stocktaking","by":"ann"})");
  ASSERT_EQ(paused.status, 200) << paused.body;
  const ClientResponse refused = Post("/v1/instances", R"({"process":"parcel","input":{"ref":"p-2"}})");
  ExpectProblem(refused, 409, "FM-4025");
  EXPECT_THAT(At(refused, "detail"), HasSubstr("by ann: stocktaking"));
  EXPECT_NE(At(refused, "hint"), "");
  EXPECT_EQ(Move(running, R"({"target":"check"})").status, 200) << "what runs goes on";
  EXPECT_EQ(At(Get("/v1/pauses/process/parcel"), "reason"), "stocktaking");
  EXPECT_THAT(Get("/v1/pauses").body, HasSubstr("\"parcel\""));
  EXPECT_EQ(Send("DELETE", "/v1/pauses/process/parcel").status, 200);
  Start("p-3");
  ExpectProblem(Send("DELETE", "/v1/pauses/process/parcel"), 404, "FM-4026");
}

TEST_F(Operations, AnEventThatWouldStartAPausedProcessIsRefusedAndARepeatIsOne) {
  ASSERT_EQ(server_
                ->Deploy("fermata: 1\nprocess: comer\nversion: 1.0.0\nstart_on: come\nevents: { come: {} }\n"
                         "states: { done: { end: {} } }\n")
                .status,
            201);
  const auto come = [] {
    return Post("/v1/events", R"({"specversion":"1.0","id":"c-1","source":"s","type":"come","data":{}})",
                "application/cloudevents+json");
  };
  ASSERT_EQ(Send("PUT", "/v1/pauses/process/comer").status, 200);
  ExpectProblem(come(), 409, "FM-4025");
  ASSERT_EQ(Send("DELETE", "/v1/pauses/process/comer").status, 200);
  EXPECT_NE(At(come(), "started.0"), "");
  ASSERT_EQ(Send("PUT", "/v1/pauses/process/comer").status, 200);
  EXPECT_EQ(At(come(), "duplicate"), "true");
}

TEST_F(Operations, WhatIsUnknownCannotBePaused) {
  ExpectProblem(Send("PUT", "/v1/pauses/process/nobody"), 404, "FM-4001");
  ExpectProblem(Send("PUT", "/v1/pauses/connector/nobody"), 404, "FM-4026");
  ExpectProblem(Send("PUT", "/v1/pauses/operation/probe"), 404, "FM-4026");
  ExpectProblem(Send("PUT", "/v1/pauses/thing/parcel"), 404, "FM-4026");
  ExpectProblem(Get("/v1/pauses/process/parcel"), 404, "FM-4026");
  ExpectProblem(Send("PUT", "/v1/pauses/process/parcel", R"({"why":"?"})"), 422, "FM-4050");
}

TEST_F(Operations, CallsOfAPausedConnectorWaitAndGoOn) {
  ASSERT_EQ(Send("PUT", "/v1/pauses/connector/recorder").status, 200);
  const ClientResponse started = Post("/v1/instances", R"({"process":"chain","input":{"work":"paused"}})");
  ASSERT_EQ(started.status, 201) << started.body;
  const std::string id = At(started, "id");
  const ClientResponse told = Explain(id);
  EXPECT_EQ(At(told, "waits.0.for.0.kind"), "job") << told.body;
  EXPECT_EQ(At(told, "waits.0.for.0.paused"), "true");
  EXPECT_EQ(At(Get("/v1/instances/" + id), "status"), "running");
  EXPECT_TRUE(service_->KeysOf("paused", "1").empty());
  ASSERT_EQ(Send("DELETE", "/v1/pauses/connector/recorder").status, 200);
  EXPECT_EQ(At(Get("/v1/instances/" + id + "?wait=10s"), "status"), "completed");
}

// ---- over a crash ----

TEST(OperationsDurable, PausesAndWorkInBulkSurviveAKill) {
  FermataServer server;
  ASSERT_EQ(server.Deploy(kParcel).status, 201);
  for (int i = 0; i < 12; ++i) {
    const std::string ref = "k-" + std::to_string(i);
    const std::string body = R"({"process":"parcel","input":{"ref":")" + ref + R"("}})";
    ASSERT_EQ(server.http().Post("/v1/instances", body).status, 201);
  }
  ASSERT_EQ(server.http().Request("PUT", "/v1/pauses/process/parcel", {}, "").status, 200);
  const ClientResponse begun =
      server.http().Post("/v1/bulk", R"({"action":"cancel","filter":{"process":"parcel"},"perSecond":20})");
  ASSERT_EQ(begun.status, 202) << begun.body;
  EXPECT_EQ(At(begun, "total"), "12");
  server.Kill();
  server.Start();
  EXPECT_EQ(At(server.http().Get("/v1/pauses"), "items.0.name"), "parcel");
  ClientResponse view;
  do view = server.http().Get("/v1/bulk/" + At(begun, "id"));
  while (At(view, "status") == "running");
  EXPECT_EQ(At(view, "status"), "done") << view.body;
  EXPECT_EQ(At(view, "refused"), "0") << view.body;
  EXPECT_EQ(At(server.http().Get("/v1/instances?process=parcel&status=waiting"), "items"), "[]");
}

}  // namespace
}  // namespace fermata::test

// The server's log: one trace_id finds a request, its instance, its calls and what came of them; and no line has a value.
#include <gtest/gtest.h>

#include <sstream>

#include "engine/model/json.h"
#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/recording_service.h"

namespace fermata::test {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* kSpan = "00f067aa0ba902b7";
constexpr const char* kTraceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

constexpr const char* kFamily = R"(fermata: 1
process: family
version: 1.0.0
start_on: born
events: { born: {} }
states:
  child: { run: chain, with: { work: "${input.work}" }, next: once }
  once: { call: recorder.once, with: { work: "down-secret-word", step: last }, next: done }
  done: { end: {} }
)";
class Logs : public testing::Test {
 protected:
  Logs() : server_({"--storage", "memory", "--log-format", "json", "--log-level", "debug", "--log-requests"}) {
    EXPECT_EQ(server_.DeployConnector(service_.Manifest()).status, 201);
    EXPECT_EQ(server_.Deploy(ChainProcess("chain", 2)).status, 201);
  }

  // The lines with this message, of this trace if one is given. Every line of the log has to be an object.
  std::vector<Value> Lines(const std::string& message, const std::string& trace = kTrace) {
    std::vector<Value> found;
    std::istringstream log(server_.Log());
    for (std::string line; std::getline(log, line);) {
      Result<Value> json = ParseJson(line);
      EXPECT_TRUE(json.ok() && json->is_map()) << line;
      if (!json.ok()) continue;
      EXPECT_TRUE(json->Find("time") && json->Find("level")) << line;
      if (At(*json, "message") == message && (trace.empty() || At(*json, "trace_id") == trace)) found.push_back(*json);
    }
    return found;
  }

  RecordingService service_;
  FermataServer server_;
};

TEST_F(Logs, OneTraceIdFindsTheRequestTheInstanceAndItsCalls) {
  const ClientResponse ended =
      server_.http().Post("/v1/instances?wait=10s", R"({"process":"chain","input":{"work":"secret-word"}})",
                          "application/json", {{"traceparent", kTraceparent}});
  ASSERT_EQ(At(ended, "status"), "completed") << ended.body;
  const std::string id = At(ended, "id");

  const std::vector<Value> requests = Lines("A request is answered.");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(At(requests[0], "method"), "POST");
  EXPECT_EQ(At(requests[0], "route"), "/v1/instances");
  EXPECT_EQ(At(requests[0], "status"), "201");
  EXPECT_EQ(At(requests[0], "span_id"), kSpan);
  EXPECT_NE(At(requests[0], "milliseconds"), "");

  const std::vector<Value> statuses = Lines("An instance has another status.");
  ASSERT_EQ(statuses.size(), 2u);
  EXPECT_EQ(At(statuses[0], "status"), "running");
  EXPECT_EQ(At(statuses[1], "status"), "completed");
  EXPECT_EQ(At(statuses[1], "instance"), id);
  EXPECT_EQ(At(statuses[1], "process"), "chain");

  const std::vector<Value> calls = Lines("A call is done.");
  ASSERT_EQ(calls.size(), 2u);
  for (const Value& call : calls) {
    EXPECT_EQ(At(call, "instance"), id);
    EXPECT_EQ(At(call, "connector"), "recorder");
    EXPECT_EQ(At(call, "operation"), "note");
    EXPECT_EQ(At(call, "span_id"), kSpan);
  }
  EXPECT_EQ(At(calls[1], "state"), "step-2");
  EXPECT_EQ(service_.TracesOf("secret-word", "1"), std::vector<std::string>{kTraceparent});
  EXPECT_EQ(server_.Log().find("secret-word"), std::string::npos);
}

TEST_F(Logs, ATraceGoesFromAnEventToChildrenCallsAndIncidents) {
  const ClientResponse deployed = server_.Deploy(kFamily);
  ASSERT_EQ(deployed.status, 201) << deployed.body;
  const ClientResponse sent = server_.http().Post(
      "/v1/events", R"({"specversion":"1.0","id":"e-1","source":"test","type":"born","data":{"work":"w-1"}})",
      "application/cloudevents+json", {{"traceparent", kTraceparent}});
  ASSERT_EQ(sent.status, 202) << sent.body;
  const std::string id = At(sent, "started.0");
  ASSERT_NE(id, "") << sent.body;
  const ClientResponse parked = server_.http().Get("/v1/instances/" + id + "?wait=10s&until=waiting");
  ASSERT_EQ(At(parked, "incidents.0.state"), "once") << parked.body;

  EXPECT_EQ(service_.TracesOf("w-1", "2"), std::vector<std::string>{kTraceparent});
  EXPECT_EQ(service_.TracesOf("down-secret-word", "last"), std::vector<std::string>{kTraceparent});
  const std::vector<Value> failed = Lines("A call has failed.");
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(At(failed[0], "level"), "info");
  EXPECT_EQ(At(failed[0], "error"), "unavailable");
  const std::vector<Value> incidents = Lines("An incident is open.");
  ASSERT_EQ(incidents.size(), 1u);
  EXPECT_EQ(At(incidents[0], "level"), "warning");
  EXPECT_EQ(At(incidents[0], "instance"), id);
  EXPECT_EQ(At(incidents[0], "process"), "family");
  EXPECT_EQ(At(incidents[0], "state"), "once");
  EXPECT_EQ(At(incidents[0], "error"), "unavailable");
  EXPECT_EQ(server_.Log().find("secret-word"), std::string::npos);
}

TEST_F(Logs, AnEventsOwnTraceparentGoesBeforeTheRequests) {
  ASSERT_EQ(server_.Deploy(kFamily).status, 201);
  const std::string own = "00-11112222333344445555666677778888-00f067aa0ba902b7-01";
  ASSERT_EQ(server_.http()
                .Post("/v1/events",
                      R"({"specversion":"1.0","id":"e-1","source":"test","type":"born","traceparent":")" + own +
                          R"(","data":{"work":"w-2"}})",
                      "application/cloudevents+json", {{"traceparent", kTraceparent}})
                .status,
            202);
  const ClientResponse listed = server_.http().Get("/v1/instances?process=family");
  (void)server_.http().Get("/v1/instances/" + At(listed, "items.0.id") + "?wait=10s&until=waiting");
  EXPECT_EQ(service_.TracesOf("w-2", "1"), std::vector<std::string>{own});
}

TEST_F(Logs, WhatIsNoTraceparentIsIgnored) {
  const ClientResponse ended =
      server_.http().Post("/v1/instances?wait=10s", R"({"process":"chain","input":{"work":"w-3"}})", "application/json",
                          {{"traceparent", "secret-word"}});
  EXPECT_EQ(At(ended, "status"), "completed") << ended.body;
  EXPECT_EQ(service_.TracesOf("w-3", "1"), std::vector<std::string>{""});
  EXPECT_EQ(server_.Log().find("secret-word"), std::string::npos);
}

TEST_F(Logs, RequestsWithoutARouteAreLoggedToo) {
  EXPECT_EQ(server_.http().Get("/secret-word", {{"traceparent", kTraceparent}}).status, 404);
  const std::vector<Value> requests = Lines("A request is answered.");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(At(requests[0], "status"), "404");
  EXPECT_EQ(At(requests[0], "route"), "");
  EXPECT_EQ(server_.Log().find("secret-word"), std::string::npos);
}

TEST(LogsOfRequests, NameTheKeyAndAreWantedFirst) {
  FermataServer server({"--storage", "memory", "--auth", "required", "--log-requests"});
  const std::string line = server.NextLine();
  const std::string key = line.substr(line.rfind(' ') + 1);
  EXPECT_EQ(server.http().Get("/v1/keys", {{"Authorization", "Bearer " + key}}).status, 200);
  EXPECT_EQ(server.http().Get("/v1/keys", {{"Authorization", "Bearer wrong"}}).status, 401);
  const std::string log = server.Log();
  EXPECT_NE(log.find("route=/v1/keys status=200"), std::string::npos) << log;
  EXPECT_NE(log.find("caller=\"key "), std::string::npos) << log;
  EXPECT_NE(log.find("route=/v1/keys status=401"), std::string::npos) << log;
  EXPECT_EQ(log.find(key), std::string::npos);

  FermataServer quiet({"--storage", "memory"});
  EXPECT_EQ(quiet.http().Get("/v1/instances").status, 200);
  EXPECT_EQ(quiet.Log().find("A request is answered."), std::string::npos);
}

}  // namespace
}  // namespace fermata::test

// What a caller who is limited may not reach, and that histories and the audit log say who did what, over HTTP.
#include <gmock/gmock.h>

#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kClerk = R"(fermata: 1
process: clerk
version: 1.0.0
migrations: [ { from: 0.9.0 } ]
states:
  ask: { ask: "Well?", outcomes: [yes, no], next: done }
  done: { end: {} }
)";
constexpr const char* kCalls = R"(fermata: 1
process: calls
version: 1.0.0
states:
  send: { call: evil.send, next: done }
  done: { end: {} }
)";
constexpr const char* kStumbles = R"(fermata: 1
process: stumbles
version: 1.0.0
vars: { n: 1 }
states:
  fall: { set: { n: "${1 / 0}" }, end: {} }
)";

// One server that asks for keys; each test has a tenant or instances of its own.
class Accountability : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new FermataServer({"--storage", "memory", "--auth", "required"});
    const std::string line = server_->NextLine();
    admin_ = line.substr(std::min(line.find("fk_"), line.size()));
    for (const char* yaml : {kHello, kClerk})
      ASSERT_EQ(Ask("POST", "/v1/definitions", admin_, yaml, "application/yaml").status, 201);
  }
  static void TearDownTestSuite() { delete server_; }

  static ClientResponse Ask(const std::string& method, const std::string& path, const std::string& key,
                            const std::string& body = "", const std::string& type = "application/json") {
    std::vector<std::pair<std::string, std::string>> headers = {{"Authorization", "Bearer " + key}};
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    return server_->http().Request(method, path, headers, body);
  }
  // `fields` beside name and roles: `,"tenant":"acme"`.
  static std::string KeyFor(const std::string& name, const std::string& roles, const std::string& fields = "") {
    const ClientResponse made =
        Ask("POST", "/v1/keys", admin_, R"({"name":")" + name + R"(","roles":[)" + roles + "]" + fields + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    return At(made, "key");
  }
  static std::string Start(const std::string& key) {
    return At(Ask("POST", "/v1/instances?wait=9s&until=ask", key, R"({"process":"clerk"})"), "id");
  }
  static std::string TaskOf(const std::string& instance) {
    return "/v1/tasks/" + At(Ask("GET", "/v1/tasks?instance=" + instance, admin_), "items.0.id");
  }
  // The first event of the history with this type, as JSON.
  static std::string Event(const std::string& instance, const std::string& type, const std::string& key = admin_) {
    const Value page = JsonOf(Ask("GET", "/v1/instances/" + instance + "/history?limit=500", key));
    for (const Value& item : page.Find("items")->as_list())
      if (const Value* event = item.Find("event"); event && event->Find("type")->as_string() == type)
        return WriteJson(*event);
    return "no " + type + " in " + WriteJson(page);
  }

  static inline FermataServer* server_ = nullptr;
  static inline std::string admin_;
};

TEST_F(Accountability, WhoIsLimitedToProcessesBringsNoConnectorInABundle) {
  const std::string limited = KeyFor("limited", R"("analyst","operator")", R"(,"processes":["calls"])");
  const std::string bundle = WriteJson(Value::Object(
      {{"yaml", Value::String(kCalls)},
       {"manifests",
        Value::Object({{"evil.yaml", Value::String("connector: evil\nversion: 1.0.0\nkind: http\n"
                                                   "http: { url: http://127.0.0.1:1, headers: { X: '${secret.T}' } }\n"
                                                   "operations:\n  send: { http: {} }\n")}})}}));
  const ClientResponse refused = Ask("POST", "/v1/definitions", limited, bundle);
  ExpectProblem(refused, 403, "FM-4072");
  EXPECT_THAT(At(refused, "detail"), HasSubstr("connectors"));
  EXPECT_THAT(refused.body, Not(HasSubstr("?process=")));
  EXPECT_THAT(Ask("GET", "/v1/connectors", admin_).body, Not(HasSubstr("evil")));
  EXPECT_EQ(Ask("POST", "/v1/definitions", KeyFor("free", R"("analyst")"), bundle).status, 201);
}

TEST_F(Accountability, WhoIsLimitedToProcessesPausesAndSeesTheseAlone) {
  const std::string limited = KeyFor("limited", R"("operator")", R"(,"processes":["hel*"])");
  ASSERT_EQ(Ask("PUT", "/v1/pauses/process/clerk", admin_, R"({"reason":"of others"})").status, 200);
  for (const std::string pause : {"process/clerk", "connector/engine", "operation/engine.find"}) {
    ExpectProblem(Ask("PUT", "/v1/pauses/" + pause, limited, "{}"), 403, "FM-4072");
    ExpectProblem(Ask("GET", "/v1/pauses/" + pause, limited), 403, "FM-4072");
    ExpectProblem(Ask("DELETE", "/v1/pauses/" + pause, limited), 403, "FM-4072");
  }
  ASSERT_EQ(Ask("PUT", "/v1/pauses/process/hello", limited, "{}").status, 200);
  const ClientResponse list = Ask("GET", "/v1/pauses", limited);
  EXPECT_EQ(At(list, "items.0.name"), "hello") << list.body;
  EXPECT_THAT(list.body, Not(HasSubstr("clerk")));
  EXPECT_EQ(Ask("DELETE", "/v1/pauses/process/hello", limited).status, 200);
  EXPECT_EQ(Ask("DELETE", "/v1/pauses/process/clerk", admin_).status, 200);
}

TEST_F(Accountability, WhatIsDoneInAnothersNameHasBothNames) {
  const std::string boss = KeyFor("boss", R"("operator")");
  const std::string id = Start(boss), task = TaskOf(id);
  ASSERT_EQ(Ask("POST", task + "/claim", boss, R"({"by":"ann"})").status, 200);
  ASSERT_EQ(Ask("POST", task + "/comments", boss, R"({"by":"ann","text":"Hm."})").status, 200);
  ASSERT_EQ(Ask("POST", task + "/release", boss, R"({"by":"ann"})").status, 200);
  ASSERT_EQ(Ask("POST", task + "/assign", boss, R"({"by":"ann","user":"bob"})").status, 200);
  ASSERT_EQ(Ask("POST", task + "/complete?wait=9s", boss, R"({"outcome":"yes","by":"bob"})").status, 200);
  for (const char* type : {"task-claimed", "task-commented", "task-released", "task-assigned"})
    EXPECT_THAT(Event(id, type), HasSubstr(R"("by":"ann","actor":"boss")"));
  EXPECT_THAT(Event(id, "work-completed"), HasSubstr(R"("by":"bob","actor":"boss")"));
  // One's own name is enough.
  const std::string own = Start(boss);
  ASSERT_EQ(Ask("POST", TaskOf(own) + "/complete?wait=9s", boss, R"({"outcome":"yes","by":"boss"})").status, 200);
  EXPECT_THAT(Event(own, "work-completed"), testing::AllOf(HasSubstr(R"("by":"boss")"), Not(HasSubstr("actor"))));
}

TEST_F(Accountability, HistoriesSayWhoSteeredAndWhy) {
  const std::string boss = KeyFor("boss", R"("operator")", R"(,"tenant":"steered")");
  const std::string id = Start(boss), place = "/v1/instances/" + id;
  ASSERT_EQ(Ask("POST", place + "/suspend", boss, R"({"reason":"looks odd"})").status, 200);
  ASSERT_EQ(Ask("POST", place + "/resume", boss, R"({"by":"the auditor"})").status, 200);
  ASSERT_EQ(Ask("POST", place + "/cancel?wait=9s", boss, R"({"reason":"is odd"})").status, 200);
  EXPECT_THAT(Event(id, "suspended", boss), HasSubstr(R"("reason":"looks odd","by":"boss")"));
  EXPECT_THAT(Event(id, "resumed", boss), HasSubstr(R"("by":"the auditor")"));
  EXPECT_THAT(Event(id, "cancel-requested", boss), HasSubstr(R"("reason":"is odd","by":"boss")"));
  for (const std::string word : {"suspend", "resume", "cancel", "migrate"})
    EXPECT_EQ(Ask("POST", place + "/" + word, boss, R"({"version":"1.0.0","reason":5})").status, 422);
  // What is done in bulk says whose work it is.
  const std::string other = Start(boss);
  const ClientResponse bulk =
      Ask("POST", "/v1/bulk", boss, R"({"action":"suspend","filter":{"process":"clerk"},"reason":"all of them"})");
  ASSERT_EQ(bulk.status, 202) << bulk.body;
  ASSERT_EQ(At(Ask("GET", "/v1/instances/" + other + "?wait=9s&until=suspended", boss), "status"), "suspended");
  EXPECT_THAT(Event(other, "suspended", boss), HasSubstr(R"("reason":"all of them","by":"boss")"));
}

TEST_F(Accountability, HistoriesSayWhoMigratedAndResolvedAndWhy) {
  std::string old = kClerk;
  old.replace(old.find("1.0.0"), 5, "0.9.0").erase(old.find("migrations"), old.find("states") - old.find("migrations"));
  ASSERT_EQ(Ask("POST", "/v1/definitions", admin_, old, "application/yaml").status, 201);
  const ClientResponse started =
      Ask("POST", "/v1/instances?wait=9s&until=ask", admin_, R"({"process":"clerk","version":"0.9.0"})");
  const std::string id = At(started, "id");
  ASSERT_EQ(At(started, "version"), "0.9.0") << started.body;
  const ClientResponse migrated =
      Ask("POST", "/v1/instances/" + id + "/migrate", admin_, R"({"version":"1.0.0","reason":"the old one is wrong"})");
  ASSERT_EQ(migrated.status, 200) << migrated.body;
  EXPECT_THAT(Event(id, "migrated"), HasSubstr(R"("reason":"the old one is wrong","by":"first-admin")"));

  ASSERT_EQ(Ask("POST", "/v1/definitions", admin_, kStumbles, "application/yaml").status, 201);
  const std::string fallen = At(Ask("POST", "/v1/instances", admin_, R"({"process":"stumbles"})"), "id");
  const std::string incident = "/v1/incidents/" + fallen + "-1/resolve";
  const ClientResponse resolved =
      Ask("POST", incident, admin_, R"({"action":"retry","reason":"once more","by":"ann"})");
  ASSERT_EQ(resolved.status, 200) << resolved.body;
  EXPECT_THAT(Event(fallen, "incident-closed"), HasSubstr(R"("by":"ann","reason":"once more")"));
}

TEST_F(Accountability, MetricsOfATenantAreForItAloneAndThoseOfAllForDefault) {
  ASSERT_EQ(Ask("POST", "/v1/definitions", admin_,
                "fermata: 1\nprocess: trips\nversion: 1.0.0\nvars: { n: 1 }\nstates:\n  a: { set: { n: \"${1 / 0}\" }, "
                "end: {} }\n",
                "application/yaml")
                .status,
            201);
  const std::string ours = KeyFor("ours", R"("operator")", R"(,"tenant":"ours")");
  const std::string theirs = KeyFor("theirs", R"("operator")", R"(,"tenant":"theirs")");
  const std::string limited = KeyFor("limited", R"("operator")", R"(,"tenant":"ours","processes":["hello"])");
  ASSERT_EQ(Ask("POST", "/v1/instances", ours, R"({"process":"trips"})").status, 201);
  const std::string series = R"(fermata_open_incidents{tenant="ours",process="trips")";
  EXPECT_THAT(Ask("GET", "/metrics", ours).body, HasSubstr(series));
  EXPECT_THAT(Ask("GET", "/metrics", KeyFor("scraper", R"("auditor")")).body, HasSubstr(series));
  for (const std::string& key : {theirs, limited}) {
    const ClientResponse metrics = Ask("GET", "/metrics", key);
    EXPECT_THAT(metrics.body, HasSubstr("fermata_ready"));
    EXPECT_THAT(metrics.body, Not(HasSubstr("\"ours\"")));
  }
}

TEST_F(Accountability, RefusalsAreInTheAuditLogOnceAMinute) {
  const std::string client = KeyFor("curious", R"("client")", R"(,"tenant":"refused")");
  const std::string auditor = KeyFor("auditor", R"("auditor")", R"(,"tenant":"refused")");
  for (int i = 0; i < 50; ++i)
    ExpectProblem(Ask("POST", "/v1/keys", client, R"({"name":"x","roles":["admin"]})"), 403, "FM-4071");
  ExpectProblem(Ask("POST", "/v1/tasks/" + Start(client) + "-2/complete", client, R"({"outcome":"yes","by":"ann"})"),
                403, "FM-4073");
  // What is durable before an answer comes after them.
  ASSERT_EQ(Ask("POST", "/v1/instances/" + Start(client) + "/suspend",
                KeyFor("boss", R"("operator")", R"(,"tenant":"refused")"))
                .status,
            200);
  const ClientResponse keys = Ask("GET", "/v1/audit?action=key.create&limit=500", auditor);
  EXPECT_EQ(At(keys, "items.0.actor"), "curious") << keys.body;
  EXPECT_THAT(At(keys, "items.0.result"), HasSubstr("403"));
  // Two where the minute ends in between, and what was counted in the first.
  EXPECT_EQ(At(keys, "items.3"), "") << keys.body;
  const ClientResponse tasks = Ask("GET", "/v1/audit?actor=curious&action=POST%20/v1/tasks/%7Bid%7D/complete", auditor);
  EXPECT_EQ(At(tasks, "items.0.result"), "403") << tasks.body;
}

TEST_F(Accountability, FailedSignInsAreInTheAuditLogAndSilenceIsNot) {
  const auto rows = [] {
    return JsonOf(Ask("GET", "/v1/audit?action=sign-in&limit=500", admin_)).Find("items")->as_list().size();
  };
  const std::size_t before = rows();
  EXPECT_EQ(server_->http().Get("/v1/whoami").status, 401);
  ASSERT_EQ(Ask("PUT", "/v1/pauses/process/hello", admin_, "{}").status, 200);
  EXPECT_EQ(rows(), before);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Ask("GET", "/v1/whoami", "fk_0_wrong").status, 401);
  ASSERT_EQ(Ask("DELETE", "/v1/pauses/process/hello", admin_).status, 200);
  const ClientResponse page = Ask("GET", "/v1/audit?action=sign-in", admin_);
  EXPECT_EQ(At(page, "items.0.actor"), "127.0.0.1") << page.body;
  EXPECT_EQ(At(page, "items.0.target"), "GET /v1/whoami");
  EXPECT_LE(rows(), before + 3);
  EXPECT_THAT(page.body, Not(HasSubstr("fk_0_wrong")));
}

TEST_F(Accountability, TheAuditLogTellsWhatAKeyIsGoodForAndIsSearched) {
  KeyFor("web shop", R"("client","worker")",
         R"(,"tenant":"granted","processes":["order*"],"expiresAt":"2999-01-01T00:00:00Z")");
  const ClientResponse made = Ask("GET", "/v1/audit?actor=first-admin&action=key.create&limit=1", admin_);
  EXPECT_EQ(At(made, "items.0.result"),
            "201 'web shop' of granted: client, worker; processes order*; until 2999-01-01T00:00:00Z")
      << made.body;
  EXPECT_EQ(At(Ask("GET", "/v1/audit?since=2998-01-01T00:00:00Z", admin_), "items"), "[]");
  EXPECT_EQ(At(Ask("GET", "/v1/audit?until=2001-01-01T00:00:00Z", admin_), "items"), "[]");
  EXPECT_EQ(At(Ask("GET", "/v1/audit?actor=nobody", admin_), "items"), "[]");
  EXPECT_NE(At(Ask("GET", "/v1/audit?since=2001-01-01T00:00:00Z&until=2998-01-01T00:00:00Z", admin_), "items.0"), "");
  // Pages go on where the one before has ended.
  const ClientResponse first = Ask("GET", "/v1/audit?action=key.create&limit=1", admin_);
  const ClientResponse second = Ask("GET", "/v1/audit?action=key.create&limit=1&cursor=" + At(first, "next"), admin_);
  EXPECT_EQ(At(second, "items.0.action"), "key.create");
  EXPECT_LT(std::stoll(At(second, "items.0.seq")), std::stoll(At(first, "items.0.seq")));
  ExpectProblem(Ask("GET", "/v1/audit?since=yesterday", admin_), 422, "FM-4053");
}

}  // namespace
}  // namespace fermata::test

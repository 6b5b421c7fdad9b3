// Who may do what, over HTTP: keys, roles, limits, tenants that never meet, and the log of what was done.
#include <gmock/gmock.h>
#include <signal.h>
#include <sqlite3.h>

#include <filesystem>
#include <thread>

#include "api/security/permissions.h"
#include "engine/base/clock.h"
#include "engine/base/time.h"
#include "engine/model/limits.h"
#include "tests/integration/rest_fixture.h"
#include "tests/integration/support/api_document.h"

namespace fermata::test {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using testing::HasSubstr;

constexpr const char* kAsking = R"(fermata: 1
process: asking
version: 1.0.0
key: ${input.ref}
unique: running
input: { type: object, required: [ref], properties: { ref: { type: string } } }
events: { go-on: { key: "${event.data.ref}" } }
searchable: [city]
vars: { city: "Berlin", answer: "${null}" }
states:
  ask: { ask: "Well?", outcomes: [yes, no], save: answer, on: { go-on: done }, after: { 1d: done }, next: done }
  done: { end: { by: "${answer == null ? '' : answer.by}" } }
)";

// The path of a route with something in place of its {names}.
std::string Filled(std::string path, const std::string& id) {
  for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{'))
    path.replace(open, path.find('}') - open + 1, id);
  return path;
}

std::string KeyIn(const std::string& line) {
  const std::size_t at = line.find("fk_");
  return at == std::string::npos ? "" : line.substr(at);
}

// One server that asks for keys; each test makes keys of its own.
class SecurityOverHttp : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new FermataServer({"--storage", "memory", "--auth", "required"});
    admin_ = KeyIn(server_->NextLine());
    ASSERT_NE(admin_, "");
    ASSERT_EQ(Ask("POST", "/v1/definitions", admin_, kAsking, "application/yaml").status, 201);
    ASSERT_EQ(Ask("POST", "/v1/definitions", admin_, kHello, "application/yaml").status, 201);
  }
  static void TearDownTestSuite() { delete server_; }

  static ClientResponse Ask(const std::string& method, const std::string& path, const std::string& key,
                            const std::string& body = "", const std::string& type = "application/json",
                            Headers headers = {}) {
    if (!key.empty()) headers.emplace_back("Authorization", "Bearer " + key);
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    return server_->http().Request(method, path, headers, body);
  }
  // `fields` beside name and roles: `,"tenant":"acme"`.
  static std::string KeyFor(const std::string& roles, const std::string& fields = "",
                            const std::string& name = "test") {
    const ClientResponse made =
        Ask("POST", "/v1/keys", admin_, R"({"name":")" + name + R"(","roles":[)" + roles + "]" + fields + "}");
    EXPECT_EQ(made.status, 201) << made.body;
    return At(made, "key");
  }
  static std::string Start(const std::string& key, const std::string& ref) {
    const ClientResponse started =
        Ask("POST", "/v1/instances?wait=9s&until=ask", key, R"({"process":"asking","input":{"ref":")" + ref + R"("}})");
    EXPECT_EQ(started.status, 201) << started.body;
    return At(started, "id");
  }
  // Past its head.
  static std::unique_ptr<RawClient> OpenStream(const std::string& target, const std::string& key) {
    auto client = std::make_unique<RawClient>(server_->port());
    client->Send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key + "\r\n\r\n");
    EXPECT_THAT(client->ReadUntil("\r\n\r\n"), HasSubstr("text/event-stream")) << target;
    return client;
  }

  static inline FermataServer* server_ = nullptr;
  static inline std::string admin_;
};

TEST_F(SecurityOverHttp, EveryRouteButThePublicOnesAsksForAKey) {
  for (const Permission& permission : Permissions()) {
    const std::string path = Filled(std::string(permission.pattern), "none");
    const std::string method(permission.method);
    const ClientResponse without = Ask(method, path, "");
    const ClientResponse wrong = Ask(method, path, "fk_0_0");
    if (permission.access == Access::kPublic) {
      EXPECT_NE(without.status, 401) << path;
      EXPECT_NE(wrong.status, 401) << path;
      continue;
    }
    for (const ClientResponse& refused : {without, wrong}) {
      EXPECT_EQ(refused.status, 401) << method << " " << path << " " << refused.body;
      EXPECT_EQ(refused.Header("www-authenticate"), "Bearer realm=\"fermata\"");
      EXPECT_EQ(At(refused, "code"), "FM-4070");
    }
  }
}

TEST_F(SecurityOverHttp, ARoleMayDoWhatTheTableSaysAndA403NamesTheRoles) {
  for (const std::string& role : RoleNames()) {
    const std::string key = KeyFor("\"" + role + "\"");
    for (const Permission& permission : Permissions()) {
      if (permission.access != Access::kRoles) continue;
      const std::string path = Filled(std::string(permission.pattern), "none");
      const std::string method(permission.method);
      const bool may = role == "admin" || permission.roles.Has(*ParseRole(role));
      if (may && path.ends_with("/stream")) continue;  // an answer without end
      const ClientResponse answer = Ask(method, path, key, method == "POST" ? "{}" : "");
      EXPECT_EQ(answer.status == 403, !may) << role << " " << method << " " << path << " " << answer.body;
      if (may) continue;
      EXPECT_EQ(At(answer, "code"), "FM-4071");
      for (const std::string& enough : permission.roles.Names()) EXPECT_THAT(At(answer, "detail"), HasSubstr(enough));
    }
  }
}

TEST_F(SecurityOverHttp, AKeyIsShownOnceAndWorthlessWhenRevoked) {
  const ClientResponse made = Ask("POST", "/v1/keys", admin_,
                                  R"({"name":"shop","roles":["client","worker"],"processes":["ask*"],)"
                                  R"("expiresAt":"2999-01-01T00:00:00Z","requestsPerSecond":50})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string key = At(made, "key"), place = made.Header("location");
  const ClientResponse me = Ask("GET", "/v1/whoami", key);
  EXPECT_EQ(At(me, "name"), "shop");
  EXPECT_EQ(At(me, "roles"), R"(["client","worker"])");
  EXPECT_EQ(At(me, "processes"), R"(["ask*"])");
  EXPECT_EQ(At(me, "expiresAt"), "2999-01-01T00:00:00Z");
  const ClientResponse shown = Ask("GET", place, admin_);
  EXPECT_EQ(At(shown, "createdBy"), "first-admin");
  EXPECT_EQ(At(shown, "requestsPerSecond"), "50.0");
  const std::string secret = key.substr(key.rfind('_') + 1);
  EXPECT_EQ(shown.body.find(secret), std::string::npos);
  EXPECT_EQ(Ask("GET", "/v1/keys", admin_).body.find(secret), std::string::npos);
  EXPECT_EQ(Ask("DELETE", place, admin_).status, 204);
  ExpectProblem(Ask("GET", "/v1/whoami", key), 401, "FM-4070");
  ExpectProblem(Ask("DELETE", place, admin_), 404, "FM-4074");
  ExpectProblem(Ask("GET", place, admin_), 404, "FM-4074");
  EXPECT_EQ(server_->Log().find(secret), std::string::npos);
  EXPECT_EQ(server_->Log().find(admin_), std::string::npos);
}

TEST_F(SecurityOverHttp, TheStreamsOfAKeyEndWithIt) {
  const ClientResponse made = Ask("POST", "/v1/keys", admin_, R"({"name":"once","roles":["operator","worker"]})");
  const std::string id = Start(admin_, "streamed"), key = At(made, "key");
  const std::vector<std::string> targets = {"/v1/stream", "/v1/instances/" + id + "/stream",
                                            "/v1/jobs/stream?operations=none.at-all"};
  std::vector<std::unique_ptr<RawClient>> ending, lasting;
  for (const std::string& target : targets) {
    ending.push_back(OpenStream(target, key));
    lasting.push_back(OpenStream(target, admin_));
  }
  ASSERT_EQ(Ask("DELETE", made.Header("location"), admin_).status, 204);
  for (const auto& stream : ending) EXPECT_THAT(stream->ReadToEnd(), testing::EndsWith("0\r\n\r\n"));
  // Those of others go on.
  ASSERT_EQ(Ask("POST", "/v1/instances/" + id + "/cancel", admin_).status, 200);
  EXPECT_THAT(lasting[0]->ReadUntil("event: instance"), HasSubstr("event: instance"));
  EXPECT_THAT(lasting[1]->ReadUntil("ancelled"), HasSubstr("ancelled"));
}

TEST_F(SecurityOverHttp, TheStreamsOfAKeyEndWhenItExpires) {
  const std::int64_t soon_us = SystemClock().NowUs() + 2'000'000;
  const std::string key = KeyFor(R"("operator")", R"(,"expiresAt":")" + FormatTimestamp(FromMicros(soon_us)) + "\"");
  const std::unique_ptr<RawClient> stream = OpenStream("/v1/stream", key);
  // Without a heartbeat before: nobody waited for one.
  EXPECT_THAT(stream->ReadToEnd(), testing::EndsWith("0\r\n\r\n"));
  EXPECT_GE(SystemClock().NowUs(), soon_us);
  EXPECT_LT(SystemClock().NowUs(), soon_us + kStreamHeartbeatMs * 1'000 / 2);
  ExpectProblem(Ask("GET", "/v1/whoami", key), 401, "FM-4070");
}

TEST_F(SecurityOverHttp, WhoseKeyEndsWhileTheyWaitForJobsGetsNone) {
  ASSERT_EQ(Ask("POST", "/v1/connectors", admin_,
                "connector: guarded\nversion: 1.0.0\nkind: worker\noperations:\n  pack: { timeout: 1h }\n",
                "application/yaml")
                .status,
            201);
  ASSERT_EQ(Ask("POST", "/v1/definitions", admin_,
                "fermata: 1\nprocess: guarding\nversion: 1.0.0\nstates:\n"
                "  pack: { call: guarded.pack, next: done }\n  done: { end: {} }\n",
                "application/yaml")
                .status,
            201);
  const ClientResponse made = Ask("POST", "/v1/keys", admin_, R"({"name":"gone","roles":["worker"]})");
  const std::string wanted = R"({"operations":["guarded.pack"]})";
  RawClient waiting(server_->port());
  ASSERT_TRUE(waiting.Send(
      "POST /v1/jobs/fetch?wait=30s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + At(made, "key") +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(wanted.size()) + "\r\n\r\n" + wanted));
  ASSERT_EQ(Ask("DELETE", made.Header("location"), admin_).status, 204);
  ASSERT_EQ(Ask("POST", "/v1/instances", admin_, R"({"process":"guarding"})").status, 201);
  EXPECT_EQ(At(Ask("POST", "/v1/jobs/fetch?wait=9s", admin_, wanted), "jobs.0.operation"), "guarded.pack");
  EXPECT_EQ(ReadResponse(waiting).body.find("leaseToken"), std::string::npos);
}

TEST_F(SecurityOverHttp, AWorkerThatIsLimitedToProcessesGetsTheirJobsAlone) {
  ASSERT_EQ(
      Ask("POST", "/v1/connectors", admin_,
          "connector: shared\nversion: 1.0.0\nkind: worker\noperations:\n  pack: { timeout: 1h }\n", "application/yaml")
          .status,
      201);
  for (const std::string process : {"allowed-one", "allowed-two", "walled"})
    ASSERT_EQ(Ask("POST", "/v1/definitions", admin_,
                  "fermata: 1\nprocess: " + process +
                      "\nversion: 1.0.0\nstates:\n  pack: { call: shared.pack, next: done }\n  done: { end: {} }\n",
                  "application/yaml")
                  .status,
              201);
  const std::string limited = KeyFor(R"("worker")", R"(,"processes":["allowed-*"])"), free = KeyFor(R"("worker")");
  const std::string wanted = R"({"operations":["shared.pack"],"max":10})";
  const auto start = [&](const std::string& process) {
    return At(Ask("POST", "/v1/instances", admin_, R"({"process":")" + process + "\"}"), "id");
  };
  const auto fetch = [&](const std::string& key) { return Ask("POST", "/v1/jobs/fetch?wait=9s", key, wanted); };
  const std::string walled = start("walled"), one = start("allowed-one"), two = start("allowed-two");
  const ClientResponse mine = fetch(limited);
  EXPECT_EQ(At(mine, "jobs.0.instance"), one) << mine.body;
  EXPECT_EQ(At(mine, "jobs.1.instance"), two) << mine.body;
  EXPECT_EQ(At(mine, "jobs.2"), "");
  const ClientResponse rest = fetch(free);
  EXPECT_EQ(At(rest, "jobs.0.instance"), walled) << rest.body;
  EXPECT_EQ(At(rest, "jobs.1"), "");

  // Not even with the token of a lease.
  const auto job = [](const ClientResponse& jobs) { return "/v1/jobs/" + At(jobs, "jobs.0.id"); };
  const auto token = [](const ClientResponse& jobs) {
    return R"({"leaseToken":")" + At(jobs, "jobs.0.leaseToken") + "\"";
  };
  ExpectProblem(Ask("POST", job(rest) + "/extend", limited, token(rest) + "}"), 404, "FM-4031");
  ExpectProblem(Ask("POST", job(rest) + "/complete", limited, token(rest) + R"(,"output":{}})"), 404, "FM-4031");
  ExpectProblem(Ask("POST", job(rest) + "/fail", limited, token(rest) + R"(,"technical":"internal"})"), 404, "FM-4031");
  EXPECT_EQ(Ask("POST", job(rest) + "/complete", free, token(rest) + R"(,"output":{}})").status, 200);
  EXPECT_EQ(Ask("POST", job(mine) + "/complete", limited, token(mine) + R"(,"output":{}})").status, 200);
}

TEST_F(SecurityOverHttp, AWorkerThatIsLimitedToProcessesKeepsNoJobFromOthersWhoWait) {
  ASSERT_EQ(
      Ask("POST", "/v1/connectors", admin_,
          "connector: queued\nversion: 1.0.0\nkind: worker\noperations:\n  pack: { timeout: 1h }\n", "application/yaml")
          .status,
      201);
  ASSERT_EQ(Ask("POST", "/v1/definitions", admin_,
                "fermata: 1\nprocess: queueing\nversion: 1.0.0\nstates:\n"
                "  pack: { call: queued.pack, next: done }\n  done: { end: {} }\n",
                "application/yaml")
                .status,
            201);
  const std::string limited = KeyFor(R"("worker")", R"(,"processes":["asking"])"), free = KeyFor(R"("worker")");
  const std::string theirs = KeyFor(R"("worker")", R"(,"processes":["queue*"])");
  const std::unique_ptr<RawClient> first = OpenStream("/v1/jobs/stream?operations=queued.pack", limited);
  const std::unique_ptr<RawClient> second = OpenStream("/v1/jobs/stream?operations=queued.pack", theirs);
  const std::unique_ptr<RawClient> third = OpenStream("/v1/jobs/stream?operations=queued.pack", free);
  for (int i = 0; i < 2; ++i) ASSERT_EQ(Ask("POST", "/v1/instances", admin_, R"({"process":"queueing"})").status, 201);
  EXPECT_THAT(second->ReadUntil("leaseToken"), HasSubstr("leaseToken"));
  EXPECT_THAT(third->ReadUntil("leaseToken"), HasSubstr("leaseToken"));
}

TEST_F(SecurityOverHttp, ATaskOfAUserIsAnsweredByThemOrInTheirName) {
  const std::string ann = KeyFor(R"("client")", "", "ann"), bob = KeyFor(R"("client")", "", "bob");
  const std::string boss = KeyFor(R"("operator")", "", "boss");
  const auto task_for_ann = [&](const std::string& ref) {
    const std::string id = Start(admin_, ref);
    const std::string task = "/v1/tasks/" + At(Ask("GET", "/v1/tasks?instance=" + id, admin_), "items.0.id");
    EXPECT_EQ(Ask("POST", task + "/assign", boss, R"({"user":"ann"})").status, 200);
    return task + "/complete?wait=9s";
  };
  const std::string first = task_for_ann("for-ann-1"), second = task_for_ann("for-ann-2");
  for (const std::string& key : {bob, boss, admin_}) {
    const ClientResponse refused = Ask("POST", first, key, R"({"outcome":"yes"})");
    ExpectProblem(refused, 409, "FM-4029");
    EXPECT_THAT(At(refused, "detail"), HasSubstr("'ann'"));
  }
  ExpectProblem(Ask("POST", first, bob, R"({"outcome":"yes","by":"ann"})"), 403, "FM-4073");
  EXPECT_EQ(At(Ask("POST", first, ann, R"({"outcome":"yes"})"), "output.by"), "ann");
  EXPECT_EQ(At(Ask("POST", second, boss, R"({"outcome":"yes","by":"ann"})"), "output.by"), "ann");
}

TEST_F(SecurityOverHttp, AKeyThatMakesNoSenseIs422WithItsPlace) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"roles":["client"]})", "/name"},
      {R"({"name":"","roles":["client"]})", "/name"},
      {R"({"name":"a\nb","roles":["client"]})", "/name"},
      {R"({"name":"a"})", "/roles"},
      {R"({"name":"a","roles":[]})", "/roles"},
      {R"({"name":"a","roles":["root"]})", "/roles"},
      {R"({"name":"a","roles":"client"})", "/roles"},
      {R"({"name":"a","roles":[1]})", "/roles"},
      {R"({"name":"a","roles":["client"],"tenant":"No"})", "/tenant"},
      {R"({"name":"a","roles":["client"],"processes":[""]})", "/processes"},
      {R"({"name":"a","roles":["client"],"expiresAt":"tomorrow"})", "/expiresAt"},
      {R"({"name":"a","roles":["client"],"expiresAt":"2001-01-01T00:00:00Z"})", "/expiresAt"},
      {R"({"name":"a","roles":["client"],"requestsPerSecond":0})", "/requestsPerSecond"},
      {R"({"name":"a","roles":["client"],"secret":"x"})", "/secret"}};
  for (const auto& [body, path] : bad) {
    const ClientResponse refused = Ask("POST", "/v1/keys", admin_, body);
    EXPECT_EQ(refused.status, 422) << body << refused.body;
    EXPECT_EQ(At(refused, "errors.0.path"), path) << body << refused.body;
  }
}

TEST_F(SecurityOverHttp, AnotherTenantsIdsAreUnknownOnEveryRoute) {
  const std::string ours = KeyFor(R"("operator","analyst","client","auditor")", R"(,"tenant":"ours")");
  const std::string theirs = KeyFor(R"("operator","analyst","client","auditor","admin")", R"(,"tenant":"theirs")");
  const std::string id = Start(ours, "one");
  const std::string nobodys = "00000000000000000000000000";
  int routes = 0;
  for (const ApiDocument::Operation& operation : ApiDocument::Get().Operations()) {
    const Permission* permission = FindPermission(operation.method, operation.path);
    ASSERT_NE(permission, nullptr) << operation.path;
    const bool is_number = permission->subject == Subject::kTask || permission->subject == Subject::kIncident;
    if (!is_number && permission->subject != Subject::kInstance) continue;
    ++routes;
    for (const std::string& body : {std::string("{}"), std::string("{"), std::string(R"({"x":1})")}) {
      const auto ask = [&](const std::string& instance) {
        const std::string name = is_number ? instance + "-2" : instance;
        ClientResponse answer =
            Ask(operation.method, Filled(operation.path, name), theirs, operation.method == "GET" ? "" : body);
        for (std::size_t at = answer.body.find(instance); at != std::string::npos; at = answer.body.find(instance))
          answer.body.replace(at, instance.size(), "X");
        return answer;
      };
      const ClientResponse foreign = ask(id), unknown = ask(nobodys);
      EXPECT_EQ(foreign.status, 404) << operation.method << " " << operation.path << foreign.body;
      EXPECT_EQ(foreign.status, unknown.status) << operation.path;
      EXPECT_EQ(foreign.body, unknown.body) << operation.path;
    }
  }
  EXPECT_GE(routes, 9);
  EXPECT_EQ(At(Ask("GET", "/v1/instances/" + id, ours), "status"), "waiting");
}

TEST_F(SecurityOverHttp, TenantsMeetInNoListKeyEventOrIdempotencyKey) {
  const std::string ours = KeyFor(R"("operator","client")", R"(,"tenant":"left")");
  const std::string theirs = KeyFor(R"("operator","client")", R"(,"tenant":"right")");
  const Headers once = {{"Idempotency-Key", "k"}};
  const std::string body = R"({"process":"asking","input":{"ref":"same"}})";
  const ClientResponse mine = Ask("POST", "/v1/instances", ours, body, "application/json", once);
  const ClientResponse yours = Ask("POST", "/v1/instances", theirs, body, "application/json", once);
  ASSERT_EQ(mine.status, 201);
  ASSERT_EQ(yours.status, 201) << yours.body;
  EXPECT_EQ(yours.Header("idempotency-replayed"), "");
  EXPECT_NE(At(mine, "id"), At(yours, "id"));
  EXPECT_EQ(Ask("POST", "/v1/instances", ours, body).status, 409);
  const std::string id = At(yours, "id");
  ASSERT_EQ(Ask("GET", "/v1/instances/" + id + "?wait=9s&until=ask", theirs).status, 200);
  const std::vector<std::string> filters = {"",
                                            "?process=asking",
                                            "?instance=" + id,
                                            "?key=same",
                                            "?var.city=Berlin&process=asking",
                                            "?state=ask&process=asking",
                                            "?status=waiting"};
  for (const std::string list : {"/v1/instances", "/v1/tasks", "/v1/incidents"})
    for (const std::string& filter : filters) {
      const ClientResponse page = Ask("GET", list + filter, ours);
      if (page.status == 422) continue;  // no filter of this list
      ASSERT_EQ(page.status, 200) << page.body;
      EXPECT_EQ(page.body.find(id), std::string::npos) << list << filter;
    }
  EXPECT_EQ(At(Ask("GET", "/v1/tasks?instance=" + id, theirs), "items.0.instance"), id);
  const std::string event = R"({"specversion":"1.0","id":"1","source":"t","type":"go-on","data":{"ref":"same"}})";
  for (const std::string& key : {ours, theirs}) {
    const ClientResponse sent = Ask("POST", "/v1/events", key, event, "application/cloudevents+json");
    EXPECT_EQ(At(sent, "delivered"), "1") << sent.body;
    EXPECT_EQ(At(sent, "duplicate"), "false") << sent.body;
  }
}

TEST_F(SecurityOverHttp, WhatAllTenantsShareIsChangedByTheDefaultTenantOnly) {
  const std::string theirs = KeyFor(R"("admin","analyst")", R"(,"tenant":"acme")");
  ExpectProblem(Ask("POST", "/v1/definitions", theirs, kHello, "application/yaml"), 403, "FM-4078");
  ExpectProblem(Ask("POST", "/v1/definitions/hello/live", theirs, R"({"version":"1.0.0"})"), 403, "FM-4078");
  EXPECT_EQ(Ask("GET", "/v1/definitions/hello", theirs).status, 200);
  // An admin of a tenant looks after its keys and log only.
  ExpectProblem(Ask("POST", "/v1/keys", theirs, R"({"name":"a","roles":["admin"],"tenant":"default"})"), 422,
                "FM-4051");
  const ClientResponse made = Ask("POST", "/v1/keys", theirs, R"({"name":"own","roles":["client"]})");
  EXPECT_EQ(At(made, "tenant"), "acme");
  const Value list = JsonOf(Ask("GET", "/v1/keys", theirs));
  EXPECT_FALSE(list.Find("items")->as_list().empty());
  for (const Value& key : list.Find("items")->as_list()) EXPECT_EQ(At(key, "tenant"), "acme");
  const std::string other = Ask("POST", "/v1/keys", admin_, R"({"name":"x","roles":["client"]})").Header("location");
  ExpectProblem(Ask("GET", other, theirs), 404, "FM-4074");
  ExpectProblem(Ask("DELETE", other, theirs), 404, "FM-4074");
  ExpectProblem(Ask("GET", "/v1/audit?tenant=default", theirs), 422, "FM-4053");
}

TEST_F(SecurityOverHttp, AKeyForSomeProcessesDoesNotReachOthers) {
  const std::string limited = KeyFor(R"("analyst","operator","client")", R"(,"processes":["hel*"])");
  const std::string id = Start(admin_, "beyond");
  EXPECT_EQ(Ask("POST", "/v1/instances", limited, R"({"process":"hello","input":{"name":"Ann"}})").status, 201);
  ExpectProblem(Ask("POST", "/v1/instances", limited, R"({"process":"asking","input":{"ref":"x"}})"), 403, "FM-4072");
  ExpectProblem(Ask("GET", "/v1/instances/" + id, limited), 404, "FM-4003");
  ExpectProblem(Ask("POST", "/v1/instances/" + id + "/cancel", limited), 404, "FM-4003");
  for (const std::string list : {"/v1/instances", "/v1/tasks", "/v1/incidents"}) {
    ExpectProblem(Ask("GET", list, limited), 403, "FM-4072");
    ExpectProblem(Ask("GET", list + "?process=asking", limited), 403, "FM-4072");
    EXPECT_EQ(Ask("GET", list + "?process=hello", limited).status, 200);
  }
  EXPECT_EQ(Ask("GET", "/v1/definitions", limited).body.find("asking"), std::string::npos);
  ExpectProblem(Ask("GET", "/v1/definitions/asking", limited), 403, "FM-4072");
  ExpectProblem(Ask("POST", "/v1/definitions/asking/live", limited, R"({"version":"1.0.0"})"), 403, "FM-4072");
  ExpectProblem(Ask("POST", "/v1/definitions", limited, kAsking, "application/yaml"), 403, "FM-4072");
  EXPECT_EQ(Ask("POST", "/v1/definitions", limited, kHello, "application/yaml").status, 200);
  ExpectProblem(Ask("POST", "/v1/connectors", limited, "connector: x", "application/yaml"), 403, "FM-4072");
  const std::string event = R"({"specversion":"1.0","id":"b","source":"t","type":"go-on","data":{"ref":"beyond"}})";
  ExpectProblem(Ask("POST", "/v1/events", limited, event, "application/cloudevents+json"), 403, "FM-4072");
}

TEST_F(SecurityOverHttp, AnInstanceBeyondAKeysProcessesIsForItsEventsAsOneThatIsNotThere) {
  const std::string limited = KeyFor(R"("client")", R"(,"processes":["hel*"])");
  const std::string theirs = Start(admin_, "beyond-2"), unknown = "00000000000000000000000000";
  const auto event = [](const std::string& instance, const std::string& type) {
    return R"({"specversion":"1.0","id":"c","source":"t","instance":")" + instance + R"(","type":")" + type +
           R"(","data":{"ref":"beyond-2"}})";
  };
  const auto without = [](std::string text, const std::string& id) {
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) text.erase(at, id.size());
    return text;
  };
  for (const std::string type : {"go-on", "unheard-of"}) {
    const ClientResponse beyond =
        Ask("POST", "/v1/events", limited, event(theirs, type), "application/cloudevents+json");
    const ClientResponse absent =
        Ask("POST", "/v1/events", limited, event(unknown, type), "application/cloudevents+json");
    ExpectProblem(beyond, 404, "FM-4003");
    EXPECT_EQ(without(beyond.body, theirs), without(absent.body, unknown));
  }
  const ClientResponse batch =
      Ask("POST", "/v1/events", limited, "[" + event(theirs, "go-on") + "]", "application/cloudevents-batch+json");
  EXPECT_NE(batch.body.find("FM-4003"), std::string::npos) << batch.body;
  EXPECT_EQ(
      Ask("POST", "/v1/events", KeyFor(R"("client")"), event(theirs, "go-on"), "application/cloudevents+json").status,
      202);
}

TEST_F(SecurityOverHttp, TheHistoryNamesTheCallerAndOnlyOperatorsActForOthers) {
  const std::string clerk = KeyFor(R"("client")", "", "clerk ann"), boss = KeyFor(R"("operator")", "", "boss");
  const auto answer = [&](const std::string& key, const std::string& ref, const std::string& by) {
    const std::string id = Start(admin_, ref);
    const std::string task = At(Ask("GET", "/v1/tasks?instance=" + id, admin_), "items.0.id");
    return Ask("POST", "/v1/tasks/" + task + "/complete?wait=9s", key, R"({"outcome":"yes")" + by + "}");
  };
  EXPECT_EQ(At(answer(clerk, "by-1", ""), "output.by"), "clerk ann");
  EXPECT_EQ(At(answer(clerk, "by-2", R"(,"by":"clerk ann")"), "output.by"), "clerk ann");
  ExpectProblem(answer(clerk, "by-3", R"(,"by":"boss")"), 403, "FM-4073");
  EXPECT_EQ(At(answer(boss, "by-4", R"(,"by":"bob")"), "output.by"), "bob");
}

TEST_F(SecurityOverHttp, WhoAsksTooOftenGets429AndTheOthersAreServed) {
  const std::string eager = KeyFor(R"("client")", R"(,"requestsPerSecond":1)");
  ClientResponse answer;
  for (int i = 0; i < 50 && answer.status != 429; ++i) answer = Ask("GET", "/v1/whoami", eager);
  ExpectProblem(answer, 429, "FM-4075");
  EXPECT_GE(std::stoi(answer.Header("retry-after")), 1);
  EXPECT_EQ(Ask("GET", "/v1/whoami", admin_).status, 200);
}

TEST_F(SecurityOverHttp, ActionsOfPeopleAreInTheAuditLogAndTrafficIsNot) {
  const std::string boss = KeyFor(R"("operator","client")", R"(,"tenant":"audited")", "the boss");
  const std::string auditor = KeyFor(R"("auditor")", R"(,"tenant":"audited")");
  const std::string id = Start(boss, "logged");
  ASSERT_EQ(Ask("POST", "/v1/instances/" + id + "/suspend", boss).status, 200);
  ASSERT_EQ(Ask("POST", "/v1/instances/" + id + "/migrate", boss, R"({"version":"9.9.9"})").status, 404);
  ASSERT_EQ(Ask("GET", "/v1/instances/" + id, boss).status, 200);
  const ClientResponse page = Ask("GET", "/v1/audit", auditor);
  EXPECT_EQ(At(page, "items.3.seq"), "1") << page.body;
  EXPECT_EQ(At(page, "items.0.result"), "404");
  EXPECT_EQ(At(page, "items.1.result"), "asked");
  EXPECT_EQ(At(page, "items.2.result"), "200");
  EXPECT_EQ(At(page, "items.3.result"), "asked");
  for (const std::string row : {"items.2", "items.3"}) {
    EXPECT_EQ(At(page, row + ".actor"), "the boss");
    EXPECT_EQ(At(page, row + ".action"), "instance.suspend");
    EXPECT_EQ(At(page, row + ".target"), "/v1/instances/" + id + "/suspend");
  }
  EXPECT_EQ(At(page, "items.0.previous"), At(page, "items.1.hash"));
  const ClientResponse first = Ask("GET", "/v1/audit?limit=1", auditor);
  EXPECT_EQ(At(Ask("GET", "/v1/audit?limit=1&cursor=" + At(first, "next"), auditor), "items.0.seq"), "3");
  ExpectProblem(Ask("GET", "/v1/audit?cursor=x", auditor), 422, "FM-4014");
  // The maker's tenant has what was done to keys, with the key's place.
  EXPECT_THAT(Ask("GET", "/v1/audit", admin_).body, HasSubstr("\"action\":\"key.create\""));
}

TEST(SecurityOfFiles, ATamperedAuditLogIsFoundOutAndNoSecretIsInTheFiles) {
  FermataServer server({"--auth", "required"});
  const std::string admin = KeyIn(server.NextLine());
  const Headers as_admin = {{"Authorization", "Bearer " + admin}};
  for (const char* name : {"a", "b", "c"})
    ASSERT_EQ(server.http()
                  .Post("/v1/keys", std::string(R"({"name":")") + name + R"(","roles":["client"]})", "application/json",
                        as_admin)
                  .status,
              201);
  const std::string key_file = server.folder().File("key");
  WriteFile(key_file, admin + "\n");
  const CommandResult good =
      RunCommand({FERMATA_BINARY, "audit", "verify", "--server", server.url(), "--api-key-file", key_file});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("ok: 6 rows"));
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "audit", "verify", "--server", server.url()}).exit_code, 4);
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "list", "--server", server.url(), "--api-key-file", key_file}).exit_code, 0);
  // The key is asked for by everybody again after a restart, and no second one is printed.
  ASSERT_EQ(server.Stop(), 0);
  const std::string data = server.folder().File("engine"), file = data + "/fermata.db";
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "audit", "verify", "--data", data}).exit_code, 0);
  const std::string secret = admin.substr(admin.rfind('_') + 1);
  EXPECT_EQ(ReadFile(file).find(secret), std::string::npos);
  EXPECT_EQ(server.Log().find(secret), std::string::npos);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "UPDATE audit SET actor = 'nobody' WHERE seq = 2", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  const CommandResult bad = RunCommand({FERMATA_BINARY, "audit", "verify", "--data", data});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("FM-8008: Expected row 2 "));
}

TEST(SecurityOfFiles, AnActionThatACrashCutsOffHasLeftWhatWasAsked) {
  FermataServer server;
  ASSERT_EQ(server.Deploy(kAsking).status, 201);
  const ClientResponse started =
      server.http().Post("/v1/instances", R"({"process":"asking","input":{"ref":"cut"}})", "application/json", {});
  const std::string target = "/v1/instances/" + At(started, "id") + "/suspend";
  RawClient boss(server.port());
  // It is answered, and has its second row, when the wait is over.
  ASSERT_TRUE(boss.Send("POST " + target + "?wait=60s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
  while (At(server.http().Get("/v1/audit"), "items.0.target") != target) std::this_thread::yield();
  server.Kill();
  server.Start();
  const ClientResponse page = server.http().Get("/v1/audit");
  EXPECT_EQ(At(page, "items.0.action"), "instance.suspend") << page.body;
  EXPECT_EQ(At(page, "items.0.result"), "asked");
  EXPECT_EQ(At(page, "items.1.result"), "201");
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "audit", "verify", "--server", server.url()}).exit_code, 0);
}

constexpr const char* kVault = R"(fermata: 1
process: vault
version: 1.0.0
input: { type: object, required: [pin], properties: { pin: { type: string } } }
encrypted: [pin, given]
vars: { pin: "${input.pin}" }
events: { told: { key: "${event.data.who}" } }
states:
  note: { call: recorder.note, with: { work: "${pin}", step: "1" }, next: ask }
  ask: { ask: "Which?", data: { pin: "${pin}" }, save: given, after: { 1d: done }, next: done }
  done: { end: { pin: "${pin}" } }
)";

std::string EverythingBelow(const std::string& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) all += ReadFile(entry.path().string());
  return all;
}

TEST(SecurityOfFiles, NoSecretIsInDataLogsErrorsOrMetrics) {
  RecordingService service;
  const TempFolder folder;
  const CommandResult key = RunCommand({FERMATA_BINARY, "secret", "key", "one"});
  ASSERT_EQ(key.exit_code, 0) << key.err;
  WriteFile(folder.File("keys"), key.out);
  const std::vector<std::string> places = {"--secrets-file", folder.File("secrets"), "--encryption-keys",
                                           folder.File("keys")};
  std::vector<std::string> set = {FERMATA_BINARY, "secret", "set", "TOKEN"};
  set.insert(set.end(), places.begin(), places.end());
  ASSERT_EQ(RunCommand(set, "canary-of-a-secret\n").exit_code, 0);
  std::vector<std::string> arguments = {"--log-level", "debug"};
  arguments.insert(arguments.end(), places.begin(), places.end());
  FermataServer server(arguments);
  std::string manifest = service.Manifest();
  manifest.insert(manifest.find("operations:"), "  headers: { Authorization: \"Bearer ${secret.TOKEN}\" }\n");
  ASSERT_EQ(server.DeployConnector(manifest).status, 201);
  ASSERT_EQ(server.Deploy(kVault).status, 201);
  const ClientResponse started = server.http().Post("/v1/instances?wait=9s&until=ask",
                                                    R"({"process":"vault","input":{"pin":"canary-of-a-variable"}})");
  ASSERT_EQ(At(started, "status"), "waiting") << started.body;
  const std::string task = At(server.http().Get("/v1/tasks"), "items.0.id");
  const ClientResponse wrong =
      server.http().Post("/v1/tasks/" + task + "/complete", R"({"outcome":"canary-of-an-error"})");
  EXPECT_EQ(wrong.status, 422);
  const std::string metrics = server.http().Get("/metrics").body;
  // Read back by who may, and by the server after a crash.
  EXPECT_THAT(server.http().Get("/v1/instances/" + At(started, "id")).body, HasSubstr("canary-of-a-variable"));
  server.Kill();
  server.Start();
  EXPECT_THAT(server.http().Get("/v1/tasks/" + task).body, HasSubstr("canary-of-a-variable"));
  ASSERT_EQ(server.http().Post("/v1/tasks/" + task + "/complete?wait=9s", R"({"data":"canary-of-an-answer"})").status,
            200);
  ASSERT_EQ(server.Stop(), 0);
  const std::string all = EverythingBelow(server.folder().File("")) + EverythingBelow(folder.File("")) + metrics;
  EXPECT_GT(all.size(), 10'000u);
  EXPECT_EQ(all.find("canary"), std::string::npos);
}

TEST(SecurityOfFiles, AProcessWithEncryptedVariablesNeedsKeysAndDataNeedsItsOwn) {
  FermataServer server({"--storage", "memory"});
  RecordingService service;
  ASSERT_EQ(server.DeployConnector(service.Manifest()).status, 201);
  const ClientResponse refused = server.Deploy(kVault);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(At(refused, "code"), "FM-4049");
  const TempFolder folder;
  WriteFile(folder.File("keys"), RunCommand({FERMATA_BINARY, "secret", "key", "one"}).out);
  FermataServer sealed({"--encryption-keys", folder.File("keys")});
  ASSERT_EQ(sealed.Deploy(kHello).status, 201);
  ASSERT_EQ(sealed.Stop(), 0);
  const CommandResult without =
      RunCommand({FERMATA_BINARY, "serve", "--port", "0", "--data", sealed.folder().File("engine")});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_THAT(without.err, HasSubstr("FM-5010"));
}

TEST(SecurityOfServers, ListeningBeyondThisMachineNeedsAuthentication) {
  const CommandResult open =
      RunCommand({FERMATA_BINARY, "serve", "--host", "0.0.0.0", "--port", "0", "--storage", "memory"});
  EXPECT_EQ(open.exit_code, 2);
  EXPECT_THAT(open.err, HasSubstr("FM-8003"));
  EXPECT_THAT(open.err, HasSubstr("--auth required"));
  FermataServer server({"--storage", "memory", "--auth", "required", "--host", "0.0.0.0"});
  EXPECT_NE(KeyIn(server.NextLine()), "");
  RawClient raw(server.port());
  ASSERT_TRUE(raw.Send("GET /v1/whoami HTTP/1.1\r\nHost: fermata.example\r\n\r\n"));
  EXPECT_EQ(ReadResponse(raw).status, 401);
}

TEST(SecurityOfServers, OnlyListedOriginsMayAskAndEveryAnswerForbidsFrames) {
  FermataServer server({"--storage", "memory", "--cors-origin", "https://console.example"});
  const Headers page = {{"Origin", "https://console.example"}, {"Access-Control-Request-Method", "POST"}};
  const ClientResponse before = server.http().Request("OPTIONS", "/v1/instances", page, "");
  EXPECT_EQ(before.status, 204);
  EXPECT_EQ(before.Header("access-control-allow-origin"), "https://console.example");
  EXPECT_THAT(before.Header("access-control-allow-headers"), HasSubstr("Authorization"));
  HttpClient client(server.port());
  const ClientResponse allowed = client.Post("/v1/instances", "{}", "application/json", {page[0]});
  EXPECT_EQ(allowed.status, 422);
  EXPECT_EQ(allowed.Header("access-control-allow-origin"), "https://console.example");
  EXPECT_EQ(allowed.Header("vary"), "Origin");
  const Headers other = {{"Origin", "https://other.example"}, {"Access-Control-Request-Method", "POST"}};
  const ClientResponse refused = client.Post("/v1/instances", "{}", "application/json", {other[0]});
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.Header("access-control-allow-origin"), "");
  EXPECT_EQ(client.Request("OPTIONS", "/v1/instances", other, "").Header("access-control-allow-methods"), "");
  for (const char* path : {"/", "/errors/FM-4001", "/nowhere", "/v1/tasks/none"})
    EXPECT_THAT(client.Get(path).Header("content-security-policy"), HasSubstr("frame-ancestors 'none'")) << path;
  EXPECT_NE(RunCommand({FERMATA_BINARY, "serve", "--port", "0", "--cors-origin", "*"}).exit_code, 0);
}

TEST(SecurityOfServers, TokensOfAnOpenIdProviderDoAsKeysDo) {
  ChildProcess provider({"/usr/bin/python3", "-B", FERMATA_SOURCE_DIR "/tests/unit/shop/openid_provider.py"}, {},
                        "/dev/null");
  const Result<Value> ready = ParseJson(provider.ReadLine());
  ASSERT_TRUE(ready.ok());
  const std::string issuer = At(*ready, "issuer");
  FermataServer server({"--storage", "memory", "--auth", "required", "--oidc-issuer", issuer, "--oidc-audience",
                        "fermata", "--oidc-tenant-claim", "org"});
  const auto ask = [&](const std::string& claims, const std::string& path) {
    const std::string token =
        HttpClient(std::stoi(issuer.substr(issuer.rfind(':') + 1))).Post("/issue", R"({"claims":)" + claims + "}").body;
    return server.http().Get(path, {{"Authorization", "Bearer " + token}});
  };
  const ClientResponse me = ask(R"({"sub":"ann","aud":"fermata","org":"acme","roles":["operator"]})", "/v1/whoami");
  ASSERT_EQ(me.status, 200) << me.body << server.Log();
  EXPECT_EQ(At(me, "name"), "ann");
  EXPECT_EQ(At(me, "tenant"), "acme");
  EXPECT_EQ(At(me, "roles"), R"(["operator"])");
  EXPECT_EQ(ask(R"({"sub":"ann","aud":"fermata","org":"acme","roles":["operator"]})", "/v1/incidents").status, 200);
  EXPECT_EQ(ask(R"({"sub":"ann","aud":"fermata","org":"acme"})", "/v1/incidents").status, 403);
  EXPECT_EQ(ask(R"({"sub":"ann","aud":"other","org":"acme","roles":["operator"]})", "/v1/whoami").status, 401);
  EXPECT_EQ(RunCommand({FERMATA_BINARY, "serve", "--auth", "required", "--storage", "memory", "--port", "0",
                        "--oidc-issuer", issuer})
                .exit_code,
            1);
}

TEST_F(Rest, AServerThatAsksNobodyTakesEverybodyForLocal) {
  const ClientResponse me = Get("/v1/whoami");
  EXPECT_EQ(At(me, "name"), "local");
  EXPECT_EQ(At(me, "authenticated"), "false");
  const ClientResponse made = Post("/v1/keys", R"({"name":"later","roles":["admin"]})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(At(Get("/v1/audit"), "items.0.actor"), "local");
}

}  // namespace
}  // namespace fermata::test

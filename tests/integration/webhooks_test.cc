// Webhooks end to end: a real server, a real receiver that checks what it gets, crashes, and tenants that hear nothing of each other.
#include <gmock/gmock.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "api/http/server.h"
#include "engine/base/base64.h"
#include "engine/base/hash.h"
#include "engine/base/sealing.h"
#include "tests/integration/rest_fixture.h"

namespace fermata::test {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kBroken = R"(fermata: 1
process: broken
version: 1.0.0
states:
  fork: { next: [ { if: "1 > 2", go: done } ] }
  done: { end: {} }
)";

constexpr const char* kReview = R"(fermata: 1
process: review
version: 1.0.0
states:
  ask: { ask: "Well?", assign: { role: clerk }, save: answer, next: done }
  done: { end: {} }
)";

// One that is told: it keeps what it gets and answers as the test says.
class Receiver {
 public:
  struct Request {
    std::map<std::string, std::string> headers;
    std::string body;
    Value event;
  };
  enum class Mode { kTake, kRefuse, kGone, kHang };

  Receiver() {
    HttpServerOptions options;
    options.stop_grace_ms = 0;
    server_ = std::make_unique<HttpServer>(
        options, [this](const HttpRequest& request, ResponseHandle response) { Take(request, std::move(response)); });
    Result<int> started = server_->Start();
    EXPECT_TRUE(started.ok());
    port_ = started.ok() ? *started : 0;
  }
  ~Receiver() {
    Set(Mode::kTake);
    server_->Stop();
  }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  void Set(Mode mode) {
    std::lock_guard lock(mutex_);
    mode_ = mode;
    for (ResponseHandle& response : hanging_) response.Send(EmptyResponse(204));
    hanging_.clear();
  }
  // The first ones of all that came; fewer if they do not come.
  std::vector<Request> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return requests_.size() >= count; });
    EXPECT_GE(requests_.size(), count);
    return requests_;
  }
  // The ids of all events that were taken, once there are as many.
  std::set<std::string> AwaitTaken(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return taken_.size() >= count; });
    return taken_;
  }
  std::size_t requests() {
    std::lock_guard lock(mutex_);
    return requests_.size();
  }

 private:
  void Take(const HttpRequest& request, ResponseHandle response) {
    Request got;
    for (const auto& [name, value] : request.headers) got.headers[name] = value;
    got.body = request.body;
    Result<Value> event = ParseJson(request.body);
    if (event.ok()) got.event = *event;
    std::lock_guard lock(mutex_);
    if (mode_ == Mode::kTake) taken_.insert(got.headers["webhook-id"]);
    requests_.push_back(std::move(got));
    if (mode_ == Mode::kHang) {
      hanging_.push_back(response);
    } else {
      response.Send(EmptyResponse(mode_ == Mode::kTake ? 204 : mode_ == Mode::kGone ? 410 : 503));
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::kTake;
  std::vector<Request> requests_;
  std::set<std::string> taken_;
  std::vector<ResponseHandle> hanging_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

// What the header has to hold, made here from the definition alone.
std::string SignatureBy(const std::string& secret, const Receiver::Request& request) {
  const std::string key = DecodeBase64(secret.substr(6)).value();
  return "v1," + EncodeBase64(HmacSha256(key, request.headers.at("webhook-id") + "." +
                                                  request.headers.at("webhook-timestamp") + "." + request.body));
}

std::string Body(const std::string& url, const std::string& events, const std::string& more = "") {
  return R"({"url":")" + url + R"(","events":[)" + events + "]" + more + "}";
}

class Webhooks : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new FermataServer({"--storage", "memory", "--webhook-retries", "10ms,10ms"});
    for (const char* yaml : {kHello, kWaiter, kBroken, kReview}) ASSERT_EQ(server_->Deploy(yaml).status, 201) << yaml;
  }
  static void TearDownTestSuite() { delete server_; }

  static ClientResponse Ask(const std::string& method, const std::string& path, const std::string& body = "",
                            Headers headers = {}) {
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json");
    return server_->http().Request(method, path, headers, body);
  }
  // Of this test alone, and gone with it.
  void TearDown() override {
    for (const std::string& id : made_) EXPECT_EQ(Ask("DELETE", "/v1/webhooks/" + id).status, 204);
  }
  ClientResponse Make(const std::string& events, const std::string& more = "", Headers headers = {}) {
    const ClientResponse made = Ask("POST", "/v1/webhooks", Body(receiver_.Url(), events, more), std::move(headers));
    EXPECT_EQ(made.status, 201) << made.body;
    made_.insert(At(made, "id"));
    return made;
  }
  // The newest delivery once it is so, as the list shows it.
  Value AwaitDelivery(const std::string& id, const std::string& status) {
    const auto ends = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (true) {
      const Value page = JsonOf(Ask("GET", "/v1/webhooks/" + id + "/deliveries"));
      if (At(page, "items.0.status") == status || std::chrono::steady_clock::now() > ends) {
        EXPECT_EQ(At(page, "items.0.status"), status);
        return page.Find("items")->as_list().empty() ? Value() : page.Find("items")->as_list()[0];
      }
    }
  }
  static void Hello() { ASSERT_EQ(server_->Run("hello", R"({"name":"Ann"})").status, 201); }
  std::set<std::string> TypesOf(std::size_t count) {
    std::set<std::string> types;
    for (const Receiver::Request& request : receiver_.Await(count)) types.insert(At(request.event, "type"));
    return types;
  }

  static inline FermataServer* server_ = nullptr;
  Receiver receiver_;
  std::set<std::string> made_;
};

TEST_F(Webhooks, AreToldWhatBecameDurableAsSignedCloudEvents) {
  const ClientResponse made = Make(R"("instance.started","instance.completed")", R"(,"process":"waiter")");
  const std::string id = At(made, "id"), secret = At(made, "secret");
  EXPECT_EQ(made.Header("location"), "/v1/webhooks/" + id);
  Hello();  // of another process
  const ClientResponse started = Ask("POST", "/v1/instances", R"({"process":"waiter","input":{"ref":"wh-1"}})");
  const std::string instance = At(started, "id");
  ASSERT_EQ(Ask("POST", "/v1/instances/" + instance + "/move", R"({"target":"done"})").status, 200);
  const std::vector<Receiver::Request> requests = receiver_.Await(2);
  ASSERT_EQ(requests.size(), 2u);
  std::map<std::string, Value> events;
  for (const Receiver::Request& request : requests) {
    EXPECT_EQ(request.headers.at("content-type"), "application/cloudevents+json; charset=utf-8");
    EXPECT_THAT(request.headers.at("user-agent"), HasSubstr("fermata/"));
    EXPECT_EQ(request.headers.at("webhook-signature"), SignatureBy(secret, request));
    EXPECT_EQ(request.headers.at("webhook-id"), At(request.event, "id"));
    EXPECT_EQ(At(request.event, "specversion"), "1.0");
    EXPECT_EQ(At(request.event, "source"), "/v1/instances/" + instance);
    EXPECT_EQ(At(request.event, "subject"), "wh-1");
    EXPECT_EQ(At(request.event, "process"), "waiter");
    EXPECT_EQ(At(request.event, "tenant"), "default");
    EXPECT_EQ(At(request.event, "data.id"), instance);
    events[At(request.event, "type")] = request.event;
  }
  EXPECT_EQ(At(events["instance.started"], "data.status"), "waiting");
  EXPECT_EQ(At(events["instance.completed"], "data.status"), "completed");
  EXPECT_LT(At(events["instance.started"], "sequence"), At(events["instance.completed"], "sequence"));
  const ClientResponse seen = Ask("GET", "/v1/webhooks/" + id);
  EXPECT_EQ(seen.status, 200);
  EXPECT_THAT(seen.body, Not(HasSubstr("secret\"")));
  EXPECT_THAT(Ask("GET", "/v1/webhooks").body, Not(HasSubstr("whsec_")));
}

TEST_F(Webhooks, TellOfTasksIncidentsAndSuspensions) {
  Make(
      R"("incident.opened","incident.closed","instance.failed","task.opened","task.assigned","task.claimed",)"
      R"("task.commented","task.released","task.closed","instance.suspended","instance.resumed","instance.cancelled")");
  const std::string broken = At(Ask("POST", "/v1/instances?wait=5s", R"({"process":"broken","input":{}})"), "id");
  ASSERT_EQ(TypesOf(1), std::set<std::string>{"incident.opened"});
  const std::string incident = At(Ask("GET", "/v1/incidents?instance=" + broken), "items.0.id");
  ASSERT_EQ(Ask("POST", "/v1/incidents/" + incident + "/resolve?wait=5s", R"({"action":"fail"})").status, 200);
  EXPECT_THAT(TypesOf(3), testing::IsSupersetOf({"incident.closed", "instance.failed"}));

  const std::string review = At(Ask("POST", "/v1/instances", R"({"process":"review","input":{}})"), "id");
  const std::string task = At(Ask("GET", "/v1/tasks?instance=" + review), "items.0.id");
  for (const char* order : {"claim", "comments", "release", "assign"})
    ASSERT_LT(Ask("POST", "/v1/tasks/" + task + "/" + order,
                  std::string(order) == "comments" ? R"({"by":"ann","text":"hm"})"
                  : std::string(order) == "assign" ? R"({"user":"bob"})"
                                                   : R"({"by":"ann"})")
                  .status,
              300)
        << order;
  for (const char* order : {"suspend", "resume", "cancel"})
    ASSERT_EQ(Ask("POST", "/v1/instances/" + review + "/" + order).status, 200) << order;
  EXPECT_EQ(TypesOf(12).size(), 12u) << "each of them once";
}

TEST_F(Webhooks, WhatFailsIsTriedAgainUntilItIsTaken) {
  receiver_.Set(Receiver::Mode::kRefuse);
  const std::string id = At(Make(R"("instance.completed")"), "id");
  Hello();
  const std::vector<Receiver::Request> requests = receiver_.Await(3);
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[2].headers.at("webhook-id"));
  EXPECT_EQ(requests[0].body, requests[2].body);
  const Value failed = AwaitDelivery(id, "failed");
  EXPECT_EQ(At(failed, "attempts"), "3");
  EXPECT_EQ(At(failed, "httpStatus"), "503");
  EXPECT_EQ(At(failed, "error"), "Expected an answer of status 2xx, but it was 503.");
  EXPECT_NE(At(Ask("GET", "/v1/webhooks/" + id), "failingSince"), "null");
  EXPECT_EQ(At(Ask("GET", "/v1/webhooks/" + id + "/deliveries?status=delivered"), "items.0.id"), "");

  receiver_.Set(Receiver::Mode::kTake);
  const std::string one = "/v1/webhooks/" + id + "/deliveries/" + At(failed, "id") + "/retry";
  EXPECT_EQ(At(Ask("POST", one), "status"), "pending");
  EXPECT_EQ(At(AwaitDelivery(id, "delivered"), "attempts"), "1");
  EXPECT_EQ(At(Ask("GET", "/v1/webhooks/" + id), "failingSince"), "null");
  EXPECT_EQ(At(Ask("POST", "/v1/webhooks/" + id + "/retry"), "retried"), "0");
  const std::string metrics = Ask("GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("fermata_webhook_failed_tries_total "));
  EXPECT_THAT(metrics, HasSubstr("fermata_webhook_pending "));
}

TEST_F(Webhooks, OneThatIsGoneIsDisabledUntilItIsEnabled) {
  receiver_.Set(Receiver::Mode::kGone);
  const std::string id = At(Make(R"("instance.completed")"), "id"), path = "/v1/webhooks/" + id;
  Hello();
  AwaitDelivery(id, "failed");
  const ClientResponse disabled = Ask("GET", path);
  EXPECT_EQ(At(disabled, "enabled"), "false");
  EXPECT_EQ(At(disabled, "disabledReason"), "The receiver answered 410: it wants no more events.");
  Hello();  // nobody is told
  ExpectProblem(Ask("POST", path + "/test"), 409, "FM-4094");
  ExpectProblem(Ask("POST", path + "/retry"), 409, "FM-4094");
  EXPECT_EQ(receiver_.requests(), 1u);
  receiver_.Set(Receiver::Mode::kTake);
  EXPECT_EQ(At(Ask("PATCH", path, R"({"enabled":true})"), "disabledReason"), "null");
  EXPECT_EQ(At(Ask("POST", path + "/retry"), "retried"), "1");
  AwaitDelivery(id, "delivered");
  EXPECT_EQ(receiver_.requests(), 2u);
}

TEST_F(Webhooks, ANewSecretSignsBesideTheOldOne) {
  const ClientResponse made = Make(R"("instance.completed")");
  const std::string id = At(made, "id"), path = "/v1/webhooks/" + id + "/secret";
  const ClientResponse rotated = Ask("POST", path, "", {{"Idempotency-Key", "rotate-1"}});
  EXPECT_EQ(rotated.status, 200);
  EXPECT_NE(At(rotated, "secret"), At(made, "secret"));
  EXPECT_NE(At(rotated, "oldSecretUntil"), "null");
  const ClientResponse again = Ask("POST", path, "", {{"Idempotency-Key", "rotate-1"}});
  EXPECT_EQ(At(again, "secret"), At(rotated, "secret"));
  EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  const ClientResponse ping = Ask("POST", "/v1/webhooks/" + id + "/test", "", {{"Idempotency-Key", "ping-1"}});
  EXPECT_EQ(ping.status, 202);
  EXPECT_EQ(At(Ask("POST", "/v1/webhooks/" + id + "/test", "", {{"Idempotency-Key", "ping-1"}}), "id"), At(ping, "id"));
  AwaitDelivery(id, "delivered");
  const std::vector<Receiver::Request> requests = receiver_.Await(1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(At(requests[0].event, "type"), "ping");
  EXPECT_EQ(requests[0].headers.at("webhook-signature"),
            SignatureBy(At(rotated, "secret"), requests[0]) + " " + SignatureBy(At(made, "secret"), requests[0]));
}

TEST_F(Webhooks, AreMadeOnceForAnIdempotencyKeyAndChangedFieldByField) {
  const ClientResponse made = Make(R"("instance.failed")", R"(,"description":"ours")", {{"Idempotency-Key", "make-1"}});
  const ClientResponse again =
      Make(R"("instance.failed")", R"(,"description":"ours")", {{"Idempotency-Key", "make-1"}});
  EXPECT_EQ(again.Header("idempotency-replayed"), "true");
  EXPECT_EQ(again.body, made.body);
  ExpectProblem(Ask("POST", "/v1/webhooks", Body(receiver_.Url(), R"("task.opened")"), {{"Idempotency-Key", "make-1"}}),
                409, "FM-4006");
  const std::string path = "/v1/webhooks/" + At(made, "id");
  EXPECT_EQ(At(Ask("PATCH", path, R"({"process":"hello","events":["task.opened","task.opened"]})"), "events.1"), "");
  EXPECT_EQ(At(Ask("GET", path), "process"), "hello");
  EXPECT_EQ(At(Ask("GET", path), "description"), "ours");
  EXPECT_EQ(At(Ask("PATCH", path, R"({"process":null,"enabled":false})"), "process"), "null");
  EXPECT_EQ(At(Ask("GET", path), "enabled"), "false");
}

TEST_F(Webhooks, BadRequestsAreRefusedWithTheirPlace) {
  const auto make = [&](const std::string& body) { return Ask("POST", "/v1/webhooks", body); };
  const std::string url = receiver_.Url();
  ExpectProblem(make("{}"), 422, "FM-4051", "/url");
  ExpectProblem(make(R"({"url":")" + url + R"("})"), 422, "FM-4051", "/events");
  ExpectProblem(make(R"({"url":")" + url + R"(","events":null})"), 422, "FM-4051", "/events");
  ExpectProblem(make(Body(url, "")), 422, "FM-4051", "/events");
  ExpectProblem(make(Body(url, "7")), 422, "FM-4051", "/events");
  const ClientResponse typo = make(Body(url, R"("instance.complete")"));
  ExpectProblem(typo, 422, "FM-4051", "/events");
  EXPECT_THAT(typo.body, HasSubstr("Did you mean 'instance.completed'?"));
  ExpectProblem(make(Body(url, R"("task.opened")", R"(,"enabled":"yes")")), 422, "FM-4051", "/enabled");
  ExpectProblem(make(Body(url, R"("task.opened")", R"(,"description":")" + std::string(501, 'x') + "\"")), 422,
                "FM-4051", "/description");
  ExpectProblem(make(Body(url, R"("task.opened")", R"(,"secret":"mine")")), 422, "FM-4050", "/secret");
  ExpectProblem(make(Body("ftp://example.com", R"("task.opened")")), 422, "FM-4093", "/url");
  ExpectProblem(make(Body("http://169.254.169.254/latest", R"("task.opened")")), 422, "FM-4093", "/url");
  ExpectProblem(make(Body(url, R"("task.opened")", R"(,"process":"helo")")), 404, "FM-4001");
  ExpectProblem(Ask("POST", "/v1/webhooks", Body(url, R"("task.opened")"), {{"Idempotency-Key", ""}}), 422, "FM-4054");
  EXPECT_EQ(At(Ask("GET", "/v1/webhooks"), "items.0.id"), "") << "none of them was made";

  const std::string path = "/v1/webhooks/" + At(Make(R"("task.opened")"), "id");
  ExpectProblem(Ask("PATCH", path, R"({"url":null})"), 422, "FM-4051", "/url");
  ExpectProblem(Ask("PATCH", path, R"({"events":[]})"), 422, "FM-4051", "/events");
  ExpectProblem(Ask("PATCH", path, R"({"process":"helo"})"), 404, "FM-4001");
  ExpectProblem(Ask("POST", path + "/test", R"({"type":"mine"})"), 422, "FM-4050", "/type");
  ExpectProblem(Ask("GET", path + "/deliveries?status=lost"), 422, "FM-4053");
  ExpectProblem(Ask("GET", path + "/deliveries?cursor=x"), 422, "FM-4014");
  ExpectProblem(Ask("POST", path + "/deliveries/none/retry"), 404, "FM-4091");
  for (const auto& [method, rest] : std::vector<std::pair<std::string, std::string>>{{"GET", ""},
                                                                                     {"PATCH", ""},
                                                                                     {"DELETE", ""},
                                                                                     {"POST", "/secret"},
                                                                                     {"POST", "/test"},
                                                                                     {"POST", "/retry"},
                                                                                     {"GET", "/deliveries"},
                                                                                     {"POST", "/deliveries/x/retry"}})
    ExpectProblem(Ask(method, "/v1/webhooks/wh-none" + rest, method == "PATCH" ? "{}" : ""), 404, "FM-4090");
}

TEST_F(Webhooks, DeliveriesAreListedInPages) {
  const std::string id = At(Make(R"("instance.completed")"), "id");
  for (int i = 0; i < 3; ++i) Hello();
  ASSERT_EQ(receiver_.AwaitTaken(3).size(), 3u);
  const ClientResponse first = Ask("GET", "/v1/webhooks/" + id + "/deliveries?limit=2");
  const ClientResponse second = Ask("GET", "/v1/webhooks/" + id + "/deliveries?limit=2&cursor=" + At(first, "next"));
  std::set<std::string> ids = {At(first, "items.0.id"), At(first, "items.1.id"), At(second, "items.0.id")};
  EXPECT_EQ(ids, receiver_.AwaitTaken(3));
  EXPECT_EQ(At(second, "next"), "null");
}

// ---- crashes ----

class WebhooksDurable : public testing::Test {
 protected:
  static std::string MakeFor(FermataServer& server, const std::string& url) {
    EXPECT_EQ(server.Deploy(kHello).status, 201);
    const ClientResponse made = server.http().Post("/v1/webhooks", Body(url, R"("instance.completed")"));
    EXPECT_EQ(made.status, 201) << made.body;
    return At(made, "secret");
  }
  // The ids of the events that their ends bring.
  static std::size_t RunSome(FermataServer& server, int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(server.Run("hello", R"({"name":"Ann"})").status, 201);
    return static_cast<std::size_t>(count);
  }
};

TEST_F(WebhooksDurable, WhatWasCommittedBeforeAKillIsToldAfterIt) {
  Receiver receiver;
  FermataServer server;
  MakeFor(server, receiver.Url());
  receiver.Set(Receiver::Mode::kHang);
  const std::size_t count = RunSome(server, 12);
  receiver.Await(1);
  server.Kill();
  receiver.Set(Receiver::Mode::kTake);
  server.Start();
  EXPECT_EQ(receiver.AwaitTaken(count).size(), count);
}

TEST_F(WebhooksDurable, WhatAReceiverRefusesIsTriedAgainAfterARestart) {
  std::string waits;
  for (int i = 0; i < 20; ++i) waits += i == 0 ? "1s" : ",1s";
  Receiver receiver;
  receiver.Set(Receiver::Mode::kRefuse);
  FermataServer server({"--webhook-retries", waits});
  MakeFor(server, receiver.Url());
  const std::size_t count = RunSome(server, 3);
  receiver.Await(count);
  EXPECT_EQ(server.Stop(), 0);
  receiver.Set(Receiver::Mode::kTake);
  server.Start();
  EXPECT_EQ(receiver.AwaitTaken(count).size(), count);
}

TEST_F(WebhooksDurable, SecretsAreSealedWhereThereAreKeysAndAreInNoLog) {
  Receiver receiver;
  const auto on_disk = [](const FermataServer& server) {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(server.folder().File("engine")))
      if (file.is_regular_file()) all += ReadFile(file.path());
    return all;
  };
  FermataServer plain;
  const std::string open_secret = MakeFor(plain, receiver.Url());
  FermataServer sealed({"--log-level", "debug"}, {{"FERMATA_ENCRYPTION_KEYS", SealingKeys::NewLine("k1")}});
  const std::string secret = MakeFor(sealed, receiver.Url());
  RunSome(sealed, 1);
  receiver.AwaitTaken(1);
  EXPECT_THAT(on_disk(plain), HasSubstr(open_secret)) << "the test looks in the wrong place";
  EXPECT_THAT(on_disk(sealed), Not(HasSubstr(secret)));
  EXPECT_THAT(on_disk(sealed), Not(HasSubstr("instance.completed")));
  EXPECT_THAT(sealed.Log(), Not(HasSubstr(secret.substr(6))));
}

// ---- tenants ----

TEST(WebhooksOfTenants, HearAndSeeNothingOfEachOther) {
  Receiver ours, theirs;
  FermataServer server({"--storage", "memory", "--auth", "required"});
  const std::string line = server.NextLine();
  const std::string admin = line.substr(line.find("fk_"));
  const auto ask = [&](const std::string& key, const std::string& method, const std::string& path,
                       const std::string& body = "", const std::string& type = "application/json") {
    Headers headers = {{"Authorization", "Bearer " + key}};
    if (!body.empty()) headers.emplace_back("Content-Type", type);
    return server.http().Request(method, path, headers, body);
  };
  const auto key_of = [&](const std::string& fields) {
    return At(ask(admin, "POST", "/v1/keys", R"({"name":"k",)" + fields + "}"), "key");
  };
  ASSERT_EQ(ask(admin, "POST", "/v1/definitions", kHello, "application/yaml").status, 201);
  const std::string acme = key_of(R"("roles":["operator"],"tenant":"acme")");
  const std::string globex = key_of(R"("roles":["operator"],"tenant":"globex")");
  const std::string limited = key_of(R"("roles":["operator"],"tenant":"acme","processes":["order*"])");
  const std::string client = key_of(R"("roles":["client"],"tenant":"acme")");
  const std::string auditor = key_of(R"("roles":["auditor"],"tenant":"acme")");

  const ClientResponse made = ask(acme, "POST", "/v1/webhooks", Body(ours.Url(), R"("instance.completed")"));
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string path = "/v1/webhooks/" + At(made, "id");
  ASSERT_EQ(ask(globex, "POST", "/v1/webhooks", Body(theirs.Url(), R"("instance.completed")")).status, 201);
  ASSERT_EQ(ask(globex, "POST", "/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Bob"}})").status, 201);
  const std::vector<Receiver::Request> told = theirs.Await(1);
  EXPECT_EQ(At(told[0].event, "tenant"), "globex");
  ASSERT_EQ(ask(acme, "POST", "/v1/instances?wait=5s", R"({"process":"hello","input":{"name":"Ann"}})").status, 201);
  EXPECT_EQ(At(ours.Await(1)[0].event, "tenant"), "acme");
  EXPECT_EQ(ours.requests(), 1u);
  EXPECT_EQ(theirs.requests(), 1u);

  const std::string delivery = At(ask(acme, "GET", path + "/deliveries"), "items.0.id");
  for (const auto& [method, rest] :
       std::vector<std::pair<std::string, std::string>>{{"GET", ""},
                                                        {"PATCH", ""},
                                                        {"DELETE", ""},
                                                        {"POST", "/secret"},
                                                        {"POST", "/test"},
                                                        {"POST", "/retry"},
                                                        {"GET", "/deliveries"},
                                                        {"POST", "/deliveries/" + delivery + "/retry"}})
    for (const std::string& key : {globex, limited})
      ExpectProblem(ask(key, method, path + rest, method == "PATCH" ? "{}" : ""), 404, "FM-4090");
  EXPECT_THAT(ask(globex, "GET", "/v1/webhooks").body, Not(HasSubstr(At(made, "id"))));
  EXPECT_EQ(At(ask(limited, "GET", "/v1/webhooks"), "items.0.id"), "");
  ExpectProblem(ask(limited, "POST", "/v1/webhooks", Body(ours.Url(), R"("task.opened")")), 403, "FM-4072");
  ExpectProblem(ask(limited, "POST", "/v1/webhooks", Body(ours.Url(), R"("task.opened")", R"(,"process":"hello")")),
                403, "FM-4072");
  ExpectProblem(ask(client, "GET", path), 403, "FM-4071");
  ExpectProblem(ask(auditor, "POST", path + "/test"), 403, "FM-4071");
  EXPECT_EQ(ask(auditor, "GET", path).status, 200);
  const std::string audit = ask(auditor, "GET", "/v1/audit").body;
  EXPECT_THAT(audit, HasSubstr("webhook.create"));
  EXPECT_THAT(audit, Not(HasSubstr("whsec_")));
}

// ---- what the page for receivers says ----

TEST(WebhooksPage, ItsPythonTellsRightFromWrongSignatures) {
  const std::string page = ReadFile(std::string(FERMATA_SOURCE_DIR) + "/docs/webhooks.md");
  const std::size_t begin = page.find("```python\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string code = page.substr(begin + 10, page.find("\n```", begin) - begin - 9);
  const std::string check = R"(
import time
now = str(int(time.time()))
secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
def sign(at): return "v1," + base64.b64encode(hmac.new(base64.b64decode(secret[6:]), b"m-1." + at.encode() + b"." + body, hashlib.sha256).digest()).decode()
def headers(at, signature): return {"webhook-id": "m-1", "webhook-timestamp": at, "webhook-signature": signature}
print(is_from_fermata(secret, headers(now, sign(now)), body),
      is_from_fermata(secret, headers(now, "v1,AAAA " + sign(now)), body),
      is_from_fermata(secret, headers(now, sign(now)), body + b" "),
      is_from_fermata(secret, headers(now, "v1,AAAA"), body),
      is_from_fermata(secret, headers("1614265330", sign("1614265330")), body))
)";
  const CommandResult ran = RunCommand({"python3", "-c", code + check});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "True True False False False\n");
}

}  // namespace
}  // namespace fermata::test

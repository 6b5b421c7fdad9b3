// The API as a whole, on an engine in memory: api/openapi.yaml has its routes and codes, and overload is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "api/handlers/api.h"
#include "api/handlers/error_pages.h"
#include "api/webhooks/webhook_book.h"
#include "engine/language/reader.h"
#include "engine/model/limits.h"
#include "engine/storage/memory/memory_storage.h"
#include "tests/support/http_client.h"

namespace fermata {
namespace {

class NoExecutor final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion, Wanted) override {}
  std::size_t InFlight() const override { return 0; }
};

using Routes = std::set<std::pair<std::string, std::string>>;

// An API on an engine of its own; stopped in the order that they need.
struct ApiInMemory {
  explicit ApiInMemory(EngineOptions options = {}) {
    Result<std::unique_ptr<Engine>> opened = Engine::Open(options, SystemClock(), *storage, executor, {});
    EXPECT_TRUE(opened.ok());
    engine = std::move(*opened);
    Result<std::unique_ptr<Security>> asked = Security::Open({}, *storage, SystemClock());
    EXPECT_TRUE(asked.ok());
    security = std::move(*asked);
    webhooks = std::make_unique<WebhookBook>(engine->TheWebhooks(), *storage, SystemClock(), EgressRules());
    ApiServices services{*engine, [](const ManifestPtr&) { return Done{}; }, "test", security.get()};
    services.webhooks = webhooks.get();
    api = std::make_unique<Api>(std::move(services));
  }
  ~ApiInMemory() {
    engine->Stop();
    api->Stop();
  }

  std::unique_ptr<Storage> storage = MakeMemoryStorage();
  NoExecutor executor;
  std::unique_ptr<Security> security;
  std::unique_ptr<WebhookBook> webhooks;
  std::unique_ptr<Api> api;
  std::unique_ptr<Engine> engine;
};

Routes RoutesOfTheServer() {
  const auto routes = ApiInMemory().api->Routes();
  return {routes.begin(), routes.end()};
}

Routes RoutesOfTheDocument() {
  const ReadOutcome read = ReadYaml("openapi.yaml", std::string(OpenApiText()));
  EXPECT_TRUE(read.root);
  const Value document = read.root ? ToValue(*read.root) : Value();
  Routes routes;
  for (const auto& [path, operations] : document.Find("paths")->as_map()) {
    for (const auto& [name, operation] : operations.as_map()) {
      std::string method(name.as_string());
      if (method == "parameters") continue;
      std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::toupper(c); });
      routes.emplace(method, path.as_string());
    }
  }
  return routes;
}

TEST(Document, HasTheRoutesOfTheServerAndNoOthers) {
  const Routes served = RoutesOfTheServer(), documented = RoutesOfTheDocument();
  EXPECT_GT(served.size(), 20u);
  for (const auto& [method, path] : served)
    EXPECT_TRUE(documented.count({method, path})) << "not in the document: " << method << " " << path;
  for (const auto& [method, path] : documented)
    EXPECT_TRUE(served.count({method, path})) << "not served: " << method << " " << path;
}

TEST(Permission, EveryRouteStandsInTheTableAndNothingElseDoes) {
  const Routes served = RoutesOfTheServer();
  for (const auto& [method, path] : served)
    EXPECT_NE(FindPermission(method, path), nullptr)
        << method << " " << path << " has no line in api/security/permissions.cc, so nobody may use it.";
  for (const Permission& permission : Permissions())
    EXPECT_TRUE(served.count({std::string(permission.method), std::string(permission.pattern)}))
        << permission.method << " " << permission.pattern << " is not served.";
}

TEST(Document, HasEveryCodeThatARequestCanMeet) {
  const std::string_view text = OpenApiText();
  int codes = 0;
  for (const ErrorPage& page : ErrorPages()) {
    const bool of_requests = page.code.starts_with("FM-4") || (page.code >= "FM-5050" && page.code <= "FM-5056");
    // A start of the server that fails, not a request.
    if (!of_requests || page.code == "FM-4917") continue;
    ++codes;
    EXPECT_NE(text.find(page.code), std::string_view::npos) << page.code;
  }
  EXPECT_GT(codes, 50);
}

TEST(Document, NamesOnlyCodesThatHavePages) {
  const std::string_view text = OpenApiText();
  for (std::size_t at = text.find("FM-"); at != std::string_view::npos; at = text.find("FM-", at + 1)) {
    const std::string_view code = text.substr(at, 7);
    if (code.substr(3).find_first_not_of("0123456789") != std::string_view::npos) continue;  // a pattern
    EXPECT_NE(FindErrorPage(code), nullptr) << code;
  }
}

TEST(FullInbox, Is503WithRetryAfterAndNothingHappens) {
  EngineOptions options;
  options.inbox_commands_max = 0;
  ApiInMemory full(options);
  ASSERT_TRUE(
      full.engine->Deploy({"p.yaml", "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  done: { end: {} }\n", {}, {}})
          .reply);
  HttpServer server(
      {}, [&](const HttpRequest& request, ResponseHandle response) { full.api->Handle(request, std::move(response)); });
  test::HttpClient client(server.Start().value());
  const std::vector<std::pair<std::string, std::string>> events = {
      {"/v1/instances", R"({"process":"p"})"},
      {"/v1/instances/00000000000000000000000000/cancel", "{}"},
  };
  for (const auto& [path, body] : events) {
    const test::ClientResponse response = client.Post(path, body);
    EXPECT_EQ(response.status, 503) << path << " " << response.body;
    EXPECT_EQ(response.Header("retry-after"), "1");
    EXPECT_NE(response.body.find("FM-5050"), std::string::npos) << response.body;
  }
  EXPECT_EQ(client.Get("/v1/instances").body, "{\"items\":[],\"next\":null}\n");
  server.Stop();
}

TEST(AuditedRequests, TakeNoThreadWhileTheLogIsWrittenAndDoNothingBefore) {
  ApiInMemory busy;
  HttpServer server(
      {}, [&](const HttpRequest& request, ResponseHandle response) { busy.api->Handle(request, std::move(response)); });
  const int port = server.Start().value();
  std::promise<void> release;
  busy.security->audit().Append({"default", "ann", "x", "", "200"},
                                [&](const Status&) { release.get_future().wait(); });  // a commit that takes long
  std::vector<std::unique_ptr<test::RawClient>> asking;
  const std::string body = R"({"name":"a","roles":["client"]})";
  for (int i = 0; i < 3 * kApiThreads; ++i) {
    asking.push_back(std::make_unique<test::RawClient>(port));
    ASSERT_TRUE(asking.back()->Send(
        "POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body));
  }
  test::HttpClient client(port);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.Get("/v1/instances").status, 200);
  EXPECT_TRUE(busy.security->keys().All().empty());
  release.set_value();
  for (const auto& one : asking) EXPECT_EQ(test::ReadResponse(*one).status, 201);
  EXPECT_EQ(busy.security->keys().All().size(), asking.size());
  server.Stop();
}

TEST(AuditedRequests, OnlySoManyBytesOfThemWaitForTheLog) {
  ApiInMemory busy;
  HttpServer server(
      {}, [&](const HttpRequest& request, ResponseHandle response) { busy.api->Handle(request, std::move(response)); });
  const int port = server.Start().value();
  std::promise<void> release;
  busy.security->audit().Append({"default", "ann", "x", "", "200"},
                                [&](const Status&) { release.get_future().wait(); });  // a commit that takes long
  const std::string body(kHttpBodyBytesMax, ' ');
  std::vector<std::unique_ptr<test::RawClient>> asking;
  for (std::size_t bytes = 0; bytes < kAuditAskBytesMax; bytes += body.size()) {
    asking.push_back(std::make_unique<test::RawClient>(port));
    ASSERT_TRUE(asking.back()->Send(
        "POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body));
  }
  // Whichever comes last is refused at once; the others wait.
  std::mutex mutex;
  std::vector<int> statuses;
  std::promise<void> first;
  std::vector<std::thread> reading;
  for (const auto& one : asking)
    reading.emplace_back([&, &client = *one] {
      const int status = test::ReadResponse(client).status;
      std::lock_guard lock(mutex);
      statuses.push_back(status);
      if (statuses.size() == 1) first.set_value();
    });
  (void)first.get_future().wait_for(std::chrono::seconds(20));
  release.set_value();
  for (std::thread& one : reading) one.join();
  EXPECT_EQ(statuses.at(0), 503);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 503), 1);
  server.Stop();
}

TEST(StoppingApi, AnswersThoseWhoWaitAndRefusesNewRequests) {
  ApiInMemory stopping;
  const char* const yaml =
      "fermata: 1\nprocess: p\nversion: 1.0.0\nstates:\n  rest: { after: { 1d: done } }\n  done: { end: {} }\n";
  ASSERT_TRUE(stopping.engine->Deploy({"p.yaml", yaml, {}, {}}).reply);
  HttpServer server({}, [&](const HttpRequest& request, ResponseHandle response) {
    stopping.api->Handle(request, std::move(response));
  });
  const int port = server.Start().value();
  test::HttpClient client(port);
  test::RawClient waiting(port);
  const std::string body = R"({"process":"p"})";
  ASSERT_TRUE(
      waiting.Send("POST /v1/instances?wait=50s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Content-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body));
  // When it is listed, the request is inside, whether it waits already or not.
  while (client.Get("/v1/instances?status=waiting").body.find("\"id\"") == std::string::npos) continue;
  stopping.api->BeginStop();
  const test::ClientResponse answer = test::ReadResponse(waiting);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_NE(answer.body.find("\"rest\""), std::string::npos) << answer.body;
  for (const std::string path : {"/readyz", "/v1/instances"}) {
    const test::ClientResponse refused = client.Get(path);
    EXPECT_EQ(refused.status, 503) << path;
    EXPECT_EQ(refused.Header("retry-after"), "1");
    EXPECT_NE(refused.body.find("FM-5051"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(client.Get("/healthz").status, 200);
  server.Stop();
}

}  // namespace
}  // namespace fermata

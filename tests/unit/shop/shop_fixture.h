// The shop's services on a database of their own, with a mail server, and an engine that remembers what it was sent.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "api/http/server.h"
#include "engine/model/json.h"
#include "examples/shop/common/shop.h"
#include "tests/support/free_port.h"
#include "tests/support/http_client.h"
#include "tests/support/mailbox.h"
#include "tests/support/postgres.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/shop/service_documents.h"

namespace fermata::test {

struct Reply {
  int status = 0;
  Value body;

  std::string Text(std::string_view key) const {
    const Value* value = body.Find(key);
    return value && value->is_string() ? std::string(value->as_string()) : "";
  }
};

// Stands still until it is moved.
class HandClock : public Clock {
 public:
  std::int64_t NowUs() override { return now_s_ * 1'000'000; }
  void Advance(std::int64_t seconds) { now_s_ += seconds; }

 private:
  std::atomic<std::int64_t> now_s_{1'600'000'000};
};

inline constexpr const char* kServiceKey = "the key of the services";

// Some services of the shop, an engine that takes down what it is sent, and an auth service that knows the sessions which
// a test has added.
class ShopWorld {
 public:
  // `database`: "Sqlite" or "Postgres". `services` as in ShopOptions. `adjust` changes the options of every start.
  explicit ShopWorld(const std::string& database, std::vector<std::string> services = {},
                     std::function<void(shop::ShopOptions& options)> adjust = {})
      : services_(std::move(services)),
        adjust_(std::move(adjust)),
        engine_({.stop_grace_ms = 0},
                [this](const HttpRequest& request, ResponseHandle response) { TakeDown(request, response); }),
        sessions_server_({.stop_grace_ms = 0}, [this](const HttpRequest& request, ResponseHandle response) {
          TellSession(request, response);
        }) {
    Result<int> port = engine_.Start();
    Result<int> sessions_port = sessions_server_.Start();
    sessions_url_ = "http://127.0.0.1:" + std::to_string(sessions_port.ok() ? *sessions_port : 0);
    engine_url_ = "http://127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
    database_ = database == "Postgres" ? PostgresCluster::Shared().CreateDatabase() : "";
    StartShop();
  }
  ~ShopWorld() {
    shop_.reset();
    engine_.Stop();
    sessions_server_.Stop();
  }

  // Also after a stop: the same data, other ports.
  void StartShop() {
    shop::ShopOptions options{.data = folder_.File("shop"),
                              .database_url = database_,
                              .port_base = 0,
                              .engine_url = engine_url_,
                              .smtp_url = TheMailbox().smtp_url()};
    options.only = services_;
    options.clock = &clock_;
    options.auth_url = sessions_url_;
    options.bank_url = "http://127.0.0.1:" + std::to_string(bank_port_);
    options.bank_api_key = "api";
    options.callback_key = "secret";
    options.service_key = kServiceKey;
    options.mail_templates = FERMATA_SOURCE_DIR "/templates/messages/email";
    if (adjust_) adjust_(options);
    shop_ = std::make_unique<shop::Shop>();
    auto started = shop_->Start(options);
    ASSERT_TRUE(started.ok()) << started.error().message;
    for (const auto& [name, url] : *started) ports_[name] = std::atoi(url.substr(url.rfind(':') + 1).c_str());
  }
  void StopShop() { shop_.reset(); }

  Reply Post(const std::string& service, const std::string& path, const std::string& body,
             const std::string& key = "") {
    std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", "application/json"}};
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    return Send(service, "POST", path, body, headers);
  }
  Reply Get(const std::string& service, const std::string& path) { return Send(service, "GET", path, "", {}); }

  int port(const std::string& service) { return ports_[service]; }
  Reply Delete(const std::string& service, const std::string& path) { return Send(service, "DELETE", path, "", {}); }
  // Without a cookie a process asks, unless it shows another key than the services'.
  Reply Send(const std::string& service, const std::string& method, const std::string& path, const std::string& body,
             std::vector<std::pair<std::string, std::string>> headers) {
    const bool is_known = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
      return header.first == "Cookie" || header.first == "X-Service-Key";
    });
    if (!is_known) headers.emplace_back("X-Service-Key", kServiceKey);
    const ClientResponse response = HttpClient(ports_[service]).Request(method, path, headers, body);
    // Every answer is as the service's document has it.
    EXPECT_EQ(ServiceDocuments::Get().Complaint(service, method, path, response), "")
        << service << ": " << method << " " << path << " " << response.status << " " << response.body;
    Result<Value> parsed = ParseJson(response.body);
    return {response.status, parsed.ok() ? *parsed : Value()};
  }
  const shop::Shop& shop() const { return *shop_; }

  // A session that the services find when they ask whose it is.
  void AddSession(const std::string& session, const std::string& username) {
    std::lock_guard lock(mutex_);
    sessions_[session] = username;
  }

  // Waits until the engine has got `count` events, and gives all it has.
  std::vector<Value> Events(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(20), [&] { return events_.size() >= count; }));
    return events_;
  }
  // The same, of those that tell of `value` in this field of their data.
  std::vector<Value> EventsAbout(std::string_view field, const std::string& value, std::size_t count) {
    std::vector<Value> found;
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(20), [&] {
      found.clear();
      for (const Value& event : events_) {
        const Value* data = event.Find("data");
        const Value* told = data && data->is_map() ? data->Find(field) : nullptr;
        if (told && *told == Value::String(value)) found.push_back(event);
      }
      return found.size() >= count;
    }));
    return found;
  }
  std::vector<Value> Starts() {
    std::lock_guard lock(mutex_);
    return starts_;
  }
  // The Idempotency-Key of each request that would start something.
  std::vector<std::string> start_keys() {
    std::lock_guard lock(mutex_);
    return start_keys_;
  }
  // What the engine answers from now on.
  void AnswerStarts(int status, std::string body) {
    std::lock_guard lock(mutex_);
    start_status_ = status;
    start_answer_ = std::move(body);
  }
  // Who answers the starts instead, as a process would; gives the answer's body.
  void OnStart(std::function<std::string(const Value& start)> play) {
    std::lock_guard lock(mutex_);
    on_start_ = std::move(play);
  }
  void RefuseEvents(int times) {
    std::lock_guard lock(mutex_);
    refusals_ = times;
  }

  // Where the services keep their files.
  std::string data_folder() const { return folder_.File("shop"); }

  HandClock clock_;
  // Where payment looks for the bank; nobody is there unless a test starts it.
  const int bank_port_ = FreePort();

  static Mailbox& TheMailbox() {
    static Mailbox mailbox;
    return mailbox;
  }

  // Everything that the engine was ever sent.
  std::string received() {
    std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  // GET /auth as the contract of the auth service has it.
  void TellSession(const HttpRequest& request, const ResponseHandle& response) {
    std::lock_guard lock(mutex_);
    const std::string* cookie = request.FindHeader("cookie");
    const std::string prefix = "sessionId=";
    const std::string session = cookie && cookie->starts_with(prefix) ? cookie->substr(prefix.size()) : "";
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) {
      response.Send(JsonResponse(401, R"({"errorMessage":"User not authorized"})"));
      return;
    }
    HttpResponse answer = JsonResponse(200, R"({"username":")" + found->second + "\"}");
    answer.headers.emplace_back("X-Session-Ref", "ref of " + session);
    response.Send(answer);
  }

  void TakeDown(const HttpRequest& request, const ResponseHandle& response) {
    std::lock_guard lock(mutex_);
    received_ += request.target + request.body;
    Result<Value> body = ParseJson(request.body);
    if (request.path != "/v1/events") {
      starts_.push_back(body.ok() ? *body : Value());
      if (request.method == "POST") {
        const std::string* key = request.FindHeader("idempotency-key");
        start_keys_.push_back(key ? *key : "");
      }
      response.Send(JsonResponse(start_status_, on_start_ ? on_start_(starts_.back()) : start_answer_));
      return;
    }
    if (refusals_ > 0) {
      --refusals_;
      response.Send(JsonResponse(503, "{}"));
      return;
    }
    events_.push_back(body.ok() ? *body : Value());
    response.Send(JsonResponse(202, "{}"));
    arrived_.notify_all();
  }

  const std::vector<std::string> services_;
  const std::function<void(shop::ShopOptions& options)> adjust_;
  TempFolder folder_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Value> events_, starts_;
  std::vector<std::string> start_keys_;
  std::string received_, start_answer_ = R"({"id":"i1","status":"completed"})";
  std::function<std::string(const Value& start)> on_start_;
  int start_status_ = 201, refusals_ = 0;
  std::map<std::string, std::string> sessions_;
  HttpServer engine_, sessions_server_;
  std::string engine_url_, sessions_url_, database_;
  std::map<std::string, int> ports_;
  std::unique_ptr<shop::Shop> shop_;
};

// A world for each test. The parameter is the database: "Sqlite" or "Postgres".
class ShopTest : public testing::TestWithParam<std::string>, protected ShopWorld {
 protected:
  explicit ShopTest(std::vector<std::string> services = {}) : ShopWorld(GetParam(), std::move(services)) {}
};

// One world for all tests of a suite on a database: each test has names of its own in it.
template <class World>
class SharedShopTest : public testing::TestWithParam<std::string> {
 public:
  static void TearDownTestSuite() { worlds_.clear(); }

 protected:
  World& world() {
    std::unique_ptr<World>& world = worlds_[GetParam()];
    if (!world) world = std::make_unique<World>(GetParam());
    return *world;
  }

 private:
  inline static std::map<std::string, std::unique_ptr<World>> worlds_;
};

inline std::string DatabaseName(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace fermata::test

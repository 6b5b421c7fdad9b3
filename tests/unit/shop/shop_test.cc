#include "tests/unit/shop/shop_fixture.h"

#include <future>
#include <semaphore>
#include <set>
#include <thread>

#include "examples/shop/common/database.h"
#include "examples/shop/common/rest_server.h"
#include "tests/support/child_process.h"

namespace fermata::test {
namespace {

// One thread a lane, so that one request holds all of a lane.
class RestServerTest : public testing::Test {
 protected:
  RestServerTest() {
    const auto wait = [this](const shop::RestRequest&) -> shop::RestAnswer {
      begun_.release();
      go_on_.acquire();
      ++waited_;
      return {200, Value::Object({})};
    };
    const auto quick = [](const shop::RestRequest&) -> shop::RestAnswer { return {200, Value::Object({})}; };
    Result<std::string> url = server_.Start({{"POST", "/wait", wait, shop::RestLane::kWaits},
                                             {"POST", "/behind", quick, shop::RestLane::kWaits},
                                             {"POST", "/both", quick, shop::RestLane::kWaitsForCustomers},
                                             {"GET", "/quick", quick}},
                                            0, 1, kServiceKey);
    port_ = url.ok() ? std::atoi(url->substr(url->rfind(':') + 1).c_str()) : 0;
  }
  ~RestServerTest() override { server_.Stop(); }

  int Post(const std::string& path, const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    return HttpClient(port_).Request("POST", path, headers, "{}").status;
  }

  std::counting_semaphore<> begun_{0}, go_on_{0};
  std::atomic<int> waited_{0};
  shop::RestServer server_;
  int port_ = 0;
};

TEST_F(RestServerTest, HoweverManyWaitForAProcessWhatItAsksIsAnswered) {
  std::vector<std::future<int>> customers;
  for (int i = 0; i < 3; ++i) customers.push_back(std::async(std::launch::async, [this] { return Post("/wait"); }));
  begun_.acquire();
  std::future<int> customer = std::async(std::launch::async, [this] {
    return Post("/both", {{"Cookie", "sessionId=s"}});
  });
  EXPECT_EQ(HttpClient(port_).Get("/quick").status, 200);
  EXPECT_EQ(Post("/both", {{"X-Service-Key", kServiceKey}}), 200);
  EXPECT_EQ(waited_, 0);
  go_on_.release(3);
  for (std::future<int>& waiting : customers) EXPECT_EQ(waiting.get(), 200);
  EXPECT_EQ(customer.get(), 200);
}

// When the server notices that somebody has gone is its own affair; that it never does is the defect.
TEST_F(RestServerTest, WhoHasGivenUpIsNotWorkedFor) {
  std::string told;
  for (int i = 0; i < 500 && told.find(" 503 ") == std::string::npos; ++i) {
    std::future<int> first = std::async(std::launch::async, [this] { return Post("/wait"); });
    begun_.acquire();
    RawClient impatient(port_);
    impatient.Send("POST /behind HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n{}");
    impatient.HalfClose();
    EXPECT_EQ(HttpClient(port_).Get("/quick").status, 200);
    go_on_.release();
    told = impatient.ReadUntil("\r\n");
    EXPECT_EQ(first.get(), 200);
  }
  EXPECT_NE(told.find(" 503 "), std::string::npos) << told;
}

class DatabaseTest : public testing::TestWithParam<std::string> {
 protected:
  DatabaseTest() {
    url_ =
        GetParam() == "Postgres" ? PostgresCluster::Shared().CreateDatabase() : "sqlite://" + folder_.path().string();
  }
  std::unique_ptr<shop::Database> Open(const std::vector<std::string>& tables) {
    auto database = shop::Database::Open(url_, "box", tables);
    EXPECT_TRUE(database.ok()) << database.error().message;
    return database.ok() ? *std::move(database) : nullptr;
  }
  // How often the effect happened for this key: 1, or 0 if it had happened before.
  static int AskOnce(shop::Database& database, const std::string& key) {
    int effects = 0;
    database.Transact([&](soci::session& sql) {
      const shop::RestRequest request{.method = "POST", .path = "/", .idempotency_key = key};
      return shop::Once(sql, request, [&]() -> shop::RestAnswer {
        ++effects;
        return {200, Value::Object({})};
      });
    });
    return effects;
  }
  static int Number(shop::Database& database, const std::string& query) {
    int number = -1;
    database.Transact([&](soci::session& sql) -> shop::RestAnswer {
      sql << query, soci::into(number);
      return {};
    });
    return number;
  }

  TempFolder folder_;
  std::string url_;
};

TEST_P(DatabaseTest, AKeyIsForgottenWhenItsTimeIsOver) {
  const auto database = Open({});
  for (const char* key : {"a", "b", "c", "d", "e", "young"}) EXPECT_EQ(AskOnce(*database, key), 1);
  EXPECT_EQ(AskOnce(*database, "a"), 0);
  const std::string old = shop::TextAfterSeconds(-shop::kKeyLifeSeconds - 1);
  database->Transact([&](soci::session& sql) -> shop::RestAnswer {
    sql << "update idempotency set created_dt = :old where idempotency_key <> 'young'", soci::use(old);
    return {};
  });
  // A few at a time, with what comes anyway.
  AskOnce(*database, "f");
  EXPECT_EQ(Number(*database, "select count(*) from idempotency"), 3);
  AskOnce(*database, "g");
  EXPECT_EQ(Number(*database, "select count(*) from idempotency"), 3);
  EXPECT_EQ(AskOnce(*database, "a"), 1);
  EXPECT_EQ(AskOnce(*database, "young"), 0);
}

TEST_P(DatabaseTest, ATableOfAnEarlierReleaseGetsItsNewColumns) {
  const char* table = "create table if not exists thing (thing_id {id}, name varchar(50) not null)";
  {
    const auto earlier = Open({table});
    earlier->Transact([](soci::session& sql) -> shop::RestAnswer {
      sql << "insert into thing (name) values ('cup')";
      return {};
    });
  }
  for (int start = 0; start < 2; ++start) {
    const auto database =
        Open({table, "{column} thing size integer not null default 7", "{column} thing seen_dt {time}"});
    EXPECT_EQ(Number(*database, "select size from thing where seen_dt is null"), 7);
  }
}

class BillingTest : public ShopTest {
 protected:
  BillingTest() : ShopTest({"billing"}) {}
};

class NotificationTest : public ShopTest {
 protected:
  NotificationTest() : ShopTest({"notification"}) {}
};

TEST_P(BillingTest, OpensOneWalletPerCustomerWithBalanceZero) {
  const Reply first = Post("billing", "/wallet/open", R"({"username":"ann","firstName":"Ann"})", "k1");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(*first.body.Find("balance"), Value::Int(0));
  EXPECT_EQ(Post("billing", "/wallet/open", R"({"username":"ann","firstName":"Ann"})", "k1").status, 201);
  const Reply other = Post("billing", "/wallet/open", R"({"username":"ann"})", "k2");
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.Text("walletId"), first.Text("walletId"));
}

TEST_P(BillingTest, RefusesBadRequests) {
  EXPECT_EQ(Post("billing", "/wallet/open", R"({"username":"ann"})").status, 400);
  EXPECT_EQ(Post("billing", "/wallet/open", "{}", "k").status, 400);
  EXPECT_EQ(Post("billing", "/wallet/open", "[1]", "k").status, 400);
  EXPECT_EQ(Post("billing", "/wallet/open", "{", "k").status, 400);
  EXPECT_EQ(Post("billing", "/wallet/credit", R"({"username":"nobody","amount":1})", "k").status, 404);
  for (const char* amount : {"0", "-5", "1.5", "\"5\"", "1000000000001"})
    EXPECT_EQ(
        Post("billing", "/wallet/credit", std::string(R"({"username":"ann","amount":)") + amount + "}", "k").status,
        400)
        << amount;
  EXPECT_EQ(Get("billing", "/wallets/nobody").status, 404);
}

TEST_P(BillingTest, AKeyUsedForSomethingElseIsAConflict) {
  Post("billing", "/wallet/open", R"({"username":"ann"})", "k");
  EXPECT_EQ(Post("billing", "/wallet/open", R"({"username":"bob"})", "k").status, 409);
  EXPECT_EQ(Get("billing", "/wallets/bob").status, 404);
}

TEST_P(BillingTest, ADebitAboveTheBalanceChangesNothing) {
  Post("billing", "/wallet/open", R"({"username":"ann"})", "k1");
  Post("billing", "/wallet/credit", R"({"username":"ann","amount":100})", "k2");
  EXPECT_EQ(Post("billing", "/wallet/debit", R"({"username":"ann","amount":101})", "k3").status, 402);
  EXPECT_EQ(*Get("billing", "/wallets/ann").body.Find("balance"), Value::Int(100));
  EXPECT_EQ(Post("billing", "/wallet/debit", R"({"username":"ann","amount":100})", "k4").status, 200);
  EXPECT_EQ(Get("billing", "/wallets/ann/ledger").body.Find("trxns")->as_list().size(), 2u);
}

TEST_P(BillingTest, ConcurrentDebitsNeverOverdraw) {
  Post("billing", "/wallet/open", R"({"username":"ann"})", "k1");
  Post("billing", "/wallet/credit", R"({"username":"ann","amount":5})", "k2");
  std::atomic<int> taken{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&, i] {
      taken +=
          Post("billing", "/wallet/debit", R"({"username":"ann","amount":1})", "d" + std::to_string(i)).status == 200;
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(taken, 5);
  EXPECT_EQ(*Get("billing", "/wallets/ann").body.Find("balance"), Value::Int(0));
}

TEST_P(BillingTest, ConcurrentRequestsWithOneKeyHaveOneEffect) {
  Post("billing", "/wallet/open", R"({"username":"ann"})", "k1");
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i)
    clients.emplace_back(
        [&] { EXPECT_EQ(Post("billing", "/wallet/credit", R"({"username":"ann","amount":7})", "same").status, 200); });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(*Get("billing", "/wallets/ann").body.Find("balance"), Value::Int(7));
}

TEST_P(BillingTest, KeepsEverythingOverARestart) {
  Post("billing", "/wallet/open", R"({"username":"ann"})", "k1");
  Post("billing", "/wallet/credit", R"({"username":"ann","amount":9})", "k2");
  StopShop();
  StartShop();
  Post("billing", "/wallet/credit", R"({"username":"ann","amount":9})", "k2");
  EXPECT_EQ(*Get("billing", "/wallets/ann").body.Find("balance"), Value::Int(9));
}

TEST_P(NotificationTest, BindsThreeChannelsOnce) {
  const char* ann = R"({"username":"ann","email":"ann@example.com","phone":"+7 900"})";
  EXPECT_EQ(Post("notification", "/accounts", ann, "k1").status, 201);
  EXPECT_EQ(Post("notification", "/accounts", ann, "k2").status, 200);
  const Reply account = Get("notification", "/accounts/ann");
  EXPECT_EQ(
      WriteJson(*account.body.Find("channels")),
      R"([{"kind":"EMAIL","address":"ann@example.com"},{"kind":"PUSH","address":""},{"kind":"SMS","address":"+7 900"}])");
  EXPECT_EQ(Get("notification", "/accounts/bob").status, 404);
  EXPECT_EQ(Post("notification", "/accounts", R"({"username":"bob"})", "k3").status, 400);
}

TEST_P(NotificationTest, SendsAMessageOnceForAKey) {
  const std::string to = "once" + GetParam() + "@example.com";
  const std::string message = R"({"template":"verification-code","data":{"code":"424242"},"to":")" + to + "\"}";
  const Reply first = Post("notification", "/messages", message, "m1");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(Post("notification", "/messages", message, "m1").Text("notificationId"), first.Text("notificationId"));
  EXPECT_EQ(TheMailbox().MailsTo(to, 1).size(), 1u);
}

TEST_P(NotificationTest, TellsBadMessagesFromAServerThatIsAway) {
  EXPECT_EQ(
      Post("notification", "/messages", R"({"to":"refused@example.com","template":"verification-code"})", "m1").status,
      422);
  EXPECT_EQ(Post("notification", "/messages", R"({"to":"a@example.com","template":"none"})", "m2").status, 422);
  EXPECT_EQ(
      Post("notification", "/messages", R"({"to":"later@example.com","template":"verification-code"})", "m3").status,
      503);
  EXPECT_EQ(Post("notification", "/messages", R"({"to":"a@example.com"})", "m4").status, 400);
}

class DemoTest : public ShopTest {
 protected:
  DemoTest() : ShopTest({"store", "delivery", "files"}) {}

  int Fill() {
    std::vector<std::string> command{"/usr/bin/python3", "-B", FERMATA_SOURCE_DIR "/examples/shop/demo/seed.py"};
    for (const char* service : {"store", "delivery", "files"}) {
      command.push_back(std::string("--") + service);
      command.push_back("http://127.0.0.1:" + std::to_string(port(service)));
    }
    return ChildProcess(command, {{"FERMATA_SHOP_SERVICE_KEY", kServiceKey}}).Wait();
  }
  std::size_t Count(const std::string& path, const char* list) {
    return Get("store", path).body.Find(list)->as_list().size();
  }
};

TEST_P(DemoTest, FillsTheShopOnceWithGoodsInTwoLanguagesAndTheirPictures) {
  ASSERT_EQ(Fill(), 0);
  EXPECT_EQ(Count("/categories", "categories"), 8u);
  EXPECT_EQ(Count("/products", "products"), 50u);
  const std::string stock = WriteJson(Get("store", "/get?productId=brownie").body);
  EXPECT_EQ(Fill(), 0);
  EXPECT_EQ(WriteJson(Get("store", "/get?productId=brownie").body), stock);

  std::set<std::string> stores, pictures;
  const Reply english = Get("store", "/products?language=en");
  for (const Value& product : english.body.Find("products")->as_list()) {
    pictures.emplace(product.Find("image")->as_string());
    for (const Value& place : product.Find("availability")->as_list())
      stores.emplace(place.Find("store")->Find("id")->as_string());
    for (const unsigned char c : std::string(product.Find("name")->as_string())) EXPECT_LT(c, 0x80);
  }
  EXPECT_EQ(stores.size(), 3u);
  EXPECT_EQ(pictures.size(), 50u);
  for (const std::string& picture : pictures) EXPECT_EQ(HttpClient(port("files")).Get(picture).status, 200) << picture;
  AddSession("s", "ann");
  const Reply points = Send("delivery", "GET", "/points", "", {{"Cookie", "sessionId=s"}});
  EXPECT_EQ(points.body.Find("pickupPoints")->as_list().size(), 4u);
}

class DocumentTest : public ShopTest {};

TEST_P(DocumentTest, HasTheRoutesOfTheServicesAndNoOthers) {
  ASSERT_EQ(shop().routes().size(), std::size(shop::kServiceNames));
  for (const auto& [service, routes] : shop().routes()) {
    const std::set<std::pair<std::string, std::string>> served(routes.begin(), routes.end());
    EXPECT_EQ(served.size(), routes.size());
    const auto documented = ServiceDocuments::Get().RoutesOf(service);
    for (const auto& [method, path] : served)
      EXPECT_TRUE(documented.count({method, path}))
          << "not in the document of " << service << ": " << method << " " << path;
    for (const auto& [method, path] : documented)
      EXPECT_TRUE(served.count({method, path})) << "not served by " << service << ": " << method << " " << path;
  }
}

TEST_P(DocumentTest, WhatIsForProcessesAsksForTheServicesKeyAndWhatIsOpenIsKnown) {
  AddSession("s", "ann");
  std::set<std::string> open;
  int gated = 0;
  for (const auto& [service, routes] : shop().routes()) {
    for (const auto& [method, pattern] : routes) {
      const std::string name = service + " " + method + " " + pattern;
      const std::set<std::string> keys = ServiceDocuments::Get().KeysOf(service, method, pattern);
      if (keys.empty()) open.insert(name);
      if (keys != std::set<std::string>{"service"}) continue;
      ++gated;
      std::string path = pattern;
      for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{'))
        path.replace(at, path.find('}') - at + 1, "x");
      for (const char* wrong : {"", "another"})
        EXPECT_EQ(Send(service, method, path, "", {{"X-Service-Key", wrong}, {"Idempotency-Key", name}}).status, 401)
            << name;
      EXPECT_EQ(Send(service, method, path, "", {{"Cookie", "sessionId=s"}, {"Idempotency-Key", name}}).status, 403)
          << name;
    }
  }
  EXPECT_GE(gated, 70);
  const std::set<std::string> known = {
      // Before there is a session, or about it.
      "auth GET /auth", "auth GET /logout", "auth GET /sso/{provider}", "auth GET /sso/{provider}/callback",
      "auth POST /credentials", "auth POST /login", "auth POST /logout", "auth POST /password",
      "auth POST /password/reset", "auth POST /register", "auth POST /register/cancel", "auth POST /register/resend",
      "auth POST /register/verify",
      // The catalogue and its pictures.
      "store GET /categories", "store GET /products", "store GET /products/{id}", "store GET /get",
      "files GET /files/{uid}",
      // Signed by the bank.
      "payment POST /bank/callback"};
  EXPECT_EQ(open, known);
}

INSTANTIATE_TEST_SUITE_P(Each, DocumentTest, testing::Values("Sqlite"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, DemoTest, testing::Values("Sqlite"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, DatabaseTest, testing::Values("Sqlite", "Postgres"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, BillingTest, testing::Values("Sqlite", "Postgres"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, NotificationTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

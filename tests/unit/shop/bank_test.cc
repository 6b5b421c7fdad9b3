#include "examples/shop/bank/bank.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "api/http/server.h"
#include "engine/model/json.h"
#include "examples/shop/common/rest_server.h"
#include "examples/shop/common/secure.h"
#include "tests/support/http_client.h"
#include "tests/support/postgres.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

struct Arrived {
  std::string body, signature;
  Value event;
};

// A bank, and a shop that takes its callbacks down.
class BankTest : public testing::TestWithParam<std::string> {
 protected:
  BankTest()
      : shop_({.stop_grace_ms = 0},
              [this](const HttpRequest& request, ResponseHandle response) { TakeDown(request, response); }) {
    Result<int> port = shop_.Start();
    shop_url_ = "http://127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
    database_ =
        GetParam() == "Postgres" ? PostgresCluster::Shared().CreateDatabase() : "sqlite://" + folder_.path().string();
    StartBank();
  }
  ~BankTest() override {
    StopBank();
    shop_.Stop();
  }

  void StartBank() {
    auto bank = shop::Bank::Open({.database_url = database_,
                                  .shop_url = shop_url_,
                                  .api_key = "api",
                                  .callback_key = "secret",
                                  .clock = &clock_});
    ASSERT_TRUE(bank.ok()) << bank.error().message;
    bank_ = *std::move(bank);
    server_ = std::make_unique<shop::RestServer>();
    Result<std::string> url = server_->Start(bank_->Routes(), 0, 4);
    ASSERT_TRUE(url.ok());
    bank_->SetUrl(*url);
    port_ = std::atoi(url->substr(url->rfind(':') + 1).c_str());
  }
  void StopBank() {
    server_.reset();
    bank_.reset();
  }

  Reply Ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& key = "") {
    const ClientResponse response = HttpClient(port_).Request(
        method, path, {{"Authorization", "Bearer api"}, {"Idempotency-Key", key.empty() ? NextKey() : key}}, body);
    Result<Value> parsed = ParseJson(response.body);
    return {response.status, parsed.ok() ? *parsed : Value()};
  }
  // What a customer's browser does at a page.
  ClientResponse Submit(const std::string& page, const std::string& form) {
    return HttpClient(port_).Request("POST", page, {{"Content-Type", "application/x-www-form-urlencoded"}}, form);
  }
  ClientResponse EnterCard(const std::string& hold, const std::string& number) {
    return Submit("/pages/holds/" + hold, "action=confirm&number=" + number + "&expiry=12%2F30&cvc=123");
  }
  void Switch(const std::string& switches) { EXPECT_EQ(Ask("POST", "/switches", switches).status, 200); }
  std::string OpenHold(const std::string& more = "") {
    return Ask("POST", "/holds", R"({"merchantRef":"p1","amount":1250,"currency":"RUB")" + more + "}").Text("holdId");
  }
  std::string AuthorisedHold() {
    const std::string hold = OpenHold();
    EnterCard(hold, "4242424242424242");
    return hold;
  }
  std::string StatusOf(const std::string& hold) { return Ask("GET", "/holds/" + hold).Text("status"); }
  Reply Capture(const std::string& hold, int amount = 1250, const std::string& key = "") {
    return Ask("POST", "/holds/" + hold + "/capture", R"({"amount":)" + std::to_string(amount) + "}", key);
  }
  long long Kept() { return Ask("GET", "/books?merchantRef=p1").body.Find("kept")->as_int(); }

  // Waits until the shop was sent `count` callbacks.
  std::vector<Arrived> Callbacks(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(20), [&] { return callbacks_.size() >= count; }));
    return callbacks_;
  }
  void RefuseCallbacks(int times) {
    std::lock_guard lock(mutex_);
    refusals_ = times;
  }

  HandClock clock_;
  int port_ = 0;

 private:
  std::string NextKey() { return "k" + std::to_string(++keys_); }

  void TakeDown(const HttpRequest& request, const ResponseHandle& response) {
    std::lock_guard lock(mutex_);
    const std::string* signature = request.FindHeader("x-signature");
    Result<Value> event = ParseJson(request.body);
    callbacks_.push_back({request.body, signature ? *signature : "", event.ok() ? *event : Value()});
    response.Send(JsonResponse(refusals_-- > 0 ? 503 : 200, "{}"));
    arrived_.notify_all();
  }

  TempFolder folder_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Arrived> callbacks_;
  int refusals_ = 0, keys_ = 0;
  HttpServer shop_;
  std::string shop_url_, database_;
  std::unique_ptr<shop::Bank> bank_;
  std::unique_ptr<shop::RestServer> server_;
};

TEST_P(BankTest, ACardThatIsEnteredOnThePageIsHeldThenCapturedOnce) {  // SHOP-PAY-7, SHOP-PMT-3
  const Reply opened = Ask("POST", "/holds", R"({"merchantRef":"p1","amount":1250,"currency":"RUB"})");
  EXPECT_EQ(opened.status, 201);
  EXPECT_EQ(opened.Text("status"), "CARD_REQUIRED");
  const std::string hold = opened.Text("holdId");
  EXPECT_NE(opened.Text("redirectUrl").find("/pages/holds/" + hold), std::string::npos);
  EXPECT_NE(HttpClient(port_).Get("/pages/holds/" + hold).body.find("12.50 RUB"), std::string::npos);
  EXPECT_EQ(Capture(hold).status, 409);
  EXPECT_EQ(EnterCard(hold, "4242+4242+4242+4242").status, 200);
  EXPECT_EQ(StatusOf(hold), "AUTHORISED");
  EXPECT_EQ(Kept(), 0);
  const Reply captured = Capture(hold, 1250, "c");
  EXPECT_EQ(captured.status, 200);
  EXPECT_EQ(Capture(hold, 1250, "c").Text("captureId"), captured.Text("captureId"));
  EXPECT_EQ(Capture(hold).status, 409);
  EXPECT_EQ(Kept(), 1250);
}

TEST_P(BankTest, ARefundGivesAllBackOnce) {  // SHOP-PMT-5
  const std::string capture = Capture(AuthorisedHold()).Text("captureId");
  EXPECT_EQ(Ask("POST", "/captures/" + capture + "/refund").status, 200);
  EXPECT_EQ(Ask("POST", "/captures/" + capture + "/refund").status, 200);
  EXPECT_EQ(Ask("POST", "/captures/none/refund").status, 404);
  EXPECT_EQ(Kept(), 0);
}

TEST_P(BankTest, AVoidedHoldIsCapturedNoMore) {  // SHOP-PAY-18
  const std::string hold = AuthorisedHold();
  EXPECT_EQ(Ask("POST", "/holds/" + hold + "/void").Text("status"), "VOIDED");
  EXPECT_EQ(Ask("POST", "/holds/" + hold + "/void").Text("status"), "VOIDED");
  EXPECT_EQ(Capture(hold).status, 409);
  EXPECT_EQ(EnterCard(hold, "4242424242424242").status, 409);
  const std::string captured = AuthorisedHold();
  Capture(captured);
  EXPECT_EQ(Ask("POST", "/holds/" + captured + "/void").status, 409);
}

TEST_P(BankTest, AHoldEndsByItself) {  // SHOP-PAY-18
  const std::string hold = AuthorisedHold();
  clock_.Advance(3'601);
  EXPECT_EQ(Capture(hold).status, 410);
  EXPECT_EQ(StatusOf(hold), "EXPIRED");
  EXPECT_EQ(Kept(), 0);
}

TEST_P(BankTest, ThreeDSecureAsksForTheCode) {  // SHOP-PAY-7
  const std::string hold = OpenHold();
  EnterCard(hold, "5555555555554444");
  EXPECT_EQ(StatusOf(hold), "CHALLENGE");
  Submit("/pages/holds/" + hold, "action=confirm&code=1234");
  EXPECT_EQ(StatusOf(hold), "AUTHORISED");
  const std::string other = OpenHold();
  EnterCard(other, "5555555555554444");
  Submit("/pages/holds/" + other, "action=confirm&code=4321");
  EXPECT_EQ(StatusOf(other), "DECLINED");
  EXPECT_EQ(Callbacks(2)[1].event.Find("data")->Find("reason")->as_string(), "The code was wrong");
}

TEST_P(BankTest, WrongInputOnThePageMayBeCorrected) {
  const std::string hold = OpenHold();
  EXPECT_EQ(EnterCard(hold, "4242424242424241").status, 400);
  EXPECT_EQ(EnterCard(hold, "42").status, 400);
  EXPECT_EQ(Submit("/pages/holds/" + hold, "action=confirm&number=4242424242424242&expiry=12&cvc=123").status, 400);
  for (const char* expiry : {"1330", "0030", "0819", "0820"})
    EXPECT_EQ(
        Submit("/pages/holds/" + hold, "action=confirm&number=4242424242424242&cvc=123&expiry=" + std::string(expiry))
            .status,
        400)
        << expiry;
  EXPECT_EQ(Submit("/pages/holds/" + hold, "action=confirm&number=4242424242424242&expiry=1230&cvc=1x3").status, 400);
  EXPECT_EQ(Submit("/pages/holds/" + hold, "%zz&=&number=%FF").status, 400);
  EXPECT_EQ(StatusOf(hold), "CARD_REQUIRED");
  EXPECT_EQ(Submit("/pages/holds/none", "action=confirm").status, 404);
  EXPECT_EQ(HttpClient(port_).Get("/pages/holds/none").status, 404);
  EXPECT_EQ(HttpClient(port_).Get("/pages/sbp/none").status, 404);
}

TEST_P(BankTest, ADeclinedCardIsDeclined) {
  const std::string hold = OpenHold();
  EnterCard(hold, "4000000000000002");
  EXPECT_EQ(StatusOf(hold), "DECLINED");
  const std::string left = OpenHold();
  Submit("/pages/holds/" + left, "action=decline");
  EXPECT_EQ(StatusOf(left), "DECLINED");
  const std::vector<Arrived> told = Callbacks(2);
  EXPECT_EQ(told[0].event.Find("type")->as_string(), "declined");
  EXPECT_EQ(told[0].event.Find("data")->Find("bankRef")->as_string(), hold);
}

TEST_P(BankTest, ASavedCardIsATokenAndAMaskedNumber) {  // SHOP-PMT-8, SHOP-PAY-23
  const std::string hold = OpenHold(R"(,"saveCard":true)");
  EnterCard(hold, "4242424242424242");
  const Value data = *Callbacks(1)[0].event.Find("data");
  EXPECT_EQ(data.Find("maskedCard")->as_string(), "**** 4242");
  EXPECT_EQ(Callbacks(1)[0].body.find("4242424242424242"), std::string::npos);
  const std::string token(data.Find("cardToken")->as_string());
  const Reply small =
      Ask("POST", "/holds", R"({"merchantRef":"p2","amount":99999,"currency":"RUB","cardToken":")" + token + "\"}");
  EXPECT_EQ(small.Text("status"), "AUTHORISED");
  EXPECT_EQ(small.Text("redirectUrl"), "");
  const Reply large =
      Ask("POST", "/holds", R"({"merchantRef":"p2","amount":100000,"currency":"RUB","cardToken":")" + token + "\"}");
  EXPECT_EQ(large.Text("status"), "CVC_REQUIRED");
  const std::string page = "/pages/holds/" + large.Text("holdId");
  EXPECT_EQ(Submit(page, "action=confirm&cvc=12").status, 400);
  EXPECT_EQ(Submit(page, "action=confirm&cvc=123").status, 200);
  EXPECT_EQ(StatusOf(large.Text("holdId")), "AUTHORISED");
  EXPECT_EQ(Ask("POST", "/holds", R"({"merchantRef":"p2","amount":1,"currency":"RUB","cardToken":"none"})").status,
            402);
}

TEST_P(BankTest, AFastPaymentSettlesWhenItIsConfirmedAndIsGivenBackWhenItIsClosed) {  // SHOP-PAY-8
  const Reply opened = Ask("POST", "/sbp", R"({"merchantRef":"p1","amount":1250,"currency":"RUB","purpose":"ORDER"})");
  EXPECT_EQ(opened.Text("status"), "WAITING");
  const std::string id = opened.Text("sbpId"), page = "/pages/sbp/" + id;
  EXPECT_NE(opened.Text("payload").find(page), std::string::npos);
  EXPECT_NE(HttpClient(port_).Get(page).body.find("12.50 RUB"), std::string::npos);
  EXPECT_EQ(Submit(page, "action=confirm").status, 200);
  EXPECT_EQ(Submit(page, "action=decline").status, 409);
  EXPECT_EQ(Kept(), 1250);
  EXPECT_EQ(Callbacks(1)[0].event.Find("data")->Find("bankRef")->as_string(), id);
  EXPECT_EQ(Ask("POST", "/sbp/" + id + "/close").Text("status"), "REFUNDED");
  EXPECT_EQ(Ask("POST", "/sbp/" + id + "/close").Text("status"), "REFUNDED");
  EXPECT_EQ(Kept(), 0);
  const std::string other = Ask("POST", "/sbp", R"({"merchantRef":"p1","amount":1,"currency":"RUB"})").Text("sbpId");
  EXPECT_EQ(Ask("POST", "/sbp/" + other + "/close").Text("status"), "CLOSED");
  EXPECT_EQ(Submit("/pages/sbp/" + other, "action=confirm").status, 409);
  EXPECT_EQ(Ask("GET", "/sbp/none").status, 404);
}

TEST_P(BankTest, CallbacksAreSignedAndSentUntilTheyAreTaken) {
  RefuseCallbacks(2);
  AuthorisedHold();
  const std::vector<Arrived> sent = Callbacks(3);
  for (const Arrived& callback : sent) {
    EXPECT_EQ(callback.signature, shop::Hmac("secret", callback.body));
    EXPECT_EQ(callback.body, sent[0].body);
  }
}

TEST_P(BankTest, CallbacksComeTwiceNeverOrOutOfOrderIfTheyShall) {  // SHOP-PAY-17
  Switch(R"({"callbacks":"TWICE"})");
  AuthorisedHold();
  const std::vector<Arrived> twice = Callbacks(2);
  EXPECT_EQ(twice[0].body, twice[1].body);
  Switch(R"({"callbacks":"NEVER"})");
  AuthorisedHold();
  Switch(R"({"callbacks":"HELD"})");
  const std::string first = AuthorisedHold(), second = AuthorisedHold();
  Switch(R"({"callbacks":"NORMAL"})");
  const std::vector<Arrived> all = Callbacks(4);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].event.Find("data")->Find("bankRef")->as_string(), second);
  EXPECT_EQ(all[3].event.Find("data")->Find("bankRef")->as_string(), first);
}

TEST_P(BankTest, AnAnswerThatGotLostIsGivenAgainAndChargesOnce) {  // SHOP-PAY-17
  const std::string hold = AuthorisedHold();
  Switch(R"({"lost":1})");
  EXPECT_EQ(Capture(hold, 1250, "c").status, 503);
  EXPECT_EQ(Kept(), 1250);
  EXPECT_EQ(Capture(hold, 1250, "c").status, 200);
  EXPECT_EQ(Kept(), 1250);
  Switch(R"({"down":1})");
  EXPECT_EQ(Ask("POST", "/holds/" + hold + "/void").status, 503);
}

TEST_P(BankTest, DeclinesIfItShall) {
  Switch(R"({"declineHolds":1,"declineCaptures":1})");
  EXPECT_EQ(Ask("POST", "/holds", R"({"merchantRef":"p1","amount":1,"currency":"RUB"})").status, 402);
  EXPECT_EQ(Capture(AuthorisedHold()).status, 402);
  EXPECT_EQ(Ask("POST", "/switches", R"({"callbacks":"SOMETIMES"})").status, 400);
}

TEST_P(BankTest, RefusesBadRequests) {
  EXPECT_EQ(HttpClient(port_).Get("/books?merchantRef=p1").status, 401);
  for (const char* body : {"{}", R"({"merchantRef":"p","amount":0,"currency":"RUB"})",
                           R"({"merchantRef":"p","amount":1,"currency":"R"})"}) {
    EXPECT_EQ(Ask("POST", "/holds", body).status, 400) << body;
    EXPECT_EQ(Ask("POST", "/sbp", body).status, 400) << body;
  }
  EXPECT_EQ(Ask("GET", "/holds/none").status, 404);
  EXPECT_EQ(Ask("POST", "/holds/none/void").status, 404);
  EXPECT_EQ(Capture("none").status, 404);
  EXPECT_EQ(Ask("POST", "/sbp/none/close").status, 404);
  EXPECT_EQ(Capture(AuthorisedHold(), 1251).status, 400);
}

TEST_P(BankTest, KeepsHoldsAndCallbacksOverARestart) {
  Switch(R"({"callbacks":"HELD"})");
  const std::string hold = AuthorisedHold();
  StopBank();
  StartBank();
  EXPECT_EQ(Callbacks(1)[0].event.Find("data")->Find("bankRef")->as_string(), hold);
  EXPECT_EQ(Capture(hold).status, 200);
}

INSTANTIATE_TEST_SUITE_P(Each, BankTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

#include <atomic>
#include <thread>

#include "examples/shop/bank/bank.h"
#include "examples/shop/common/rest_server.h"
#include "examples/shop/common/secure.h"
#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

long long IntAt(const Value& value, std::string_view key) { return value.Find(key)->as_int(); }

// Wallets, gift cards and their ledger.
class MoneyTest : public ShopTest {
 protected:
  MoneyTest() : ShopTest({"billing", "notification", "payment"}) {}
  // Whatever a test did, no money came or went.
  ~MoneyTest() override {
    const Reply books = Get("billing", "/books");
    for (const char* proof : {"sum", "unbalanced", "drifted"}) EXPECT_EQ(IntAt(books.body, proof), 0) << proof;
  }

  Reply Ask(const std::string& path, const std::string& body, const std::string& key = "") {
    return Post("billing", path, body, key.empty() ? "k" + std::to_string(++keys_) : key);
  }
  std::string OpenWallet(const std::string& username, long long balance) {
    const std::string id = Ask("/wallet/open", R"({"username":")" + username + "\"}").Text("walletId");
    if (balance > 0)
      Ask("/wallet/credit", R"({"username":")" + username + R"(","amount":)" + std::to_string(balance) + "}");
    return id;
  }
  Reply Charge(const std::string& token, const std::string& type, long long amount, const std::string& payment,
               const std::string& key = "") {
    return Ask("/token/charge",
               R"({"tokenId":")" + token + R"(","type":")" + type + R"(","amount":)" + std::to_string(amount) +
                   R"(,"purpose":"ORDER","paymentId":")" + payment + "\"}",
               key);
  }
  Reply CreateCard(const std::string& order, long long amount = 50000) {
    return Ask("/token/create",
               R"({"orderId":")" + order + R"(","amount":)" + std::to_string(amount) +
                   R"(,"currency":"RUB","designId":"birthday","grantee":{"firstName":"Bob","lastName":"","email":")" +
                   Address(order) + R"("}})");
  }
  std::string Address(const std::string& order) { return order + GetParam() + "@example.com"; }
  // The activation code in the newest mail to this address.
  static std::string CodeMailedTo(const std::string& address) {
    const std::vector<Mail> mails = TheMailbox().MailsTo(address, 1);
    EXPECT_FALSE(mails.empty());
    const std::string text = mails.empty() ? "" : mails.front().text;
    const std::size_t at = text.find("    ");
    return at == std::string::npos ? "" : text.substr(at + 4, 19);
  }
  std::string MailCode(const std::string& order, const std::string& card) {
    EXPECT_EQ(Ask("/token/send-code", R"({"cardId":")" + card + "\"}").status, 200);
    return CodeMailedTo(Address(order));
  }
  Reply AskAbout(const std::string& what, const std::string& code, const std::string& username = "ann") {
    return Ask("/token/" + what, R"({"code":")" + code + R"(","username":")" + username + "\"}");
  }
  long long BalanceOf(const std::string& username, std::size_t token = 0) {
    return IntAt(Get("billing", "/token/get?username=" + username).body.Find("tokens")->as_list().at(token), "balance");
  }

 private:
  int keys_ = 0;
};

TEST_P(MoneyTest, SHOP_BIL_5_AChargeAboveTheBalanceChangesNothing) {
  const std::string wallet = OpenWallet("ann", 1000);
  EXPECT_EQ(Charge(wallet, "DEBIT", 1001, "p1").status, 402);
  EXPECT_EQ(BalanceOf("ann"), 1000);
  EXPECT_EQ(Charge(wallet, "DEBIT", 1000, "p1").status, 200);
  EXPECT_EQ(Charge("none", "DEBIT", 1, "p2").status, 404);
  EXPECT_EQ(Charge(wallet, "BORROW", 1, "p2").status, 400);
  EXPECT_EQ(Charge(wallet, "DEBIT", 0, "p2").status, 400);
}

TEST_P(MoneyTest, SHOP_WAL_4_SHOP_BIL_4_AWalletIsCreditedOnceAPayment) {
  const std::string wallet = OpenWallet("ann", 0);
  const Reply first = Charge(wallet, "CREDIT", 500, "p1", "a");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(Charge(wallet, "CREDIT", 500, "p1", "a").Text("trxnId"), first.Text("trxnId"));
  EXPECT_EQ(Charge(wallet, "CREDIT", 500, "p1", "b").Text("trxnId"), first.Text("trxnId"));
  EXPECT_EQ(Charge(wallet, "CREDIT", 600, "p1", "c").status, 409);
  EXPECT_EQ(BalanceOf("ann"), 500);
}

TEST_P(MoneyTest, SHOP_BIL_6_AReversalIsARowAgainstItAndHappensOnce) {
  const std::string wallet = OpenWallet("ann", 1000);
  const std::string trxn = Charge(wallet, "DEBIT", 700, "p1").Text("trxnId");
  const Reply reversed = Ask("/token/reverse", R"({"trxnId":")" + trxn + "\"}");
  EXPECT_EQ(reversed.status, 200);
  EXPECT_EQ(Ask("/token/reverse", R"({"trxnId":")" + trxn + "\"}").Text("trxnId"), reversed.Text("trxnId"));
  EXPECT_EQ(Ask("/token/reverse", R"({"trxnId":")" + reversed.Text("trxnId") + "\"}").status, 409);
  EXPECT_EQ(Ask("/token/reverse", R"({"trxnId":"none"})").status, 404);
  EXPECT_EQ(BalanceOf("ann"), 1000);
  // The payment may be tried again, and then it counts.
  EXPECT_NE(Charge(wallet, "DEBIT", 700, "p1").Text("trxnId"), trxn);
  EXPECT_EQ(BalanceOf("ann"), 300);
  EXPECT_EQ(IntAt(*Get("billing", "/books").body.Find("clearing"), "ORDER"), 700);
}

TEST_P(MoneyTest, ACreditThatIsSpentIsNotTakenBack) {
  const std::string wallet = OpenWallet("ann", 0);
  const std::string credit = Charge(wallet, "CREDIT", 500, "p1").Text("trxnId");
  Charge(wallet, "DEBIT", 100, "p2");
  EXPECT_EQ(Ask("/token/reverse", R"({"trxnId":")" + credit + "\"}").status, 409);
  EXPECT_EQ(BalanceOf("ann"), 400);
}

TEST_P(MoneyTest, ConcurrentReversalsGiveTheMoneyBackOnce) {
  const std::string wallet = OpenWallet("ann", 1000);
  const std::string trxn = Charge(wallet, "DEBIT", 700, "p1").Text("trxnId");
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i)
    clients.emplace_back([&, i] {
      EXPECT_EQ(Post("billing", "/token/reverse", R"({"trxnId":")" + trxn + "\"}", "r" + std::to_string(i)).status,
                200);
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(BalanceOf("ann"), 1000);
}

TEST_P(MoneyTest, SHOP_BIL_3_SHOP_GC_5_APaidCardIsAddedOnceAndInactive) {
  const Reply made = CreateCard("o1");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.Text("status"), "INACTIVE");
  EXPECT_EQ(CreateCard("o1").Text("cardId"), made.Text("cardId"));
  EXPECT_EQ(CreateCard("o1", 60000).status, 409);
  EXPECT_EQ(CreateCard("o2", 0).status, 400);
  EXPECT_EQ(Charge(made.Text("cardId"), "DEBIT", 1, "p1").status, 409);
  EXPECT_EQ(Get("billing", "/token/get?username=ann").status, 404);
  EXPECT_EQ(IntAt(*Get("billing", "/books").body.Find("clearing"), "GIFT_CARD"), -50000);
}

TEST_P(MoneyTest, SHOP_GC_6_SHOP_GC_8_TheLetterGoesToTheRecipientWithTheDesign) {
  const std::string card = CreateCard("letter").Text("cardId");
  EXPECT_EQ(MailCode("letter", card).size(), 19u);
  const Mail mail = TheMailbox().MailsTo(Address("letter"), 1).at(0);
  EXPECT_NE(mail.text.find("Dear Bob"), std::string::npos);
  EXPECT_NE(mail.subject.find("Happy birthday"), std::string::npos);
  EXPECT_EQ(mail.text.find("500"), std::string::npos);
  EXPECT_EQ(Ask("/token/send-code", R"({"cardId":"none"})").status, 404);
}

TEST_P(MoneyTest, SHOP_GCA_2_SHOP_GCA_5_ACodeActivatesOnceHoweverItIsTyped) {
  const std::string card = CreateCard("gift").Text("cardId");
  std::string code = MailCode("gift", card);
  EXPECT_EQ(AskAbout("lookup", code).Text("cardId"), card);
  for (char& c : code) c = static_cast<char>(std::tolower(c));
  const Reply active = AskAbout("activate", code);
  EXPECT_EQ(active.status, 200);
  EXPECT_EQ(IntAt(active.body, "balance"), 50000);
  EXPECT_EQ(BalanceOf("ann"), 50000);
  EXPECT_EQ(AskAbout("activate", code, "bob").status, 409);
  EXPECT_EQ(AskAbout("lookup", code, "bob").status, 409);
  // Its owner may bind it anew, and activates nothing by that.
  EXPECT_EQ(AskAbout("lookup", code).status, 200);
  EXPECT_EQ(AskAbout("activate", code).Text("cardId"), card);
  EXPECT_EQ(BalanceOf("ann"), 50000);
  EXPECT_EQ(Charge(card, "DEBIT", 20000, "p1").status, 200);
  EXPECT_EQ(BalanceOf("ann"), 30000);
}

TEST_P(MoneyTest, SHOP_GCA_4_TellsUnknownClosedAndExpiredCodes) {
  const std::string closed = CreateCard("closed").Text("cardId"), old = CreateCard("old").Text("cardId");
  const std::string closed_code = MailCode("closed", closed), old_code = MailCode("old", old);
  EXPECT_EQ(Ask("/token/close", R"({"cardId":")" + closed + R"(","orderId":"closed"})").status, 200);
  EXPECT_EQ(Ask("/token/close", R"({"cardId":")" + closed + R"(","orderId":"closed"})").status, 200);
  EXPECT_EQ(AskAbout("activate", closed_code).status, 410);
  clock_.Advance(366LL * 24 * 3'600);
  EXPECT_EQ(AskAbout("activate", old_code).status, 410);
  EXPECT_EQ(AskAbout("activate", "AAAA-AAAA-AAAA-AAAA").status, 404);
  EXPECT_EQ(AskAbout("activate", "").status, 400);
  EXPECT_EQ(CreateCard("closed").status, 409);
}

TEST_P(MoneyTest, SHOP_GCA_4_ACardLivesAsLongAsTheProcessSays) {
  const auto create = [&](const char* days) {
    return Ask(
        "/token/create",
        R"({"orderId":"days","amount":50000,"currency":"RUB","grantee":{"firstName":"Bob","lastName":"","email":")" +
            Address("days") + R"("},"designId":"classic","days":)" + std::string(days) + "}");
  };
  EXPECT_EQ(create("0").status, 400);
  EXPECT_EQ(create("3651").status, 400);
  const std::string code = MailCode("days", create("2").Text("cardId"));
  clock_.Advance(2LL * 24 * 3'600 + 1);
  EXPECT_EQ(AskAbout("activate", code).status, 410);
}

TEST_P(MoneyTest, SHOP_GCA_5_TriesAreLimitedForACustomerForAWhile) {
  const std::string card = CreateCard("tries").Text("cardId");
  const std::string code = MailCode("tries", card);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(AskAbout("lookup", "AAAA-AAAA-AAAA-AAAA").status, 404);
  EXPECT_EQ(AskAbout("activate", code).status, 429);
  EXPECT_EQ(AskAbout("lookup", code, "bob").status, 200);
  clock_.Advance(15 * 60 + 1);
  EXPECT_EQ(AskAbout("activate", code).status, 200);
}

TEST_P(MoneyTest, ACardThatIsUsedIsNotClosed) {
  const std::string card = CreateCard("used").Text("cardId");
  EXPECT_EQ(AskAbout("activate", MailCode("used", card)).status, 200);
  Charge(card, "DEBIT", 1, "p1");
  EXPECT_EQ(Ask("/token/close", R"({"cardId":")" + card + R"(","orderId":"used"})").status, 409);
  EXPECT_EQ(Ask("/token/close", R"({"cardId":"none"})").status, 404);
  EXPECT_EQ(BalanceOf("ann"), 49999);
}

TEST_P(MoneyTest, ACustomerSeesTheirOwnWalletAndMovementsOnly) {
  AddSession("s-ann", "ann");
  AddSession("s-bob", "bob");
  const std::string wallet = OpenWallet("ann", 100);
  EXPECT_EQ(Send("billing", "GET", "/wallet", "", {{"Cookie", "sessionId=s-ann"}}).Text("walletId"), wallet);
  EXPECT_EQ(Send("billing", "GET", "/wallet", "", {{"Cookie", "sessionId=s-bob"}}).status, 404);
  EXPECT_EQ(Send("billing", "GET", "/wallet", "", {}).status, 401);
  const std::string ask = R"({"tokenId":")" + wallet + "\"}";
  const Reply moved = Send("billing", "POST", "/trxn/get", ask, {{"Cookie", "sessionId=s-ann"}});
  EXPECT_EQ(moved.body.Find("trxns")->as_list().size(), 1u);
  EXPECT_EQ(Send("billing", "POST", "/trxn/get", ask, {{"Cookie", "sessionId=s-bob"}}).status, 404);
  EXPECT_EQ(
      Send("billing", "POST", "/trxn/get", R"({"tokenId":"x","page":-1})", {{"Cookie", "sessionId=s-ann"}}).status,
      400);
}

// Payments, with a bank that is real.
class PaymentTest : public MoneyTest {
 protected:
  PaymentTest() {
    auto bank = shop::Bank::Open({.database_url = "sqlite://" + folder_.path().string(),
                                  .shop_url = "http://127.0.0.1:" + std::to_string(port("payment")),
                                  .api_key = "api",
                                  .callback_key = "secret"});
    EXPECT_TRUE(bank.ok());
    bank_ = *std::move(bank);
    EXPECT_TRUE(bank_server_.Start(bank_->Routes(), bank_port_, 2).ok());
    AddSession("s-ann", "ann");
    AddSession("s-bob", "bob");
  }

  Reply Do(const std::string& path, const std::string& body, const std::string& key = "") {
    return Post("payment", path, body, key.empty() ? "p" + std::to_string(++keys_) : key);
  }
  Reply AsAnn(const std::string& method, const std::string& path, const std::string& body = "") {
    return Send("payment", method, path, body, {{"Cookie", "sessionId=s-ann"}});
  }
  Reply AskBank(const std::string& path, const std::string& body) {
    const ClientResponse response =
        HttpClient(bank_port_)
            .Request(body.empty() ? "GET" : "POST", path,
                     {{"Authorization", "Bearer api"}, {"Idempotency-Key", "b" + std::to_string(++keys_)}}, body);
    Result<Value> parsed = ParseJson(response.body);
    return {response.status, parsed.ok() ? *parsed : Value()};
  }
  std::string Create(const std::string& ref, long long amount = 1250, const std::string& purpose = "ORDER") {
    return Do("/payments", R"({"purpose":")" + purpose + R"(","refId":")" + ref +
                               R"(","payer":"ann","currency":"RUB","language":"ru","amount":)" +
                               std::to_string(amount) + "}")
        .Text("paymentId");
  }
  Reply Record(const std::string& payment, const std::string& method, const std::string& ref) {
    return Do("/payments/" + payment + "/record",
              R"({"method":")" + method + R"(","ref":")" + ref + R"(","tokenId":"t","maskedTokenId":"**** 4242"})");
  }
  // Taken from a card.
  std::string Capture(const std::string& payment) {
    const std::string hold =
        AskBank("/holds", R"({"merchantRef":")" + payment + R"(","amount":1250,"currency":"RUB"})").Text("holdId");
    HttpClient(bank_port_)
        .Request("POST", "/pages/holds/" + hold, {{"Content-Type", "application/x-www-form-urlencoded"}},
                 "action=confirm&number=4242424242424242&expiry=12%2F30&cvc=123");
    const std::string capture = AskBank("/holds/" + hold + "/capture", R"({"amount":1250})").Text("captureId");
    EXPECT_EQ(Record(payment, "CARD", capture).Text("status"), "Confirmed");
    return capture;
  }
  long long KeptByBank(const std::string& payment) {
    return IntAt(AskBank("/books?merchantRef=" + payment, "").body, "kept");
  }
  std::string Confirm(const std::string& order, long long amount, const std::string& payment = "") {
    return Do("/confirm", R"({"orderId":")" + order + R"(","paymentId":")" + payment + R"(","amount":)" +
                              std::to_string(amount) + "}")
        .Text("response");
  }
  Reply Reverse(const std::string& order) { return Do("/reverse", R"({"orderId":")" + order + "\"}"); }
  // How many letters of this kind the engine was asked for.
  int Letters(const std::string& name) {
    int count = 0;
    for (const Value& start : Starts())
      count += start.Find("process")->as_string() == "sendnotification" &&
               start.Find("input")->Find("templateId")->as_string() == name;
    return count;
  }
  Reply Callback(const std::string& body, const std::string& signature) {
    return Send("payment", "POST", "/bank/callback", body,
                {{"Content-Type", "application/json"}, {"X-Signature", signature}});
  }

 private:
  int keys_ = 0;
  TempFolder folder_;
  std::unique_ptr<shop::Bank> bank_;
  shop::RestServer bank_server_;
};

TEST_P(PaymentTest, SHOP_ORC_2_ConfirmsTheFactAndTheAmount) {
  const std::string payment = Create("o1");
  EXPECT_EQ(Confirm("o1", 1250), "FAIL");
  EXPECT_EQ(Record(payment, "SBP", "sbp-1").status, 200);
  EXPECT_EQ(Confirm("o1", 1250), "SUCCESS");
  EXPECT_EQ(Confirm("o1", 1250, payment), "SUCCESS");
  EXPECT_EQ(Confirm("o1", 1251), "FAIL");
  EXPECT_EQ(Confirm("o2", 1250), "FAIL");
  EXPECT_EQ(Confirm("o2", 1250, payment), "FAIL");
  EXPECT_EQ(Do("/confirm", R"({"orderId":"o1"})").status, 400);
  EXPECT_EQ(Record(payment, "SBP", "sbp-1").status, 200);
  EXPECT_EQ(Record(payment, "SBP", "sbp-2").status, 409);
  EXPECT_EQ(Record("none", "SBP", "sbp-1").status, 404);
  EXPECT_EQ(Record(payment, "GOLD", "x").status, 400);
}

TEST_P(PaymentTest, RefusesPaymentsThatAreNone) {
  for (const char* body : {"{}", R"({"purpose":"LOAN","refId":"o1","payer":"ann","currency":"RUB","amount":1})",
                           R"({"purpose":"ORDER","refId":"o1","payer":"ann","currency":"RUB","amount":0})",
                           R"({"purpose":"ORDER","refId":"o1","payer":"ann","currency":"RUBLE","amount":1})"})
    EXPECT_EQ(Do("/payments", body).status, 400) << body;
  EXPECT_EQ(Do("/reverse", "{}").status, 400);
  EXPECT_EQ(Do("/payments/none/close", "{}").status, 404);
}

TEST_P(PaymentTest, SHOP_PAY_20_SHOP_PAY_21_WhatTheCourierCollectsIsConfirmedAsDeferred) {
  const std::string payment = Create("o1");
  EXPECT_EQ(Do("/payments/" + payment + "/defer", R"({"kind":"CASH"})").Text("status"), "Requested");
  EXPECT_EQ(Confirm("o1", 1250), "DEFERRED");
  EXPECT_EQ(Confirm("o1", 1251), "FAIL");
  const auto collect = [&](const char* order, int amount) {
    return Do("/collect", R"({"orderId":")" + std::string(order) + R"(","kind":"TERMINAL","amount":)" +
                              std::to_string(amount) + "}");
  };
  const auto owes = [&](const char* order) {
    return WriteJson(Get("payment", "/obligations/" + std::string(order)).body);
  };
  EXPECT_EQ(owes("o1"), R"({"orderId":"o1","open":true,"amount":1250})");
  EXPECT_EQ(owes("o2"), R"({"orderId":"o2","open":false,"amount":0})");
  EXPECT_EQ(Send("payment", "GET", "/obligations/o1", "", {{"X-Service-Key", ""}}).status, 401);
  EXPECT_EQ(collect("o1", 1249).status, 409);
  EXPECT_EQ(collect("o2", 1250).status, 409);
  EXPECT_EQ(collect("o1", 1250).Text("status"), "Finished");
  EXPECT_EQ(owes("o1"), R"({"orderId":"o1","open":false,"amount":0})");
  EXPECT_EQ(collect("o1", 1250).status, 409);
  EXPECT_EQ(Letters("payment-succeeded"), 1);
  EXPECT_EQ(Confirm("o1", 1250), "SUCCESS");
  EXPECT_EQ(Reverse("o1").status, 409);
  EXPECT_EQ(Do("/payments/" + Create("t1", 5, "WALLET_TOPUP") + "/defer", R"({"kind":"CASH"})").status, 409);
  EXPECT_EQ(Do("/payments/" + payment + "/defer", R"({"kind":"BARTER"})").status, 400);
}

TEST_P(PaymentTest, ReversingWhatIsStillOwedForgetsIt) {
  const std::string payment = Create("o1");
  Do("/payments/" + payment + "/defer", R"({"kind":"CASH"})");
  EXPECT_EQ(Reverse("o1").Text("response"), "SUCCESS");
  EXPECT_EQ(Confirm("o1", 1250), "FAIL");
  EXPECT_EQ(Letters("payment-reversed"), 0);
  EXPECT_EQ(Reverse("no-such-order").Text("response"), "SUCCESS");
}

TEST_P(PaymentTest, SHOP_PMT_5_AWalletGetsItsMoneyBackOnce) {
  const std::string wallet = OpenWallet("ann", 2000), payment = Create("o1");
  Record(payment, "WALLET", Charge(wallet, "DEBIT", 1250, payment).Text("trxnId"));
  EXPECT_EQ(Reverse("o1").Text("response"), "SUCCESS");
  EXPECT_EQ(Reverse("o1").Text("response"), "SUCCESS");
  EXPECT_EQ(BalanceOf("ann"), 2000);
  EXPECT_EQ(Confirm("o1", 1250), "FAIL");
  // The engine knows a second start by its key.
  EXPECT_GE(Letters("payment-reversed"), 1);
}

TEST_P(PaymentTest, SHOP_PMT_5_ACardIsRefundedThoughTheBankIsDownForAWhile) {
  const std::string payment = Create("o1");
  Capture(payment);
  EXPECT_EQ(KeptByBank(payment), 1250);
  AskBank("/switches", R"({"down":1})");
  EXPECT_EQ(Reverse("o1").status, 503);
  EXPECT_EQ(Confirm("o1", 1250), "SUCCESS");
  // Done, but the answer got lost.
  AskBank("/switches", R"({"lost":1})");
  EXPECT_EQ(Reverse("o1").status, 503);
  EXPECT_EQ(Reverse("o1").Text("response"), "SUCCESS");
  EXPECT_EQ(KeptByBank(payment), 0);
}

TEST_P(PaymentTest, SHOP_PMT_5_AFastPaymentIsGivenBack) {
  const std::string payment = Create("o1");
  const std::string sbp =
      AskBank("/sbp", R"({"merchantRef":")" + payment + R"(","amount":1250,"currency":"RUB"})").Text("sbpId");
  HttpClient(bank_port_)
      .Request("POST", "/pages/sbp/" + sbp, {{"Content-Type", "application/x-www-form-urlencoded"}}, "action=confirm");
  Record(payment, "SBP", sbp);
  EXPECT_EQ(KeptByBank(payment), 1250);
  EXPECT_EQ(Reverse("o1").Text("response"), "SUCCESS");
  EXPECT_EQ(KeptByBank(payment), 0);
}

TEST_P(PaymentTest, AClosedPaymentTakesNoMoney) {
  const std::string payment = Create("o1");
  EXPECT_EQ(Do("/payments/" + payment + "/close", "{}").Text("status"), "Cancelled");
  EXPECT_EQ(Do("/payments/" + payment + "/close", "{}").Text("status"), "Cancelled");
  EXPECT_EQ(Record(payment, "SBP", "x").status, 409);
  // One whose money came in between gives it back.
  const std::string wallet = OpenWallet("ann", 2000), other = Create("o2");
  Record(other, "WALLET", Charge(wallet, "DEBIT", 1250, other).Text("trxnId"));
  EXPECT_EQ(Do("/payments/" + other + "/close", "{}").Text("status"), "Cancelled");
  EXPECT_EQ(BalanceOf("ann"), 2000);
}

TEST_P(PaymentTest, ACallbackIsBelievedForItsSignatureOnlyAndCountsOnce) {  // SHOP-PAY-17
  const std::string body =
      R"({"eventId":"e1","type":"authorised","data":{"bankRef":"h1","merchantRef":"p1","maskedCard":"**** 4242"}})";
  EXPECT_EQ(Callback(body, "").status, 401);
  EXPECT_EQ(Callback(body, shop::Hmac("other", body)).status, 401);
  EXPECT_EQ(Callback(body + " ", shop::Hmac("secret", body)).status, 401);
  EXPECT_EQ(Callback(R"({"type":"authorised"})", shop::Hmac("secret", R"({"type":"authorised"})")).status, 400);
  RefuseEvents(1);
  EXPECT_EQ(Callback(body, shop::Hmac("secret", body)).status, 204);
  EXPECT_EQ(Callback(body, shop::Hmac("secret", body)).status, 204);
  const std::string declined = R"({"eventId":"e2","type":"declined","data":{"bankRef":"h2","reason":"no money"}})";
  EXPECT_EQ(Callback(declined, shop::Hmac("secret", declined)).status, 204);
  const std::vector<Value> events = Events(2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].Find("type")->as_string(), "bank.authorised");
  EXPECT_EQ(events[0].Find("id")->as_string(), "e1");
  EXPECT_EQ(events[0].Find("data")->Find("bankRef")->as_string(), "h1");
  EXPECT_EQ(events[0].Find("data")->Find("paymentId")->as_string(), "p1");
  EXPECT_EQ(events[1].Find("type")->as_string(), "bank.declined");
  EXPECT_EQ(events[1].Find("data")->Find("reason")->as_string(), "no money");
}

TEST_P(PaymentTest, SHOP_PMT_1_SHOP_PMT_8_SavedCardsAreListedMaskedAndTheirOwnersOnly) {
  const std::string card =
      R"({"username":"ann","tokenType":"BANK_CARD","bankToken":"bt-1","maskedTokenId":"**** 4444","cardType":"Visa"})";
  const std::string token = Do("/tokens/add", card).Text("tokenId");
  EXPECT_EQ(Do("/tokens/add", card).Text("tokenId"), token);
  EXPECT_EQ(Do("/tokens/add", R"({"username":"ann","tokenType":"BANK_CARD"})").status, 400);
  const Reply listed = AsAnn("GET", "/tokens/get");
  EXPECT_EQ(WriteJson(*listed.body.Find("cards")),
            R"([{"tokenId":")" + token + R"(","maskedTokenId":"**** 4444","description":"Visa"}])");
  EXPECT_EQ(Get("payment", "/tokens/" + token + "?username=ann").Text("bankToken"), "bt-1");
  EXPECT_EQ(Get("payment", "/tokens/" + token + "?username=bob").status, 403);
  EXPECT_EQ(Get("payment", "/tokens/none?username=ann").status, 404);
  for (const char* key : {"", "another key"}) {
    const std::vector<std::pair<std::string, std::string>> stranger = {
        {"Content-Type", "application/json"}, {"Idempotency-Key", "k"}, {"X-Service-Key", key}};
    EXPECT_EQ(Send("payment", "GET", "/tokens/get?username=ann", "", stranger).status, 401);
    EXPECT_EQ(Send("payment", "GET", "/tokens/" + token + "?username=ann", "", stranger).status, 401);
    EXPECT_EQ(Send("payment", "POST", "/tokens/add", card, stranger).status, 401);
    EXPECT_EQ(Send("payment", "DELETE", "/tokens/delete?username=ann&tokenId=" + token, "", stranger).status, 401);
  }
  EXPECT_EQ(Send("payment", "DELETE", "/tokens/delete?tokenId=" + token, "", {{"Cookie", "sessionId=s-bob"}}).status,
            404);
  EXPECT_EQ(AsAnn("DELETE", "/tokens/delete?tokenId=" + token).status, 204);
  EXPECT_EQ(AsAnn("DELETE", "/tokens/delete?tokenId=" + token).status, 404);
  // An undo finds its work done.
  EXPECT_EQ(Delete("payment", "/tokens/delete?username=ann&tokenId=" + token).status, 204);
  EXPECT_TRUE(AsAnn("GET", "/tokens/get").body.Find("cards")->as_list().empty());
  EXPECT_EQ(Get("payment", "/tokens/get").status, 401);
}

TEST_P(PaymentTest, SHOP_PMT_2_AGiftCardIsActivatedByAReferenceAndBound) {
  const std::string card = CreateCard("bind").Text("cardId"), code = MailCode("bind", card);
  EXPECT_EQ(Post("payment", "/activations", "{}").status, 401);
  EXPECT_EQ(AsAnn("POST", "/activations", "{}").status, 400);
  const std::string ref = AsAnn("POST", "/activations", R"({"code":")" + code + "\"}").Text("activationRef");
  const auto ask = [&](const char* what, const char* username) {
    return Do("/activations/" + ref + "/" + what, R"({"username":")" + std::string(username) + "\"}");
  };
  EXPECT_EQ(ask("lookup", "bob").status, 404);
  EXPECT_EQ(ask("lookup", "ann").Text("cardId"), card);
  const Reply active = ask("activate", "ann");
  EXPECT_EQ(IntAt(active.body, "balance"), 50000);
  const std::string bind = R"(","tokenType":"GIFT_CARD","maskedTokenId":"**** 1","cardId":")" + card + "\"}";
  EXPECT_TRUE(AsAnn("GET", "/tokens/get").body.Find("giftCards")->as_list().empty());
  EXPECT_EQ(Do("/tokens/add", R"({"username":"ann)" + bind).Text("tokenId"), card);
  EXPECT_EQ(Do("/tokens/add", R"({"username":"bob)" + bind).status, 409);
  const Reply listed = AsAnn("GET", "/tokens/get");
  EXPECT_EQ(IntAt(listed.body.Find("giftCards")->as_list().at(0), "balance"), 50000);
  EXPECT_EQ(ask("lookup", "ann").status, 409);
  EXPECT_EQ(ask("activate", "ann").status, 409);
  // Taken away by its owner it comes back with its code, and with its balance; to nobody else.
  EXPECT_EQ(AsAnn("DELETE", "/tokens/delete?tokenId=" + card).status, 204);
  EXPECT_EQ(ask("lookup", "ann").Text("cardId"), card);
  EXPECT_EQ(IntAt(ask("activate", "ann").body, "balance"), 50000);
  EXPECT_EQ(Do("/tokens/add", R"({"username":"ann)" + bind).Text("tokenId"), card);
  EXPECT_EQ(AsAnn("GET", "/tokens/get").body.Find("giftCards")->as_list().size(), 1u);
  const Reply theirs = Send("payment", "POST", "/activations", R"({"code":")" + code + "\"}",
                            {{"Cookie", "sessionId=s-bob"}, {"Idempotency-Key", "bob's"}});
  EXPECT_EQ(Do("/activations/" + theirs.Text("activationRef") + "/lookup", R"({"username":"bob"})").status, 409);
  clock_.Advance(3'601);
  EXPECT_EQ(ask("lookup", "ann").status, 404);
  EXPECT_EQ(received().find(code), std::string::npos);
}

TEST_P(PaymentTest, SHOP_GCA_4_ACodeThatIsEnteredTwiceAtOnceLeavesNoWindowOpen) {
  const std::string code = MailCode("twice", CreateCard("twice").Text("cardId"));
  const auto enter = [&](const char* key) {
    return Send("payment", "POST", "/activate", R"({"code":")" + code + "\"}",
                {{"Cookie", "sessionId=s-ann"}, {"Idempotency-Key", key}});
  };
  // Somebody was quicker: the process asks for another code.
  AnswerStarts(201,
               R"({"id":"i1","states":["enter-code"],"variables":{"problem":"Active already"},"items":[{"id":"t1"}]})");
  const Reply refused = enter("a");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.Text("errorMessage"), "Active already");
  EXPECT_NE(received().find(R"(/v1/tasks/t1/complete{"outcome":"leave")"), std::string::npos) << received();
  // Asked again it is the same activation, not a second one.
  AnswerStarts(201, R"({"id":"i1","status":"completed","output":{"tokenId":"c","balance":50000}})");
  std::vector<std::string> refs;
  for (const char* key : {"b", "b", "c"}) {
    EXPECT_EQ(enter(key).status, 200);
    refs.emplace_back(Starts().back().Find("input")->Find("activationRef")->as_string());
  }
  EXPECT_EQ(refs[0], refs[1]);
  EXPECT_NE(refs[0], refs[2]);
}

TEST_P(PaymentTest, AWayToPayThatCannotBeIsToldFromTooLittleMoney) {
  const auto authorise = [&](const char* more) {
    return AsAnn("POST", "/authorise", R"({"refId":"o1",)" + std::string(more) + "}").status;
  };
  EXPECT_EQ(authorise(R"("method":"GIFT_CARD")"), 400);
  EXPECT_EQ(authorise(R"("method":"GIFT_CARD","tokenId":"none")"), 404);
  EXPECT_EQ(authorise(R"("method":"CARD","tokenId":"none")"), 404);
  const auto answer = [&](const char* offered) {
    AnswerStarts(200, R"({"items":[{"id":"i1","state":"choose","status":"waiting"}],"id":"i1","states":["choose"],)"
                      R"("variables":{"problem":"No","method":"CASH_ON_RECEIPT","offered":)" +
                          std::string(offered) + "}}");
  };
  answer(R"(["CARD","SBP"])");
  EXPECT_EQ(authorise(R"("method":"CASH_ON_RECEIPT")"), 409);
  answer(R"(["CARD","SBP","CASH_ON_RECEIPT"])");
  EXPECT_EQ(authorise(R"("method":"CASH_ON_RECEIPT")"), 402);
}

TEST_P(PaymentTest, SHOP_WAL_5_ATopUpThatIsRefusedLeavesNoWindowOpen) {
  const auto top_up = [&](const char* session, const char* body) {
    return Send("payment", "POST", "/topup", body,
                {{"Cookie", std::string("sessionId=") + session}, {"Idempotency-Key", "k"}})
        .status;
  };
  for (const char* method : {"WALLET", "GIFT_CARD", "card", "CASH_ON_RECEIPT"})
    EXPECT_EQ(top_up("s-ann", (R"({"amount":100,"method":")" + std::string(method) + "\"}").c_str()), 400) << method;
  EXPECT_TRUE(Starts().empty());
  AnswerStarts(201, R"({"id":"i1","states":["amount"],"variables":{"problem":"Too large"},"items":[{"id":"t1"}]})");
  EXPECT_EQ(top_up("s-ann", R"({"amount":99999999999})"), 400);
  EXPECT_NE(received().find(R"(/v1/tasks/t1/complete{"outcome":"leave")"), std::string::npos) << received();
  // Another customer's key is another key, whatever its text.
  EXPECT_EQ(top_up("s-bob", R"({"amount":99999999999})"), 400);
  const std::vector<std::string> keys = start_keys();
  std::vector<std::string> starts;
  for (const std::string& key : keys)
    if (key.starts_with("topup/")) starts.push_back(key);
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_NE(starts[0], starts[1]);
}

TEST_P(PaymentTest, SHOP_GC_5_AGiftCardIsAddedOnlyWhenItIsPaidFor) {
  const auto open = [&](const char* balance) {
    return Do(
        "/gift-cards",
        R"({"orderId":"g1","requestType":"OPEN","currency":"RUB","designId":"classic","cards":[{"id":"g1","balance":)" +
            std::string(balance) + R"(,"grantee":{"firstName":"Bob","lastName":"","email":"bob@example.com"}}]})");
  };
  EXPECT_EQ(open("1250").status, 409);
  const std::string payment = Create("g1", 1250, "GIFT_CARD");
  EXPECT_EQ(open("1250").status, 409);
  Record(payment, "SBP", "sbp-1");
  EXPECT_EQ(open("1251").status, 409);
  const Reply made = open("1250");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(open("1250").Text("cardId"), made.Text("cardId"));
  EXPECT_EQ(Do("/gift-cards/close", R"({"orderId":"g1","cards":[{"id":")" + made.Text("cardId") + R"("}]})").status,
            200);
  EXPECT_EQ(Do("/gift-cards/close", R"({"orderId":"g1","cards":[{"id":"none"}]})").status, 404);
  EXPECT_EQ(Do("/gift-cards", R"({"orderId":"g1"})").status, 400);
}

TEST_P(PaymentTest, KeepsEverythingOverARestart) {
  const std::string payment = Create("o1");
  Do("/payments/" + payment + "/defer", R"({"kind":"CASH"})");
  StopShop();
  StartShop();
  EXPECT_EQ(Confirm("o1", 1250), "DEFERRED");
}

INSTANTIATE_TEST_SUITE_P(Each, MoneyTest, testing::Values("Sqlite", "Postgres"), DatabaseName);
INSTANTIATE_TEST_SUITE_P(Each, PaymentTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

#include "tests/integration/support/storm_customer.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>

#include "engine/model/json.h"

namespace fermata::test {
namespace {

constexpr int kBadCardsMax = 2;
constexpr long long kPurse = 300'000;
// How often a customer looks, and how often at most: patience, nothing depends on it.
constexpr std::chrono::milliseconds kGlance{100};
constexpr int kStepsMax = 5'000;

bool IsEnd(const std::string& status) { return status == "completed" || status == "failed" || status == "cancelled"; }

}  // namespace

Wish::Wish(std::mt19937& random) {
  constexpr std::array kMethods = {"WALLET", "CARD", "SBP", "CASH_ON_RECEIPT", "declined", "never"};
  method = kMethods[random() % kMethods.size()];
  to_the_door = method == "CASH_ON_RECEIPT" || random() % 2 == 0;
  quantity = 1 + static_cast<int>(random() % 2);
  product = random() % 4 == 0 ? "honey" : "green";
  cancel_after = random() % 3 == 0 ? static_cast<int>(random() % 9) : -1;
  confirms_contact = random() % 5 == 0;
  signs_out = random() % 4 == 0;
  tops_up = random() % 5 == 0;
  buys_card = random() % 5 == 0;
}

StormCustomer::StormCustomer(StormWorld& world, const std::string& name, Wish wish)
    : world_(world), customer_(world, name), wish_(std::move(wish)) {}

void StormCustomer::Live() {
  Join();
  if (wish_.signs_out) SignOutAndIn();
  if (wish_.tops_up) TopUp();
  if (wish_.buys_card) BuyCard();
  Order();
}

void StormCustomer::Join() {
  if (wish_.confirms_contact)
    JoinByCode();
  else
    EXPECT_EQ(customer_.Register().status, 200);
  customer_.ExpectAccounts();
  EXPECT_EQ(customer_.SignIn().status, 200);
  customer_.Give(kPurse);
}

// The code goes by letter, and back to auth; the process hears of it.
void StormCustomer::JoinByCode() {
  const std::string ref =
      At(world_.Post("auth", "/credentials", R"({"password":")" + std::string(Customer::kPassword) + "\"}"),
         "credentialsRef");
  const ClientResponse started =
      world_.Post("engine", "/v1/instances",
                  R"({"process":"signup","input":{"verifyContact":true,"credentialsRef":")" + ref +
                      R"(","username":")" + name() + R"(","firstName":"Ann","email":")" + customer_.email() + "\"}}");
  const std::string id = At(started, "id");
  EXPECT_NE(id, "") << started.body;
  const std::string guid = At(customer_.AwaitInstance(id, "await-code"), "variables.attempt.signUpGuid");
  const std::string code = CodeIn(customer_.MailAbout("code").text);
  EXPECT_EQ(code.size(), 6u) << name();
  // In quotes: six digits alone may as well be a sum or a time.
  secrets_.push_back("\"" + code + "\"");
  const ClientResponse verified =
      world_.Post("auth", "/register/verify", R"({"signUpGuid":")" + guid + R"(","code":")" + code + "\"}");
  EXPECT_EQ(verified.status, 200) << verified.body;
  EXPECT_EQ(At(customer_.AwaitInstance(id, ""), "status"), "completed") << name();
}

void StormCustomer::SignOutAndIn() {
  // The answer may have got lost, and then the session is over already.
  const int out = customer_.Ask("auth", "GET", "/logout").status;
  EXPECT_TRUE(out == 200 || out == 401) << out;
  EXPECT_EQ(customer_.Ask("auth", "GET", "/auth").status, 401) << name();
  EXPECT_EQ(customer_.SignIn().status, 200) << name();
}

void StormCustomer::TopUp() {
  const std::string id = Start("wallet-topup");
  ref_ = "topup-" + id;
  method_ = wish_.to_the_door ? "CARD" : "SBP";
  EXPECT_EQ(At(Drive(id), "status"), "completed") << name() << " tops up";
}

// For somebody whose letters the customer reads as well.
void StormCustomer::BuyCard() {
  method_ = wish_.to_the_door ? "CARD" : "WALLET";
  const Value bought = Drive(Start("giftcard"));
  // A service that does not answer in time counts as a refusal.
  if (At(bought, "error.name") == "order-rejected") return;
  EXPECT_EQ(At(bought, "status"), "completed") << name() << " buys a card: " << WriteJson(bought);
  const std::string letter = customer_.MailTo("gift." + customer_.email(), "gift card").text;
  const std::size_t at = letter.find("    ");
  if (at == std::string::npos) return;
  const std::string code = letter.substr(at + 4, 19);
  secrets_.push_back(code);
  const ClientResponse activated = customer_.Ask("payment", "POST", "/activate", R"({"code":")" + code + "\"}");
  // Asked again after a lost answer it is active already.
  EXPECT_TRUE(activated.status == 200 || activated.status == 409) << activated.body;
  for (int i = 0; i < kStepsMax && gift_token_.empty(); ++i) {
    gift_token_ = At(customer_.Ask("payment", "GET", "/tokens/get"), "giftCards.0.tokenId");
    if (gift_token_.empty()) std::this_thread::sleep_for(kGlance);
  }
  EXPECT_NE(gift_token_, "") << name() << " has no gift card";
}

void StormCustomer::Order() {
  order_ = ref_ = customer_.Fill({{wish_.product, wish_.quantity}});
  method_ = gift_token_.empty() || wish_.method == "never" ? wish_.method : "GIFT_CARD";
  (void)customer_.Place(order_);
  Drive("", wish_.cancel_after);
}

Value StormCustomer::Drive(const std::string& id, int cancel_after) {
  Value instance;
  for (int step = 0; step < kStepsMax; ++step) {
    if (step == cancel_after) return Cancel(), instance;
    instance = id.empty() ? Newest("makeorder", order_) : Instance(id);
    if (IsEnd(At(instance, "status")) || !Act(instance)) return instance;
  }
  ADD_FAILURE() << name() << " never came to an end: "
                << world_.Get("engine", "/v1/instances/" + At(instance, "id") + "/history").body;
  return instance;
}

std::string StormCustomer::Start(const std::string& process) {
  const ClientResponse started =
      world_.Post("engine", "/v1/instances",
                  R"({"process":")" + process + R"(","input":{"sessionRef":")" + customer_.SessionRef() + "\"}}");
  EXPECT_NE(At(started, "id"), "") << started.body;
  return At(started, "id");
}

Value StormCustomer::Instance(const std::string& id) {
  return id.empty() ? Value::Object({}) : JsonOf(world_.Get("engine", "/v1/instances/" + id));
}

Value StormCustomer::Newest(const std::string& process, const std::string& key) {
  return Instance(
      At(JsonOf(world_.Get("engine", "/v1/instances?limit=1&process=" + process + "&key=" + key)), "items.0.id"));
}

bool StormCustomer::Act(const Value& instance) {
  const Value tasks = JsonOf(world_.Get("engine", "/v1/tasks?limit=1&user=" + name()));
  const std::string state = At(tasks, "items.0.state");
  if (state.empty()) {
    std::this_thread::sleep_for(kGlance);
    return true;
  }
  if (state == "form")
    return Answer(
        tasks, "pay",
        R"({"recipientName":"Bob","designId":"classic","amount":150000,"email":"gift.)" + customer_.email() + "\"}");
  if (state == "amount") return Answer(tasks, "top-up", R"({"amount":20000})");
  if (state == "choose-delivery") return Answer(tasks, wish_.to_the_door ? "courier" : "pickup");
  if (state == "choose-point") return Answer(tasks, "choose", R"({"pointId":1})");
  if (state == "address") return Answer(tasks, "next", R"({"address":"Kazan, Mira 7"})");
  if (state == "company") return Answer(tasks, "choose", R"({"companyCode":"own"})");
  if (state == "confirm-cost") return Answer(tasks, "place-order", R"({"costConfirmed":true})");
  if (state == "cart" || state == "what-now") return Answer(tasks, state == "cart" ? "leave" : "edit");
  if (const std::string bought = At(instance, "variables.order.id"); !bought.empty()) ref_ = bought;
  if (state == "choose") return Choose();
  const Value payment = Newest("makepayment", ref_);
  if (state == "bank-page") return UsePage(At(payment, "variables.hold.redirectUrl"));
  if (state == "scan") return UsePage(At(payment, "variables.sbp.payload"));
  if (state == "ready") return customer_.PressPay(At(payment, "variables.payment.paymentId")).status != 0;
  ADD_FAILURE() << "What should " << name() << " do in " << state << "?";
  return false;
}

bool StormCustomer::Choose() {
  if (method_ == "never") return false;
  // A card that is declined is not tried for ever.
  const bool bad_card = method_ == "declined";
  const std::string method = !bad_card ? method_ : ++bad_cards_ <= kBadCardsMax ? "CARD" : "WALLET";
  (void)customer_.Authorise(ref_, method, method == "GIFT_CARD" ? R"("tokenId":")" + gift_token_ + "\"" : "");
  return true;
}

bool StormCustomer::UsePage(const std::string& page) {
  if (page.empty()) return true;
  if (page.find("/sbp/") != std::string::npos)
    (void)customer_.Confirm(page);
  else
    (void)customer_.EnterCard(page, method_ == "declined" ? kDeclinedCard : kEasyCard);
  // The callback moves it on, sooner or later.
  (void)world_.Get("engine", "/v1/instances/" + At(Newest("makepayment", ref_), "id") + "?wait=1s&until=ready");
  return true;
}

bool StormCustomer::Answer(const Value& tasks, const std::string& outcome, const std::string& data) {
  const ClientResponse answered =
      world_.Post("engine", "/v1/tasks/" + At(tasks, "items.0.id") + "/complete",
                  R"({"by":")" + name() + R"(","outcome":")" + outcome + R"(","data":)" + data + "}");
  // Closed meanwhile, by a time limit or by itself.
  EXPECT_TRUE(answered.status == 200 || answered.status == 409) << answered.body;
  return true;
}

void StormCustomer::Cancel() {
  for (int i = 0; i < kStepsMax; ++i) {
    const ClientResponse asked = customer_.Cancel(order_);
    if (asked.status < 300) return;
    // The order has moved on since it was read, or is past it.
    const std::string status = customer_.StatusOf(order_);
    if (status == "CANCELED" || status == "APPROVED") return;
    std::this_thread::sleep_for(kGlance);
  }
  ADD_FAILURE() << name() << " cannot cancel " << order_;
}

}  // namespace fermata::test

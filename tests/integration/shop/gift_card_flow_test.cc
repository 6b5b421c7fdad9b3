// Gift cards are bought, mailed and activated; the wallet is topped up.
#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowGiftCard : public ShopFlow {
 protected:
  static std::string FormFor(const std::string& email, long long amount = 50'000,
                             const std::string& design = "birthday") {
    return R"({"recipientName":"Bob","recipientLastName":"Fox","email":")" + email + R"(","designId":")" + design +
           R"(","amount":)" + std::to_string(amount) + "}";
  }
  // The form is open; gives the instance.
  static std::string OpenForm(Customer& buyer) {
    const std::string id = At(buyer.Start("giftcard", R"({"sessionRef":")" + buyer.SessionRef() + "\"}"), "id");
    buyer.AwaitInstance(id, "form");
    return id;
  }
  // Filled in and sent; gives the order, whose payment is awaited.
  static std::string FillForm(Customer& buyer, const std::string& instance, const std::string& form) {
    buyer.AnswerOf(instance, "form", "pay", form);
    const std::string order = At(buyer.AwaitInstance(instance, "pay"), "variables.order.id");
    buyer.Await("makepayment", order, "choose");
    return order;
  }
  static std::string ProblemOfForm(Customer& buyer, const std::string& instance, const std::string& form) {
    buyer.AnswerOf(instance, "form", "pay", form);
    return At(buyer.AwaitInstance(instance, "form"), "variables.problem");
  }
  // Bought and paid; gives the code from the letter.
  static std::string BuyCard(Customer& buyer, const std::string& email, long long amount = 50'000) {
    const std::string instance = OpenForm(buyer);
    buyer.PayByCard(FillForm(buyer, instance, FormFor(email, amount)));
    EXPECT_EQ(At(buyer.AwaitInstance(instance, ""), "status"), "completed");
    return CodeIn(buyer.MailTo(email, "gift card"));
  }
  static std::string CodeIn(const Mail& letter) {
    const std::size_t at = letter.text.find("    ");
    return at == std::string::npos ? "" : letter.text.substr(at + 4, 19);
  }
  static ClientResponse Activate(Customer& customer, const std::string& code) {
    return customer.Ask("payment", "POST", "/activate", R"({"code":")" + code + "\"}");
  }
  static std::string RefOfCode(Customer& customer, const std::string& code) {
    return At(customer.Ask("payment", "POST", "/activations", R"({"code":")" + code + "\"}"), "activationRef");
  }
};

TEST_F(ShopFlowGiftCard, SHOP_GC_1_SHOP_GC_2_TheFormTakesWhatIsCompleteAndInRange) {
  Customer ann(world(), "gc1");
  const std::string instance = OpenForm(ann.Join());
  EXPECT_EQ(ProblemOfForm(ann, instance, "{}"), "Recipient, e-mail and amount should be filled in");
  EXPECT_EQ(ProblemOfForm(ann, instance, FormFor("r@example.org", 50'000, "skulls")), "There is no such postcard");
  EXPECT_EQ(ProblemOfForm(ann, instance, FormFor("r@example.org", 9'999)), "The amount is too small, or too large");
  EXPECT_EQ(ProblemOfForm(ann, instance, FormFor("r@example.org", 10'000'001)),
            "The amount is too small, or too large");
  // An answer that cannot be right is refused at the door, and the form stays.
  const std::string task = At(world().Get("engine", "/v1/tasks?instance=" + instance), "items.0.id");
  for (const std::string& form : {FormFor("nobody"), FormFor("r@example.org", -5)})
    EXPECT_EQ(
        world().Post("engine", "/v1/tasks/" + task + "/complete", R"({"outcome":"pay","data":)" + form + "}").status,
        422);
  ann.AnswerOf(instance, "form", "leave");
  EXPECT_EQ(At(ann.AwaitInstance(instance, ""), "error.name"), "abandoned");
}

TEST_F(ShopFlowGiftCard,
       SHOP_GC_3_SHOP_GC_4_SHOP_GC_5_SHOP_GC_6_SHOP_GC_7_SHOP_GC_8_SHOP_ORD_3_SHOP_BIL_3_ACardIsBought) {
  Customer ann(world(), "gc3");
  const std::string instance = OpenForm(ann.Join()), recipient = "gc3-bob@example.org";
  const std::string order = FillForm(ann, instance, FormFor(recipient));
  const Value form = ann.Task("makepayment", order, "choose");
  EXPECT_EQ(At(form, "data.amount"), "50000");
  EXPECT_EQ(At(form, "data.purpose"), "GIFT_CARD");
  Value made = ann.Order(order);
  EXPECT_EQ(At(made, "type"), "GIFT_CARD");
  EXPECT_EQ(At(made, "status"), "NEW");
  EXPECT_EQ(world().Count("billing", "gift_card", "order_id = '" + order + "'"), 0);
  const std::string payment = ann.PayByCard(order);
  const Value bought = ann.AwaitInstance(instance, "");
  EXPECT_EQ(At(bought, "status"), "completed") << WriteJson(bought);
  EXPECT_EQ(ann.StatusOf(order), "APPROVED");
  EXPECT_EQ(world().KeptByBank(payment), 50'000);
  EXPECT_EQ(
      world().Count("billing", "gift_card", "order_id = '" + order + "' and status = 'INACTIVE' and balance = 50000"),
      1);
  const Mail letter = ann.MailTo(recipient, "Happy birthday");
  EXPECT_NE(letter.text.find("Dear Bob Fox"), std::string::npos) << letter.text;
  EXPECT_EQ(letter.text.find("500"), std::string::npos);
  const std::string code = CodeIn(letter);
  EXPECT_EQ(code.size(), 19u);
  // The buyer has the payment's letter, and neither engine nor services have the code.
  EXPECT_NE(ann.MailAbout("Paid: 500.00 RUB").text.find("gift card"), std::string::npos);
  world().ExpectNowhere(code);
}

TEST_F(ShopFlowGiftCard, SHOP_GC_9_WithoutPaymentThereIsNoCardAndNoLetter) {
  Customer ann(world(), "gc9");
  const std::string instance = OpenForm(ann.Join());
  const std::string order = FillForm(ann, instance, FormFor("gc9-bob@example.org"));
  const ClientResponse chosen = ann.Authorise(order, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard);
  ann.Await("makepayment", order, "ready");
  world().SwitchBank(R"({"declineCaptures":1})");
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "FAIL");
  ann.Answer("makepayment", order, "what-now", "edit");
  // Back in the form; the order is cancelled, the next one is another.
  ann.AwaitInstance(instance, "form");
  EXPECT_EQ(ann.StatusOf(order), "CANCELED");
  EXPECT_EQ(world().Count("billing", "gift_card", "order_id = '" + order + "'"), 0);
  const std::string next = FillForm(ann, instance, FormFor("gc9-eve@example.org"));
  EXPECT_NE(next, order);
  ann.Answer("makepayment", next, "choose", "leave");
  EXPECT_EQ(At(ann.AwaitInstance(instance, ""), "error.name"), "abandoned");
  EXPECT_EQ(ann.StatusOf(next), "CANCELED");
  EXPECT_EQ(world().Count("notification", "notification", "template = 'gift-card-code' and receiver like 'gc9-%'"), 0);
}

TEST_F(ShopFlowGiftCard, SHOP_GC_10_ALetterThatIsRefusedIsAnOperatorsAndThenTheMoneyGoesBack) {
  Customer ann(world(), "gc10");
  const std::string instance = OpenForm(ann.Join());
  const std::string order = FillForm(ann, instance, FormFor("refused@example.org"));
  const std::string payment = ann.PayByCard(order);
  ann.AwaitInstance(instance, "operator");
  EXPECT_EQ(At(world().Get("engine", "/v1/tasks?role=operator&instance=" + instance), "items.0.data.problem"),
            "The address takes no mail");
  ann.AnswerOf(instance, "operator", "send-again");
  ann.AwaitInstance(instance, "operator");
  ann.AnswerOf(instance, "operator", "give-money-back");
  EXPECT_EQ(At(ann.AwaitInstance(instance, ""), "error.name"), "card-not-delivered");
  EXPECT_EQ(world().KeptByBank(payment), 0);
  EXPECT_EQ(ann.StatusOf(order), "CANCELED");
  EXPECT_EQ(world().Count("billing", "gift_card", "order_id = '" + order + "' and status = 'CLOSED' and balance = 0"),
            1);
  EXPECT_NE(ann.MailAbout("Given back: 500.00 RUB").text.find("gift card"), std::string::npos);
}

TEST_F(ShopFlowGiftCard, SHOP_GCA_1_SHOP_GCA_2_SHOP_GCA_3_SHOP_GCA_4_SHOP_PMT_2_SHOP_BIL_1_ACodeActivatesOnce) {
  Customer ann(world(), "gca1"), bob(world(), "gca1b");
  const std::string code = BuyCard(ann.Join(), "gca1-bob@example.org");
  bob.Join();
  EXPECT_EQ(Activate(bob, "AAAA-BBBB-CCCC-DDDD").status, 404);
  const ClientResponse activated = Activate(bob, code);
  EXPECT_EQ(activated.status, 200) << activated.body;
  EXPECT_EQ(At(activated, "balance"), "50000");
  EXPECT_EQ(At(bob.Ask("payment", "GET", "/tokens/get"), "giftCards.0.balance"), "50000");
  EXPECT_EQ(At(ann.Ask("payment", "GET", "/tokens/get"), "giftCards"), "[]");
  EXPECT_EQ(Activate(bob, code).status, 409);
  EXPECT_EQ(Activate(ann, code).status, 409);
  world().ExpectNowhere(code);
}

TEST_F(ShopFlowGiftCard, SHOP_GCA_1_SHOP_GCA_4_SHOP_GCA_5_TheWindowStaysOpenUntilThereWereTooManyTries) {
  Customer ann(world(), "gca5");
  const std::string code = BuyCard(ann.Join(), "gca5-bob@example.org");
  const std::string card =
      At(ann.Await("approveorder", At(JsonOf(ann.Ask("order", "GET", "/orders")), "orders.0.id"), ""), "output.cardId");
  EXPECT_EQ(world().Post("billing", "/token/close", R"({"cardId":")" + card + R"(","orderId":"x"})").status, 200);
  const std::string window = At(ann.Start("giftcard-activation", R"({"username":"gca5"})"), "id");
  const auto enter = [&](const std::string& entered) {
    ann.AnswerOf(window, "enter-code", "activate", R"({"activationRef":")" + RefOfCode(ann, entered) + "\"}");
  };
  enter(code);
  EXPECT_EQ(At(ann.AwaitInstance(window, "enter-code"), "variables.problem"), "The card is closed or has expired");
  for (int i = 0; i < 5; ++i) {
    enter("AAAA-BBBB-CCCC-DDDD");
    EXPECT_EQ(At(ann.AwaitInstance(window, "enter-code"), "variables.problem"), "There is no such code");
  }
  enter("AAAA-BBBB-CCCC-DDDD");
  EXPECT_EQ(At(ann.AwaitInstance(window, ""), "error.name"), "too-many-tries");
  EXPECT_EQ(Activate(ann, code).status, 429);
}

TEST_F(ShopFlowGiftCard, SHOP_PAY_5_SHOP_PAY_10_SHOP_PMT_4_AnActivatedCardPaysWhenItSuffices) {
  Customer ann(world(), "pay10");
  const std::string code = BuyCard(ann.Join(), "pay10-x@example.org");
  EXPECT_EQ(Activate(ann, code).status, 200);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  const Value form = ann.Task("makepayment", order, "choose");
  EXPECT_EQ(At(form, "data.giftCards.0.balance"), "50000");
  const std::string token = R"("tokenId":")" + At(form, "data.giftCards.0.tokenId") + "\"";
  const ClientResponse chosen = ann.Authorise(order, "GIFT_CARD", token);
  EXPECT_EQ(At(chosen, "status"), "AUTHORISED") << chosen.body;
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  EXPECT_EQ(At(ann.Ask("payment", "GET", "/tokens/get"), "giftCards.0.balance"), "5000");
  EXPECT_EQ(ann.Authorise(ann.OrderToPoint({{"green", 1}}), "GIFT_CARD", token).status, 402);
}

TEST_F(ShopFlowGiftCard, SHOP_PAY_11_ANewCardIsActivatedInTheMiddleOfThePayment) {
  Customer ann(world(), "pay11");
  const std::string code = BuyCard(ann.Join(), "pay11-x@example.org");
  const std::string order = ann.OrderToPoint({{"green", 1}});
  EXPECT_EQ(At(ann.Authorise(order, "NEW_GIFT_CARD"), "status"), "ACTIVATION");
  ann.Answer("giftcard-activation", "pay11", "enter-code", "leave");
  EXPECT_EQ(At(ann.Task("makepayment", order, "choose"), "data.problem"), "No gift card was activated");
  const ClientResponse chosen = ann.Authorise(order, "NEW_GIFT_CARD");
  EXPECT_EQ(At(chosen, "status"), "ACTIVATION");
  ann.Answer("giftcard-activation", "pay11", "enter-code", "activate",
             R"({"activationRef":")" + RefOfCode(ann, code) + "\"}");
  ann.Await("makepayment", order, "ready");
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  EXPECT_EQ(At(ann.Ask("payment", "GET", "/tokens/get"), "giftCards.0.balance"), "5000");
}

TEST_F(ShopFlowGiftCard, SHOP_WAL_1_SHOP_WAL_2_SHOP_WAL_3_SHOP_WAL_4_SHOP_BIL_4_SHOP_PAY_1_TheWalletIsToppedUp) {
  Customer ann(world(), "wal1");
  ann.Join().Give(5);
  const std::string instance = At(ann.Start("wallet-topup", R"({"sessionRef":")" + ann.SessionRef() + "\"}"), "id");
  ann.AwaitInstance(instance, "amount");
  const Value account = JsonOf(world().Get("engine", "/v1/tasks?instance=" + instance));
  EXPECT_EQ(At(account, "items.0.data.balance"), "5");
  EXPECT_EQ(At(account, "items.0.data.customer.email"), "wal1@example.org");
  ann.AnswerOf(instance, "amount", "top-up", R"({"amount":70000})");
  const std::string ref = "topup-" + instance;
  EXPECT_EQ(At(ann.Task("makepayment", ref, "choose"), "data.methods"), R"(["CARD","SBP"])");
  EXPECT_EQ(ann.Authorise(ref, "WALLET").status, 409);
  ann.PayBySbp(ref);
  EXPECT_EQ(At(ann.AwaitInstance(instance, ""), "output.balance"), "70005");
  EXPECT_EQ(ann.Balance(), 70'005);
  // In one step, as the account page does it.
  const ClientResponse begun = ann.Ask("payment", "POST", "/topup", R"({"amount":30000,"method":"CARD"})");
  ASSERT_EQ(begun.status, 201) << begun.body;
  ann.EnterCard(At(begun, "bankRedirectUrl"), kEasyCard);
  const std::string top_up =
      At(JsonOf(world().Get("engine", "/v1/instances?limit=1&process=wallet-topup")), "items.0.id");
  ann.Await("makepayment", "topup-" + top_up, "ready");
  EXPECT_EQ(At(ann.PressPay(At(begun, "paymentId")), "result"), "SUCCESS");
  EXPECT_EQ(At(ann.AwaitInstance(top_up, ""), "status"), "completed");
  EXPECT_EQ(ann.Balance(), 100'005);
}

TEST_F(ShopFlowGiftCard, SHOP_WAL_5_SHOP_WAL_6_ABadAmountOrAFailedPaymentLeavesTheBalance) {
  Customer ann(world(), "wal5");
  ann.Join();
  for (const char* body : {R"({})", R"({"amount":0})", R"({"amount":-1})", R"({"amount":10000001})"})
    EXPECT_EQ(ann.Ask("payment", "POST", "/topup", body).status, 400) << body;
  const std::string instance = At(ann.Start("wallet-topup", R"({"sessionRef":")" + ann.SessionRef() + "\"}"), "id");
  ann.AnswerOf(instance, "amount", "top-up", R"({"amount":70000})");
  const std::string ref = "topup-" + instance;
  ann.Await("makepayment", ref, "choose");
  const ClientResponse chosen = ann.Authorise(ref, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kDeclinedCard);
  ann.Answer("makepayment", ref, "choose", "edit");
  // Another amount, and another try.
  ann.AnswerOf(instance, "amount", "top-up", R"({"amount":60000})");
  ann.Await("makepayment", ref, "choose");
  EXPECT_EQ(ann.Balance(), 0);
  ann.PayByCard(ref);
  EXPECT_EQ(At(ann.AwaitInstance(instance, ""), "output.balance"), "60000");
}

}  // namespace
}  // namespace fermata::test

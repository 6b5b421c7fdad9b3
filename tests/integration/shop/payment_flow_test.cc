// Every way to pay, and every way in which it fails.
#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowPayment : public ShopFlow {
 protected:
  static std::string StatusAtBank(const std::string& payment, int entry = 0) {
    return At(world().Get("bank", "/books?merchantRef=" + payment), "entries." + std::to_string(entry) + ".status");
  }
  // The problem with which the way to pay is chosen anew.
  static std::string ProblemAtChoice(Customer& customer, const std::string& order) {
    return At(customer.Task("makepayment", order, "choose"), "data.problem");
  }
};

TEST_F(ShopFlowPayment, SHOP_PAY_1_SHOP_PAY_2_SHOP_PAY_4_SHOP_PAY_6_TheFormOffersEveryWayAndPayIsDisabled) {
  Customer ann(world(), "pay1");
  ann.Join().Give(12'345);
  const std::string point = ann.OrderToPoint({{"green", 1}});
  Value form = ann.Task("makepayment", point, "choose");
  EXPECT_EQ(At(form, "data.methods"), R"(["CARD","SBP","WALLET","GIFT_CARD","NEW_GIFT_CARD"])");
  EXPECT_EQ(At(form, "data.amount"), "45000");
  EXPECT_EQ(At(form, "data.wallet.balance"), "12345");
  EXPECT_EQ(At(form, "data.cards") + At(form, "data.giftCards"), "[][]");
  EXPECT_EQ(At(form, "data.payEnabled"), "false");
  const std::string payment = At(ann.Await("makepayment", point, "choose"), "variables.payment.paymentId");
  EXPECT_EQ(ann.PressPay(payment).status, 409);
  // At the door it can be paid on receipt as well.
  form = ann.Task("makepayment", ann.OrderToDoor({{"green", 1}}), "choose");
  EXPECT_NE(At(form, "data.methods").find(R"("CASH_ON_RECEIPT","TERMINAL_ON_RECEIPT")"), std::string::npos);
  // Nobody else pays, or sees that there is something to be paid.
  Customer bob(world(), "pay1b");
  bob.Join();
  EXPECT_EQ(bob.PressPay(payment).status, 404);
  EXPECT_EQ(bob.Authorise(point, "WALLET").status, 409);
}

TEST_F(ShopFlowPayment, SHOP_PAY_7_SHOP_PAY_12_SHOP_PAY_13_SHOP_PAY_14_SHOP_PMT_3_ACardIsHeldThenCaptured) {
  Customer ann(world(), "pay7");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  const ClientResponse chosen = ann.Authorise(order, "CARD");
  ASSERT_EQ(At(chosen, "status"), "BANK_PAGE") << chosen.body;
  const std::string payment = At(chosen, "paymentId"), page = At(chosen, "bankRedirectUrl");
  EXPECT_EQ(ann.PressPay(payment).status, 409);
  EXPECT_EQ(ann.EnterCard(page, kChallengeCard).status, 200);
  EXPECT_EQ(StatusAtBank(payment), "CHALLENGE");
  EXPECT_EQ(ann.Confirm(page, "action=confirm&code=1234").status, 200);
  const Value ready = ann.Task("makepayment", order, "ready");
  EXPECT_EQ(At(ready, "data.payEnabled"), "true");
  EXPECT_EQ(At(ready, "data.maskedTokenId"), "**** 4444");
  EXPECT_EQ(world().KeptByBank(payment), 0);
  const ClientResponse paid = ann.PressPay(payment);
  EXPECT_EQ(At(paid, "result"), "SUCCESS") << paid.body;
  EXPECT_EQ(world().KeptByBank(payment), 45'000);
  const Mail letter = ann.MailAbout("Paid: 450.00 RUB");
  EXPECT_NE(letter.text.find("**** 4444"), std::string::npos) << letter.text;
  EXPECT_NE(letter.text.find(order), std::string::npos);
  ann.Await("makeorder", order, "");
  const Value shown = ann.Order(order);
  EXPECT_EQ(At(shown, "status"), "APPROVED");
  EXPECT_EQ(At(shown, "paymentId"), payment);
  EXPECT_EQ(At(shown, "paymentMethod"), "CARD");
}

TEST_F(ShopFlowPayment, SHOP_PAY_7_SHOP_PAY_15_ADeclinedCardLeavesPayDisabledAndSaysWhy) {
  Customer ann(world(), "pay7b");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  ClientResponse chosen = ann.Authorise(order, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kDeclinedCard);
  EXPECT_EQ(ProblemAtChoice(ann, order), "There is not enough money on the card");
  EXPECT_EQ(ann.PressPay(At(chosen, "paymentId")).status, 409);
  // The wrong code of 3-D Secure, and the customer who declines.
  chosen = ann.Authorise(order, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kChallengeCard);
  ann.Confirm(At(chosen, "bankRedirectUrl"), "action=confirm&code=9999");
  EXPECT_EQ(ProblemAtChoice(ann, order), "The code was wrong");
  chosen = ann.Authorise(order, "SBP");
  ann.Confirm(At(chosen, "link"), "action=decline");
  EXPECT_EQ(ProblemAtChoice(ann, order), "Declined in the app");
  world().SwitchBank(R"({"declineHolds":1})");
  EXPECT_EQ(ann.Authorise(order, "CARD").status, 402);
  // None of it stands in the way of another card.
  ann.PayByCard(order);
  EXPECT_EQ(world().KeptByBank(At(chosen, "paymentId")), 45'000);
}

TEST_F(ShopFlowPayment, SHOP_PAY_3_SHOP_PAY_23_SHOP_PMT_1_SHOP_PMT_7_SHOP_PMT_8_ASavedCardIsMaskedAndAsksForItsCvc) {
  Customer ann(world(), "pay3");
  ann.PayByCard(ann.Join().OrderToPoint({{"green", 1}}), R"("saveCard":true)");
  // It is linked beside the order, in its own time.
  Value means;
  for (int i = 0; i < 10'000 && At(means, "cards.0.tokenId").empty(); ++i)
    means = JsonOf(ann.Ask("payment", "GET", "/tokens/get"));
  const std::string token = At(means, "cards.0.tokenId");
  ASSERT_EQ(At(means, "cards.0.maskedTokenId"), "**** 4242");

  const std::string small = ann.OrderToPoint({{"green", 1}});
  EXPECT_EQ(At(ann.Task("makepayment", small, "choose"), "data.cards.0.tokenId"), token);
  const ClientResponse at_once = ann.Authorise(small, "CARD", R"("tokenId":")" + token + "\"");
  EXPECT_EQ(At(at_once, "status"), "AUTHORISED") << at_once.body;
  EXPECT_EQ(At(ann.PressPay(At(at_once, "paymentId")), "result"), "SUCCESS");

  const std::string large = ann.OrderToPoint({{"green", 3}});
  const ClientResponse asked = ann.Authorise(large, "CARD", R"("tokenId":")" + token + "\"");
  EXPECT_EQ(At(asked, "status"), "BANK_PAGE") << asked.body;
  EXPECT_EQ(ann.Confirm(At(asked, "bankRedirectUrl"), "action=confirm&cvc=913").status, 200);
  ann.Await("makepayment", large, "ready");
  EXPECT_EQ(At(ann.PressPay(At(asked, "paymentId")), "result"), "SUCCESS");

  // Nobody else's, and gone once it is deleted.
  Customer bob(world(), "pay3b");
  const std::string other = bob.Join().OrderToPoint({{"green", 1}});
  EXPECT_EQ(bob.Authorise(other, "CARD", R"("tokenId":")" + token + "\"").status, 404);
  EXPECT_EQ(ProblemAtChoice(bob, other), "");
  EXPECT_EQ(ann.Ask("payment", "DELETE", "/tokens/delete?tokenId=" + token).status, 204);
  EXPECT_EQ(At(ann.Ask("payment", "GET", "/tokens/get"), "cards"), "[]");
  world().ExpectNowhere(kEasyCard);
}

TEST_F(ShopFlowPayment, SHOP_PAY_8_SHOP_PAY_22_AFastPaymentIsScannedAndSettles) {
  Customer ann(world(), "pay8");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  const ClientResponse chosen = ann.Authorise(order, "SBP");
  ASSERT_EQ(At(chosen, "status"), "SCAN") << chosen.body;
  const std::string qr = At(chosen, "qr");
  ASSERT_NE(qr.find("/files/"), std::string::npos) << chosen.body;
  const ClientResponse picture = ann.Ask("files", "GET", qr.substr(qr.find("/files/")));
  EXPECT_EQ(picture.status, 200) << picture.body;
  EXPECT_EQ(picture.Header("content-type").substr(0, 6), "image/");
  EXPECT_EQ(ann.Confirm(At(chosen, "link")).status, 200);
  ann.Await("makepayment", order, "ready");
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  EXPECT_EQ(world().KeptByBank(At(chosen, "paymentId")), 45'000);
}

TEST_F(ShopFlowPayment, SHOP_PAY_9_SHOP_PMT_4_SHOP_BIL_5_AWalletPaysWhenItsBalanceSuffices) {
  Customer ann(world(), "pay9");
  ann.Join().Give(44'999);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  EXPECT_EQ(ann.Authorise(order, "WALLET").status, 402);
  EXPECT_EQ(ProblemAtChoice(ann, order), "The balance does not suffice");
  EXPECT_EQ(ann.Balance(), 44'999);
  ann.Give(1);
  ann.PayByWallet(order);
  EXPECT_EQ(ann.Balance(), 0);
}

TEST_F(ShopFlowPayment, SHOP_PAY_13_SHOP_PAY_15_SHOP_PAY_16_SHOP_ORD_6_AfterAFailureTheOrderIsEditedOrPaidAnew) {
  Customer ann(world(), "pay15");
  ann.Join().Give(45'000);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  ClientResponse chosen = ann.Authorise(order, "WALLET");
  ASSERT_EQ(At(chosen, "status"), "AUTHORISED") << chosen.body;
  // The money is spent while "Pay" is enabled.
  EXPECT_EQ(world().Post("billing", "/wallet/debit", R"({"username":"pay15","amount":1})").status, 200);
  ClientResponse pressed = ann.PressPay(At(chosen, "paymentId"));
  EXPECT_EQ(At(pressed, "result"), "FAIL") << pressed.body;
  EXPECT_EQ(At(pressed, "errorMsg"), "The balance does not suffice");
  EXPECT_NE(ann.MailAbout("Not paid: 450.00 RUB").text.find("The balance does not suffice"), std::string::npos);
  ann.Answer("makepayment", order, "what-now", "retry");
  EXPECT_EQ(At(ann.Task("makepayment", order, "choose"), "data.wallet.balance"), "44999");

  chosen = ann.Authorise(order, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard);
  ann.Await("makepayment", order, "ready");
  world().SwitchBank(R"({"declineCaptures":1})");
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "FAIL");
  EXPECT_EQ(StatusAtBank(At(chosen, "paymentId")), "VOIDED");
  ann.Answer("makepayment", order, "what-now", "edit");
  // The cart with its items; changed and placed again it is paid.
  ann.Await("makeorder", order, "cart");
  Value cart = ann.Order(order);
  EXPECT_EQ(At(cart, "status"), "CHECKOUT");
  EXPECT_EQ(At(cart, "orderItems.0.productId"), "green");
  const ClientResponse adjusted = ann.Ask("order", "PUT", "/adjust",
                                          R"({"id":")" + order + R"(","version":)" + At(cart, "version") +
                                              R"(,"orderItems":)" + Customer::ItemsJson({{"cup", 1}}) + "}");
  EXPECT_EQ(adjusted.status, 200) << adjusted.body;
  ann.Answer("makeorder", order, "cart", "place-order");
  ann.ChoosePoint(order);
  ann.PayByWallet(order);
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "status"), "completed");
  EXPECT_EQ(ann.Balance(), 19'999);
}

TEST_F(ShopFlowPayment, SHOP_PAY_17_WhateverComesTwiceChargesOnce) {
  Customer ann(world(), "pay17");
  world().SwitchBank(R"({"callbacks":"TWICE"})");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  // Answers of the bank that get lost are asked for again.
  world().SwitchBank(R"({"lost":1})");
  const ClientResponse chosen = ann.Authorise(order, "CARD");
  const std::string payment = At(chosen, "paymentId");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard);
  ann.Await("makepayment", order, "ready");
  world().SwitchBank(R"({"callbacks":"NORMAL","lost":1})");
  EXPECT_EQ(At(ann.PressPay(payment), "result"), "SUCCESS");
  EXPECT_EQ(At(ann.PressPay(payment), "result"), "SUCCESS");
  EXPECT_EQ(world().KeptByBank(payment), 45'000);
  EXPECT_EQ(world().Count("payment", "payment_transaction", "kind = 'CAPTURE' and payment_guid = '" + payment + "'"),
            1);
}

TEST_F(ShopFlowPayment, SHOP_PAY_17_SHOP_PAY_8_ACallbackThatNeverComesIsAskedFor) {
  world().Override("makepayment", {{"bank_page_timeout", "3s"}});
  world().SwitchBank(R"({"callbacks":"NEVER"})");
  Customer ann(world(), "pay17b");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  const ClientResponse chosen = ann.Authorise(order, "SBP");
  ann.Confirm(At(chosen, "link"));
  ann.Await("makepayment", order, "ready");
  EXPECT_EQ(At(ann.PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  world().SwitchBank(R"({"callbacks":"NORMAL"})");
  // Where nothing was confirmed in time, the way to pay is chosen anew.
  world().Override("makepayment", {{"bank_page_timeout", "0s"}});
  const std::string other = ann.OrderToPoint({{"green", 1}});
  ann.Authorise(other, "CARD");
  EXPECT_EQ(ProblemAtChoice(ann, other), "The time for the bank's page is over");
  world().Restore("makepayment");
}

TEST_F(ShopFlowPayment, SHOP_PAY_18_AHoldOrFastPaymentThatPayDoesNotFollowIsGivenBack) {
  world().Override("makepayment", {{"pay_timeout", "0s"}});
  Customer ann(world(), "pay18");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  ClientResponse chosen = ann.Authorise(order, "CARD");
  const std::string payment = At(chosen, "paymentId");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard);
  EXPECT_EQ(ProblemAtChoice(ann, order), "The time to pay is over");
  EXPECT_EQ(StatusAtBank(payment), "VOIDED");
  EXPECT_EQ(ann.PressPay(payment).status, 409);
  chosen = ann.Authorise(order, "SBP");
  ann.Confirm(At(chosen, "link"));
  EXPECT_EQ(ProblemAtChoice(ann, order), "The time to pay is over");
  EXPECT_EQ(StatusAtBank(payment, 1), "REFUNDED");
  EXPECT_EQ(world().KeptByBank(payment), 0);
  world().Restore("makepayment");
}

TEST_F(ShopFlowPayment, SHOP_PAY_19_SHOP_CHK_15_TheAmountIsItemsAfterDiscountsAndDelivery) {
  Customer ann(world(), "pay19");
  ann.Join().Give(1'000'000);
  const std::string order = ann.OrderToDoor({{"cup", 2}, {"green", 1}});
  EXPECT_EQ(At(ann.Task("makepayment", order, "choose"), "data.amount"), "115000");
  const Value priced = ann.Order(order);
  EXPECT_EQ(IntAt(priced, "productsPrice") + IntAt(priced, "deliveryPrice") + IntAt(priced, "taxPrice"), 115'000);
  EXPECT_EQ(At(priced, "status"), "AWAITING_PAYMENT");
  ann.PayByWallet(order);
  EXPECT_EQ(ann.Balance(), 885'000);
}

TEST_F(ShopFlowPayment, SHOP_PAY_20_SHOP_PAY_21_SHOP_PAY_24_AtTheDoorTheCourierCollects) {
  Customer ann(world(), "pay20");
  ann.Join();
  int quantity = 0;
  for (const std::string kind : {"CASH", "TERMINAL"}) {
    const std::string order = ann.OrderToDoor({{"green", ++quantity}});
    const ClientResponse chosen = ann.Authorise(order, kind + "_ON_RECEIPT");
    EXPECT_EQ(At(chosen, "status"), "DEFERRED") << chosen.body;
    EXPECT_EQ(At(ann.Await("makeorder", order, ""), "output.paymentResult"), "DEFERRED");
    EXPECT_EQ(ann.StatusOf(order), "APPROVED");
    const long long total = IntAt(ann.Order(order), "totalPrice");
    const auto collect = [&](long long amount) {
      return world().Post(
          "payment", "/collect",
          R"({"orderId":")" + order + R"(","kind":")" + kind + R"(","amount":)" + std::to_string(amount) + "}");
    };
    EXPECT_EQ(collect(total - 1).status, 409);
    EXPECT_EQ(At(collect(total), "status"), "Finished");
    EXPECT_EQ(collect(total).status, 409);
    const std::string paid = "Paid: " + std::to_string(total / 100) + ".00 RUB";
    EXPECT_NE(ann.MailAbout(paid).text.find(order), std::string::npos);
  }
}

TEST_F(ShopFlowPayment, SHOP_PAY_25_AWayToPayThatIsNotOfferedIsRefused) {
  Customer ann(world(), "pay25");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  EXPECT_EQ(ann.Authorise(order, "CASH_ON_RECEIPT").status, 409);
  EXPECT_EQ(ProblemAtChoice(ann, order), "This way to pay is not possible here");
  EXPECT_EQ(ann.Authorise(order, "SEASHELLS").status, 409);
  EXPECT_EQ(ann.Ask("payment", "POST", "/authorise", R"({"refId":")" + order + "\"}").status, 400);
  EXPECT_EQ(ann.StatusOf(order), "AWAITING_PAYMENT");
}

TEST_F(ShopFlowPayment, SHOP_PAY_26_SHOP_PMT_6_TheCustomerIsToldThatPaymentIsAwaited) {
  Customer ann(world(), "pay26");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  const Mail letter = ann.MailAbout("Order " + order + " awaits its payment");
  EXPECT_NE(letter.text.find("450.00 RUB"), std::string::npos) << letter.text;
  EXPECT_NE(letter.text.find("We begin to prepare the order once it is paid"), std::string::npos);
  EXPECT_NE(letter.html.find(order), std::string::npos);
}

TEST_F(ShopFlowPayment, SHOP_PAY_27_ABankThatIsDownForAWhileHoldsNothingUp) {
  Customer ann(world(), "pay27");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  world().SwitchBank(R"({"down":3})");
  const std::string payment = ann.PayByCard(order);
  EXPECT_EQ(world().KeptByBank(payment), 45'000);
}

TEST_F(ShopFlowPayment, TheCustomerWhoLeavesPaysNothingAndHasTheCartAgain) {
  Customer ann(world(), "payleave");
  const std::string order = ann.Join().OrderToPoint({{"green", 1}});
  const ClientResponse chosen = ann.Authorise(order, "CARD");
  ann.Answer("makepayment", order, "bank-page", "leave");
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "error.name"), "abandoned");
  EXPECT_EQ(ann.StatusOf(order), "NEW");
  EXPECT_EQ(StatusAtBank(At(chosen, "paymentId")), "VOIDED");
  // Who comes to the bank's page too late is told so.
  EXPECT_EQ(ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard).status, 409);
}

}  // namespace
}  // namespace fermata::test

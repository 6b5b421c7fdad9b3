// The orchestra: what all confirm is approved, what one refuses is taken back; then the goods go their way.
#include <chrono>
#include <future>

#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowApproval : public ShopFlow {
 protected:
  static std::string CaseAtStore(const std::string& order) {
    const Value cases = JsonOf(world().Get("store", "/cases"));
    for (const Value& work : cases.Find("cases")->as_list())
      if (At(work, "orderId") == order) return At(work, "caseId");
    return "";
  }
  static std::string StateAtStore(const std::string& order) {
    const Value cases = JsonOf(world().Get("store", "/cases"));
    for (const Value& work : cases.Find("cases")->as_list())
      if (At(work, "orderId") == order) return At(work, "status");
    return "";
  }
  static Value CaseAtDelivery(Customer& customer, const std::string& order) {
    return JsonOf(customer.Ask("delivery", "GET", "/cases/" + order));
  }
  static int Move(const std::string& service, const std::string& case_id, const std::string& status,
                  const std::string& more = "") {
    return world().Post(service, "/cases/" + case_id + "/status", R"({"status":")" + status + "\"" + more + "}").status;
  }
  static void ExpectRejected(Customer& customer, const std::string& order) {
    const Value made = customer.Await("makeorder", order, "");
    EXPECT_EQ(At(made, "error.name"), "order-rejected") << WriteJson(made);
    EXPECT_EQ(customer.StatusOf(order), "REJECTED");
    EXPECT_NE(customer.MailAbout("Order " + order + " could not be accepted").text, "");
  }
};

TEST_F(ShopFlowApproval,
       SHOP_ORC_1_SHOP_ORC_2_SHOP_ORC_3_SHOP_ORC_4_SHOP_ORC_5_SHOP_ORC_6_SHOP_ORC_7_SHOP_STO_3_SHOP_DLV_3_AllConfirm) {
  world().AddProduct("orc1", 10'000, 3);
  Customer ann(world(), "orc1");
  ann.Join().Give(100'000);
  const std::string door = ann.OrderToDoor({{"orc1", 1}});
  EXPECT_EQ(StateAtStore(door), "DRAFT");
  ann.PayByWallet(door);
  const Value made = ann.Await("makeorder", door, "");
  EXPECT_EQ(At(made, "output.result"), "APPROVED") << WriteJson(made);
  EXPECT_EQ(ann.StatusOf(door), "APPROVED");
  EXPECT_EQ(StateAtStore(door), "READY_TO_START");
  EXPECT_EQ(At(CaseAtDelivery(ann, door), "state"), "CONFIRMED");
  EXPECT_NE(ann.MailAbout("Order " + door + " is accepted").text, "");
  const std::string point = ann.OrderToPoint({{"orc1", 1}});
  ann.PayByWallet(point);
  ann.Await("makeorder", point, "");
  EXPECT_EQ(At(CaseAtDelivery(ann, point), "kind") + At(CaseAtDelivery(ann, point), "state"), "PICKUPCONFIRMED");
  EXPECT_EQ(world().FreeOf("orc1"), 1);
}

TEST_F(ShopFlowApproval, SHOP_ORD_4_SHOP_ORD_5_SHOP_NTF_3_SHOP_NTF_4_TheResultIsStoredAndPushed) {
  Customer ann(world(), "ord4");
  ann.Join().Give(45'000);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  ann.PayByWallet(order);
  const Value approved = ann.Await("approveorder", order, "");
  EXPECT_EQ(At(approved, "output.result"), "APPROVED");
  ann.Await("makeorder", order, "");
  EXPECT_EQ(At(ann.Order(order), "version"), At(approved, "output.version"));
  EXPECT_EQ(At(ann.Ask("order", "GET", "/orders/pending"), "orders.0.id"), order);
  // In the app as well: newest first, so the approval is the first.
  ann.MailAbout("Order " + order + " is accepted");
  Value list;
  for (int i = 0; i < 10'000 && At(list, "notifications.0.templateId") != "order-approved"; ++i)
    list = JsonOf(ann.Ask("notification", "GET", "/notifications"));
  EXPECT_EQ(At(list, "notifications.0.title"), "Order " + order + " is accepted");
}

TEST_F(ShopFlowApproval, SHOP_ORC_2_SHOP_ORC_8_AWrongAmountFailsTheOrderAndGoesBack) {
  Customer ann(world(), "orc2");
  ann.Join().Give(50'000);
  const std::string order = ann.Fill({{"green", 1}});
  const auto change = [&](const std::string& method, const std::string& target, const std::string& body) {
    const ClientResponse changed = world().Ask("order", method, target, body);
    EXPECT_EQ(changed.status, 200) << changed.body;
  };
  change("POST", "/orders/" + order + "/checkout", R"({"version":0})");
  change("POST", "/orders/" + order + "/price", R"({"version":1,"deliveryPrice":0,"place":"Mira 5"})");
  // One kopeck is missing.
  ann.Start("makepayment", R"({"purpose":"ORDER","refId":")" + order +
                               R"(","username":"orc2","amount":44999,"currency":"RUB","deliveryKind":"PICKUP"})");
  ann.Await("makepayment", order, "choose");
  const std::string payment = ann.PayByWallet(order);
  EXPECT_EQ(ann.Balance(), 5'001);
  change("PUT", "/process",
         R"({"id":")" + order + R"(","version":2,"paymentId":")" + payment + R"(","paymentMethod":"WALLET"})");
  ann.Start(
      "approveorder",
      R"({"orderId":")" + order + R"(","version":3,"username":"orc2","kind":"GOODS","amount":45000,)" +
          R"("currency":"RUB","deliveryKind":"PICKUP","items":[{"productId":"green","quantity":1}],"paymentId":")" +
          payment + "\"}");
  const Value ended = ann.Await("approveorder", order, "");
  EXPECT_EQ(At(ended, "error.name"), "order-rejected");
  EXPECT_EQ(At(ended, "error.message"), "Expected a payment of 45000, but it is of 44999");
  EXPECT_EQ(ann.StatusOf(order), "REJECTED");
  EXPECT_EQ(ann.Balance(), 50'000);
}

TEST_F(ShopFlowApproval, SHOP_ORC_3_SHOP_ORC_8_SHOP_ORC_9_GoodsThatAreGoneRejectTheOrderAndThePaymentGoesBack) {
  world().AddProduct("orc3", 10'000, 1);
  Customer ann(world(), "orc3"), bob(world(), "orc3b");
  ann.Join().Give(10'000);
  bob.Join().Give(10'000);
  const std::string order = ann.OrderToPoint({{"orc3", 1}});
  // Her reservation ends, and he is quicker.
  const std::string reservation = At(ann.Await("makeorder", order, "pay"), "variables.stock.reservationId");
  EXPECT_EQ(world().Ask("store", "DELETE", "/reservations/" + reservation).status, 204);
  const std::string his = bob.OrderToPoint({{"orc3", 1}});
  bob.PayByWallet(his);
  bob.Await("makeorder", his, "");
  ann.PayByWallet(order);
  ExpectRejected(ann, order);
  EXPECT_EQ(ann.Balance(), 10'000);
  EXPECT_NE(ann.MailAbout("Given back: 100.00 RUB").text.find(order), std::string::npos);
  EXPECT_EQ(At(CaseAtDelivery(ann, order), "state"), "DRAFT");
  EXPECT_EQ(bob.StatusOf(his), "APPROVED");
}

TEST_F(ShopFlowApproval, SHOP_ORC_4_SHOP_ORC_5_SHOP_ORC_9_ADeliveryThatIsGoneFreesTheGoodsAndThePaymentGoesBack) {
  world().AddProduct("orc4", 10'000, 1);
  Customer ann(world(), "orc4");
  ann.Join().Give(10'000);
  const std::string order = ann.OrderToPoint({{"orc4", 1}});
  const std::string reservation = At(ann.Await("makeorder", order, "pay"), "variables.slot.reservationId");
  EXPECT_EQ(world().Ask("delivery", "DELETE", "/reservations/" + reservation).status, 204);
  ann.PayByWallet(order);
  ExpectRejected(ann, order);
  EXPECT_EQ(ann.Balance(), 10'000);
  EXPECT_EQ(world().FreeOf("orc4"), 1);
  EXPECT_EQ(StateAtStore(order), "CANCELED");
  // What the courier should have collected is forgotten as well.
  Customer bob(world(), "orc4b");
  bob.Join();
  const std::string door = bob.OrderToDoor({{"orc4", 1}});
  const std::string slot = At(bob.Await("makeorder", door, "pay"), "variables.slot.reservationId");
  EXPECT_EQ(world().Ask("delivery", "DELETE", "/reservations/" + slot).status, 204);
  bob.Authorise(door, "CASH_ON_RECEIPT");
  ExpectRejected(bob, door);
  EXPECT_EQ(world().Post("payment", "/collect", R"({"orderId":")" + door + R"(","kind":"CASH","amount":30000})").status,
            409);
}

TEST_F(ShopFlowApproval, SHOP_ORC_10_AnEngineThatDiesInTheMiddleGoesOnAndNothingIsDoneTwice) {
  world().AddProduct("orc10", 10'000, 5);
  Customer ann(world(), "orc10");
  ann.Join().Give(10'000);
  const std::string order = ann.OrderToPoint({{"orc10", 1}});
  // The store has booked, and nobody hears it.
  std::promise<void> killed;
  world().door("store").CutNext(CuttingProxy::Cut::kAfter, "/confirm", [&killed] {
    world().engine().Kill();
    killed.set_value();
  });
  const ClientResponse chosen = ann.Authorise(order, "WALLET");
  ann.PressPay(At(chosen, "paymentId"));
  ASSERT_EQ(killed.get_future().wait_for(std::chrono::milliseconds(kPatienceMs)), std::future_status::ready);
  world().engine().Start();
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "output.result"), "APPROVED");
  EXPECT_EQ(world().FreeOf("orc10"), 4);
  EXPECT_EQ(ann.Balance(), 0);
  EXPECT_EQ(ann.StatusOf(order), "APPROVED");
}

TEST_F(ShopFlowApproval, SHOP_ORC_11_AnAnswerThatComesTooLateIsTakenBack) {
  world().AddProduct("orc11", 10'000, 1);
  Customer ann(world(), "orc11");
  ann.Join().Give(10'000);
  world().Override("approveorder", {{"step_timeout", "3s"}});
  const std::string order = ann.OrderToPoint({{"orc11", 1}});
  // The store has booked, but says so only when it is too late.
  std::promise<void> late;
  const std::shared_future<void> is_late = late.get_future().share();
  world().door("store").CutNext(CuttingProxy::Cut::kAfter, "/confirm",
                                [is_late] { is_late.wait_for(std::chrono::milliseconds(kPatienceMs)); });
  ann.PayByWallet(order);
  const std::string approval = At(ann.Await("approveorder", order, "confirm-stock"), "id");
  world().Restore("approveorder");
  Value now;
  for (int i = 0; i < 100'000 && (i == 0 || At(now, "states").find("confirm-stock") != std::string::npos); ++i)
    now = JsonOf(world().Get("engine", "/v1/instances/" + approval));
  late.set_value();
  const Value made = ann.Await("makeorder", order, "");
  EXPECT_EQ(At(made, "error.message"), "The stock was not confirmed in time") << WriteJson(made);
  EXPECT_EQ(ann.StatusOf(order), "REJECTED");
  EXPECT_EQ(StateAtStore(order), "CANCELED");
  EXPECT_EQ(world().FreeOf("orc11"), 1);
  EXPECT_EQ(ann.Balance(), 10'000);
}

TEST_F(ShopFlowApproval, SHOP_PMT_5_SHOP_ORC_8_CardsAndFastPaymentsGetTheirMoneyBack) {
  Customer ann(world(), "pmt5");
  ann.Join();
  for (const bool by_card : {true, false}) {
    const std::string order = ann.OrderToPoint({{"green", 1}});
    const std::string slot = At(ann.Await("makeorder", order, "pay"), "variables.slot.reservationId");
    EXPECT_EQ(world().Ask("delivery", "DELETE", "/reservations/" + slot).status, 204);
    const std::string payment = by_card ? ann.PayByCard(order) : ann.PayBySbp(order);
    ExpectRejected(ann, order);
    EXPECT_EQ(world().KeptByBank(payment), 0);
    EXPECT_EQ(world().Count("payment", "payment", "status = 'Cancelled' and payment_guid = '" + payment + "'"), 1);
  }
}

TEST_F(ShopFlowApproval, SHOP_STO_4_SHOP_DLV_4_SHOP_DLV_5_SHOP_NTF_8_AnOrderIsPickedAndBroughtToThePoint) {
  world().AddProduct("sto4", 10'000, 2);
  Customer ann(world(), "sto4");
  ann.Join().Give(10'000);
  const std::string order = ann.OrderToPoint({{"sto4", 1}});
  ann.PayByWallet(order);
  ann.Await("makeorder", order, "");
  const std::string work = CaseAtStore(order);
  EXPECT_EQ(Move("store", work, "ASSEMBLED"), 409);
  for (const char* state : {"IN_WORK", "ASSEMBLED", "HANDED_OVER"}) EXPECT_EQ(Move("store", work, state), 200) << state;
  EXPECT_EQ(world().Count("store", "stock", "product_id = 'sto4' and on_hand = 1 and booked = 0"), 1);
  const std::string delivery = At(CaseAtDelivery(ann, order), "caseId");
  EXPECT_EQ(Move("delivery", delivery, "AT_POINT"), 409);
  for (const char* state : {"ASSIGNED", "PICKED_UP", "IN_TRANSIT", "AT_POINT"})
    EXPECT_EQ(Move("delivery", delivery, state), 200) << state;
  EXPECT_NE(ann.MailAbout("Order " + order + " is waiting for you").text.find("Mira 5"), std::string::npos);
  EXPECT_EQ(Move("delivery", delivery, "DELIVERED"), 200);
  EXPECT_NE(ann.MailAbout("Order " + order + " is delivered").html, "");
}

TEST_F(ShopFlowApproval, SHOP_DLV_6_WhoeverIsDeliveredToHearsOfItBeforehand) {
  Customer ann(world(), "dlv6a");
  ann.Join().Give(200'000);
  // So long before that it is now.
  world().Override("deliverynotice", {{"notice_before", "240h"}});
  const std::string order = ann.OrderToDoor({{"green", 1}});
  ann.PayByWallet(order);
  EXPECT_EQ(At(ann.Await("deliverynotice", order, ""), "output.told"), "true");
  world().Restore("deliverynotice");
  const Mail letter = ann.MailAbout("Order " + order + " will be delivered soon");
  EXPECT_NE(letter.text.find("between 10:00 and 12:00 to this address: Kazan, Mira 7."), std::string::npos)
      << letter.text;
}

TEST_F(ShopFlowApproval, SHOP_DLV_6_SHOP_PAY_20_SHOP_PAY_24_TheCourierComesToTheDoorAndCollects) {
  Customer ann(world(), "dlv6");
  const std::string order = ann.Join().OrderToDoor({{"green", 1}});
  ann.Authorise(order, "CASH_ON_RECEIPT");
  ann.Await("makeorder", order, "");
  const std::string delivery = At(CaseAtDelivery(ann, order), "caseId");
  for (const char* state : {"ASSIGNED", "PICKED_UP", "IN_TRANSIT"})
    EXPECT_EQ(Move("delivery", delivery, state), 200) << state;
  const Mail letter = ann.MailAbout("Order " + order + " is on its way");
  EXPECT_NE(letter.text.find("Kazan, Mira 7"), std::string::npos) << letter.text;
  EXPECT_NE(letter.text.find("between 10:00 and 12:00"), std::string::npos) << letter.text;
  EXPECT_EQ(Move("delivery", delivery, "NEAR_ADDRESS"), 200);
  const std::string proof = R"(,"proof":{"code":"1234"},"collected":{"kind":"CASH","amount":)";
  EXPECT_EQ(Move("delivery", delivery, "DELIVERED"), 400);
  EXPECT_EQ(Move("delivery", delivery, "DELIVERED", proof + "1}"), 409);
  EXPECT_EQ(Move("delivery", delivery, "DELIVERED", proof + "65000}"), 200);
  EXPECT_EQ(At(CaseAtDelivery(ann, order), "state"), "DELIVERED");
  EXPECT_NE(ann.MailAbout("Paid: 650.00 RUB").text.find(order), std::string::npos);
}

TEST_F(ShopFlowApproval, SHOP_BIL_6_EveryMovementIsARowOfTheLedger) {
  Customer ann(world(), "bil6");
  ann.Join().Give(50'000);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  ann.PayByWallet(order);
  ann.Await("makeorder", order, "");
  const Value ledger = JsonOf(world().Get("billing", "/wallets/bil6/ledger"));
  EXPECT_EQ(At(ledger, "trxns.0.amount"), "-45000");
  EXPECT_EQ(At(ledger, "trxns.0.balanceAfter"), "5000");
  EXPECT_EQ(At(ledger, "trxns.1.amount"), "50000");
  world().ExpectSoundBooks();
}

}  // namespace
}  // namespace fermata::test

// A customer cancels: before it is placed always, afterwards while nobody works on it.
#include <chrono>
#include <future>

#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowCancel : public ShopFlow {
 protected:
  static void ExpectCanceled(Customer& customer, const std::string& order) {
    const ClientResponse canceled = customer.Cancel(order);
    EXPECT_EQ(canceled.status, 200) << canceled.body;
    EXPECT_EQ(At(canceled, "result"), "CANCELED") << canceled.body;
    EXPECT_EQ(customer.StatusOf(order), "CANCELED");
    EXPECT_NE(customer.MailAbout("Order " + order + " is cancelled").text, "");
  }
  static std::string ToDoorForCash(Customer& customer, const std::string& product) {
    const std::string order = customer.OrderToDoor({{product, 1}});
    customer.Authorise(order, "CASH_ON_RECEIPT");
    customer.Await("makeorder", order, "");
    EXPECT_EQ(customer.StatusOf(order), "APPROVED");
    return order;
  }
};

TEST_F(ShopFlowCancel, SHOP_ORD_2_SHOP_CAN_1_SHOP_CAN_9_ACartIsCancelledForGood) {
  Customer ann(world(), "can1");
  const std::string order = ann.Join().Fill({{"green", 1}});
  ExpectCanceled(ann, order);
  EXPECT_EQ(At(ann.Cancel(order), "result"), "CANCELED");
  EXPECT_EQ(ann.Place(order).status, 409);
  EXPECT_EQ(At(ann.Ask("order", "GET", "/orders"), "orders.0.status"), "CANCELED");
}

TEST_F(ShopFlowCancel, SHOP_ORD_2_SHOP_ORD_6_WhileItIsPaidNothingIsKeptAndNothingRunsOn) {
  world().AddProduct("can2", 10'000, 1);
  Customer ann(world(), "can2");
  const std::string order = ann.Join().OrderToDoor({{"can2", 1}}, "stork");
  const ClientResponse chosen = ann.Authorise(order, "CARD");
  ann.EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard);
  ann.Await("makepayment", order, "ready");
  EXPECT_EQ(world().FreeOf("can2"), 0);
  ExpectCanceled(ann, order);
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "status"), "cancelled");
  EXPECT_EQ(At(ann.Await("makepayment", order, ""), "status"), "cancelled");
  EXPECT_EQ(At(world().Get("bank", "/books?merchantRef=" + At(chosen, "paymentId")), "entries.0.status"), "VOIDED");
  EXPECT_EQ(world().FreeOf("can2"), 1);
  EXPECT_EQ(At(ann.Ask("delivery", "GET", "/cases/" + order), "state"), "CANCELED");
  EXPECT_EQ(ann.PressPay(At(chosen, "paymentId")).status, 409);
}

TEST_F(ShopFlowCancel, SHOP_ORD_2_SHOP_CAN_8_AnOrderOnReceiptIsCancelledAndTheStaffIsTold) {
  world().AddProduct("can8", 10'000, 1);
  Customer ann(world(), "can8");
  const std::string order = ToDoorForCash(ann.Join(), "can8");
  ExpectCanceled(ann, order);
  EXPECT_EQ(world().FreeOf("can8"), 1);
  EXPECT_EQ(
      world().Post("payment", "/collect", R"({"orderId":")" + order + R"(","kind":"CASH","amount":30000})").status,
      409);
  for (const char* role : {"warehouse", "ingredient-counter", "ingredient-supervisor"})
    EXPECT_NE(ann.MailTo(std::string(role) + "@shop.example", "Order " + order).text.find("Another time"),
              std::string::npos);
  EXPECT_EQ(At(ann.Ask("order", "GET", "/orders/pending"), "orders"), "[]");
}

TEST_F(ShopFlowCancel, SHOP_CAN_3_SHOP_CAN_7_WhatSomebodyWorksOnIsNotCancelledAndNothingHasChanged) {
  world().AddProduct("can3", 10'000, 1);
  Customer ann(world(), "can3");
  const std::string order = ToDoorForCash(ann.Join(), "can3");
  const Value cases = JsonOf(world().Get("store", "/cases?status=READY_TO_START"));
  std::string work;
  for (const Value& one : cases.Find("cases")->as_list())
    if (At(one, "orderId") == order) work = At(one, "caseId");
  EXPECT_EQ(world().Post("store", "/cases/" + work + "/status", R"({"status":"IN_WORK","assignee":"pete"})").status,
            200);
  const ClientResponse refused = ann.Cancel(order);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(At(refused, "errorMessage"), "The order can no longer be cancelled; it is APPROVED now");
  EXPECT_EQ(ann.StatusOf(order), "APPROVED");
  EXPECT_EQ(world().FreeOf("can3"), 0);
  EXPECT_EQ(At(ann.Ask("delivery", "GET", "/cases/" + order), "state"), "CONFIRMED");
  EXPECT_EQ(world().Post("store", "/cases/" + work + "/status", R"({"status":"ASSEMBLED"})").status, 200);
}

TEST_F(ShopFlowCancel, SHOP_CAN_4_WhatIsPrepaidIsCancelledOnlyIfTheShopAllowsIt) {
  Customer ann(world(), "can4");
  ann.Join().Give(45'000);
  const std::string order = ann.OrderToPoint({{"green", 1}});
  ann.PayByWallet(order);
  ann.Await("makeorder", order, "");
  EXPECT_EQ(ann.Cancel(order).status, 409);
  EXPECT_EQ(ann.StatusOf(order), "APPROVED");
  EXPECT_EQ(ann.Balance(), 0);
  world().Override("cancelorder", {{"allow_prepaid_cancel", "true"}});
  ExpectCanceled(ann, order);
  world().Restore("cancelorder");
  EXPECT_EQ(ann.Balance(), 45'000);
  EXPECT_NE(ann.MailAbout("Given back: 450.00 RUB").text.find(order), std::string::npos);
}

TEST_F(ShopFlowCancel, SHOP_CAN_7_SHOP_ORD_7_SHOP_ORD_8_AStaleVersionAndOtherPeoplesOrdersAreRefused) {
  Customer ann(world(), "can7"), bob(world(), "can7b");
  const std::string order = ann.Join().Fill({{"green", 1}});
  const auto cancel = [&](Customer& customer, const std::string& id, int version) {
    return customer
        .Ask("order", "PUT", "/cancel", R"({"id":")" + id + R"(","version":)" + std::to_string(version) + "}")
        .status;
  };
  EXPECT_EQ(cancel(ann, order, 7), 409);
  EXPECT_EQ(cancel(bob.Join(), order, 0), 403);
  EXPECT_EQ(cancel(ann, "none", 0), 404);
  EXPECT_EQ(ann.StatusOf(order), "NEW");
  EXPECT_EQ(ann.Place(order).status, 202);
}

TEST_F(ShopFlowCancel, SHOP_CAN_2_WithoutAConfirmationTheOrderIsKept) {
  Customer ann(world(), "can2b");
  const std::string order = ann.Join().Fill({{"green", 1}});
  const std::string wish = R"({"orderId":")" + order + R"(","version":0,"sessionRef":")" + ann.SessionRef() + "\"}";
  const std::string kept = At(ann.Start("cancelorder", wish), "id");
  ann.AnswerOf(kept, "confirm", "keep");
  EXPECT_EQ(At(ann.AwaitInstance(kept, ""), "output.result"), "KEPT");
  EXPECT_EQ(ann.StatusOf(order), "NEW");
  const std::string done = At(ann.Start("cancelorder", wish), "id");
  ann.AnswerOf(done, "confirm", "cancel", R"({"comment":"Too dear"})");
  EXPECT_EQ(At(ann.AwaitInstance(done, ""), "output.result"), "CANCELED");
  EXPECT_EQ(world().Count("orders", "shop_order", "cancel_comment = 'Too dear'"), 1);
}

TEST_F(ShopFlowCancel, SHOP_ORD_2_SHOP_ORC_9_WhileTheOrchestraApprovesNothingIsLeftOfIt) {
  world().AddProduct("can10", 10'000, 1);
  Customer ann(world(), "can10");
  const std::string order = ann.Join().OrderToDoor({{"can10", 1}});
  // The store has booked, and the orchestra still waits for its answer.
  std::promise<void> answered;
  const std::shared_future<void> is_answered = answered.get_future().share();
  world().door("store").CutNext(CuttingProxy::Cut::kAfter, "/confirm",
                                [is_answered] { is_answered.wait_for(std::chrono::milliseconds(kPatienceMs)); });
  ann.Authorise(order, "CASH_ON_RECEIPT");
  ann.Await("approveorder", order, "confirm-stock");
  const std::string version = At(ann.Order(order), "version");
  EXPECT_EQ(ann.StatusOf(order), "IN_PROGRESS");
  const std::string cancelling =
      At(ann.Start("cancelorder", R"({"orderId":")" + order + R"(","confirmed":true,"version":)" + version +
                                      R"(,"sessionRef":")" + ann.SessionRef() + "\"}"),
         "id");
  ann.AwaitInstance(cancelling, "stop");
  answered.set_value();
  EXPECT_EQ(At(ann.AwaitInstance(cancelling, ""), "output.result"), "CANCELED");
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "status"), "cancelled");
  EXPECT_EQ(At(ann.Await("approveorder", order, ""), "status"), "cancelled");
  EXPECT_EQ(ann.StatusOf(order), "CANCELED");
  EXPECT_EQ(world().FreeOf("can10"), 1);
  EXPECT_EQ(At(ann.Ask("delivery", "GET", "/cases/" + order), "state"), "CANCELED");
}

}  // namespace
}  // namespace fermata::test

// The same flows with engine and services on PostgreSQL.
#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowPostgres : public ShopFlow {
 protected:
  static void SetUpTestSuite() { world_ = new ShopWorld(ShopWorld::Databases::kPostgres); }
  static void TearDownTestSuite() {
    world_->ExpectSoundBooks();
    delete world_;
  }
};

TEST_F(ShopFlowPostgres, SHOP_ORC_1_SHOP_PAY_7_SHOP_CHK_7_AnOrderIsPaidByCardApprovedAndDelivered) {
  Customer ann(world(), "pg1");
  const std::string order = ann.Join().OrderToDoor({{"green", 1}, {"honey", 2}});
  const std::string payment = ann.PayByCard(order, R"("saveCard":true)");
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "output.result"), "APPROVED");
  EXPECT_EQ(world().KeptByBank(payment), 105'000);
  EXPECT_NE(ann.MailAbout("Order " + order + " is accepted").text, "");
  EXPECT_EQ(ann.Cancel(order).status, 409);
}

TEST_F(ShopFlowPostgres, SHOP_WAL_3_SHOP_PAY_9_SHOP_ORD_2_TheWalletIsToppedUpAndAnUnpaidOrderCancelled) {
  Customer ann(world(), "pg2");
  const ClientResponse begun = ann.Join().Ask("payment", "POST", "/topup", R"({"amount":45000,"method":"SBP"})");
  ASSERT_EQ(begun.status, 201) << begun.body;
  ann.Confirm(At(begun, "link"));
  const std::string top_up =
      At(JsonOf(world().Get("engine", "/v1/instances?limit=1&process=wallet-topup")), "items.0.id");
  ann.Await("makepayment", "topup-" + top_up, "ready");
  EXPECT_EQ(At(ann.PressPay(At(begun, "paymentId")), "result"), "SUCCESS");
  ann.AwaitInstance(top_up, "");
  EXPECT_EQ(ann.Balance(), 45'000);
  const std::string unpaid = ann.OrderToPoint({{"green", 1}});
  EXPECT_EQ(At(ann.Cancel(unpaid), "result"), "CANCELED");
  ann.PayByWallet(ann.OrderToPoint({{"green", 1}}));
  EXPECT_EQ(ann.Balance(), 0);
}

TEST_F(ShopFlowPostgres, SHOP_ORC_9_ARejectedOrderIsTakenBack) {
  world().AddProduct("pg3", 10'000, 1);
  Customer ann(world(), "pg3");
  ann.Join().Give(10'000);
  const std::string order = ann.OrderToPoint({{"pg3", 1}});
  const std::string reservation = At(ann.Await("makeorder", order, "pay"), "variables.slot.reservationId");
  EXPECT_EQ(world().Ask("delivery", "DELETE", "/reservations/" + reservation).status, 204);
  ann.PayByWallet(order);
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "error.name"), "order-rejected");
  EXPECT_EQ(ann.Balance(), 10'000);
  EXPECT_EQ(world().FreeOf("pg3"), 1);
}

}  // namespace
}  // namespace fermata::test

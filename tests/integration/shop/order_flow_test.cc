// From the catalogue over the cart and the checkout to the order that awaits its payment.
#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowOrder : public ShopFlow {};

TEST_F(ShopFlowOrder, SHOP_CHK_4_SHOP_PAY_14_AnOrderIsPaidFromTheWalletAndApproved) {
  Customer ann(world(), "smoke");
  ann.Join().Give(100'000);
  const std::string order = ann.OrderToPoint({{"green", 2}});
  ann.PayByWallet(order);
  const Value made = ann.Await("makeorder", order, "");
  EXPECT_EQ(At(made, "status"), "completed") << WriteJson(made);
  EXPECT_EQ(ann.StatusOf(order), "APPROVED");
  EXPECT_EQ(ann.Balance(), 10'000);
}

}  // namespace
}  // namespace fermata::test

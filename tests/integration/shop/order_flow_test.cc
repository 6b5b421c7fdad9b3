// From the catalogue over the cart and the checkout to the order that awaits its payment.
#include <atomic>
#include <thread>

#include "tests/integration/shop/shop_flow.h"

namespace fermata::test {
namespace {

class ShopFlowOrder : public ShopFlow {
 protected:
  static ClientResponse Adjust(Customer& customer, const std::string& order, const std::string& version,
                               const Customer::Items& items) {
    return customer.Ask(
        "order", "PUT", "/adjust",
        R"({"id":")" + order + R"(","version":)" + version + R"(,"orderItems":)" + Customer::ItemsJson(items) + "}");
  }
  static std::string ProblemAt(Customer& customer, const std::string& order, const std::string& state) {
    return At(customer.Task("makeorder", order, state), "data.problem");
  }
  // How many of so many requests at once, each with a number of its own in place of '#', get this answer.
  static int CountAtOnce(int requests, const std::string& service, const std::string& target, const std::string& body,
                         int status) {
    std::atomic<int> count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < requests; ++i)
      threads.emplace_back([&, i] {
        const std::string number = std::to_string(i);
        std::string text = body;
        text.replace(text.find('#'), 1, number);
        const ClientResponse answer =
            HttpClient(world().port(service))
                .Post(target, text, "application/json",
                      {{"Idempotency-Key", target + text}, {"X-Service-Key", ShopWorld::kServiceKey}});
        if (answer.status == status) ++count;
      });
    for (std::thread& thread : threads) thread.join();
    return count;
  }
};

TEST_F(ShopFlowOrder,
       SHOP_CAT_1_SHOP_CAT_2_SHOP_CAT_3_SHOP_CAT_4_SHOP_STO_1_SHOP_STO_5_ASearchShowsCardsWithTheirStores) {
  EXPECT_EQ(At(world().Get("store", "/products?category=cake"), "products.0.id"), "honey");
  const Value found = JsonOf(world().Get("store", "/products?q=GREEN"));
  EXPECT_EQ(At(found, "products.0.name"), "Green tea");
  EXPECT_EQ(At(found, "products.0.price"), "45000");
  EXPECT_EQ(At(found, "products.0.image"), "/green.svg");
  EXPECT_EQ(At(found, "products.0.discount"), "0");
  EXPECT_EQ(At(found, "products.0.availability.0.store.id") + At(found, "products.0.availability.1.store.id"), "s1s2");
  EXPECT_EQ(At(found, "products.0.availability.2"), "");
  EXPECT_EQ(At(world().Get("store", "/products?q=cup"), "products.0.discount"), "5000");
}

TEST_F(ShopFlowOrder, SHOP_CAT_5_SHOP_CAT_6_SHOP_CAT_7_AProductHasItsPageAndNoMatchIsAnEmptyList) {
  const Value page = JsonOf(world().Get("store", "/products/green"));
  EXPECT_EQ(At(page, "description"), "From Sochi");
  EXPECT_EQ(At(page, "categoryId"), "tea");
  const Value categories = JsonOf(world().Get("store", "/categories"));
  EXPECT_EQ(At(categories, "categories.0.description"), "Sweet");
  EXPECT_EQ(At(categories, "categories.0.image"), "/cake.svg");
  const ClientResponse none = world().Get("store", "/products?q=submarine");
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(At(none, "products"), "[]");
  EXPECT_EQ(world().Get("store", "/products/submarine").status, 404);
}

TEST_F(ShopFlowOrder, SHOP_CART_1_SHOP_CART_2_SHOP_CART_3_SHOP_CART_4_SHOP_CART_5_SHOP_CART_6_SHOP_ORD_1_TheCartGrows) {
  Customer ann(world(), "cart1");
  const std::string order = ann.Join().Fill({{"green", 1}});
  EXPECT_EQ(ann.StatusOf(order), "NEW");
  EXPECT_EQ(Adjust(ann, order, "0", {{"green", 1}, {"cup", 1}}).status, 200);
  // The same product once more is one line with two of it.
  EXPECT_EQ(Adjust(ann, order, "1", {{"green", 1}, {"cup", 1}, {"green", 1}}).status, 200);
  const Value cart = ann.Order(order);
  EXPECT_EQ(At(cart, "orderItems.0.quantity"), "2");
  EXPECT_EQ(At(cart, "orderItems.0.product.price"), "45000");
  EXPECT_EQ(At(cart, "orderItems.0.lineTotal"), "90000");
  EXPECT_EQ(At(cart, "orderItems.1.productName"), "Cup");
  EXPECT_EQ(At(cart, "orderItems.1.lineTotal"), "25000");
  EXPECT_EQ(At(cart, "orderItems.2"), "");
  EXPECT_EQ(At(cart, "totalPrice"), "115000");
  EXPECT_EQ(At(ann.Ask("order", "GET", "/orders"), "orders.1"), "");
}

TEST_F(ShopFlowOrder, SHOP_CART_8_SHOP_CART_9_AnEmptyCartHasTotalZeroAndIsNotPlaced) {
  Customer ann(world(), "cart8");
  const std::string order = ann.Join().Fill({{"green", 1}, {"cup", 1}});
  EXPECT_EQ(At(Adjust(ann, order, "0", {{"cup", 1}}), "totalPrice"), "25000");
  EXPECT_EQ(At(Adjust(ann, order, "1", {}), "totalPrice"), "0");
  const ClientResponse placed = ann.Place(order);
  EXPECT_EQ(placed.status, 409);
  EXPECT_EQ(At(placed, "errorMessage"), "There is nothing in the cart");
}

TEST_F(ShopFlowOrder, SHOP_CART_10_SHOP_CART_11_SHOP_STO_2_WhatIsReservedIsMissingUntilTheCustomerLeavesOrIsTooLate) {
  world().AddProduct("rare", 1'000, 5);
  Customer ann(world(), "cart10");
  std::string order = ann.Join().Fill({{"rare", 3}});
  EXPECT_EQ(ann.Place(order).status, 202);
  EXPECT_EQ(world().FreeOf("rare"), 2);
  EXPECT_EQ(ann.Place(order).status, 409);
  ann.Answer("makeorder", order, "choose-delivery", "leave");
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "error.name"), "abandoned");
  EXPECT_EQ(world().FreeOf("rare"), 5);
  EXPECT_EQ(ann.StatusOf(order), "NEW");
  world().Override("makeorder", {{"choose_timeout", "0s"}});
  ann.Place(order);
  EXPECT_EQ(At(ann.Await("makeorder", order, ""), "error.name"), "abandoned");
  world().Restore("makeorder");
  EXPECT_EQ(world().FreeOf("rare"), 5);
  EXPECT_EQ(At(ann.Order(order), "orderItems.0.quantity"), "3");
}

TEST_F(ShopFlowOrder, AShortageIsToldPerItemAndTheCartIsCorrected) {
  world().AddProduct("scarce", 1'000, 2);
  Customer ann(world(), "short");
  const std::string order = ann.Join().Fill({{"scarce", 3}, {"honey", 500}});
  EXPECT_EQ(ann.Place(order).status, 202);
  const Value task = ann.Task("makeorder", order, "cart");
  EXPECT_EQ(At(task, "data.shortages.0.productId"), "scarce");
  EXPECT_EQ(At(task, "data.shortages.0.available"), "2");
  EXPECT_EQ(At(task, "data.shortages.1"), "");
  EXPECT_EQ(Adjust(ann, order, At(ann.Order(order), "version"), {{"scarce", 2}}).status, 200);
  ann.Answer("makeorder", order, "cart", "place-order");
  ann.Await("makeorder", order, "choose-delivery");
  EXPECT_EQ(world().FreeOf("scarce"), 0);
}

TEST_F(ShopFlowOrder, SHOP_CART_12_SHOP_SES_9_WithoutASessionNothingIsOrdered) {
  Customer nobody(world(), "nobody");
  const std::string cart = R"({"id":"n-1","version":0,"orderItems":)" + Customer::ItemsJson({{"green", 1}}) + "}";
  EXPECT_EQ(nobody.Ask("order", "POST", "/place", cart).status, 401);
  EXPECT_EQ(nobody.Ask("order", "PUT", "/adjust", cart).status, 401);
  EXPECT_EQ(nobody.Ask("order", "PUT", "/process", cart).status, 401);
  EXPECT_EQ(nobody.Ask("order", "PUT", "/cancel", cart).status, 401);
  EXPECT_EQ(nobody.Ask("order", "GET", "/orders").status, 401);
  EXPECT_EQ(nobody.Authorise("n-1", "CARD").status, 401);
  // Nor by the process itself.
  const Value begun = nobody.Start("makeorder", R"({"orderId":"n-1","sessionRef":"made-up"})");
  EXPECT_EQ(At(nobody.AwaitInstance(At(begun, "id"), ""), "error.name"), "unauthorized");
}

TEST_F(ShopFlowOrder, SHOP_CHK_1_SHOP_CHK_2_SHOP_CHK_3_SHOP_CHK_4_SHOP_CHK_12_SHOP_DLV_7_APickupPointIsChosen) {
  Customer ann(world(), "chk1");
  const std::string order = ann.Join().Fill({{"green", 1}});
  EXPECT_EQ(ann.Place(order).status, 202);
  const Value form = ann.Task("makeorder", order, "choose-delivery");
  EXPECT_EQ(At(form, "outcomes"), R"(["pickup","courier","edit-cart","leave"])");
  EXPECT_EQ(At(form, "data.payEnabled"), "false");
  ann.Answer("makeorder", order, "choose-delivery", "pickup",
             R"({"contact":{"name":"Ann","phone":"+7900"},"wishedTime":"evening","preferredPayment":"CARD"})");
  const Value points = ann.Task("makeorder", order, "choose-point");
  EXPECT_EQ(At(points, "data.pickupPoints.0.name"), "Centre");
  EXPECT_EQ(At(ann.Ask("delivery", "GET", "/points?addressFilter=Mira"), "pickupPoints.0.address"), "Mira 5");
  ann.Answer("makeorder", order, "choose-point", "choose", R"({"pointId":77})");
  EXPECT_EQ(ProblemAt(ann, order, "choose-point"), "There is no such pickup point");
  ann.Answer("makeorder", order, "choose-point", "choose", R"({"pointId":1})");
  const Value pay = ann.Task("makepayment", order, "choose");
  EXPECT_EQ(At(pay, "data.amount"), "45000");
  EXPECT_EQ(At(ann.Order(order), "place"), "Mira 5");
}

TEST_F(ShopFlowOrder,
       SHOP_CHK_5_SHOP_CHK_6_SHOP_CHK_7_SHOP_CHK_9_SHOP_CHK_13_SHOP_CHK_14_TheCostIsConfirmedBeforeItIsPaid) {
  Customer ann(world(), "chk5");
  const std::string order = ann.Join().Fill({{"green", 1}});
  EXPECT_EQ(ann.Place(order).status, 202);
  ann.Answer("makeorder", order, "choose-delivery", "courier");
  ann.Answer("makeorder", order, "address", "next");
  EXPECT_EQ(ProblemAt(ann, order, "address"), "The address is missing");
  ann.Answer("makeorder", order, "address", "next", R"({"address":"Kazan, Mira 7"})");
  const Value offer = ann.Task("makeorder", order, "company");
  std::string companies;
  for (int i = 0; !At(offer, "data.variants." + std::to_string(i)).empty(); ++i) {
    const std::string variant = "data.variants." + std::to_string(i);
    companies += At(offer, variant + ".companyCode") + ":" + At(offer, variant + ".methodType") + " ";
    EXPECT_EQ(At(offer, variant + ".estimatedDate").size(), 10u);
    EXPECT_GT(IntAt(offer, variant + ".cost"), 0);
  }
  EXPECT_EQ(companies, "own:ON_FOOT van:CAR stork:SCOOTER turtle:ON_FOOT ") << WriteJson(offer);
  EXPECT_EQ(At(offer, "data.payEnabled"), "false");
  ann.Answer("makeorder", order, "company", "choose", R"({"companyCode":"none"})");
  EXPECT_EQ(ProblemAt(ann, order, "company"), "There is no such courier company");
  ann.Answer("makeorder", order, "company", "choose", R"({"companyCode":"own"})");
  EXPECT_EQ(At(ann.Task("makeorder", order, "confirm-cost"), "data.cost"), "20000");
  ann.Answer("makeorder", order, "confirm-cost", "place-order", R"({"costConfirmed":false})");
  EXPECT_EQ(ProblemAt(ann, order, "confirm-cost"), "The delivery cost is not confirmed");
  // Another company: another cost, to be confirmed anew.
  ann.Answer("makeorder", order, "confirm-cost", "change");
  ann.Answer("makeorder", order, "company", "choose", R"({"companyCode":"van"})");
  EXPECT_EQ(At(ann.Task("makeorder", order, "confirm-cost"), "data.cost"), "35000");
  EXPECT_EQ(ann.StatusOf(order), "CHECKOUT");
  ann.Answer("makeorder", order, "confirm-cost", "place-order", R"({"costConfirmed":true})");
  EXPECT_EQ(At(ann.Task("makepayment", order, "choose"), "data.amount"), "80000");
}

TEST_F(ShopFlowOrder, SHOP_CHK_8_SHOP_CHK_11_SHOP_DLV_9_WhereThereIsNoRoomOrNobodyGoesSomethingElseIsOffered) {
  Customer ann(world(), "chk8");
  const std::string order = ann.Join().Fill({{"green", 1}});
  EXPECT_EQ(ann.Place(order).status, 202);
  ann.Answer("makeorder", order, "choose-delivery", "pickup");
  ann.Answer("makeorder", order, "choose-point", "choose", R"({"pointId":2})");
  EXPECT_EQ(ProblemAt(ann, order, "choose-delivery"), "The pickup point is full");
  // The other method, with its own rules.
  ann.Answer("makeorder", order, "choose-delivery", "courier");
  ann.Answer("makeorder", order, "address", "next", R"({"address":"Antarctica"})");
  EXPECT_EQ(ProblemAt(ann, order, "address"), "Nobody delivers to this address");
  world().Post("couriers", "/switches", R"({"stork":"down","turtle":"down"})");
  ann.Answer("makeorder", order, "address", "next", R"({"address":"Kazan, Mira 7"})");
  const Value offer = ann.Task("makeorder", order, "company");
  world().Post("couriers", "/switches", R"({"stork":"up","turtle":"up"})");
  EXPECT_EQ(At(offer, "data.variants.0.companyCode") + At(offer, "data.variants.1.companyCode"), "ownvan");
  EXPECT_EQ(At(offer, "data.variants.2"), "");
  ann.Answer("makeorder", order, "company", "back");
  ann.ChoosePoint(order);
  EXPECT_EQ(At(ann.Order(order), "deliveryPrice"), "0");
}

TEST_F(ShopFlowOrder, SHOP_CHK_10_SHOP_DLV_1_SHOP_DLV_2_ASlotIsReservedAndTheDeliveryDrafted) {
  Customer ann(world(), "chk10"), bob(world(), "chk10b");
  ann.Join();
  const Value slots = JsonOf(ann.Ask("delivery", "GET", "/slots?company=van"));
  ASSERT_NE(At(slots, "slots.0.slotId"), "") << WriteJson(slots);
  EXPECT_EQ(At(slots, "slots.0.beginTime") + At(slots, "slots.0.endTime"), "10:0018:00");
  EXPECT_EQ(At(slots, "slots.0.date").size(), 10u);
  const std::string own = ann.OrderToDoor({{"green", 1}}, "van"), abroad = ann.OrderToDoor({{"green", 1}}, "stork");
  EXPECT_EQ(IntAt(JsonOf(ann.Ask("delivery", "GET", "/slots?company=van")), "slots.0.free"),
            IntAt(slots, "slots.0.free") - 1);
  EXPECT_EQ(At(ann.Ask("delivery", "GET", "/cases/" + own), "state"), "DRAFT");
  EXPECT_NE(world().Get("couriers", "/books").body.find("reserved"), std::string::npos);
  EXPECT_EQ(bob.Join().Ask("delivery", "GET", "/cases/" + abroad).status, 403);
  ann.Answer("makepayment", abroad, "choose", "leave");
  ann.Await("makeorder", abroad, "");
  EXPECT_NE(world().Get("couriers", "/books").body.find("cancelled"), std::string::npos);
}

TEST_F(ShopFlowOrder, SHOP_STO_6_SHOP_DLV_8_OfManyAtOnceOnlySoManyGetWhatIsThere) {
  world().AddProduct("last", 1'000, 3);
  EXPECT_EQ(CountAtOnce(8, "store", "/reservations",
                        R"({"orderId":"crowd-#","ttlMinutes":5,"items":[{"productId":"last","quantity":1}]})", 201),
            3);
  EXPECT_EQ(world().FreeOf("last"), 0);
  EXPECT_EQ(world().Post("delivery", "/points", R"({"id":3,"name":"Nook","address":"Nook 1","capacity":2})").status,
            200);
  EXPECT_EQ(CountAtOnce(8, "delivery", "/reservations", R"({"orderId":"crowd-#","kind":"PICKUP","pointId":3})", 201),
            2);
}

TEST_F(ShopFlowOrder, SHOP_ORD_6_SHOP_ORD_7_SHOP_ORD_8_AStaleVersionIsAConflictAndOrdersAreTheirOwnersOnly) {
  Customer ann(world(), "ord7"), bob(world(), "ord7b");
  const std::string order = ann.Join().Fill({{"green", 1}});
  EXPECT_EQ(Adjust(ann, order, "0", {{"green", 2}}).status, 200);
  const ClientResponse stale = Adjust(ann, order, "0", {{"green", 3}});
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(At(stale, "version") + At(stale, "status"), "1NEW");
  bob.Join();
  EXPECT_EQ(bob.Ask("order", "GET", "/get?orderId=" + order).status, 403);
  EXPECT_EQ(Adjust(bob, order, "1", {{"green", 9}}).status, 404);
  EXPECT_EQ(bob.Ask("order", "PUT", "/process", R"({"id":")" + order + R"(","version":1})").status, 403);
  EXPECT_EQ(bob.Ask("order", "PUT", "/process", R"({"id":"none","version":1})").status, 404);
  EXPECT_EQ(At(bob.Ask("order", "GET", "/orders"), "orders"), "[]");
  EXPECT_EQ(At(ann.Order(order), "orderItems.0.quantity"), "2");
}

TEST_F(ShopFlowOrder, TheScriptsOfTheReadmeGoTheWayOfABuyer) {
  const auto url = [](const char* program) { return "http://127.0.0.1:" + std::to_string(world().port(program)); };
  const std::vector<std::pair<std::vector<std::string>, std::string>> scripts = {
      {{"order.sh", "green"}, "has ordered green: APPROVED"},
      {{"order.sh", "--cancel", "green"}, "has ordered green: CANCELED"},
      {{"giftcard.sh", "green"}, "has ordered green: APPROVED; left on the gift card: 455000"},
      {{"topup.sh"}, "has 25000 in the wallet"}};
  for (const auto& [words, end] : scripts) {
    std::vector<std::string> command = {"/bin/bash", FERMATA_SOURCE_DIR "/examples/shop/demo/" + words.front()};
    command.insert(command.end(), words.begin() + 1, words.end());
    ChildProcess script(command, {{"ENGINE", url("engine")},
                                  {"AUTH", url("auth")},
                                  {"BILLING", url("billing")},
                                  {"ORDER", url("order")},
                                  {"PAYMENT", url("payment")},
                                  {"MAIL", world().mailbox().gateway_url()}});
    std::string last;
    for (std::string line = script.ReadLine(); !line.empty(); line = script.ReadLine()) last = line;
    EXPECT_EQ(script.Wait(), 0) << words.front() << ": " << last;
    EXPECT_NE(last.find(end), std::string::npos) << words.front() << ": " << last;
  }
}

}  // namespace
}  // namespace fermata::test

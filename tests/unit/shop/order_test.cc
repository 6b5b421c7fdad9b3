#include "tests/unit/shop/shop_fixture.h"

#include <atomic>
#include <thread>

namespace fermata::test {
namespace {

// A customer Ann with a session, one Bob with another, and a store with tea (450.00, discount 50.00) and jam (100.00).
class OrderTest : public ShopTest {
 protected:
  OrderTest() : ShopTest({"store", "order"}) {
    Post("store", "/products", R"({"id":"tea","name":"Tea","price":45000,"discount":5000})", "p1");
    Post("store", "/products", R"({"id":"jam","name":"Jam","price":10000})", "p2");
    AddSession("s-ann", "ann");
    AddSession("s-bob", "bob");
  }

  Reply Ask(const std::string& method, const std::string& path, const std::string& body, const std::string& session) {
    return Send("order", method, path, body, {{"Cookie", "theme=dark; sessionId=" + session}});
  }
  Reply PlaceTea(const std::string& id, const std::string& session = "s-ann") {
    return Ask("POST", "/place", R"({"id":")" + id + R"(","orderItems":[{"product":{"id":"tea"},"quantity":2}]})",
               session);
  }
  // As a process does.
  Reply Do(const std::string& order, const std::string& what, const std::string& body) {
    return Post("order", "/orders/" + order + "/" + what, body, NextKey());
  }
  Reply HandOver(const std::string& order, int version) {
    return Send("order", "PUT", "/process",
                R"({"id":")" + order + R"(","version":)" + std::to_string(version) +
                    R"(,"paymentId":"pay-1","paymentMethod":"CASH_ON_RECEIPT"})",
                {{"Idempotency-Key", NextKey()}});
  }
  Reply CancelForGood(const std::string& order) {
    return Send("order", "PUT", "/cancel", R"({"id":")" + order + R"(","version":0,"comment":"no"})",
                {{"Idempotency-Key", NextKey()}});
  }
  Reply Look(const std::string& order) { return Get("order", "/get?username=ann&orderId=" + order); }
  // Takes a new order of Ann to AWAITING_PAYMENT, version 2.
  void PlaceAndPrice(const std::string& order) {
    PlaceTea(order);
    EXPECT_EQ(Do(order, "checkout", R"({"version":0})").Text("status"), "CHECKOUT");
    EXPECT_EQ(Do(order, "price", R"({"version":1,"deliveryPrice":30000,"place":"Mira 5"})").status, 200);
  }
  // …and on to IN_PROGRESS, version 3.
  void PlaceAndHandOver(const std::string& order) {
    PlaceAndPrice(order);
    EXPECT_EQ(HandOver(order, 2).Text("status"), "IN_PROGRESS");
  }

 private:
  std::string NextKey() { return "key-" + std::to_string(++keys_); }

  int keys_ = 0;
};

TEST_P(OrderTest, TheFirstItemMakesAnOrderWithThePricesOfTheStore) {  // SHOP-CART-1, SHOP-ORD-1, SHOP-ORD-6
  const Reply placed = PlaceTea("o1");
  EXPECT_EQ(placed.status, 200);
  EXPECT_EQ(placed.Text("status"), "NEW");
  EXPECT_EQ(placed.body.Find("version")->as_int(), 0);
  const Value& item = placed.body.Find("orderItems")->as_list().at(0);
  EXPECT_EQ(item.Find("product")->Find("name")->as_string(), "Tea");
  EXPECT_EQ(item.Find("product")->Find("price")->as_int(), 45000);
  EXPECT_EQ(item.Find("quantity")->as_int(), 2);
  EXPECT_EQ(item.Find("lineTotal")->as_int(), 80000);
  EXPECT_EQ(placed.body.Find("totalPrice")->as_int(), 80000);
  EXPECT_EQ(PlaceTea("o1").status, 200);
  EXPECT_EQ(PlaceTea("o1", "s-bob").status, 409);
}

TEST_P(OrderTest, WithoutASessionNothingIsOrdered) {  // SHOP-CART-12, SHOP-SES-9
  EXPECT_EQ(PlaceTea("o1", "s-none").status, 401);
  EXPECT_EQ(Send("order", "POST", "/place", R"({"id":"o1"})", {}).status, 401);
  EXPECT_EQ(Ask("PUT", "/adjust", R"({"id":"o1","version":0,"orderItems":[]})", "s-none").status, 401);
  EXPECT_EQ(Ask("PUT", "/cancel", R"({"id":"o1","version":0})", "s-none").status, 401);
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-none").status, 401);
  EXPECT_EQ(Ask("GET", "/orders", "", "s-none").status, 401);
  EXPECT_EQ(Get("order", "/get?orderId=o1").status, 401);
  PlaceTea("o1");
  // A bad session is not made up for by a name.
  EXPECT_EQ(Ask("GET", "/get?orderId=o1&username=ann", "", "s-none").status, 401);
  EXPECT_TRUE(Starts().empty());
}

TEST_P(OrderTest, AStrangerIsNoProcess) {  // SHOP-CART-12, SHOP-SES-9, SHOP-ORD-8
  PlaceAndPrice("o1");
  const std::string hand_over = R"({"id":"o1","version":2,"paymentId":"p","paymentMethod":"WALLET"})";
  for (const char* key : {"", "another key"}) {
    const std::vector<std::pair<std::string, std::string>> headers = {
        {"Content-Type", "application/json"}, {"Idempotency-Key", "k1"}, {"X-Service-Key", key}};
    EXPECT_EQ(Send("order", "PUT", "/process", hand_over, headers).status, 401);
    EXPECT_EQ(Send("order", "PUT", "/cancel", R"({"id":"o1","version":2})", headers).status, 401);
    EXPECT_EQ(Send("order", "GET", "/get?orderId=o1&username=ann", "", headers).status, 401);
    EXPECT_EQ(Send("order", "POST", "/approve", R"({"orderId":"o1"})", headers).status, 401);
    EXPECT_EQ(Send("order", "GET", "/approve/o1", "", headers).status, 401);
  }
  EXPECT_EQ(Look("o1").Text("status"), "AWAITING_PAYMENT");
}

TEST_P(OrderTest, RefusesBadRequests) {
  EXPECT_EQ(Ask("POST", "/place", R"({"orderItems":[{"product":{"id":"tea"},"quantity":1}]})", "s-ann").status, 400);
  for (const char* items : {"[]", "{}", R"([{"quantity":1}])", R"([{"product":{"id":"tea"},"quantity":0}])",
                            R"([{"product":"tea","quantity":1}])", R"([{"product":{"id":"tea"},"quantity":1.5}])"})
    EXPECT_EQ(Ask("POST", "/place", R"({"id":"o1","orderItems":)" + std::string(items) + "}", "s-ann").status, 400)
        << items;
  EXPECT_EQ(
      Ask("POST", "/place", R"({"id":"o1","orderItems":[{"product":{"id":"none"},"quantity":1}]})", "s-ann").status,
      404);
  PlaceTea("o1");
  EXPECT_EQ(Ask("PUT", "/adjust", R"({"id":"o1","orderItems":[]})", "s-ann").status, 400);
  EXPECT_EQ(Ask("PUT", "/cancel", R"({"id":"o1"})", "s-ann").status, 400);
  EXPECT_EQ(Do("o1", "price", R"({"version":0,"deliveryPrice":-1})").status, 400);
  EXPECT_EQ(Do("o1", "decision", R"({"version":0,"response":"MAYBE"})").status, 400);
  EXPECT_EQ(Do("none", "checkout", R"({"version":0})").status, 404);
  EXPECT_EQ(Send("order", "PUT", "/process", R"({"id":"o1","version":0})", {{"Idempotency-Key", "h"}}).status, 400);
  EXPECT_EQ(Post("order", "/orders/o1/checkout", R"({"version":0})").status, 400);
  EXPECT_EQ(Post("order", "/giftcard-order", R"({"username":"ann","email":"b@example.com","amount":0})", "g").status,
            400);
}

TEST_P(OrderTest,
       AnotherProductJoinsTheOrderAndADeletedOneLeavesIt) {  // SHOP-CART-2, SHOP-CART-3, SHOP-CART-8, SHOP-CART-9
  PlaceTea("o1");
  const Reply more = Ask(
      "PUT", "/adjust",
      R"({"id":"o1","version":0,"orderItems":[{"product":{"id":"tea"},"quantity":1},{"product":{"id":"jam"},"quantity":1},{"product":{"id":"tea"},"quantity":2}]})",
      "s-ann");
  EXPECT_EQ(more.status, 200);
  EXPECT_EQ(more.body.Find("orderItems")->as_list().size(), 2u);
  EXPECT_EQ(more.body.Find("totalPrice")->as_int(), 130000);
  const Reply none = Ask("PUT", "/adjust", R"({"id":"o1","version":1,"orderItems":[]})", "s-ann");
  EXPECT_EQ(none.body.Find("totalPrice")->as_int(), 0);
  EXPECT_EQ(Look("o1").body.Find("orderItems")->as_list().size(), 0u);
}

TEST_P(OrderTest, TheOrchestraBeginsAndTellsHowFarItIs) {  // SHOP-ORC-7
  const char* snapshot =
      R"({"orderId":"o1","version":3,"username":"ann","kind":"GOODS","amount":1,"currency":"RUB","paymentId":"p"})";
  const Reply begun = Post("order", "/approve", snapshot, "a1");
  EXPECT_EQ(begun.status, 202);
  EXPECT_EQ(begun.Text("instanceId"), "i1");
  EXPECT_EQ(WriteJson(*Starts().back().Find("input")), snapshot);
  EXPECT_EQ(Post("order", "/approve", snapshot).status, 400);
  EXPECT_EQ(Post("order", "/approve", "{}", "a2").status, 400);
  EXPECT_EQ(Ask("POST", "/approve", snapshot, "s-ann").status, 403);
  for (const auto& [engine, answer] : {std::pair(409, 409), {422, 400}, {500, 503}}) {
    AnswerStarts(engine, "{}");
    EXPECT_EQ(Post("order", "/approve", snapshot, "a3").status, answer) << engine;
  }
  AnswerStarts(200, R"({"items":[{"id":"i1","status":"running","states":["confirmations","confirm-stock"]}]})");
  EXPECT_EQ(WriteJson(Get("order", "/approve/o1").body),
            R"({"orderId":"o1","instanceId":"i1","step":"confirm-stock","result":"IN_PROGRESS"})");
  AnswerStarts(200, R"({"items":[{"id":"i1","status":"failed","states":[]}]})");
  EXPECT_EQ(Get("order", "/approve/o1").Text("result"), "FAIL");
  PlaceTea("o1");
  EXPECT_EQ(Ask("GET", "/approve/o1", "", "s-ann").Text("result"), "FAIL");
  EXPECT_EQ(Ask("GET", "/approve/o1", "", "s-bob").status, 403);
  AnswerStarts(200, R"({"items":[]})");
  EXPECT_EQ(Get("order", "/approve/o2").status, 404);
}

TEST_P(OrderTest, AnOrderHasSizesWishesAndWhatTheDietIs) {  // SHOP-CAT-8
  const Reply placed = Ask(
      "POST", "/place",
      R"({"id":"o1","dietary":"no nuts","orderItems":[{"product":{"id":"tea"},"quantity":1,"size":"L"},{"product":{"id":"tea"},"quantity":1}]})",
      "s-ann");
  EXPECT_EQ(placed.body.Find("orderItems")->as_list().size(), 2u);
  EXPECT_EQ(placed.body.Find("orderItems")->as_list()[0].Find("size")->as_string(), "L");
  const std::string long_text(1'001, 'x');
  for (const std::string& wish : {R"("specialRequest":")" + long_text + "\"", R"("dietary":")" + long_text + "\""})
    EXPECT_EQ(Ask("PUT", "/adjust", R"({"id":"o1","version":0,"orderItems":[],)" + wish + "}", "s-ann").status, 400);
  EXPECT_EQ(
      Ask("PUT", "/adjust",
          R"({"id":"o1","version":0,"specialRequest":"Ring twice","orderItems":[{"product":{"id":"tea"},"quantity":1}]})",
          "s-ann")
          .status,
      200);
  const Reply order = Look("o1");
  EXPECT_EQ(order.Text("specialRequest"), "Ring twice");
  EXPECT_EQ(order.Text("dietary"), "no nuts");
}

TEST_P(OrderTest, AStaleVersionOrAWrongStatusIsAConflictThatSaysWhatIs) {  // SHOP-ORD-7
  PlaceTea("o1");
  Do("o1", "checkout", R"({"version":0})");
  const Reply stale = Ask("PUT", "/adjust", R"({"id":"o1","version":0,"orderItems":[]})", "s-ann");
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.Text("status"), "CHECKOUT");
  EXPECT_EQ(stale.body.Find("version")->as_int(), 1);
  Do("o1", "price", R"({"version":1,"deliveryPrice":0,"place":""})");
  EXPECT_EQ(Ask("PUT", "/adjust", R"({"id":"o1","version":2,"orderItems":[]})", "s-ann").status, 409);
  EXPECT_EQ(Do("o1", "price", R"({"version":2,"deliveryPrice":0})").status, 409);
  EXPECT_EQ(Do("o1", "checkout", R"({"version":2})").status, 409);
  EXPECT_EQ(HandOver("o1", 1).status, 409);
  EXPECT_EQ(Do("o1", "decision", R"({"version":2,"response":"SUCCESS"})").status, 409);
}

TEST_P(OrderTest, OneOfManyConcurrentChangesWins) {  // SHOP-ORD-7
  PlaceTea("o1");
  std::atomic<int> won{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i)
    clients.emplace_back([&] {
      won += Ask("PUT", "/adjust", R"({"id":"o1","version":0,"orderItems":[{"product":{"id":"jam"},"quantity":1}]})",
                 "s-ann")
                 .status == 200;
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(Look("o1").body.Find("version")->as_int(), 1);
}

TEST_P(OrderTest, ACustomerSeesTheirOwnOrdersOnly) {  // SHOP-ORD-8, SHOP-RPT-1, SHOP-TRK-2
  PlaceTea("o1");
  PlaceTea("o2");
  PlaceTea("o3", "s-bob");
  PlaceAndHandOver("o4");
  EXPECT_EQ(Ask("GET", "/get?orderId=o1", "", "s-bob").status, 403);
  EXPECT_EQ(Ask("GET", "/get?orderId=none", "", "s-bob").status, 404);
  EXPECT_EQ(Get("order", "/get?orderId=o1&username=bob").status, 403);
  EXPECT_EQ(Ask("PUT", "/adjust", R"({"id":"o1","version":0,"orderItems":[]})", "s-bob").status, 404);
  EXPECT_EQ(Ask("GET", "/orders", "", "s-ann").body.Find("orders")->as_list().size(), 3u);
  EXPECT_EQ(Ask("GET", "/orders?status=NEW,CANCELED", "", "s-ann").body.Find("orders")->as_list().size(), 2u);
  EXPECT_EQ(Ask("GET", "/orders/pending", "", "s-ann").body.Find("orders")->as_list().size(), 1u);
}

TEST_P(OrderTest, ThePriceIsItemsAfterDiscountsAndDelivery) {  // SHOP-PAY-19
  PlaceAndPrice("o1");
  const Reply order = Look("o1");
  EXPECT_EQ(order.Text("status"), "AWAITING_PAYMENT");
  EXPECT_EQ(order.body.Find("totalPrice")->as_int(), 110000);
  EXPECT_EQ(order.Text("place"), "Mira 5");
  EXPECT_EQ(Do("o1", "unprice", "{}").Text("status"), "CHECKOUT");
  EXPECT_EQ(Look("o1").body.Find("totalPrice")->as_int(), 80000);
}

TEST_P(OrderTest, AnAbandonedOrderIsACartAgainWithItsItems) {  // SHOP-PAY-16
  PlaceAndPrice("o1");
  EXPECT_EQ(Do("o1", "reopen", "{}").Text("status"), "NEW");
  EXPECT_EQ(Do("o1", "reopen", "{}").Text("status"), "NEW");
  EXPECT_EQ(Look("o1").body.Find("orderItems")->as_list().size(), 1u);
}

TEST_P(OrderTest, TheDecisionOfTheOrchestraIsStored) {  // SHOP-ORD-4, SHOP-ORD-5
  PlaceAndHandOver("o1");
  EXPECT_EQ(Look("o1").Text("paymentMethod"), "CASH_ON_RECEIPT");
  EXPECT_EQ(Do("o1", "decision", R"({"version":3,"response":"SUCCESS"})").Text("status"), "APPROVED");
  EXPECT_EQ(Do("o1", "reopen", "{}").Text("status"), "APPROVED");
  PlaceAndHandOver("o2");
  EXPECT_EQ(Do("o2", "decision", R"({"version":3,"response":"FAIL","reason":"sold out"})").Text("status"), "REJECTED");
  // What is rejected stays so, whatever is undone afterwards.
  EXPECT_EQ(Do("o2", "take-back", "{}").Text("status"), "REJECTED");
  EXPECT_EQ(Do("o2", "unprice", "{}").Text("status"), "REJECTED");
  EXPECT_EQ(Do("o2", "reopen", "{}").Text("status"), "REJECTED");
  const Reply refused = CancelForGood("o2");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.Text("status"), "REJECTED");
}

TEST_P(OrderTest, AnOrderThatIsTakenBackAwaitsItsPaymentAgain) {
  PlaceAndHandOver("o1");
  EXPECT_EQ(Do("o1", "take-back", "{}").Text("status"), "AWAITING_PAYMENT");
  EXPECT_EQ(Look("o1").Text("paymentId"), "");
}

TEST_P(OrderTest, NothingMovesWhileItIsDecidedWhetherToCancel) {  // SHOP-CAN-7
  PlaceAndHandOver("o1");
  EXPECT_EQ(Do("o1", "cancel-lock", R"({"version":3,"username":"bob"})").status, 403);
  EXPECT_EQ(Do("o1", "cancel-lock", R"({"version":2,"username":"ann"})").status, 409);
  EXPECT_EQ(Do("none", "cancel-lock", R"({"version":3,"username":"ann"})").status, 404);
  const Reply locked = Do("o1", "cancel-lock", R"({"version":3,"username":"ann"})");
  EXPECT_EQ(locked.status, 200);
  EXPECT_EQ(locked.Text("paymentMethod"), "CASH_ON_RECEIPT");
  EXPECT_TRUE(locked.body.Find("stageFlags")->as_list().empty());
  EXPECT_EQ(Look("o1").body.Find("stageFlags"), nullptr);
  EXPECT_EQ(Do("o1", "cancel-lock", R"({"version":3,"username":"ann"})").status, 409);
  // Let go, it goes on where it was: the same question gets another answer then.
  const auto approve = [&] {
    return Post("order", "/orders/o1/decision", R"({"version":3,"response":"SUCCESS"})", "the-approval");
  };
  EXPECT_EQ(approve().status, 503);
  EXPECT_EQ(Do("o1", "cancel-unlock", "{}").status, 200);
  EXPECT_EQ(approve().Text("status"), "APPROVED");
}

TEST_P(OrderTest, AnOrderThatIsRejectedWhileItIsHeldStillIsNotCalledCancelledAndIsLetGo) {
  PlaceAndHandOver("o1");
  Do("o1", "cancel-lock", R"({"version":3,"username":"ann"})");
  EXPECT_EQ(Do("o1", "decision", R"({"version":3,"response":"FAIL","reason":"sold out"})").Text("status"), "REJECTED");
  EXPECT_EQ(CancelForGood("o1").status, 409);
  EXPECT_EQ(Do("o1", "cancel-lock", R"({"version":4,"username":"ann"})").status, 200) << "It was still locked.";
}

TEST_P(OrderTest, ACancelledOrderStaysCancelled) {  // SHOP-ORD-2, SHOP-CAN-9
  PlaceAndPrice("o1");
  Do("o1", "cancel-lock", R"({"version":2,"username":"ann"})");
  EXPECT_EQ(CancelForGood("o1").Text("status"), "CANCELED");
  EXPECT_EQ(CancelForGood("o1").Text("status"), "CANCELED");
  EXPECT_EQ(Do("o1", "unprice", "{}").Text("status"), "CANCELED");
  EXPECT_EQ(Do("o1", "reopen", "{}").Text("status"), "CANCELED");
  EXPECT_EQ(HandOver("o1", 3).status, 409);
  EXPECT_EQ(Do("o1", "cancel-lock", R"({"version":3,"username":"ann"})").Text("status"), "CANCELED");
  EXPECT_EQ(Ask("GET", "/orders", "", "s-ann").body.Find("orders")->as_list().size(), 1u);
}

TEST_P(OrderTest, AGiftCardIsAnOrderWithoutDelivery) {  // SHOP-GC-4, SHOP-ORD-3
  const Reply made = Post(
      "order", "/giftcard-order",
      R"({"username":"ann","recipient":{"firstName":"Bob","lastName":""},"email":"bob@example.com","amount":50000,"designId":"classic"})",
      "g1");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.Text("type"), "GIFT_CARD");
  EXPECT_EQ(made.body.Find("totalPrice")->as_int(), 50000);
  EXPECT_EQ(HandOver(made.Text("id"), 0).Text("status"), "IN_PROGRESS");
  EXPECT_EQ(Do(made.Text("id"), "take-back", "{}").Text("status"), "NEW");
}

TEST_P(OrderTest, TheCustomersCancelStartsTheProcessAndTellsWhatCameOfIt) {  // SHOP-CAN-1, SHOP-CAN-7
  PlaceTea("o1");
  AnswerStarts(201, R"({"id":"i1","status":"completed","output":{"result":"CANCELED","status":"CANCELED"}})");
  const char* wish = R"({"id":"o1","version":0,"comment":"no"})";
  EXPECT_EQ(Ask("PUT", "/cancel", wish, "s-ann").Text("status"), "CANCELED");
  const Value input = *Starts().at(0).Find("input");
  EXPECT_EQ(input.Find("sessionRef")->as_string(), "ref of s-ann");
  EXPECT_EQ(input.Find("orderId")->as_string(), "o1");
  EXPECT_EQ(received().find("sessionId"), std::string::npos);
  AnswerStarts(201,
               R"({"id":"i1","status":"failed","error":{"name":"status-mismatch","message":"It is COOKING now"}})");
  EXPECT_EQ(Ask("PUT", "/cancel", wish, "s-ann").status, 409);
  AnswerStarts(201, R"({"id":"i1","status":"failed","error":{"name":"forbidden","message":"Forbidden"}})");
  EXPECT_EQ(Ask("PUT", "/cancel", wish, "s-ann").status, 403);
  AnswerStarts(201, R"({"id":"i1","status":"waiting"})");
  EXPECT_EQ(Ask("PUT", "/cancel", wish, "s-ann").Text("instanceId"), "i1");
  AnswerStarts(503, "{}");
  EXPECT_EQ(Ask("PUT", "/cancel", wish, "s-ann").status, 503);
}

TEST_P(OrderTest, PlacingStartsMakeorder) {  // SHOP-CHK-1
  PlaceTea("o1");
  AnswerStarts(201, R"({"id":"i1","status":"waiting"})");
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-ann").status, 202);
  EXPECT_EQ(Starts().at(0).Find("process")->as_string(), "makeorder");
  AnswerStarts(409, "{}");
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-ann").status, 409);
}

TEST_P(OrderTest, PlacingNamesTheVersionOfTheCart) {  // SHOP-ORD-7
  PlaceTea("o1");
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1"})", "s-ann").status, 400);
  const Reply other = Ask("PUT", "/process", R"({"id":"o1","version":7})", "s-ann");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.body.Find("version")->as_int(), 0);
  EXPECT_TRUE(Starts().empty());
  // Asked again, while the process has moved the order on.
  Do("o1", "checkout", R"({"version":0})");
  AnswerStarts(200, R"({"items":[{"id":"i1","status":"waiting"}]})");
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-ann").Text("instanceId"), "i1");
  AnswerStarts(200, R"({"items":[{"id":"i1","status":"failed"}]})");
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-ann").status, 409);
}

TEST_P(OrderTest, ARefusalIsNotWhatTheNextWishGets) {
  PlaceTea("o1");
  // Somebody else's wish starts nothing.
  EXPECT_EQ(Ask("PUT", "/process", R"({"id":"o1","version":0})", "s-bob").status, 403);
  EXPECT_EQ(Ask("PUT", "/cancel", R"({"id":"o1","version":0})", "s-bob").status, 403);
  EXPECT_TRUE(Starts().empty());
  AnswerStarts(
      201,
      R"({"id":"i1","status":"failed","error":{"name":"status-mismatch","message":"It is NEW at 0","data":{"status":"NEW","version":0}}})");
  const Reply refused = Ask("PUT", "/cancel", R"({"id":"o1","version":3})", "s-ann");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.Text("status"), "NEW");
  EXPECT_EQ(refused.body.Find("version")->as_int(), 0);
  // Without a key of the client's the engine gets none, so that it answers anew.
  EXPECT_EQ(start_keys(), (std::vector<std::string>{""}));
  const auto cancel = [&](const std::string& session) {
    return Send("order", "PUT", "/cancel", R"({"id":"o1","version":0})",
                {{"Cookie", "sessionId=" + session}, {"Idempotency-Key", "k"}});
  };
  AddSession("s-ann-later", "ann");
  for (const char* session : {"s-ann", "s-ann", "s-ann-later"}) cancel(session);
  const std::vector<std::string> keys = start_keys();
  EXPECT_EQ(keys.at(1), keys.at(2));
  EXPECT_NE(keys.at(2), keys.at(3)) << "The engine would take it for another request with the same key.";
}

TEST_P(OrderTest, SaysThatAnOrderCanBeCancelledOnlyIfItCan) {  // SHOP-CAN-4, SHOP-CAN-5, SHOP-GC-4
  const auto could = [&](const std::string& order) { return Look(order).body.Find("couldBeCancelled")->as_bool(); };
  PlaceAndPrice("o1");
  EXPECT_TRUE(could("o1"));
  HandOver("o1", 2);
  EXPECT_TRUE(could("o1")) << "It is paid on receipt.";
  PlaceAndPrice("o2");
  Send("order", "PUT", "/process", R"({"id":"o2","version":2,"paymentId":"p","paymentMethod":"CARD"})",
       {{"Idempotency-Key", "card"}});
  EXPECT_FALSE(could("o2")) << "It is paid.";
}

TEST_P(OrderTest, KeepsEverythingOverARestart) {
  PlaceAndHandOver("o1");
  StopShop();
  StartShop();
  EXPECT_EQ(Look("o1").Text("status"), "IN_PROGRESS");
}

INSTANTIATE_TEST_SUITE_P(Each, OrderTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

#include "tests/unit/shop/shop_fixture.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace fermata::test {
namespace {

// A shop with 10 tea in the centre, 4 in the north, and a soup that is cooked.
class StoreTest : public ShopTest {
 protected:
  StoreTest() : ShopTest({"store"}) {
    Put("/categories", R"({"id":"drinks","name":"Drinks"})");
    Put("/products",
        R"({"id":"tea","name":"Чай Улун","description":"Oolong","categoryId":"drinks","price":45000,"discount":5000})");
    Put("/products", R"({"id":"soup","name":"Soup","price":30000,"fulfilment":"COOK"})");
    Put("/stores", R"({"id":"centre","name":"Centre","address":"Mira 5"})");
    Put("/stores", R"({"id":"north","name":"North","address":"Severnaya 2"})");
    Put("/stock", R"({"productId":"tea","storeId":"centre","quantity":10})");
    Put("/stock", R"({"productId":"tea","storeId":"north","quantity":4})");
  }

  void Put(const std::string& path, const std::string& body) {
    EXPECT_EQ(Post("store", path, body, "put " + path + body).status, 200) << path << body;
  }
  // Free tea per store, as "centre 10, north 4".
  std::string FreeTea() {
    std::string text;
    const Reply reply = Get("store", "/get?productId=tea");
    for (const Value& place : reply.body.Find("productPlaces")->as_list())
      text += (text.empty() ? "" : ", ") + std::string(place.Find("store")->Find("id")->as_string()) + " " +
              std::to_string(place.Find("quantity")->as_int());
    return text;
  }
  Reply Reserve(const std::string& order, int tea, const std::string& key) {
    return Post("store", "/reservations",
                R"({"orderId":")" + order + R"(","ttlMinutes":30,"items":[{"productId":"tea","quantity":)" +
                    std::to_string(tea) + "}]}",
                key);
  }
  Reply Confirm(const std::string& order, int tea, const std::string& key) {
    return Post("store", "/confirm",
                R"({"orderId":")" + order +
                    R"(","requestType":"CONFIRM","confirmator":"STORE","orderItems":[{"productId":"tea","quantity":)" +
                    std::to_string(tea) + "}]}",
                key);
  }
  Reply Reverse(const std::string& order, const std::string& key) {
    return Post("store", "/reverse", R"({"orderId":")" + order + "\"}", key);
  }
  Reply SetStatus(const std::string& case_id, const std::string& status, const std::string& key) {
    return Post("store", "/cases/" + case_id + "/status", R"({"status":")" + status + R"(","assignee":"petr"})", key);
  }
};

TEST_P(StoreTest, ProductsAndCategoriesSpeakTheLanguageThatIsAskedFor) {
  Put("/categories", R"({"id":"soups","name":"Супы","translations":{"en":{"name":"Soups"}}})");
  Put("/products", R"({"id":"soup","name":"Суп","description":"Горячий","price":30000,"fulfilment":"COOK",)"
                   R"("translations":{"en":{"name":"Soup","description":"Hot"}}})");
  EXPECT_EQ(Get("store", "/products/soup").Text("name"), "Суп");
  EXPECT_EQ(Get("store", "/products/soup?language=en").Text("description"), "Hot");
  EXPECT_EQ(Get("store", "/products/soup?language=fr").Text("name"), "Суп");
  const Reply found = Get("store", "/products?q=HOT&language=en");
  ASSERT_EQ(found.body.Find("products")->as_list().size(), 1u);
  EXPECT_EQ(*found.body.Find("products")->as_list()[0].Find("name"), Value::String("Soup"));
  const Reply categories = Get("store", "/categories?language=en");
  EXPECT_EQ(*categories.body.Find("categories")->as_list().at(1).Find("name"), Value::String("Soups"));
  for (const char* bad : {R"(["en"])", R"({"en":"Soup"})", R"({"en":{"description":"Hot"}})"})
    EXPECT_EQ(Post("store", "/products", R"({"id":"x","name":"X","price":1,"translations":)" + std::string(bad) + "}",
                   std::string("bad ") + bad)
                  .status,
              400)
        << bad;
}

TEST_P(StoreTest, FindsProductsByTextAndCategoryWithTheirAvailability) {  // SHOP-CAT-2, SHOP-CAT-3, SHOP-CAT-4
  for (const char* query : {"q=%D1%83%D0%BB%D1%83%D0%BD", "q=OOLONG", "category=drinks"}) {
    const Reply found = Get("store", std::string("/products?") + query);
    ASSERT_EQ(found.body.Find("products")->as_list().size(), 1u) << query;
    const Value& tea = found.body.Find("products")->as_list()[0];
    EXPECT_EQ(tea.Find("price")->as_int(), 45000);
    EXPECT_EQ(tea.Find("discount")->as_int(), 5000);
    EXPECT_EQ(tea.Find("availability")->as_list().size(), 2u);
  }
  EXPECT_EQ(Get("store", "/products").body.Find("products")->as_list().size(), 2u);
  EXPECT_EQ(Get("store", "/categories").body.Find("categories")->as_list().size(), 1u);
}

TEST_P(StoreTest, NoMatchIsAnEmptyList) {  // SHOP-CAT-7
  for (const char* query : {"q=coffee", "q=%25", "q=_", "category=none"}) {
    const Reply found = Get("store", std::string("/products?") + query);
    EXPECT_EQ(found.status, 200);
    EXPECT_TRUE(found.body.Find("products")->as_list().empty()) << query;
  }
}

TEST_P(StoreTest, RefusesBadRequests) {
  EXPECT_EQ(Get("store", "/products/none").status, 404);
  EXPECT_EQ(Get("store", "/get?productId=none").status, 404);
  EXPECT_EQ(Post("store", "/products", R"({"id":"x","name":"X","price":10,"discount":11})", "b1").status, 400);
  EXPECT_EQ(Post("store", "/products", R"({"id":"x","name":"X","price":-1})", "b2").status, 400);
  EXPECT_EQ(Post("store", "/products", R"({"id":"x","name":"X","price":1,"fulfilment":"GROW"})", "b3").status, 400);
  EXPECT_EQ(Post("store", "/products", R"({"name":"X","price":1})", "b4").status, 400);
  EXPECT_EQ(Post("store", "/categories", R"({"id":"x"})", "b5").status, 400);
  EXPECT_EQ(Post("store", "/stores", R"({"name":"x"})", "b6").status, 400);
  EXPECT_EQ(Post("store", "/stock", R"({"productId":"tea","storeId":"centre","quantity":0})", "b7").status, 400);
  EXPECT_EQ(Post("store", "/stock", R"({"productId":"tea","storeId":"none","quantity":1})", "b8").status, 404);
  EXPECT_EQ(Post("store", "/stock", R"({"productId":"none","storeId":"centre","quantity":1})", "b9").status, 404);
  for (const char* items : {"[]", "{}", R"([{"productId":"tea","quantity":0}])", R"([{"quantity":1}])", "[1]"})
    EXPECT_EQ(Post("store", "/reservations", R"({"orderId":"o","ttlMinutes":30,"items":)" + std::string(items) + "}",
                   std::string("b") + items)
                  .status,
              400)
        << items;
  EXPECT_EQ(Post("store", "/confirm", R"({"orderId":"o"})", "b10").status, 400);
  EXPECT_EQ(Post("store", "/reverse", "{}", "b11").status, 400);
  EXPECT_EQ(Delete("store", "/reservations/none").status, 404);
  EXPECT_EQ(SetStatus("none", "IN_WORK", "b12").status, 404);
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
}

TEST_P(StoreTest, AReservationIsSeenAsLessStockUntilItIsReleased) {  // SHOP-CART-10, SHOP-STO-2
  const Reply kept = Reserve("o1", 3, "k1");
  EXPECT_EQ(kept.status, 201);
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
  EXPECT_EQ(Reserve("o1", 3, "k1").Text("reservationId"), kept.Text("reservationId"));
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
  EXPECT_EQ(Delete("store", "/reservations/" + kept.Text("reservationId")).status, 204);
  EXPECT_EQ(Delete("store", "/reservations/" + kept.Text("reservationId")).status, 204);
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
}

TEST_P(StoreTest, ASecondReservationOfAnOrderTakesThePlaceOfTheFirst) {
  const Reply first = Reserve("o1", 9, "k1");
  const Reply second = Reserve("o1", 10, "k2");
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.Text("caseId"), first.Text("caseId"));
  EXPECT_EQ(FreeTea(), "north 4");
  EXPECT_EQ(Delete("store", "/reservations/" + first.Text("reservationId")).status, 204);
  EXPECT_EQ(FreeTea(), "north 4");
}

TEST_P(StoreTest, AShortageSaysWhatIsShortAndKeepsTheFormerReservation) {  // SHOP-STO-2
  Reserve("o1", 2, "k1");
  const Reply refused = Reserve("o1", 11, "k2");
  EXPECT_EQ(refused.status, 409);
  const Value& shortage = refused.body.Find("shortages")->as_list().at(0);
  EXPECT_EQ(shortage.Find("productId")->as_string(), "tea");
  EXPECT_EQ(shortage.Find("available")->as_int(), 10);
  EXPECT_EQ(FreeTea(), "centre 8, north 4");
}

TEST_P(StoreTest, OneItemThatIsShortReservesNothingOfTheOthers) {
  Put("/products", R"({"id":"jam","name":"Jam","price":100})");
  const Reply refused = Post(
      "store", "/reservations",
      R"({"orderId":"o1","ttlMinutes":30,"items":[{"productId":"tea","quantity":1},{"productId":"jam","quantity":1}]})",
      "k1");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
}

TEST_P(StoreTest, WhatIsCookedIsNeverShort) {
  EXPECT_EQ(Post("store", "/reservations",
                 R"({"orderId":"o1","ttlMinutes":30,"items":[{"productId":"soup","quantity":1000}]})", "k1")
                .status,
            201);
}

TEST_P(StoreTest, AReservationEndsByItself) {  // SHOP-CART-11
  const Reply kept = Reserve("o1", 3, "k1");
  clock_.Advance(30 * 60 + 1);
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
  EXPECT_EQ(Delete("store", "/reservations/" + kept.Text("reservationId")).status, 204);
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
}

TEST_P(StoreTest, TheLastOneIsKeptForOneOrderOnly) {  // SHOP-STO-6
  std::atomic<int> kept{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i)
    clients.emplace_back(
        [&, i] { kept += Reserve("o" + std::to_string(i), 4, "k" + std::to_string(i)).status == 201; });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(kept, 3);  // two in the centre, one in the north
  EXPECT_EQ(FreeTea(), "centre 2");
}

TEST_P(StoreTest, ConfirmingBooksWhatWasReservedOnce) {  // SHOP-STO-3, SHOP-ORC-3
  const Reply kept = Reserve("o1", 3, "k1");
  const Reply booked = Confirm("o1", 3, "c1");
  EXPECT_EQ(booked.Text("response"), "SUCCESS");
  EXPECT_EQ(booked.Text("caseId"), kept.Text("caseId"));
  EXPECT_EQ(Confirm("o1", 3, "c2").Text("response"), "SUCCESS");
  EXPECT_EQ(Confirm("o1", 4, "c3").Text("response"), "FAIL");
  clock_.Advance(3600);
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
  EXPECT_EQ(Delete("store", "/reservations/" + kept.Text("reservationId")).status, 409);
  EXPECT_EQ(Reserve("o1", 1, "k2").status, 409);
}

TEST_P(StoreTest, ConfirmingAfterTheReservationEndedTakesWhatIsFreeOrFails) {  // SHOP-ORC-3
  Reserve("o1", 10, "k1");
  Reserve("o2", 4, "k2");
  clock_.Advance(3600);
  EXPECT_EQ(Confirm("o1", 10, "c1").Text("response"), "SUCCESS");
  Reserve("o3", 2, "k3");
  const Reply late = Confirm("o2", 4, "c2");
  EXPECT_EQ(late.status, 200);
  EXPECT_EQ(late.Text("response"), "FAIL");
  EXPECT_FALSE(late.Text("reason").empty());
  EXPECT_EQ(FreeTea(), "north 2");
}

TEST_P(StoreTest, ReversingFreesTheGoodsAndCancelsTheCaseForGood) {  // SHOP-ORC-9
  Reserve("o1", 3, "k1");
  Confirm("o1", 3, "c1");
  EXPECT_EQ(Reverse("o1", "r1").Text("response"), "SUCCESS");
  EXPECT_EQ(Reverse("o1", "r2").Text("response"), "SUCCESS");
  EXPECT_EQ(Reverse("unknown", "r3").Text("response"), "SUCCESS");
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
  EXPECT_EQ(Confirm("o1", 3, "c2").Text("response"), "FAIL");
  EXPECT_EQ(FreeTea(), "centre 10, north 4");
}

TEST_P(StoreTest, ACaseGoesItsWayAndTheGoodsLeave) {  // SHOP-STO-4
  const std::string id = Reserve("o1", 3, "k1").Text("caseId");
  EXPECT_EQ(SetStatus(id, "READY_TO_START", "s0").status, 409);
  Confirm("o1", 3, "c1");
  EXPECT_EQ(SetStatus(id, "IN_WORK", "s1").status, 409);
  for (const char* status : {"READY_TO_START", "IN_WORK", "ASSEMBLED"})
    EXPECT_EQ(SetStatus(id, status, std::string("s") + status).Text("status"), status);
  EXPECT_EQ(SetStatus(id, "ASSEMBLED", "again").status, 200);
  EXPECT_EQ(SetStatus(id, "CANCELED", "s2").status, 409);
  // A conflict, so that the undo does not count as done.
  EXPECT_EQ(Reverse("o1", "r1").status, 409);
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
  EXPECT_EQ(Get("store", "/cases?status=ASSEMBLED").body.Find("cases")->as_list().size(), 1u);
  EXPECT_EQ(SetStatus(id, "HANDED_OVER", "s3").Text("assignee"), "petr");
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
  Put("/stock", R"({"productId":"tea","storeId":"centre","quantity":1})");
  EXPECT_EQ(FreeTea(), "centre 8, north 4");
}

TEST_P(StoreTest, AnOrderThatIsBeingCancelledIsTakenByNobody) {  // SHOP-CAN-8
  const std::string id = Reserve("o1", 3, "k1").Text("caseId");
  Confirm("o1", 3, "c1");
  SetStatus(id, "READY_TO_START", "s1");
  EXPECT_EQ(Post("store", "/orders/o1/block", "{}", "b1").status, 200);
  EXPECT_EQ(SetStatus(id, "IN_WORK", "s2").status, 409);
  EXPECT_EQ(Post("store", "/orders/o1/unblock", "{}", "u1").status, 200);
  EXPECT_EQ(SetStatus(id, "IN_WORK", "s3").status, 200);
  EXPECT_EQ(Post("store", "/orders/o1/block", "{}", "b2").status, 409);
}

TEST_P(StoreTest, AnOrderWithoutGoodsIsBlockedAsWell) {
  EXPECT_EQ(Post("store", "/orders/o9/block", "{}", "b1").status, 200);
  EXPECT_EQ(Confirm("o9", 1, "c1").Text("response"), "FAIL");
  EXPECT_EQ(Reverse("o9", "r1").Text("response"), "SUCCESS");
  EXPECT_EQ(Post("store", "/orders/o8/unblock", "{}", "u1").status, 200);
}

TEST_P(StoreTest, KeepsEverythingOverARestart) {
  Reserve("o1", 3, "k1");
  Confirm("o1", 3, "c1");
  StopShop();
  StartShop();
  EXPECT_EQ(Confirm("o1", 3, "c1").Text("response"), "SUCCESS");
  EXPECT_EQ(FreeTea(), "centre 7, north 4");
}

INSTANTIATE_TEST_SUITE_P(Each, StoreTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

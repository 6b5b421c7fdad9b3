#include <thread>

#include "tests/support/child_process.h"
#include "tests/unit/shop/shop_fixture.h"

namespace fermata::test {
namespace {

constexpr int kHour = 3'600;

// The courier companies, and a payment service that takes down what was collected.
struct DeliveryNeighbours {
  DeliveryNeighbours()
      : couriers({"/usr/bin/python3", FERMATA_SOURCE_DIR "/examples/shop/couriers/couriers.py"}),
        payment({.stop_grace_ms = 0}, [this](const HttpRequest& request, const ResponseHandle& response) {
          if (request.method == "GET")
            return response.Send(JsonResponse(payment_status, owes ? R"({"open":true})" : R"({"open":false})"));
          collected = request.path + " " + request.body;
          response.Send(JsonResponse(payment_status, payment_status == 200 ? "{}" : R"({"errorMessage":"Not due"})"));
        }) {
    Result<Value> ready = ParseJson(couriers.ReadLine());
    couriers_url = ready.ok() ? std::string(ready->Find("url")->as_string()) : "";
    couriers_port = std::atoi(couriers_url.substr(couriers_url.rfind(':') + 1).c_str());
    Result<int> port = payment.Start();
    payment_url = "http://127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
  }

  ChildProcess couriers;
  std::atomic<int> payment_status{200};
  std::atomic<bool> owes{false};  // whether something is to be collected at the door
  std::string collected;          // read it when the answer to what caused it is there
  HttpServer payment;
  std::string couriers_url, payment_url;
  int couriers_port = 0;
};

struct DeliveryWorld : DeliveryNeighbours, ShopWorld {
  explicit DeliveryWorld(const std::string& database)
      : ShopWorld(database, {"delivery"}, [this](shop::ShopOptions& options) {
          options.couriers_url = couriers_url;
          options.payment_url = payment_url;
        }) {
    AddSession("s-ann", "ann");
    AddSession("s-bob", "bob");
    Add("/points", R"({"id":1,"name":"Центр","address":"Москва, Тверская 1","hours":"9-21","capacity":100})");
    Add("/points", R"({"id":2,"name":"River","address":"Moscow, Quay 2","capacity":1})");
    Add("/companies", R"({"code":"stork","name":"Stork","methodType":"SCOOTER","adapter":"stork"})");
    Add("/companies", R"({"code":"turtle","name":"Turtle","methodType":"CAR","adapter":"turtle"})");
    for (const char* id : {"c1", "c2"})
      Add("/couriers", R"({"id":")" + std::string(id) + R"(","name":"Courier","phone":"+7","methodType":"ON_FOOT"})");
  }
  ~DeliveryWorld() { payment.Stop(); }

  void Add(const std::string& path, const std::string& body) {
    EXPECT_EQ(Post("delivery", path, body, "add " + body).status, 200) << body;
  }
};

class DeliveryTest : public SharedShopTest<DeliveryWorld> {
 protected:
  Reply Ask(const std::string& method, const std::string& path, const std::string& body = "",
            const std::string& key = "", const std::string& session = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!key.empty()) headers.emplace_back("Idempotency-Key", key);
    if (!session.empty()) headers.emplace_back("Cookie", "sessionId=" + session);
    // With neither, a stranger asks.
    if (headers.empty()) headers.emplace_back("X-Service-Key", "");
    return world().Send("delivery", method, path, body, headers);
  }
  Reply Post(const std::string& path, const std::string& body, const std::string& key = "") {
    static int keys = 0;
    return Ask("POST", path, body, key.empty() ? "k" + std::to_string(++keys) : key);
  }
  Reply GetAsAnn(const std::string& path) { return Ask("GET", path, "", "", "s-ann"); }

  // Own couriers who go where the address holds their code; so many deliveries from 10 to 12 each day.
  void AddCompany(const std::string& code, int capacity) {
    world().Add("/companies", R"({"code":")" + code +
                                  R"(","name":"Own","methodType":"ON_FOOT","cost":20000,"zones":[")" + code +
                                  R"("],"intervals":[{"beginTime":"10:00","endTime":"12:00","capacity":)" +
                                  std::to_string(capacity) + "}]}");
  }
  Reply Reserve(const std::string& order, const std::string& company, const std::string& key = "",
                const std::string& more = "") {
    return Post("/reservations",
                R"({"orderId":")" + order + R"(","username":"ann","language":"en","kind":"HOME","address":"1 )" +
                    company + R"( Street","companyCode":")" + company + "\"" + more + "}",
                key);
  }
  Reply ReservePoint(const std::string& order, int point) {
    return Post("/reservations", R"({"orderId":")" + order + R"(","username":"ann","kind":"PICKUP","pointId":)" +
                                     std::to_string(point) + "}");
  }
  Reply Orchestra(const std::string& path, const std::string& order, const std::string& key = "") {
    return Post(path, R"({"orderId":")" + order + "\"}", key);
  }
  std::string Confirm(const std::string& order) { return Orchestra("/cases/confirm", order).Text("response"); }
  // The free places of the company's first slot that has one; 0 if none has.
  long long FreeIn(const std::string& company) {
    const Reply reply = GetAsAnn("/slots?company=" + company);
    const auto slots = reply.body.Find("slots")->as_list();
    return slots.empty() ? 0 : slots.front().Find("free")->as_int();
  }
  // A case of an own company, booked; gives its id.
  std::string Book(const std::string& order) {
    AddCompany("swift", 1'000);
    const std::string id = Reserve(order, "swift").Text("caseId");
    EXPECT_EQ(Confirm(order), "SUCCESS");
    return id;
  }
  Reply Move(const std::string& case_id, const std::string& state, const std::string& more = "") {
    return Post("/cases/" + case_id + "/status", R"({"status":")" + state + "\"" + more + "}");
  }
  std::string StateOf(const std::string& order) { return GetAsAnn("/cases/" + order).Text("state"); }
  // What a courier company's books say of a parcel of this address; empty if it knows none.
  std::string ParcelAt(const std::string& company, const std::string& address) {
    Result<Value> books = ParseJson(HttpClient(world().couriers_port).Get("/books").body);
    for (const auto& [reference, parcel] : books->Find(company)->as_map())
      if (*parcel.Find("to") == Value::String(address)) return std::string(parcel.Find("state")->as_string());
    return "";
  }
  void Switch(const std::string& company, const std::string& state) {
    HttpClient(world().couriers_port).Post("/switches", R"({")" + company + R"(":")" + state + "\"}");
  }
  const Value* VariantOf(const Reply& variants, const std::string& company) {
    if (const Value* list = variants.body.Find("variants"))
      for (const Value& variant : list->as_list())
        if (*variant.Find("companyCode") == Value::String(company)) return &variant;
    return nullptr;
  }
};

TEST_P(DeliveryTest, ListsPickupPointsByAWordOfTheirAddress) {  // SHOP-DLV-7
  EXPECT_EQ(Ask("GET", "/points").status, 401);
  EXPECT_EQ(Ask("GET", "/points", "", "", "none").status, 401);
  const std::vector<std::pair<std::string, std::string>> stranger = {{"Idempotency-Key", "any"},
                                                                     {"X-Service-Key", "another"}};
  EXPECT_EQ(world().Send("delivery", "POST", "/reservations", "{}", stranger).status, 401);
  EXPECT_EQ(GetAsAnn("/points").body.Find("pickupPoints")->as_list().size(), 2u);
  const Reply found = GetAsAnn("/points?addressFilter=%D0%A2%D0%B2%D0%B5%D1%80");
  EXPECT_EQ(WriteJson(found.body),
            R"({"pickupPoints":[{"id":1,"name":"Центр","address":"Москва, Тверская 1","hours":"9-21"}]})");
  EXPECT_EQ(
      Ask("GET", "/points?addressFilter=Mars", "", "a process's call").body.Find("pickupPoints")->as_list().size(), 0u);
}

TEST_P(DeliveryTest, OffersOwnAndExternalCouriers) {  // SHOP-CHK-9
  AddCompany("offers", 3);
  EXPECT_EQ(Ask("GET", "/variants?address=1%20offers").status, 401);
  const Reply reply = GetAsAnn("/variants?address=1%20offers");
  ASSERT_EQ(reply.status, 200);
  const Value* own = VariantOf(reply, "offers");
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(*own->Find("own"), Value::Bool(true));
  EXPECT_EQ(*own->Find("cost"), Value::Int(20'000));
  EXPECT_EQ(*own->Find("estimatedDate"), Value::String("14.09.2020"));
  EXPECT_EQ(own->Find("slots")->as_list().size(), 7u);
  const Value* stork = VariantOf(reply, "stork");
  ASSERT_NE(stork, nullptr);
  EXPECT_EQ(*stork->Find("own"), Value::Bool(false));
  EXPECT_EQ(stork->Find("slots")->as_list().size(), 9u);
  const Value* turtle = VariantOf(reply, "turtle");
  ASSERT_NE(turtle, nullptr);
  // Its "150.50" and so on, and a day without windows.
  EXPECT_EQ(turtle->Find("cost")->as_int() % 100, 50);
  EXPECT_TRUE(turtle->Find("slots")->as_list().empty());
  EXPECT_EQ(turtle->Find("estimatedDate")->as_string().size(), 10u);
}

TEST_P(DeliveryTest, AnAddressThatNobodyServesIsUnprocessable) {
  EXPECT_EQ(GetAsAnn("/variants?address=Antarctica").status, 422);
  EXPECT_EQ(GetAsAnn("/variants").status, 422);
}

TEST_P(DeliveryTest, ACompanyThatDoesNotAnswerIsLeftOut) {  // SHOP-DLV-9
  AddCompany("calm", 3);
  Switch("stork", "down");
  const Reply reply = GetAsAnn("/variants?address=1%20calm");
  EXPECT_EQ(Reserve("o-down", "stork").status, 503);
  Switch("stork", "up");
  EXPECT_EQ(VariantOf(reply, "stork"), nullptr);
  EXPECT_NE(VariantOf(reply, "calm"), nullptr);
  EXPECT_EQ(GetAsAnn("/cases/o-down").status, 404);
}

TEST_P(DeliveryTest, AReservationTakesAPlaceOnceAndDraftsACase) {  // SHOP-CHK-10, SHOP-DLV-1, SHOP-DLV-2
  AddCompany("once", 3);
  const Reply reply = Reserve("o-once", "once", "same");
  ASSERT_EQ(reply.status, 201);
  EXPECT_EQ(Reserve("o-once", "once", "same").Text("reservationId"), reply.Text("reservationId"));
  EXPECT_EQ(*reply.body.Find("cost"), Value::Int(20'000));
  EXPECT_EQ(FreeIn("once"), 2);
  const Reply work = GetAsAnn("/cases/o-once");
  EXPECT_EQ(work.Text("state"), "DRAFT");
  EXPECT_EQ(work.Text("caseId"), reply.Text("caseId"));
  EXPECT_EQ(work.Text("kind"), "HOME");
  EXPECT_EQ(WriteJson(*work.body.Find("estimated")), R"({"date":"2020-09-14","beginTime":"10:00","endTime":"12:00"})");
}

TEST_P(DeliveryTest, ASlotIsNeverGivenAwayTwice) {  // SHOP-DLV-8, SHOP-CHK-11
  AddCompany("rush", 2);
  const std::string slot = R"(,"slotId":"rush-2020-09-14-10:00")";
  std::atomic<int> taken{0}, full{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i)
    clients.emplace_back([&, i] {
      const int status = Reserve("o-rush" + std::to_string(i), "rush", "rush" + std::to_string(i), slot).status;
      taken += status == 201;
      full += status == 409;
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(taken, 2);
  EXPECT_EQ(full, 4);
  EXPECT_EQ(GetAsAnn("/slots?company=rush&date=2020-09-14").body.Find("slots")->as_list().size(), 0u);
  EXPECT_EQ(GetAsAnn("/slots?company=rush").body.Find("slots")->as_list().size(), 6u);
}

TEST_P(DeliveryTest, ARefusedChangeLeavesTheFormerReservation) {
  AddCompany("kept", 1);
  AddCompany("taken", 1);
  const std::string slot = R"(,"slotId":"taken-2020-09-14-10:00")";
  ASSERT_EQ(Reserve("o-first", "taken", "", slot).status, 201);
  ASSERT_EQ(Reserve("o-kept", "kept", "", R"(,"slotId":"kept-2020-09-14-10:00")").status, 201);
  EXPECT_EQ(Reserve("o-kept", "taken", "", slot).status, 409);
  EXPECT_EQ(Reserve("o-kept", "taken", "", R"(,"slotId":"none")").status, 404);
  EXPECT_EQ(GetAsAnn("/slots?company=kept&date=2020-09-14").body.Find("slots")->as_list().size(), 0u);
  EXPECT_EQ(Confirm("o-kept"), "SUCCESS");
  EXPECT_EQ(GetAsAnn("/cases/o-kept").Text("companyCode"), "kept");
}

TEST_P(DeliveryTest, ReservingAgainGivesTheFormerPlaceBack) {
  AddCompany("former", 1);
  AddCompany("latter", 1);
  const std::string slot = R"(,"slotId":"former-2020-09-14-10:00")";
  ASSERT_EQ(Reserve("o-again", "former", "", slot).status, 201);
  EXPECT_EQ(Reserve("o-again", "former", "", slot).status, 201) << "The last place is its own.";
  ASSERT_EQ(Reserve("o-again", "latter").status, 201);
  EXPECT_EQ(GetAsAnn("/slots?company=former&date=2020-09-14").body.Find("slots")->as_list().size(), 1u);
  ASSERT_EQ(ReservePoint("o-again", 1).status, 201);
  EXPECT_EQ(GetAsAnn("/slots?company=latter&date=2020-09-14").body.Find("slots")->as_list().size(), 1u);
  EXPECT_EQ(GetAsAnn("/cases/o-again").Text("kind"), "PICKUP");
}

TEST_P(DeliveryTest, AReservationEndsAfterAnHourAndABookingDoesNot) {  // SHOP-CART-11
  AddCompany("hourly", 1);
  const std::string slot = R"(,"slotId":"hourly-2020-09-14-10:00")";
  ASSERT_EQ(Reserve("o-late", "hourly", "", slot).status, 201);
  world().clock_.Advance(kHour - 1);
  EXPECT_EQ(Reserve("o-next", "hourly", "", slot).status, 409);
  world().clock_.Advance(1);
  // Nobody else has taken it meanwhile.
  EXPECT_EQ(Confirm("o-late"), "SUCCESS");
  world().clock_.Advance(kHour);
  EXPECT_EQ(Reserve("o-next", "hourly", "", slot).status, 409);
  EXPECT_EQ(Orchestra("/cases/reverse", "o-late").Text("response"), "SUCCESS");
  ASSERT_EQ(Reserve("o-next", "hourly", "", slot).status, 201);
  world().clock_.Advance(kHour);
  ASSERT_EQ(Reserve("o-third", "hourly", "", slot).status, 201);
  const Reply failed = Orchestra("/cases/confirm", "o-next");
  EXPECT_EQ(failed.status, 409);
  EXPECT_EQ(failed.Text("response"), "FAIL");
  EXPECT_EQ(failed.Text("reason"), "The delivery slot is no longer free");
}

TEST_P(DeliveryTest, ACaseThatIsRefusedHasNoPlaceBooked) {
  AddCompany("revived", 1);
  Reserve("o-revived", "revived");
  world().clock_.Advance(kHour);
  EXPECT_EQ(FreeIn("revived"), 1);
  Orchestra("/cases/reverse", "o-revived");
  const Reply refused = Orchestra("/cases/confirm", "o-revived", "refused");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.Text("errorMessage"), "The delivery is CANCELED");
  EXPECT_EQ(Orchestra("/cases/confirm", "o-revived", "refused").status, 409);
  EXPECT_EQ(FreeIn("revived"), 1);
}

TEST_P(DeliveryTest, ReleasingGivesThePlaceBackOnce) {
  AddCompany("release", 2);
  const std::string id = Reserve("o-release", "release").Text("reservationId");
  EXPECT_EQ(FreeIn("release"), 1);
  EXPECT_EQ(Ask("DELETE", "/reservations/" + id).status, 401);
  for (int time = 0; time < 2; ++time) EXPECT_EQ(Ask("DELETE", "/reservations/" + id, "", "", "s-ann").status, 204);
  EXPECT_EQ(FreeIn("release"), 2);
  EXPECT_EQ(Confirm("o-release"), "FAIL");
  EXPECT_EQ(Ask("DELETE", "/reservations/none", "", "", "s-ann").status, 404);
  const std::string booked = Reserve("o-booked", "release").Text("reservationId");
  ASSERT_EQ(Confirm("o-booked"), "SUCCESS");
  EXPECT_EQ(Ask("DELETE", "/reservations/" + booked, "", "", "s-ann").status, 409);
  EXPECT_EQ(Reserve("o-booked", "release").status, 409);
}

TEST_P(DeliveryTest, APickupPointTakesAsManyAsItHolds) {
  ASSERT_EQ(ReservePoint("o-point1", 2).status, 201);
  EXPECT_EQ(ReservePoint("o-point2", 2).status, 409);
  EXPECT_EQ(ReservePoint("o-point2", 99).status, 404);
  EXPECT_EQ(Orchestra("/cases/reverse", "o-point1").Text("response"), "SUCCESS");
  EXPECT_EQ(ReservePoint("o-point2", 2).status, 201);
  Orchestra("/cases/reverse", "o-point2");
}

TEST_P(DeliveryTest, ExternalCouriersReserveBookAndForget) {  // SHOP-DLV-2
  for (const char* company : {"stork", "turtle"}) {
    const std::string order = std::string("o-") + company, address = std::string("1 ") + company + " Street";
    const Reply reply = Reserve(order, company, "r" + order);
    ASSERT_EQ(reply.status, 201) << company;
    EXPECT_GT(reply.body.Find("cost")->as_int(), 10'000);
    EXPECT_EQ(Reserve(order, company, "r" + order).Text("reservationId"), reply.Text("reservationId"));
    EXPECT_EQ(ParcelAt(company, address), "reserved");
    EXPECT_EQ(Confirm(order), "SUCCESS");
    EXPECT_EQ(ParcelAt(company, address), "booked");
    EXPECT_EQ(Orchestra("/cases/reverse", order).Text("response"), "SUCCESS");
    EXPECT_EQ(ParcelAt(company, address), "cancelled");
  }
}

TEST_P(DeliveryTest, AnExternalCompanyThatRefusesOrIsAwayIsTold) {
  EXPECT_EQ(Reserve("o-slot", "stork", "", R"(,"slotId":"1999-01-01T10:00")").status, 409);
  EXPECT_EQ(Post("/reservations", R"({"orderId":"o-ice","kind":"HOME","address":"Antarctica","companyCode":"turtle"})")
                .status,
            409);
  ASSERT_EQ(Reserve("o-away", "turtle").status, 201);
  Switch("turtle", "down");
  const int confirm = Orchestra("/cases/confirm", "o-away", "away").status;
  const int reverse = Orchestra("/cases/reverse", "o-away", "away back").status;
  Switch("turtle", "up");
  EXPECT_EQ(confirm, 503);
  EXPECT_EQ(reverse, 503);
  EXPECT_EQ(Orchestra("/cases/confirm", "o-away", "away").Text("response"), "SUCCESS")
      << "The same call is tried again.";
  EXPECT_EQ(Orchestra("/cases/reverse", "o-away", "away back").Text("response"), "SUCCESS");
}

TEST_P(DeliveryTest, TheOrchestraConfirmsAndReversesOnce) {  // SHOP-ORC-4, SHOP-ORC-5, SHOP-ORC-9, SHOP-DLV-3
  AddCompany("saga", 2);
  Reserve("o-saga", "saga");
  const Reply slot = Orchestra("/slots/confirm", "o-saga");
  EXPECT_EQ(slot.Text("response"), "SUCCESS");
  EXPECT_EQ(StateOf("o-saga"), "DRAFT");
  const Reply confirmed = Orchestra("/cases/confirm", "o-saga", "confirm saga");
  EXPECT_EQ(WriteJson(confirmed.body), R"({"orderId":"o-saga","requestType":"CONFIRM","confirmator":"DELIVERY",)"
                                       R"("response":"SUCCESS","reason":"","caseId":")" +
                                           confirmed.Text("caseId") + "\"}");
  EXPECT_EQ(Orchestra("/cases/confirm", "o-saga").Text("response"), "SUCCESS") << "Another call, the same wish.";
  EXPECT_EQ(StateOf("o-saga"), "CONFIRMED");
  for (const char* path : {"/cases/reverse", "/cases/reverse", "/slots/reverse"})
    EXPECT_EQ(Orchestra(path, "o-saga").Text("response"), "SUCCESS");
  EXPECT_EQ(StateOf("o-saga"), "CANCELED");
  EXPECT_EQ(FreeIn("saga"), 2);
  EXPECT_EQ(Orchestra("/cases/reverse", "o-unknown").Text("response"), "SUCCESS") << "There is nothing to undo.";
  for (const char* path : {"/cases/confirm", "/slots/confirm"}) {
    const Reply refused = Orchestra(path, "o-unknown");
    EXPECT_EQ(refused.status, 409) << path;
    EXPECT_EQ(refused.Text("response"), "FAIL");
    EXPECT_EQ(refused.Text("reason"), "No delivery is reserved for the order");
  }
}

TEST_P(DeliveryTest, TheGoodsGoToTheAddressAndTheEngineHears) {  // SHOP-DLV-4, SHOP-DLV-6, SHOP-NTF-8
  const std::string id = Book("o-home");
  for (const char* state : {"ASSIGNED", "PICKED_UP", "IN_TRANSIT", "NEAR_ADDRESS"})
    EXPECT_EQ(Move(id, state).status, 200) << state;
  EXPECT_EQ(Orchestra("/cases/reverse", "o-home", "too late").status, 409) << "The courier has the goods.";
  EXPECT_EQ(Move(id, "DELIVERED").status, 400) << "Without a proof.";
  EXPECT_EQ(Move(id, "DELIVERED", R"(,"statusDate":"soon","proof":{"code":"17"})").status, 400);
  EXPECT_EQ(Move(id, "DELIVERED", R"(,"statusDate":"2020-09-14T11:30:00Z","proof":{"code":"17"})").status, 200);
  EXPECT_EQ(GetAsAnn("/cases/o-home").Text("actual"), "2020-09-14T11:30:00Z");
  const std::vector<Value> events = world().EventsAbout("orderId", "o-home", 6);
  ASSERT_EQ(events.size(), 6u);
  const char* const states[] = {"CONFIRMED", "ASSIGNED", "PICKED_UP", "IN_TRANSIT", "NEAR_ADDRESS", "DELIVERED"};
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(*events[i].Find("type"), Value::String(i == 0 ? "delivery.case-confirmed" : "delivery.case-moved"));
    EXPECT_EQ(*events[i].Find("data")->Find("status"), Value::String(states[i]));
    EXPECT_EQ(*events[i].Find("data")->Find("username"), Value::String("ann"));
  }
}

TEST_P(DeliveryTest, TheGoodsGoToAPointAndTheEngineHears) {  // SHOP-DLV-5
  const std::string id = ReservePoint("o-pick", 1).Text("caseId");
  ASSERT_EQ(Confirm("o-pick"), "SUCCESS");
  for (const char* state : {"ASSIGNED", "PICKED_UP", "IN_TRANSIT"}) EXPECT_EQ(Move(id, state).status, 200) << state;
  EXPECT_EQ(Move(id, "NEAR_ADDRESS").status, 409);
  EXPECT_EQ(Move(id, "AT_POINT").status, 200);
  EXPECT_EQ(Move(id, "DELIVERED").status, 200);
  const std::vector<Value> events = world().EventsAbout("orderId", "o-pick", 5);
  EXPECT_EQ(*events.at(3).Find("data")->Find("status"), Value::String("AT_POINT"));
  EXPECT_EQ(*events.at(3).Find("data")->Find("pointId"), Value::Int(1));
  EXPECT_EQ(*events.at(3).Find("data")->Find("place"), Value::String("Москва, Тверская 1"));
}

TEST_P(DeliveryTest, RefusesStepsThatDoNotFollow) {
  const std::string id = Book("o-steps");
  for (const char* state : {"DELIVERED", "DRAFT", "CONFIRMED", "CANCELED", "none", ""})
    EXPECT_EQ(Move(id, state, R"(,"proof":{"code":"1"})").status, 409) << state;
  EXPECT_EQ(Move("none", "ASSIGNED").status, 404);
  EXPECT_EQ(world().Post("delivery", "/cases/" + id + "/status", R"({"status":"ASSIGNED"})").status, 400)
      << "It has no key.";
  EXPECT_EQ(Move(id, "ASSIGNED", R"(,"courier":"nobody")").status, 404);
  EXPECT_EQ(StateOf("o-steps"), "CONFIRMED");
}

TEST_P(DeliveryTest, AReservationLivesAsLongAsTheProcessSays) {
  const auto reserve = [&](const char* minutes) {
    return Post("/reservations", R"({"orderId":"o-short","username":"ann","kind":"PICKUP","pointId":1,"ttlMinutes":)" +
                                     std::string(minutes) + "}");
  };
  EXPECT_EQ(reserve("0").status, 400);
  EXPECT_EQ(reserve("1441").status, 400);
  const std::string hour = ReservePoint("o-hour", 1).Text("expiresAt"), short_one = reserve("30").Text("expiresAt");
  ASSERT_FALSE(short_one.empty());
  EXPECT_LT(short_one, hour);
}

TEST_P(DeliveryTest, ACourierCollectsWhatIsDueOrDoesNotHandOver) {  // SHOP-PAY-20, SHOP-PAY-21
  const std::string id = Book("o-cash");
  for (const char* state : {"ASSIGNED", "PICKED_UP", "IN_TRANSIT", "NEAR_ADDRESS"}) Move(id, state);
  const std::string cash = R"(,"proof":{"signature":"Ann"},"collected":{"kind":"CASH","amount":500})";
  world().owes = true;
  EXPECT_EQ(Move(id, "DELIVERED", R"(,"proof":{"signature":"Ann"})").status, 409) << "Nothing was collected.";
  world().payment_status = 409;
  EXPECT_EQ(Move(id, "DELIVERED", cash).status, 409);
  EXPECT_EQ(StateOf("o-cash"), "NEAR_ADDRESS");
  world().payment_status = 500;
  EXPECT_EQ(Move(id, "DELIVERED", cash).status, 503);
  EXPECT_EQ(Move(id, "DELIVERED", R"(,"proof":{"signature":"Ann"})").status, 503) << "Nobody knows what is due.";
  world().payment_status = 200;
  EXPECT_EQ(Move(id, "DELIVERED", cash).status, 200);
  EXPECT_EQ(world().collected, R"(/collect {"orderId":"o-cash","kind":"CASH","amount":500})");
  world().owes = false;
}

TEST_P(DeliveryTest, ScanningTellsTheRightOrderAndBackpack) {
  const std::string id = Book("o-scan");
  const std::string courier(Move(id, "ASSIGNED", R"(,"courier":"c2")").body.Find("courier")->Find("id")->as_string());
  EXPECT_EQ(courier, "c2");
  const auto scan = [&](const std::string& order, const std::string& backpack) {
    return Post("/cases/" + id + "/scan", R"({"orderQr":")" + order + R"(","backpackQr":")" + backpack + "\"}").status;
  };
  EXPECT_EQ(scan("o-scan", "c2"), 200);
  EXPECT_EQ(scan("o-other", "c2"), 409);
  EXPECT_EQ(scan("o-scan", "c1"), 409);
  EXPECT_EQ(Post("/cases/none/scan", R"({"orderQr":"o-scan","backpackQr":"c2"})").status, 404);
}

TEST_P(DeliveryTest, TheCourierWithTheLeastToDoIsAssigned) {
  world().Add("/couriers", R"({"id":"v1","name":"Vera","phone":"","methodType":"CAR"})");
  world().Add("/couriers", R"({"id":"v2","name":"Vlad","phone":"","methodType":"CAR"})");
  world().Add("/companies", R"({"code":"vans","name":"Vans","methodType":"CAR","zones":["vans"],"cost":1,"intervals":)"
                            R"([{"beginTime":"08:00","endTime":"09:00","capacity":9}]})");
  std::vector<std::string> couriers;
  for (const char* order : {"o-van1", "o-van2", "o-van3"}) {
    const std::string id = Reserve(order, "vans").Text("caseId");
    ASSERT_EQ(Confirm(order), "SUCCESS");
    couriers.emplace_back(Move(id, "ASSIGNED").body.Find("courier")->Find("id")->as_string());
  }
  EXPECT_EQ(couriers, (std::vector<std::string>{"v1", "v2", "v1"}));
  EXPECT_EQ(Post("/couriers/v1/position", R"({"position":"55.75,37.61"})").status, 200);
  EXPECT_EQ(WriteJson(*GetAsAnn("/cases/o-van1").body.Find("courier")),
            R"({"id":"v1","name":"Vera","position":"55.75,37.61"})");
  EXPECT_EQ(Post("/couriers/nobody/position", R"({"position":"1,1"})").status, 404);
  EXPECT_EQ(Post("/couriers/v1/position", "{}").status, 400);
}

TEST_P(DeliveryTest, ACaseIsForItsCustomerAndMovedByCouriersOnly) {  // SHOP-ORD-8
  const std::string id = Book("o-mine");
  EXPECT_EQ(Ask("GET", "/cases/o-mine").status, 401);
  EXPECT_EQ(Ask("GET", "/cases/o-mine", "", "", "s-bob").status, 403);
  EXPECT_EQ(Ask("GET", "/cases/o-none", "", "", "s-ann").status, 404);
  EXPECT_EQ(Ask("POST", "/cases/" + id + "/status", R"({"status":"ASSIGNED"})", "mine1", "s-ann").status, 403);
  EXPECT_EQ(Ask("POST", "/cases/" + id + "/status", R"({"status":"ASSIGNED"})", "mine2", "none").status, 403);
  EXPECT_EQ(Ask("POST", "/cases/" + id + "/status", R"({"status":"ASSIGNED"})").status, 401);
  EXPECT_EQ(Ask("POST", "/cases/" + id + "/scan", "{}", "mine3", "s-ann").status, 403);
  EXPECT_EQ(StateOf("o-mine"), "CONFIRMED");
  EXPECT_EQ(Ask("GET", "/cases?status=CONFIRMED").status, 401);
  const Reply list = world().Get("delivery", "/cases?status=CONFIRMED");
  const auto cases = list.body.Find("cases")->as_list();
  EXPECT_TRUE(std::any_of(cases.begin(), cases.end(),
                          [](const Value& work) { return *work.Find("orderId") == Value::String("o-mine"); }));
}

TEST_P(DeliveryTest, AnotherCustomersDeliveryIsLeftAlone) {  // SHOP-ORD-8
  AddCompany("guarded", 3);
  const std::string id = Reserve("o-guarded", "guarded").Text("reservationId");
  const char* wish = R"({"orderId":"o-guarded","kind":"PICKUP","pointId":1})";
  EXPECT_EQ(Ask("POST", "/reservations", wish, "guarded1", "s-bob").status, 403);
  EXPECT_EQ(Ask("DELETE", "/reservations/" + id, "", "", "s-bob").status, 403);
  EXPECT_EQ(GetAsAnn("/cases/o-guarded").Text("kind"), "HOME");
  EXPECT_EQ(FreeIn("guarded"), 2);
  EXPECT_EQ(Ask("POST", "/reservations", wish, "guarded2", "s-ann").status, 201);
}

TEST_P(DeliveryTest, EventsOutliveAnEngineThatIsAwayAndARestart) {
  const std::string id = Book("o-outbox");
  world().RefuseEvents(1'000'000);
  EXPECT_EQ(Move(id, "ASSIGNED").status, 200);
  EXPECT_EQ(Move(id, "PICKED_UP").status, 200);
  world().StopShop();
  world().RefuseEvents(1);
  world().StartShop();
  const std::vector<Value> events = world().EventsAbout("orderId", "o-outbox", 3);
  const char* const states[] = {"CONFIRMED", "ASSIGNED", "PICKED_UP"};
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(*events.at(i).Find("data")->Find("status"), Value::String(states[i]));
  EXPECT_EQ(StateOf("o-outbox"), "PICKED_UP");
}

TEST_P(DeliveryTest, RefusesWhatIsFilledInWrongly) {
  const std::pair<const char*, const char*> cases[] = {
      {"/reservations", "{}"},
      {"/reservations", R"({"orderId":"o","kind":"DRONE"})"},
      {"/reservations", R"({"orderId":"o","kind":"HOME","address":"Somewhere"})"},
      {"/cases/confirm", "{}"},
      {"/cases/reverse", "{}"},
      {"/points", R"({"id":0,"name":"n","address":"a","capacity":1})"},
      {"/points", R"({"id":7,"name":"n","address":"a","capacity":-1})"},
      {"/companies", R"({"code":"x","name":"X","methodType":"DRONE"})"},
      {"/companies", R"({"code":"x","name":"X","methodType":"CAR","adapter":"pigeon"})"},
      {"/companies", R"({"code":"x","name":"X","methodType":"CAR","intervals":[{"beginTime":"9","endTime":"10:00"}]})"},
      {"/companies", R"({"code":"x","name":"X","methodType":"CAR","cost":-1})"},
      {"/couriers", R"({"id":"x","name":"X"})"},
  };
  for (const auto& [path, body] : cases) EXPECT_EQ(Post(path, body).status, 400) << path << body;
  EXPECT_EQ(world().Post("delivery", "/points", R"({"id":7,"name":"n","address":"a","capacity":1})").status, 400)
      << "It has no key.";
  EXPECT_EQ(Reserve("o-x", "nobody").status, 404);
}

INSTANTIATE_TEST_SUITE_P(Each, DeliveryTest, testing::Values("Sqlite", "Postgres"), DatabaseName);

}  // namespace
}  // namespace fermata::test

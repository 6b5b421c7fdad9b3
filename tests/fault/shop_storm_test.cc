// Many customers order at once while everything fails: by the services' own books nothing is lost and nothing is doubled.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/model/json.h"
#include "tests/fault/options.h"
#include "tests/integration/support/shop_customer.h"
#include "tests/integration/support/storm_world.h"

namespace fermata::test {
namespace {

constexpr int kSmokeCustomers = 12, kSmokeKills = 6, kAtOnceMax = 100;
constexpr int kFaultsPercent = 12;
constexpr int kBadCardsMax = 2;
constexpr long long kPurse = 300'000;
// How often a customer looks, and how often at most: patience, nothing depends on it.
constexpr std::chrono::milliseconds kGlance{100};
constexpr int kStepsMax = 600;

bool IsEnd(const std::string& status) { return status == "completed" || status == "failed" || status == "cancelled"; }

// What a customer wants, by chance.
struct Wish {
  explicit Wish(std::mt19937& random) {
    constexpr std::array kMethods = {"WALLET", "CARD", "SBP", "CASH_ON_RECEIPT", "declined", "never"};
    method = kMethods[random() % kMethods.size()];
    to_the_door = method == "CASH_ON_RECEIPT" || random() % 2 == 0;
    quantity = 1 + static_cast<int>(random() % 2);
    product = random() % 4 == 0 ? "honey" : "green";
    cancel_after = random() % 3 == 0 ? static_cast<int>(random() % 9) : -1;
  }

  std::string method, product;
  bool to_the_door = false;
  int quantity = 1;
  int cancel_after = -1;  // so many steps; -1 = never
};

// Does what a page would offer next, until the order is at its end or the customer has enough.
class StormCustomer {
 public:
  StormCustomer(StormWorld& world, const std::string& name, Wish wish)
      : world_(world), customer_(world, name), wish_(std::move(wish)) {}

  void Live() {
    customer_.Join().Give(kPurse);
    order_ = customer_.Fill({{wish_.product, wish_.quantity}});
    (void)customer_.Place(order_);
    for (int step = 0; step < kStepsMax; ++step) {
      if (step == wish_.cancel_after) return Cancel();
      const Value made = Newest("makeorder");
      if (IsEnd(At(made, "status"))) return;
      if (!Act()) return;
    }
    const std::string id = At(Newest("makeorder"), "id");
    ADD_FAILURE() << name()
                  << " never came to an end: " << world_.Get("engine", "/v1/instances/" + id + "/history").body;
  }

  const std::string& name() const { return customer_.name(); }

 private:
  Value Newest(const std::string& process) {
    const std::string id =
        At(JsonOf(world_.Get("engine", "/v1/instances?limit=1&process=" + process + "&key=" + order_)), "items.0.id");
    return id.empty() ? Value::Object({}) : JsonOf(world_.Get("engine", "/v1/instances/" + id));
  }

  // Answers the first open task, or waits for one; false if the customer never will.
  bool Act() {
    const Value tasks = JsonOf(world_.Get("engine", "/v1/tasks?limit=1&user=" + name()));
    const std::string state = At(tasks, "items.0.state");
    if (state.empty()) {
      std::this_thread::sleep_for(kGlance);
      return true;
    }
    const Value payment = Newest("makepayment");
    if (state == "choose-delivery") return Answer(tasks, wish_.to_the_door ? "courier" : "pickup");
    if (state == "choose-point") return Answer(tasks, "choose", R"({"pointId":1})");
    if (state == "address") return Answer(tasks, "next", R"({"address":"Kazan, Mira 7"})");
    if (state == "company") return Answer(tasks, "choose", R"({"companyCode":"own"})");
    if (state == "confirm-cost") return Answer(tasks, "place-order", R"({"costConfirmed":true})");
    if (state == "cart" || state == "what-now") return Answer(tasks, state == "cart" ? "leave" : "edit");
    if (state == "choose") return Choose();
    if (state == "bank-page") return UsePage(At(payment, "variables.hold.redirectUrl"));
    if (state == "scan") return UsePage(At(payment, "variables.sbp.payload"));
    if (state == "ready") return customer_.PressPay(At(payment, "variables.payment.paymentId")).status != 0;
    ADD_FAILURE() << "What should " << name() << " do in " << state << "?";
    return false;
  }

  bool Choose() {
    if (wish_.method == "never") return false;
    // A card that is declined is not tried for ever.
    const bool bad_card = wish_.method == "declined";
    (void)customer_.Authorise(order_, !bad_card ? wish_.method : ++bad_cards_ <= kBadCardsMax ? "CARD" : "WALLET");
    return true;
  }

  bool UsePage(const std::string& page) {
    if (page.empty()) return true;
    if (wish_.method == "SBP")
      (void)customer_.Confirm(page);
    else
      (void)customer_.EnterCard(page, wish_.method == "declined" ? kDeclinedCard : kEasyCard);
    // The callback moves it on, sooner or later.
    (void)world_.Get("engine", "/v1/instances/" + At(Newest("makepayment"), "id") + "?wait=1s&until=ready");
    return true;
  }

  bool Answer(const Value& tasks, const std::string& outcome, const std::string& data = "{}") {
    const ClientResponse answered =
        world_.Post("engine", "/v1/tasks/" + At(tasks, "items.0.id") + "/complete",
                    R"({"by":")" + name() + R"(","outcome":")" + outcome + R"(","data":)" + data + "}");
    // Closed meanwhile, by a time limit or by itself.
    EXPECT_TRUE(answered.status == 200 || answered.status == 409) << answered.body;
    return true;
  }

  void Cancel() {
    for (int i = 0; i < kStepsMax; ++i) {
      const ClientResponse asked = customer_.Cancel(order_);
      if (asked.status < 300) return;
      // The order has moved on since it was read, or is past it.
      const std::string status = customer_.StatusOf(order_);
      if (status == "CANCELED" || status == "APPROVED") return;
    }
    ADD_FAILURE() << name() << " cannot cancel " << order_;
  }

  StormWorld& world_;
  Customer customer_;
  const Wish wish_;
  std::string order_;
  int bad_cards_ = 0;
};

// Nothing moves any more but by people and time limits.
void WaitUntilCalm(StormWorld& world) {
  static const std::set<std::string, std::less<>> kForPeople = {
      "choose-delivery", "choose-point", "address", "company", "confirm-cost", "cart",   "pay",
      "choose",          "bank-page",    "scan",    "ready",   "what-now",     "confirm"};
  std::string busy;
  for (int i = 0; i < kStepsMax; ++i) {
    busy.clear();
    for (const char* status : {"running", "compensating", "waiting"})
      for (std::string cursor = "none"; busy.empty() && !cursor.empty();) {
        const ClientResponse answer = world.Get("engine", std::string("/v1/instances?limit=200&status=") + status +
                                                              (cursor == "none" ? "" : "&cursor=" + cursor));
        ASSERT_EQ(answer.status, 200) << answer.body;
        const Value page = JsonOf(answer);
        for (const Value& instance : page.Find("items")->as_list()) {
          const std::vector<Value>& states = instance.Find("states")->as_list();
          const bool waits = std::any_of(states.begin(), states.end(),
                                         [](const Value& state) { return kForPeople.contains(state.as_string()); });
          if (!waits) busy = WriteJson(instance);
        }
        cursor = At(page, "next") == "null" ? "" : At(page, "next");
      }
    if (busy.empty()) return;
    std::this_thread::sleep_for(kGlance);
  }
  ADD_FAILURE() << "There is still something to do: " << busy;
}

void ExpectSoundStock(StormWorld& world) {
  for (const auto& [kept, state] : {std::pair("reserved", "SOFT"), std::pair("booked", "BOOKED")})
    EXPECT_EQ(world.Query("store", std::string("select sum(") + kept + ") from stock"),
              world.Query("store", std::string("select coalesce(sum(l.quantity), 0) from stock_reservation_line l join "
                                               "stock_reservation r on r.reservation_guid = l.reservation_guid where "
                                               "l.store_id <> '' and r.state = '") +
                                       state + "'"))
        << kept;
  EXPECT_EQ(world.Query("store", "select sum(on_hand) from stock"), 40'000) << "nothing has left the stores";
  EXPECT_EQ(world.Query("store",
                        "select count(*) from (select order_id from stock_reservation where state in ('SOFT', "
                        "'BOOKED') group by order_id having count(*) > 1)"),
            0)
      << "orders with two reservations";
}

void ExpectSoundSlots(StormWorld& world) {
  EXPECT_EQ(world.Query("delivery",
                        "select (select sum(taken) from pickup_point) + (select coalesce(sum(taken), 0) from "
                        "delivery_slot)"),
            world.Query("delivery", "select count(*) from delivery_reservation where state in ('SOFT', 'BOOKED')"));
}

void ExpectSoundMoney(StormWorld& world) {
  const Value books = JsonOf(world.Get("billing", "/books"));
  for (const char* proof : {"sum", "unbalanced", "drifted"}) EXPECT_EQ(At(books, proof), "0") << proof;
  // What the bank has is what payment says, and no order was charged twice.
  EXPECT_EQ(world.Query("bank",
                        "select (select coalesce(sum(amount), 0) from bank_hold where status = 'CAPTURED' and "
                        "refunded = 0) + (select coalesce(sum(amount), 0) from bank_sbp where status = 'PAID')"),
            world.Query("payment",
                        "select coalesce(sum(amount), 0) from payment where status = 'Confirmed' and method "
                        "in ('CARD', 'SBP')"));
  EXPECT_EQ(world.Query("payment",
                        "select count(*) from (select ref_id from payment where status = 'Confirmed' group "
                        "by ref_id having count(*) > 1)"),
            0)
      << "orders that were paid twice";
}

// Each order, held against what was kept, booked and paid for it.
void ExpectSoundOrder(StormWorld& world, const std::string& order) {
  SCOPED_TRACE(order);
  const auto is = [&](const std::string& program, const std::string& table, const std::string& where) {
    return world.Query(program, "select count(*) from " + table + " where " + where);
  };
  const std::string of = "order_id = '" + order + "'";
  const bool approved = is("order", "shop_order", of + " and status = 'APPROVED'") == 1;
  EXPECT_EQ(is("store", "stock_reservation", of + " and state = 'BOOKED'"), approved ? 1 : 0);
  EXPECT_EQ(is("delivery", "delivery_reservation", of + " and state = 'BOOKED'"), approved ? 1 : 0);
  EXPECT_EQ(is("payment", "payment",
               "ref_id = '" + order + "' and (status = 'Confirmed' or (status = 'Requested' and type <> ''))"),
            approved ? 1 : 0);
  if (is("order", "shop_order", of + " and status in ('CANCELED', 'NEW')") == 1) {
    EXPECT_EQ(is("store", "stock_reservation", of + " and state = 'SOFT'"), 0);
    EXPECT_EQ(is("delivery", "delivery_reservation", of + " and state = 'SOFT'"), 0);
  }
  if (approved)
    EXPECT_GE(
        world.Query("notification",
                    "select count(*) from notification_message m join notification_delivery d on d.message_guid = "
                    "m.message_guid where m.template = 'order-approved' and m.variables like '%" +
                        order + "%' and d.channel = 'EMAIL' and d.status = 'SENT'"),
        1)
        << "the mail";
}

TEST(ShopStorm, SHOP_ORC_NothingIsLostOrDoubledWhateverFails) {
  const int seed = Seed(), count = FromEnvironment("FERMATA_CUSTOMERS", kSmokeCustomers);
  SCOPED_TRACE("FERMATA_SEED=" + std::to_string(seed));
  std::mt19937 random(static_cast<unsigned>(seed));
  StormWorld world(static_cast<unsigned>(seed));
  std::vector<std::unique_ptr<StormCustomer>> customers;
  for (int i = 0; i < count; ++i)
    customers.push_back(std::make_unique<StormCustomer>(world, "c" + std::to_string(i), Wish(random)));
  world.SetFaults(kFaultsPercent);
  std::atomic<int> next{0}, living{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < std::min(count, kAtOnceMax); ++i) {
    ++living;
    threads.emplace_back([&] {
      for (int mine = next++; mine < count; mine = next++) customers[static_cast<std::size_t>(mine)]->Live();
      --living;
    });
  }
  const std::vector<std::string> programs = world.programs();
  for (int i = 0; i < FromEnvironment("FERMATA_KILLS", kSmokeKills) && living > 0; ++i) {
    PauseAtRandom(random, 600);
    world.KillAndRestart(programs[random() % programs.size()]);
    world.WaitUntilAllRun();
  }
  for (std::thread& thread : threads) thread.join();
  world.SetFaults(0);
  WaitUntilCalm(world);
  EXPECT_GT(world.faults(), 0);
  ExpectSoundStock(world);
  ExpectSoundSlots(world);
  ExpectSoundMoney(world);
  for (const auto& customer : customers) ExpectSoundOrder(world, customer->name() + "-1");
  for (const std::string& found : world.FilesWith({Customer::kPassword, kEasyCard, kDeclinedCard}))
    ADD_FAILURE() << found;
}

}  // namespace
}  // namespace fermata::test

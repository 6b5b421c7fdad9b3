// Many customers order at once while everything fails: by the services' own books nothing is lost and nothing is doubled.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/model/json.h"
#include "tests/fault/options.h"
#include "tests/integration/support/storm_customer.h"
#include "tests/integration/support/storm_world.h"

namespace fermata::test {
namespace {

constexpr int kSmokeCustomers = 12, kSmokeKills = 6, kAtOnceMax = 100;
constexpr int kFaultsPercent = 12;
constexpr std::chrono::milliseconds kGlance{100};
constexpr int kGlancesMax = 1'000;

// Every live instance with its states, its process and its key.
std::vector<Value> LiveInstances(StormWorld& world) {
  std::vector<Value> live;
  for (const char* status : {"running", "compensating", "waiting"})
    for (std::string cursor = "none"; !cursor.empty();) {
      const ClientResponse answer = world.Get("engine", std::string("/v1/instances?limit=200&status=") + status +
                                                            (cursor == "none" ? "" : "&cursor=" + cursor));
      EXPECT_EQ(answer.status, 200) << answer.body;
      const Value page = JsonOf(answer);
      if (const Value* items = page.Find("items"))
        live.insert(live.end(), items->as_list().begin(), items->as_list().end());
      cursor = At(page, "next") == "null" ? "" : At(page, "next");
    }
  return live;
}

// Only people and time limits can move it.
bool IsForPeople(const Value& instance) {
  static const std::set<std::string, std::less<>> kWaits = {
      "choose-delivery", "choose-point", "address", "company", "confirm-cost", "cart",    "pay",
      "choose",          "bank-page",    "scan",    "ready",   "what-now",     "confirm", "until-the-day-before"};
  const std::vector<Value>& states = instance.Find("states")->as_list();
  return std::any_of(states.begin(), states.end(),
                     [](const Value& state) { return kWaits.contains(state.as_string()); });
}

void WaitUntilCalm(StormWorld& world) {
  std::string busy;
  for (int i = 0; i < kGlancesMax; ++i) {
    busy.clear();
    for (const Value& instance : LiveInstances(world))
      if (!IsForPeople(instance)) busy = WriteJson(instance);
    if (busy.empty()) return;
    std::this_thread::sleep_for(kGlance);
  }
  ADD_FAILURE() << "There is still something to do: " << busy;
}

// Says what the rule found, if anything.
void ExpectNone(const StormWorld& world, const std::string& rule, const std::string& sql) {
  const std::vector<std::string> found = world.Texts(sql);
  std::string some;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 5); ++i) some += "\n  " + found[i];
  EXPECT_TRUE(found.empty()) << rule << ": " << found.size() << " times" << some;
}

// Of a payment p: whether somebody still has its money.
const std::string kKept =
    "(exists (select 1 from bank.bank_hold h where h.merchant_ref = p.payment_guid and h.status = 'CAPTURED' and "
    "h.refunded = 0) or exists (select 1 from bank.bank_sbp s where s.merchant_ref = p.payment_guid and s.status = "
    "'PAID') or exists (select 1 from billing.movement m where m.payment_key = p.payment_guid || '/DEBIT' and "
    "m.reversed_by = ''))";

void ExpectSoundGoods(StormWorld& world) {
  for (const auto& [kept, state] : {std::pair("reserved", "SOFT"), std::pair("booked", "BOOKED")})
    ExpectNone(world, "the stock is what the reservations say",
               std::string("select sum(") + kept + ") from store.stock having sum(" + kept +
                   ") <> (select coalesce(sum(l.quantity), 0) from store.stock_reservation_line l join "
                   "store.stock_reservation r on r.reservation_guid = l.reservation_guid where l.store_id <> '' and "
                   "r.state = '" +
                   state + "')");
  ExpectNone(world, "nothing has left the stores", "select sum(on_hand) from store.stock having sum(on_hand) <> 40000");
  for (const std::string table : {"store.stock_reservation", "delivery.delivery_reservation"})
    ExpectNone(
        world, "an order is reserved once",
        "select order_id from " + table + " where state in ('SOFT', 'BOOKED') group by order_id having count(*) > 1");
  ExpectNone(world, "the slots are what the reservations say",
             "select 1 where (select sum(taken) from delivery.pickup_point) + (select coalesce(sum(taken), 0) from "
             "delivery.delivery_slot) <> (select count(*) from delivery.delivery_reservation where state in ('SOFT', "
             "'BOOKED'))");
}

void ExpectSoundMoney(StormWorld& world) {
  const Value books = JsonOf(world.Get("billing", "/books"));
  for (const char* proof : {"sum", "unbalanced", "drifted"}) EXPECT_EQ(At(books, proof), "0") << proof;
  ExpectNone(world, "who has paid has paid once, and who has not has the money back",
             "select payment_guid || ' of ' || ref_id || ' is ' || status from payment.payment p where (p.status = "
             "'Confirmed') <> " +
                 kKept);
  ExpectNone(
      world, "the bank keeps what was asked for",
      "select payment_guid from payment.payment p join bank.bank_hold h on h.merchant_ref = p.payment_guid where "
      "h.status = 'CAPTURED' and h.amount <> p.amount");
  ExpectNone(world, "nothing is paid for twice",
             "select p.ref_id from payment.payment p where " + kKept + " group by p.ref_id having count(*) > 1");
  ExpectNone(world, "no hold is left behind", "select merchant_ref from bank.bank_hold where status = 'AUTHORISED'");
  ExpectNone(world, "what was topped up is in the wallets",
             "select 1 where (select coalesce(sum(amount), 0) from billing.movement where purpose = 'WALLET_TOPUP') <> "
             "(select coalesce(sum(amount), 0) from payment.payment where purpose = 'WALLET_TOPUP' and status = "
             "'Confirmed')");
  ExpectNone(world, "a gift card is there if it is paid, and once",
             "select o.order_id from orders.shop_order o where o.type = 'GIFT_CARD' and (o.status = 'APPROVED') <> "
             "((select count(*) from billing.gift_card c where c.order_id = o.order_id and c.status <> 'CLOSED' and "
             "c.amount = o.total_price) = 1)");
}

// Each order, held against what was kept, booked and paid for it, and against the processes.
void ExpectSoundOrders(StormWorld& world) {
  ExpectNone(world, "an order is at an end, a cart, or waits for its customer",
             "select order_id || ' is ' || status from orders.shop_order where locked <> 0 or status not in ('NEW', "
             "'CHECKOUT', 'AWAITING_PAYMENT', 'APPROVED', 'REJECTED', 'CANCELED') or (type = 'GIFT_CARD' and status in "
             "('CHECKOUT', 'AWAITING_PAYMENT'))");
  std::set<std::string> live;
  for (const Value& instance : LiveInstances(world))
    if (At(instance, "process") == "makeorder") live.insert(At(instance, "key"));
  const std::vector<std::string> waiting =
      world.Texts("select order_id from orders.shop_order where status in ('CHECKOUT', 'AWAITING_PAYMENT')");
  EXPECT_EQ(std::set<std::string>(waiting.begin(), waiting.end()), live) << "who waits is waited for";
  for (const std::string table : {"store.stock_reservation", "delivery.delivery_reservation"}) {
    ExpectNone(
        world, table + ": booked if it is approved",
        "select o.order_id from orders.shop_order o where o.type = 'GOODS' and (o.status = 'APPROVED') <> exists "
        "(select 1 from " +
            table + " r where r.order_id = o.order_id and r.state = 'BOOKED')");
    ExpectNone(world, table + ": nothing is kept for who has left",
               "select r.order_id from " + table +
                   " r join orders.shop_order o on o.order_id = r.order_id where r.state in ('SOFT', 'BOOKED') and "
                   "o.status in ('NEW', 'REJECTED', 'CANCELED')");
  }
  ExpectNone(world, "paid, or to be collected, if it is approved",
             "select o.order_id from orders.shop_order o where (o.status = 'APPROVED') <> ((select count(*) from "
             "payment.payment p where p.ref_id = o.order_id and (p.status = 'Confirmed' or (p.status = 'Requested' and "
             "p.type <> ''))) = 1)");
}

// What the mail server has, not what the services say that they have sent.
void ExpectEveryLetter(StormWorld& world) {
  // "who|subject|text": each must be in one letter.
  std::vector<std::string> due = world.Texts(
      "select o.customer_id || '@example.org|Order ' || order_id || case status when 'APPROVED' then ' is accepted|' "
      "when 'REJECTED' then ' could not be accepted|' else ' is cancelled|' end from orders.shop_order o where status "
      "in ('APPROVED', 'REJECTED') or (status = 'CANCELED' and type = 'GOODS') union all "
      "select role || '@shop.example|Order ' || order_id || ' was cancelled by its customer|' from orders.shop_order, "
      "(select 'warehouse' as role union select 'ingredient-counter' union select 'ingredient-supervisor') where "
      "status "
      "= 'CANCELED' and type = 'GOODS' union all "
      "select payer || '@example.org|Paid: |' || case purpose when 'ORDER' then ref_id else '' end from "
      "payment.payment "
      "where status = 'Confirmed' union all "
      "select payer || '@example.org|Given back: |' || case purpose when 'ORDER' then ref_id else '' end from "
      "payment.payment where status = 'Cancelled' and bank_ref <> '' union all "
      "select grantee_email || '|gift card|    ' from billing.gift_card where status <> 'CLOSED'");
  std::map<std::string, std::vector<Mail>> mails;
  for (const std::string& letter : due) {
    const std::size_t subject = letter.find('|'), text = letter.find('|', subject + 1);
    const std::string to = letter.substr(0, subject);
    if (!mails.contains(to)) mails[to] = world.mailbox().MailsTo(to, 1);
    EXPECT_TRUE(std::any_of(mails[to].begin(), mails[to].end(), [&](const Mail& mail) {
      return mail.subject.find(letter.substr(subject + 1, text - subject - 1)) != std::string::npos &&
             mail.text.find(letter.substr(text + 1)) != std::string::npos;
    })) << letter;
  }
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
  ExpectSoundGoods(world);
  ExpectSoundMoney(world);
  ExpectSoundOrders(world);
  ExpectEveryLetter(world);
  std::vector<std::string> secrets = {Customer::kPassword, kEasyCard, kDeclinedCard};
  for (const auto& customer : customers)
    secrets.insert(secrets.end(), customer->secrets().begin(), customer->secrets().end());
  for (const std::string& found : world.FilesWith(secrets)) ADD_FAILURE() << found;
}

}  // namespace
}  // namespace fermata::test

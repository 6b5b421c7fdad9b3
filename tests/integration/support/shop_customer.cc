#include "tests/integration/support/shop_customer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/model/json.h"

namespace fermata::test {
namespace {

constexpr int kTriesMax = 20'000;
// The engine waits for a state that was never entered; one that is entered again is looked for without waiting.
constexpr int kWaitsMax = 4;

bool HasEnded(const Value& instance) {
  const std::string status = At(instance, "status");
  return status == "completed" || status == "failed" || status == "cancelled";
}

bool IsIn(const Value& instance, const std::string& state) {
  const Value* states = instance.Find("states");
  return states && states->is_list() &&
         std::any_of(states->as_list().begin(), states->as_list().end(),
                     [&](const Value& active) { return active == Value::String(state); });
}

// Where a page of the bank is, below its address.
std::string PathOf(const std::string& url) {
  const std::size_t slash = url.find('/', url.find("//") + 2);
  return slash == std::string::npos ? "/" : url.substr(slash);
}

}  // namespace

Customer& Customer::Join() {
  EXPECT_EQ(Register().status, 200);
  ExpectAccounts();
  EXPECT_EQ(SignIn().status, 200);
  return *this;
}

ClientResponse Customer::Register() {
  return world_.Post("auth", "/register",
                     R"({"username":")" + name_ + R"(","password":")" + kPassword +
                         R"(","firstName":"Ann","lastName":"Lee","email":")" + email() +
                         R"(","phone":"+79001234567"})");
}

void Customer::ExpectAccounts() { EXPECT_EQ(At(Await("open-accounts", name_, ""), "status"), "completed"); }

ClientResponse Customer::SignIn() {
  const ClientResponse answer =
      world_.Post("auth", "/login", R"({"username":")" + name_ + R"(","password":")" + std::string(kPassword) + "\"}");
  const std::string cookie = answer.Header("set-cookie");
  if (answer.status == 200 && cookie.starts_with("sessionId=")) session_ = cookie.substr(10, cookie.find(';') - 10);
  return answer;
}

ClientResponse Customer::Ask(const std::string& service, const std::string& method, const std::string& target,
                             const std::string& body) {
  return world_.Ask(service, method, target, body, {{"Cookie", "sessionId=" + session_}});
}

void Customer::Give(long long amount) {
  const ClientResponse given = world_.Post(
      "billing", "/wallet/credit", R"({"username":")" + name_ + R"(","amount":)" + std::to_string(amount) + "}");
  EXPECT_EQ(given.status, 200) << given.body;
}

long long Customer::Balance() { return std::atoll(At(Ask("billing", "GET", "/wallet"), "balance").c_str()); }

std::string Customer::ItemsJson(const Items& items) {
  std::string list;
  for (const auto& [product, quantity] : items)
    list += (list.empty() ? "" : ",") + std::string(R"({"product":{"id":")") + product + R"("},"quantity":)" +
            std::to_string(quantity) + "}";
  return "[" + list + "]";
}

std::string Customer::Fill(const Items& items) {
  const std::string order = name_ + "-" + std::to_string(++orders_);
  const ClientResponse placed =
      Ask("order", "POST", "/place", R"({"id":")" + order + R"(","orderItems":)" + ItemsJson(items) + "}");
  EXPECT_EQ(placed.status, 200) << placed.body;
  return order;
}

Value Customer::Order(const std::string& order) { return JsonOf(Ask("order", "GET", "/get?orderId=" + order)); }

ClientResponse Customer::Place(const std::string& order) {
  return Ask("order", "PUT", "/process", R"({"id":")" + order + R"(","version":)" + At(Order(order), "version") + "}");
}

std::string Customer::OrderToPoint(const Items& items) {
  const std::string order = Fill(items);
  EXPECT_EQ(Place(order).status, 202);
  ChoosePoint(order);
  return order;
}

std::string Customer::OrderToDoor(const Items& items, const std::string& company) {
  const std::string order = Fill(items);
  EXPECT_EQ(Place(order).status, 202);
  ChooseDoor(order, company);
  return order;
}

void Customer::ChoosePoint(const std::string& order) {
  Answer("makeorder", order, "choose-delivery", "pickup");
  Answer("makeorder", order, "choose-point", "choose", R"({"pointId":1})");
  Await("makepayment", order, "choose");
}

void Customer::ChooseDoor(const std::string& order, const std::string& company, const std::string& address) {
  Answer("makeorder", order, "choose-delivery", "courier");
  Answer("makeorder", order, "address", "next", R"({"address":")" + address + "\"}");
  Answer("makeorder", order, "company", "choose", R"({"companyCode":")" + company + "\"}");
  Answer("makeorder", order, "confirm-cost", "place-order", R"({"costConfirmed":true})");
  Await("makepayment", order, "choose");
}

ClientResponse Customer::Cancel(const std::string& order) {
  return Ask("order", "PUT", "/cancel",
             R"({"id":")" + order + R"(","comment":"Another time","version":)" + At(Order(order), "version") + "}");
}

Value Customer::Look(const std::string& id, const std::string& state, int tries) {
  const bool can_wait = state.empty() || tries < kWaitsMax;
  const std::string wait = can_wait ? "?wait=4s" + (state.empty() ? "" : "&until=" + state) : "";
  const ClientResponse answer = world_.Get("engine", "/v1/instances/" + id + wait);
  return answer.status == 200 ? JsonOf(answer) : Value();
}

Value Customer::AwaitInstance(const std::string& id, const std::string& state) {
  Value instance;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    instance = Look(id, state, tries);
    if (state.empty() ? HasEnded(instance) : IsIn(instance, state)) return instance;
    if (HasEnded(instance)) break;
  }
  ADD_FAILURE() << id << " is not " << (state.empty() ? "at its end" : "in " + state) << ": " << WriteJson(instance);
  return instance;
}

Value Customer::Await(const std::string& process, const std::string& key, const std::string& state) {
  Value instance;
  const std::string list = "/v1/instances?limit=1&process=" + process + "&key=" + key;
  for (int tries = 0, looks = 0; tries < kTriesMax; ++tries) {
    // One that has ended may be followed by another one of the same key.
    const ClientResponse found = world_.Get("engine", list);
    const std::string id = found.status == 200 ? At(found, "items.0.id") : "";
    if (id.empty()) continue;
    instance = Look(id, state, looks);
    if (state.empty() ? HasEnded(instance) : IsIn(instance, state)) return instance;
    if (!HasEnded(instance)) ++looks;
  }
  ADD_FAILURE() << process << " " << key << " is not " << (state.empty() ? "at its end" : "in " + state) << ": "
                << WriteJson(instance);
  return instance;
}

Value Customer::Task(const std::string& process, const std::string& key, const std::string& state) {
  const std::string id = At(Await(process, key, state), "id");
  const Value tasks = JsonOf(world_.Get("engine", "/v1/tasks?state=" + state + "&instance=" + id));
  EXPECT_NE(At(tasks, "items.0.id"), "") << process << " " << key << " " << state;
  const Value* items = tasks.Find("items");
  return items && items->is_list() && !items->as_list().empty() ? items->as_list().front() : Value();
}

void Customer::Answer(const std::string& process, const std::string& key, const std::string& state,
                      const std::string& outcome, const std::string& data) {
  AnswerOf(At(Await(process, key, state), "id"), state, outcome, data);
}

void Customer::AnswerOf(const std::string& instance, const std::string& state, const std::string& outcome,
                        const std::string& data) {
  AwaitInstance(instance, state);
  const std::string task =
      At(JsonOf(world_.Get("engine", "/v1/tasks?state=" + state + "&instance=" + instance)), "items.0.id");
  const ClientResponse answered =
      world_.Post("engine", "/v1/tasks/" + task + "/complete",
                  R"({"by":")" + name_ + R"(","outcome":")" + outcome + R"(","data":)" + data + "}");
  EXPECT_EQ(answered.status, 200) << state << " " << answered.body;
}

Value Customer::Start(const std::string& process, const std::string& input) {
  const ClientResponse started =
      world_.Post("engine", "/v1/instances", R"({"process":")" + process + R"(","input":)" + input + "}");
  EXPECT_EQ(started.status, 201) << started.body;
  return JsonOf(started);
}

std::string Customer::SessionRef() { return Ask("auth", "GET", "/auth").Header("x-session-ref"); }

ClientResponse Customer::Authorise(const std::string& ref, const std::string& method, const std::string& more) {
  return Ask("payment", "POST", "/authorise",
             R"({"refId":")" + ref + R"(","method":")" + method + "\"" + (more.empty() ? "" : "," + more) + "}");
}

ClientResponse Customer::PressPay(const std::string& payment_id) {
  return Ask("payment", "POST", "/pay", R"({"paymentId":")" + payment_id + "\"}");
}

ClientResponse Customer::Confirm(const std::string& page, const std::string& form) {
  return world_.Ask("bank", "POST", PathOf(page), form, {{"Content-Type", "application/x-www-form-urlencoded"}});
}

ClientResponse Customer::EnterCard(const std::string& page, const std::string& number) {
  return Confirm(page, "action=confirm&expiry=12%2F30&cvc=123&number=" + number);
}

std::string Customer::PayByWallet(const std::string& ref) {
  const ClientResponse chosen = Authorise(ref, "WALLET");
  EXPECT_EQ(At(chosen, "status"), "AUTHORISED") << chosen.body;
  EXPECT_EQ(At(PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  return At(chosen, "paymentId");
}

std::string Customer::PayByCard(const std::string& ref, const std::string& more) {
  const ClientResponse chosen = Authorise(ref, "CARD", more);
  EXPECT_EQ(At(chosen, "status"), "BANK_PAGE") << chosen.body;
  EXPECT_EQ(EnterCard(At(chosen, "bankRedirectUrl"), kEasyCard).status, 200);
  Await("makepayment", ref, "ready");
  EXPECT_EQ(At(PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  return At(chosen, "paymentId");
}

std::string Customer::PayBySbp(const std::string& ref) {
  const ClientResponse chosen = Authorise(ref, "SBP");
  EXPECT_EQ(At(chosen, "status"), "SCAN") << chosen.body;
  EXPECT_EQ(Confirm(At(chosen, "link")).status, 200);
  Await("makepayment", ref, "ready");
  EXPECT_EQ(At(PressPay(At(chosen, "paymentId")), "result"), "SUCCESS");
  return At(chosen, "paymentId");
}

Mail Customer::MailTo(const std::string& address, const std::string& words) {
  std::vector<Mail> mails;
  for (std::size_t count = 1;; count = mails.size() + 1) {
    mails = world_.mailbox().MailsTo(address, static_cast<int>(count));
    for (const Mail& mail : mails)
      if (mail.subject.find(words) != std::string::npos) return mail;
    if (mails.size() < count) break;
  }
  std::string subjects;
  for (const Mail& mail : mails) subjects += "\n  " + mail.subject;
  ADD_FAILURE() << "No mail to " << address << " is about '" << words << "', but:" << subjects;
  return {};
}

}  // namespace fermata::test

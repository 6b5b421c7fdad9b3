// A customer of the internet shop, who does over REST what a web page would do for them.
//
// Not thread-safe. What it expects on the way fails the test, with what it got instead.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/integration/support/fermata_server.h"
#include "tests/integration/support/shop_entry.h"

namespace fermata::test {

// The outcome of a card's page: 4242… is authorised at once, others have a challenge, 4000000000000002 is declined.
inline constexpr const char* kEasyCard = "4242424242424242";
inline constexpr const char* kDeclinedCard = "4000000000000002";
inline constexpr const char* kChallengeCard = "5555555555554444";

class Customer {
 public:
  using Items = std::vector<std::pair<std::string, int>>;
  static constexpr const char* kPassword = "Tr0ub4dor-and-3-more";

  // Somebody who has never been here; `name` is theirs alone.
  Customer(ShopEntry& world, std::string name) : world_(world), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  std::string email() const { return name_ + "@example.org"; }
  const std::string& session() const { return session_; }

  // From registering to the session; wallet and notification account are there then.
  Customer& Join();
  ClientResponse Register();
  void ExpectAccounts();
  ClientResponse SignIn();

  // With the session's cookie.
  ClientResponse Ask(const std::string& service, const std::string& method, const std::string& target,
                     const std::string& body = "");
  // By the shop, into the wallet.
  void Give(long long amount);
  long long Balance();

  // ---- the cart ----
  // A new order with these items; gives its id.
  std::string Fill(const Items& items);
  static std::string ItemsJson(const Items& items);
  Value Order(const std::string& order);
  std::string StatusOf(const std::string& order) { return At(Order(order), "status"); }
  // "Place order": makeorder begins.
  ClientResponse Place(const std::string& order);
  // Cart, checkout and delivery, until the way to pay is asked for.
  std::string OrderToPoint(const Items& items);
  std::string OrderToDoor(const Items& items, const std::string& company = "own");
  // The delivery of an order that is being placed.
  void ChoosePoint(const std::string& order);
  void ChooseDoor(const std::string& order, const std::string& company, const std::string& address = "Kazan, Mira 7");
  ClientResponse Cancel(const std::string& order);

  // ---- processes ----
  // The newest instance of the process with this key, once it is in `state` (or, with an empty one, has ended).
  Value Await(const std::string& process, const std::string& key, const std::string& state);
  // The open task of this state.
  Value Task(const std::string& process, const std::string& key, const std::string& state);
  void Answer(const std::string& process, const std::string& key, const std::string& state, const std::string& outcome,
              const std::string& data = "{}");
  // Of the instance itself, for processes without a business key.
  Value AwaitInstance(const std::string& id, const std::string& state);
  void AnswerOf(const std::string& instance, const std::string& state, const std::string& outcome,
                const std::string& data = "{}");
  Value Start(const std::string& process, const std::string& input);
  std::string SessionRef();

  // ---- money ----
  // Chooses a way to pay, as the form does; `more` are further members of the body.
  ClientResponse Authorise(const std::string& ref, const std::string& method, const std::string& more = "");
  ClientResponse PressPay(const std::string& payment_id);
  // What the customer does on the bank's page; gives what the page says then.
  ClientResponse EnterCard(const std::string& page, const std::string& number);
  ClientResponse Confirm(const std::string& page, const std::string& form = "action=confirm");
  // To the very end, each of them; gives the payment's id.
  std::string PayByWallet(const std::string& ref);
  std::string PayByCard(const std::string& ref, const std::string& more = "");
  std::string PayBySbp(const std::string& ref);

  // The newest mail whose subject has these words; waited for.
  Mail MailAbout(const std::string& words) { return MailTo(email(), words); }
  Mail MailTo(const std::string& address, const std::string& words);

 private:
  // The instance, after the engine has waited for the state, or not with later tries.
  Value Look(const std::string& id, const std::string& state, int tries);

  ShopEntry& world_;
  const std::string name_;
  std::string session_;
  int orders_ = 0;
};

}  // namespace fermata::test

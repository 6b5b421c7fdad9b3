// A customer of the storm: joins, signs in and out, tops up, gives cards away, orders, pays, cancels, leaves; by chance.
//
// Does what a page would offer next. Not thread-safe. What should not happen on the way fails the test.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/integration/support/shop_customer.h"
#include "tests/integration/support/storm_world.h"

namespace fermata::test {

// What a customer wants, by chance.
struct Wish {
  explicit Wish(std::mt19937& random);

  std::string method, product;
  bool to_the_door = false, confirms_contact = false, signs_out = false, tops_up = false, buys_card = false;
  int quantity = 1;
  int cancel_after = -1;  // so many steps; -1 = never
};

class StormCustomer {
 public:
  // `world` must outlive it.
  StormCustomer(StormWorld& world, const std::string& name, Wish wish);

  // Until the order is at its end, or the customer has enough.
  void Live();

  const std::string& name() const { return customer_.name(); }
  // The codes that came by letter: nobody but this customer should know them.
  const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  void Join();
  void JoinByCode();
  void SignOutAndIn();
  void TopUp();
  void BuyCard();
  void Order();
  void Cancel();

  std::string Start(const std::string& process);
  // Acts until the instance is at its end, or the customer never will. `cancel_after` as in Wish. The instance then.
  Value Drive(const std::string& id, int cancel_after = -1);
  // Answers the first open task, or waits for one; false if the customer never will.
  bool Act(const Value& instance);
  bool Choose();
  bool UsePage(const std::string& page);
  bool Answer(const Value& tasks, const std::string& outcome, const std::string& data = "{}");
  Value Instance(const std::string& id);
  Value Newest(const std::string& process, const std::string& key);

  StormWorld& world_;
  Customer customer_;
  const Wish wish_;
  std::string ref_;     // of what is paid now
  std::string method_;  // by which
  std::string order_, gift_token_;
  std::vector<std::string> secrets_;
  int bad_cards_ = 0;
};

}  // namespace fermata::test

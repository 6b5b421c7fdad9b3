// The real services that a connector speaks to, with stand-ins for those that only they speak to.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/model/value.h"
#include "examples/shop/bank/bank.h"
#include "examples/shop/common/rest_server.h"
#include "examples/shop/common/shop.h"
#include "tests/support/http_client.h"
#include "tests/support/mailbox.h"
#include "tests/support/temp_folder.h"

namespace fermata::test {

// Not thread-safe. What calls/CONNECTOR.yaml has under `before` has been asked.
class World {
 public:
  // Ends the test program if something cannot be started.
  explicit World(const std::string& connector);

  int port(const std::string& service) const { return ports_.at(service); }
  Mailbox& mailbox() { return *mailbox_; }
  // "POST store /products" with a key of its own and the bank's secret, as the customer of this name if there is one, and
  // as a process if there is none.
  ClientResponse Ask(const std::string& request, const Value& body, const std::string& customer = "");

 private:
  void StartNeighbours();
  void StartBank();

  TempFolder folder_;
  std::optional<Mailbox> mailbox_;
  std::mutex mutex_;
  Value last_body_;  // the letter or start that a neighbour took last, which "GET neighbours /last" tells
  std::map<std::string, int> ports_;
  shop::RestServer neighbours_;  // auth, where a session is the customer's name; who takes letters; the engine
  shop::Shop shop_;
  std::unique_ptr<shop::Bank> bank_;
  shop::RestServer bank_server_;
  int keys_ = 0;
};

// Started by the first call, once for the whole program.
World& WorldOf(const std::string& connector);

// calls/CONNECTOR.yaml; null if there is none.
Value CallsOf(const std::string& connector);

}  // namespace fermata::test

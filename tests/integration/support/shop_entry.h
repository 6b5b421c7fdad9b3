// Where customers find the shop's programs, whether they run together or apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_client.h"
#include "tests/support/mailbox.h"

namespace fermata::test {

class ShopEntry {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  virtual ~ShopEntry() = default;

  // `program`: "engine", "bank", "couriers", or a service as `fermata-shop` calls it. A body is JSON, if `headers` say
  // nothing else; without an Idempotency-Key among them a request other than GET has a fresh one.
  virtual ClientResponse Ask(const std::string& program, const std::string& method, const std::string& target,
                             const std::string& body, Headers headers) = 0;
  ClientResponse Get(const std::string& program, const std::string& target) {
    return Ask(program, "GET", target, "", {});
  }
  ClientResponse Post(const std::string& program, const std::string& target, const std::string& body) {
    return Ask(program, "POST", target, body, {});
  }

  virtual Mailbox& mailbox() = 0;
};

}  // namespace fermata::test

// Whose session it is that a request comes with: asks the auth service.
#pragma once

#include <string>

#include "examples/shop/common/rest.h"
#include "examples/shop/common/rest_client.h"

namespace fermata::shop {

struct Asker {
  std::string username, session_ref;
  RestAnswer refusal;  // for the client, if `username` is empty
};

// Thread-safe.
class SessionCheck {
 public:
  explicit SessionCheck(std::string auth_url) : auth_(std::move(auth_url)) {}

  // By the cookie `sessionId`.
  Asker WhoAsks(const RestRequest& request);
  // Likewise; other services and processes come with the services' key, and have no name.
  // `refusal` has status 200 for them.
  Asker CustomerOrService(const RestRequest& request);

 private:
  RestClient auth_;
};

}  // namespace fermata::shop

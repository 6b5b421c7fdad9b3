// The shop's services together in one process: for the demo and for tests. Each has its own port, tables and routes,
// and speaks to the others over HTTP only, so each can as well run alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/auth/oidc_client.h"
#include "examples/shop/common/rest_server.h"

namespace fermata::shop {

inline constexpr int kAuthPort = 8081, kBillingPort = 8082, kNotificationPort = 8083, kStorePort = 8085,
                     kDeliveryPort = 8086, kOrderPort = 8087, kPaymentPort = 8088, kFilesPort = 8089;

inline constexpr const char* kServiceNames[] = {"auth",  "billing",  "notification", "store",
                                                "order", "delivery", "files",        "payment"};

struct ShopOptions {
  std::string data;               // a folder: databases and the key of auth; made if it is not there
  std::string database_url;       // empty = SQLite in `data`
  std::vector<std::string> only;  // of kServiceNames; empty = all
  int port_base = kAuthPort;      // of auth; the others follow at their distances. 0 = free ports
  std::string engine_url = "http://127.0.0.1:8080";
  std::string notification_url;     // for auth alone; empty = the one started here, or its usual port
  std::string auth_url, store_url;  // for the others; empty = those started here, or their usual ports
  std::string billing_url;          // for payment; empty = the one started here, or its usual port
  std::string bank_url = "http://127.0.0.1:8090";
  std::string bank_api_key;  // secret: of payment's requests to the bank
  std::string callback_key;  // secret: of the bank's signatures; empty = no callback is believed
  std::string service_key;   // secret: of processes; empty = none is believed
  std::string payment_url;   // for delivery; empty = the one started here, or its usual port
  std::string couriers_url;  // of external courier companies; empty = there are none
  std::string gateway_url;   // takes SMS and push messages; empty = these channels lead nowhere
  std::string smtp_url = "smtp://127.0.0.1:2525";
  std::string mail_templates;    // …/templates/messages/email
  bool verify_contact = false;   // what POST /register asks of the process
  std::vector<SsoProvider> sso;  // identity providers of auth
  Clock* clock = nullptr;        // for reservations, sessions and slots; null = the machine's. Must outlive the shop
};

class Shop {
 public:
  Shop();
  ~Shop();  // stops

  // Name and URL of every service that runs now. Once only.
  Result<std::vector<std::pair<std::string, std::string>>> Start(const ShopOptions& options);
  void Stop();
  // Method and path of everything that the services answer, by service.
  const std::map<std::string, std::vector<std::pair<std::string, std::string>>>& routes() const { return routes_; }

 private:
  class Starter;

  std::vector<std::shared_ptr<void>> services_;  // they outlive the servers, which call them
  std::vector<std::unique_ptr<RestServer>> servers_;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> routes_;
};

}  // namespace fermata::shop

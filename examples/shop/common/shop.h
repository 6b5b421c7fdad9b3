// The shop's services together in one process: for the demo and for tests. Each has its own port, tables and routes,
// and speaks to the others over HTTP only, so each can as well run alone.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest_server.h"

namespace fermata::shop {

class AuthService;
class BillingService;
class NotificationService;
class OrderService;
class StoreService;

inline constexpr int kAuthPort = 8081, kBillingPort = 8082, kNotificationPort = 8083, kStorePort = 8085,
                     kOrderPort = 8087;

struct ShopOptions {
  std::string data;           // a folder: databases and the key of auth; made if it is not there
  std::string database_url;   // empty = SQLite in `data`
  std::string only;           // "auth", "billing", "notification", "store" or "order"; empty = all
  int port_base = kAuthPort;  // of auth; the others follow at their distances. 0 = free ports
  std::string engine_url = "http://127.0.0.1:8080";
  std::string notification_url;     // for auth alone; empty = the one started here, or its usual port
  std::string auth_url, store_url;  // for order; empty = those started here, or their usual ports
  std::string smtp_url = "smtp://127.0.0.1:2525";
  std::string mail_templates;   // …/templates/messages/email
  bool verify_contact = false;  // what POST /register asks of the process
  Clock* clock = nullptr;       // for reservations and sessions; null = the machine's. Must outlive the shop
};

class Shop {
 public:
  Shop();
  ~Shop();  // stops

  // Name and URL of every service that runs now. Once only.
  Result<std::vector<std::pair<std::string, std::string>>> Start(const ShopOptions& options);
  void Stop();

 private:
  // Services outlive the servers that call them.
  std::unique_ptr<AuthService> auth_;
  std::unique_ptr<BillingService> billing_;
  std::unique_ptr<NotificationService> notification_;
  std::unique_ptr<StoreService> store_;
  std::unique_ptr<OrderService> order_;
  RestServer auth_server_, billing_server_, notification_server_, store_server_, order_server_;
};

}  // namespace fermata::shop

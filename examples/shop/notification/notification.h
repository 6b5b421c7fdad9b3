// The notification service: where a customer can be reached, and the messages themselves (by mail for now).
//
// POST /accounts, GET /accounts/{username}, POST /messages. A message's data is never stored: it may hold a one-time
// code.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "connectors/sdk/connector.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class Database;

struct NotificationOptions {
  std::string database_url;
  std::string smtp_url;             // "smtp://127.0.0.1:2525"
  std::filesystem::path templates;  // a folder a language
};

// Thread-safe. Must outlive the routes.
class NotificationService {
 public:
  static Result<std::unique_ptr<NotificationService>> Open(const NotificationOptions& options);
  ~NotificationService();

  std::vector<RestRoute> Routes();

 private:
  NotificationService(std::unique_ptr<Database> database, std::unique_ptr<Connector> mail);

  RestAnswer OpenAccount(const RestRequest& request);
  RestAnswer GetAccount(const RestRequest& request);
  // Sends at once and answers when the mail server has the mail. The same key twice: one mail, unless the service dies
  // between sending and noting it; then the second mail has the Message-ID of the first.
  RestAnswer SendMessage(const RestRequest& request);

  std::unique_ptr<Database> database_;
  std::unique_ptr<Connector> mail_;
};

}  // namespace fermata::shop

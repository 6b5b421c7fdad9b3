// The notification service: where a customer can be reached, and the messages themselves, by mail, SMS and push.
//
// For other services: POST /accounts, GET and PUT /accounts/{username}, POST /messages (a mail at once; its data is never
// stored, for it may hold a one-time code).
// For the process sendnotification, step by step: POST /send, GET /notifications/{id}/channels, POST
// /notifications/{id}/compose, …/deliver, …/status.
// For customers, known by the cookie `sessionId`: GET /notifications, GET /stream (server-sent events), POST /devices,
// PUT /policy.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connectors/mail/templates.h"
#include "connectors/sdk/connector.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/session_check.h"
#include "examples/shop/notification/live_streams.h"

namespace fermata::shop {

class Database;
struct Message;

struct NotificationOptions {
  std::string database_url;
  std::string smtp_url;             // "smtp://127.0.0.1:2525"
  std::filesystem::path templates;  // a folder a language
  std::string gateway_url;          // takes POST /sms and /push; empty = only mails and open pages are reached
};

// Thread-safe. Must outlive the routes.
class NotificationService {
 public:
  static Result<std::unique_ptr<NotificationService>> Open(const NotificationOptions& options);
  ~NotificationService();

  // Who tells whose session it is; until then nobody has one. Apart from Open(), for auth needs this service to start.
  void SetAuthUrl(const std::string& url);
  std::vector<RestRoute> Routes();

 private:
  NotificationService(const NotificationOptions& options, std::unique_ptr<Database> database,
                      std::unique_ptr<Connector> mail);

  RestAnswer OpenAccount(const RestRequest& request);
  RestAnswer GetAccount(const RestRequest& request);
  RestAnswer ChangeAccount(const RestRequest& request);
  // Sends at once and answers when the mail server has the mail. The same key twice: one mail, unless the service dies
  // between sending and noting it; then the second mail has the Message-ID of the first.
  RestAnswer SendMessage(const RestRequest& request);
  // Status 200, 422 (refused for good) or 503.
  RestAnswer SendMail(const std::string& to, const std::string& template_name, const std::string& language,
                      const Value& data, const std::string& key);

  // message_routes.cc
  RestAnswer Accept(const RestRequest& request);
  RestAnswer FindChannels(const RestRequest& request);
  RestAnswer Compose(const RestRequest& request);
  RestAnswer Deliver(const RestRequest& request);
  RestAnswer DeliverBy(const std::string& channel, const Message& message, const std::string& address);
  RestAnswer NoteStatus(const RestRequest& request);

  // client_routes.cc
  RestAnswer ListMessages(const RestRequest& request);
  RestAnswer OpenStream(const RestRequest& request);
  RestAnswer RegisterDevice(const RestRequest& request);
  RestAnswer SetPolicy(const RestRequest& request);
  Asker WhoAsks(const RestRequest& request);

  std::unique_ptr<Database> database_;
  std::unique_ptr<Connector> mail_;
  const MailTemplates templates_;
  const bool has_gateway_;
  RestClient gateway_;
  LiveStreams streams_;
  std::mutex sessions_mutex_;
  std::shared_ptr<SessionCheck> sessions_;
};

// A message as its receiver sees it.
Value MessageValue(const Message& message);

}  // namespace fermata::shop

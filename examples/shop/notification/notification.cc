#include "examples/shop/notification/notification.h"

#include "connectors/mail/mail_connector.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/notification/message_store.h"

namespace fermata::shop {
namespace {

constexpr int kMailTimeoutMs = 4'000;

const std::vector<std::string> kTables = {
    "create table if not exists notification_account (notification_account_id {id}, customer varchar(255) not null "
    "unique, "
    "first_name varchar(150), last_name varchar(150), created_dt {time} not null)",
    "create table if not exists notification_channel (notification_channel_id {id}, customer varchar(255) not null, "
    "kind varchar(20) not null, "
    "address varchar(255) not null, verified {flag}, enabled {flag}, device_id varchar(255), unique (customer, kind))",
    "create table if not exists notification (notification_id {id}, notification_guid varchar(50) not null, "
    "idempotency_key varchar(1024) not null unique, "
    "receiver varchar(255) not null, template varchar(63) not null, channel varchar(20) not null, status varchar(20) "
    "not null, "
    "created_dt {time} not null, sent_dt {time})",
};

std::vector<std::string> AllTables() {
  std::vector<std::string> tables = kTables;
  tables.insert(tables.end(), kMessageTables.begin(), kMessageTables.end());
  return tables;
}

void AddChannel(soci::session& sql, const std::string& customer, const std::string& kind, const std::string& address) {
  sql << "insert into notification_channel (customer, kind, address) values (:customer, :kind, :address)",
      soci::use(customer), soci::use(kind), soci::use(address);
}

// The address of a channel, of the list `channels` or of the field that stands for it.
std::string ChannelOf(const RestRequest& request, std::string_view kind, std::string_view field) {
  const Value* channels = request.body.Find("channels");
  if (channels && channels->is_list())
    for (const Value& channel : channels->as_list()) {
      const Value* its_kind = channel.is_map() ? channel.Find("kind") : nullptr;
      const Value* address = channel.is_map() ? channel.Find("address") : nullptr;
      if (its_kind && *its_kind == Value::String(kind) && address && address->is_string())
        return std::string(address->as_string());
    }
  return field.empty() ? "" : request.Text(field);
}

Value ReadAccount(soci::session& sql, const std::string& username) {
  std::vector<Value> channels;
  soci::rowset<soci::row> found =
      (sql.prepare << "select kind, address from notification_channel where customer = :customer order by kind",
       soci::use(username));
  for (const soci::row& row : found)
    channels.push_back(Value::Object(
        {{"kind", Value::String(row.get<std::string>(0))}, {"address", Value::String(row.get<std::string>(1))}}));
  return Value::Object({{"username", Value::String(username)}, {"channels", Value::List(std::move(channels))}});
}

bool AccountExists(soci::session& sql, const std::string& username) {
  int count = 0;
  sql << "select count(*) from notification_account where customer = :customer", soci::into(count), soci::use(username);
  return count > 0;
}

RestAnswer ToAnswer(const std::string& guid, const std::string& status) {
  return {200, Value::Object({{"notificationId", Value::String(guid)}, {"status", Value::String(status)}})};
}

}  // namespace

NotificationService::NotificationService(const NotificationOptions& options, std::unique_ptr<Database> database,
                                         std::unique_ptr<Connector> mail)
    : database_(std::move(database)),
      mail_(std::move(mail)),
      templates_(options.templates),
      has_gateway_(!options.gateway_url.empty()),
      gateway_(options.gateway_url) {}
NotificationService::~NotificationService() = default;

Result<std::unique_ptr<NotificationService>> NotificationService::Open(const NotificationOptions& options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "notification", AllTables());
  if (!database.ok()) return std::move(database).error();
  MailOptions mail{.smtp_url = options.smtp_url,
                   .from = "noreply@shop.example",
                   .from_name = "Shop",
                   .templates = options.templates};
  return std::unique_ptr<NotificationService>(
      new NotificationService(options, *std::move(database), MakeMailConnector(std::move(mail), nullptr)));
}

void NotificationService::SetAuthUrl(const std::string& url) {
  std::lock_guard lock(sessions_mutex_);
  sessions_ = std::make_shared<SessionCheck>(url);
}

std::vector<RestRoute> NotificationService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (NotificationService::*handler)(const RestRequest&)) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); }};
  };
  return {
      ForServices(route("POST", "/accounts", &NotificationService::OpenAccount)),
      ForServices(route("GET", "/accounts/{username}", &NotificationService::GetAccount)),
      ForServices(route("PUT", "/accounts/{username}", &NotificationService::ChangeAccount)),
      ForServices(route("POST", "/messages", &NotificationService::SendMessage)),
      ForServices(route("POST", "/send", &NotificationService::Accept)),
      ForServices(route("GET", "/notifications/{id}/channels", &NotificationService::FindChannels)),
      ForServices(route("POST", "/notifications/{id}/compose", &NotificationService::Compose)),
      ForServices(route("POST", "/notifications/{id}/deliver", &NotificationService::Deliver)),
      ForServices(route("POST", "/notifications/{id}/status", &NotificationService::NoteStatus)),
      route("GET", "/notifications", &NotificationService::ListMessages),
      route("GET", "/stream", &NotificationService::OpenStream),
      route("POST", "/devices", &NotificationService::RegisterDevice),
      route("PUT", "/policy", &NotificationService::SetPolicy),
  };
}

RestAnswer NotificationService::OpenAccount(const RestRequest& request) {
  const std::string username = request.Text("username");
  const std::string email = ChannelOf(request, "EMAIL", "email"), phone = ChannelOf(request, "SMS", "phone"),
                    device = ChannelOf(request, "PUSH", "");
  if (username.empty() || email.empty()) return Refusal(400, "Username and email should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      if (AccountExists(sql, username)) return {200, ReadAccount(sql, username)};
      const std::string first = request.Text("firstName"), last = request.Text("lastName"), now = NowText();
      sql << "insert into notification_account (customer, first_name, last_name, created_dt) values (:customer, "
             ":first, :last, :now)",
          soci::use(username), soci::use(first), soci::use(last), soci::use(now);
      AddChannel(sql, username, "EMAIL", email);
      // Bound from the start; the address of a push is the device that signs in first.
      AddChannel(sql, username, "SMS", phone);
      AddChannel(sql, username, "PUSH", device);
      return {201, ReadAccount(sql, username)};
    });
  });
}

RestAnswer NotificationService::GetAccount(const RestRequest& request) {
  const std::string username = request.parameters.at("username");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!AccountExists(sql, username)) return Refusal(404, "Account not found");
    return {200, ReadAccount(sql, username)};
  });
}

RestAnswer NotificationService::ChangeAccount(const RestRequest& request) {
  const std::string username = request.parameters.at("username"), email = request.Text("email"),
                    phone = request.Text("phone");
  if (email.empty()) return Refusal(400, "An email should be provided");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!AccountExists(sql, username)) return Refusal(404, "Account not found");
    for (const auto& [kind, address] : {std::pair<std::string, std::string>("EMAIL", email), {"SMS", phone}})
      sql << "update notification_channel set address = :address where customer = :customer and kind = :kind",
          soci::use(address), soci::use(username), soci::use(kind);
    return {200, ReadAccount(sql, username)};
  });
}

RestAnswer NotificationService::SendMessage(const RestRequest& request) {
  const std::string to = request.Text("to"), name = request.Text("template"), key = request.idempotency_key;
  if (to.empty() || name.empty() || key.empty())
    return Refusal(400, "The address, the template and the header Idempotency-Key should be provided");
  std::string guid = NewGuid(), status;
  RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::string known;
    sql << "select notification_guid, status from notification where idempotency_key = :key", soci::into(known),
        soci::into(status), soci::use(key);
    if (sql.got_data()) {
      guid = known;
      return {};
    }
    status = "NEW";
    const std::string now = NowText();
    sql << "insert into notification (notification_guid, idempotency_key, receiver, template, channel, status, "
           "created_dt) "
           "values (:guid, :key, :receiver, :template, 'EMAIL', 'NEW', :now)",
        soci::use(guid), soci::use(key), soci::use(to), soci::use(name), soci::use(now);
    return {};
  });
  if (noted.status != 200) return noted;
  if (status == "SENT") return ToAnswer(guid, status);

  const Value* data = request.body.Find("data");
  if (const RestAnswer sent = SendMail(to, name, request.Text("language"), data ? *data : Value(), key);
      sent.status != 200)
    return sent;
  return database_->Transact([&](soci::session& sql) {
    const std::string now = NowText();
    sql << "update notification set status = 'SENT', sent_dt = :now where idempotency_key = :key", soci::use(now),
        soci::use(key);
    return ToAnswer(guid, "SENT");
  });
}

RestAnswer NotificationService::SendMail(const std::string& to, const std::string& template_name,
                                         const std::string& language, const Value& data, const std::string& key) {
  Job job{.idempotency_key = key, .connector = "mail", .operation = "send"};
  job.input = Value::Object({{"to", Value::String(to)},
                             {"template", Value::String(template_name)},
                             {"language", Value::String(language)},
                             {"data", data}});
  job.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kMailTimeoutMs);
  const Outcome outcome = mail_->Run(job);
  if (const auto* failure = std::get_if<BusinessFailure>(&outcome)) return Refusal(422, failure->message);
  if (const auto* failure = std::get_if<TechnicalFailure>(&outcome)) return Refusal(503, failure->message);
  return {};
}

}  // namespace fermata::shop

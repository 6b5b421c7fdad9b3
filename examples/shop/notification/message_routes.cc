// What the process sendnotification asks, step by step. A message's variables hold no secrets: a code is sent by the
// service that owns it.
#include <algorithm>
#include <array>

#include "engine/model/json.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/notification/message_store.h"
#include "examples/shop/notification/notification.h"

namespace fermata::shop {
namespace {

constexpr int kGatewayTimeoutMs = 4'000;
constexpr std::size_t kVariablesBytesMax = 16 * 1024;
// In the order in which they are used.
constexpr std::array<std::string_view, 4> kChannels = {"EMAIL", "PUSH", "SMS", "TELEGRAM"};
// The staff's mailboxes are called as their roles are.
constexpr const char* kStaffDomain = "@shop.example";

bool IsTemplateName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && name[0] >= 'a' && name[0] <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

// Offers are for those who want them; everything else must be sent.
bool IsMarketing(const Message& message) { return message.template_id.starts_with("promotion"); }

// nullopt if it is no list of channels.
std::optional<std::string> ReadChannels(const Value* list) {
  std::string channels;
  if (list == nullptr) return channels;
  if (!list->is_list()) return std::nullopt;
  for (const Value& entry : list->as_list()) {
    if (!entry.is_string() || std::find(kChannels.begin(), kChannels.end(), entry.as_string()) == kChannels.end())
      return std::nullopt;
    channels += (channels.empty() ? "" : ",") + std::string(entry.as_string());
  }
  return channels;
}

bool IsWanted(const Message& message, std::string_view channel) {
  return message.channels.empty() ||
         ("," + message.channels + ",").find("," + std::string(channel) + ",") != std::string::npos;
}

// 1250 as "12.50"
std::string ShowAmount(long long minor_units) {
  const std::string cents = std::to_string(minor_units % 100);
  return std::to_string(minor_units / 100) + "." + (cents.size() < 2 ? "0" : "") + cents;
}

// What the template puts in: the message's variables, and of an `amount` its text.
Value DataOf(const Message& message) {
  Result<Value> variables = ParseJson(message.variables);
  if (!variables.ok() || !variables->is_map()) return Value::Object({});
  std::vector<MapEntry> data = variables->as_map();
  const Value* amount = variables->Find("amount");
  if (amount && amount->kind() == ValueKind::kInt && amount->as_int() >= 0)
    data.emplace_back(Value::String("amountText"), Value::String(ShowAmount(amount->as_int())));
  return Value::Map(std::move(data));
}

}  // namespace

Value MessageValue(const Message& message) {
  return Value::Object({{"notificationId", Value::String(message.id)},
                        {"templateId", Value::String(message.template_id)},
                        {"title", Value::String(message.title)},
                        {"body", Value::String(message.body)},
                        {"createdAt", Value::String(message.created_dt)}});
}

RestAnswer NotificationService::Accept(const RestRequest& request) {
  Message message{.id = NewGuid(), .template_id = request.Text("templateId"), .language = request.Text("language")};
  message.created_dt = NowText();
  int receivers = 0;
  for (const auto& [field, kind] : {std::pair("username", "USER"), {"role", "ROLE"}, {"email", "EMAIL"}}) {
    if (request.Text(field).empty()) continue;
    message.receiver = request.Text(field);
    message.receiver_kind = kind;
    ++receivers;
  }
  if (receivers != 1) return Refusal(400, "Expected a username, a role or an email, and only one of them");
  if (!IsTemplateName(message.template_id)) return Refusal(400, "Expected a templateId of small letters and digits");
  const std::optional<std::string> channels = ReadChannels(request.body.Find("channels"));
  if (!channels) return Refusal(400, "Expected channels of EMAIL, PUSH, SMS and TELEGRAM");
  message.channels = *channels;
  const Value* variables = request.body.Find("variables");
  message.variables = variables ? WriteJson(*variables) : "{}";
  if (message.variables.size() > kVariablesBytesMax || !message.variables.starts_with('{'))
    return Refusal(400, "Expected variables of at most 16 KiB");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      AddMessage(sql, message);
      return {202, Value::Object({{"notificationId", Value::String(message.id)}})};
    });
  });
}

RestAnswer NotificationService::FindChannels(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Message> message = FindMessage(sql, request.parameters.at("id"));
    if (!message) return Refusal(404, "Notification not found");
    const bool is_user = message->receiver_kind == "USER";
    if (is_user && AddressOf(sql, message->receiver, "EMAIL").empty()) return Refusal(404, "Account not found");
    const bool refused = is_user && IsMarketing(*message) && !WantsMarketing(sql, message->receiver);
    std::vector<Value> channels;
    for (std::string_view channel : kChannels) {
      if (refused || !IsWanted(*message, channel)) continue;
      const bool leads_somewhere =
          channel == "EMAIL" || (is_user && channel == "PUSH") ||
          (is_user && channel == "SMS" && has_gateway_ && !AddressOf(sql, message->receiver, "SMS").empty());
      if (leads_somewhere) channels.push_back(Value::String(channel));
    }
    return {200, Value::Object({{"channels", Value::List(std::move(channels))}})};
  });
}

RestAnswer NotificationService::Compose(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Message> message = FindMessage(sql, request.parameters.at("id"));
    if (!message) return Refusal(404, "Notification not found");
    const Result<MailText> text =
        templates_.Render(message->template_id, message->language.empty() ? "en" : message->language, DataOf(*message));
    if (!text.ok()) return Refusal(422, text.error().message);
    NoteText(sql, message->id, text->subject, text->text);
    return {200, Value::Object({{"notificationId", Value::String(message->id)}})};
  });
}

RestAnswer NotificationService::Deliver(const RestRequest& request) {
  const std::string id = request.parameters.at("id"), channel = request.Text("channel");
  std::optional<Message> message;
  std::string address;
  bool delivered = false;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    message = FindMessage(sql, id);
    if (!message) return Refusal(404, "Notification not found");
    if (message->status == "NEW") return Refusal(409, "The message is not composed yet");
    delivered = WasDelivered(sql, id, channel);
    address = message->receiver_kind == "USER" ? AddressOf(sql, message->receiver, channel)
              : channel != "EMAIL"             ? ""
                                   : message->receiver + (message->receiver_kind == "ROLE" ? kStaffDomain : "");
    return {};
  });
  if (read.status != 200) return read;
  const RestAnswer done{200, Value::Object({{"notificationId", Value::String(id)}, {"status", Value::String("SENT")}})};
  if (delivered) return done;
  const RestAnswer sent = DeliverBy(channel, *message, address);
  const RestAnswer noted = database_->Transact([&](soci::session& sql) -> RestAnswer {
    NoteDelivery(sql, id, channel, sent.status == 200 ? "SENT" : "FAILED");
    return {};
  });
  if (sent.status != 200) return sent;
  // A page that opens in between finds it in the table.
  if (channel == "PUSH")
    streams_.Publish(message->receiver,
                     ServerSentEvent(message->number, "notification", WriteJson(MessageValue(*message))));
  return noted.status == 200 ? done : noted;
}

RestAnswer NotificationService::DeliverBy(const std::string& channel, const Message& message,
                                          const std::string& address) {
  if (channel == "EMAIL")
    return address.empty() ? Refusal(422, "There is no address")
                           : SendMail(address, message.template_id, message.language, DataOf(message), message.id);
  if (channel != "PUSH" && channel != "SMS") return Refusal(422, "This channel leads nowhere");
  // The customer's open pages have it from us; a device only if there is one.
  const bool to_pages_only = channel == "PUSH" && (address.empty() || !has_gateway_);
  if (to_pages_only && message.receiver_kind == "USER") return {};
  if (!has_gateway_ || address.empty()) return Refusal(422, "There is no address");
  const RestReply reply =
      channel == "SMS"
          ? gateway_.Post("/sms",
                          Value::Object({{"to", Value::String(address)}, {"text", Value::String(message.title)}}),
                          message.id, kGatewayTimeoutMs)
          : gateway_.Post("/push",
                          Value::Object({{"device", Value::String(address)},
                                         {"title", Value::String(message.title)},
                                         {"text", Value::String(message.body)}}),
                          message.id, kGatewayTimeoutMs);
  if (reply.status >= 200 && reply.status < 300) return {};
  if (reply.status >= 400 && reply.status < 500 && reply.status != 429) return Refusal(422, "The gateway refused it");
  return Refusal(503, "The gateway does not answer");
}

RestAnswer NotificationService::NoteStatus(const RestRequest& request) {
  const std::string status = request.Text("status");
  if (status != "SENT" && status != "PARTLY_SENT" && status != "FAILED")
    return Refusal(400, "Expected the status SENT, PARTLY_SENT or FAILED");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!FindMessage(sql, request.parameters.at("id"))) return Refusal(404, "Notification not found");
    NoteMessageStatus(sql, request.parameters.at("id"), status);
    return {200, Value::Object({{"status", Value::String(status)}})};
  });
}

}  // namespace fermata::shop

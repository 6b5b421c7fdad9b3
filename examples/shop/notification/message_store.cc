#include "examples/shop/notification/message_store.h"

namespace fermata::shop {
namespace {

constexpr const char* kColumns =
    "message_guid, receiver_kind, receiver, template, language, variables, channels, title, body, status, "
    "created_time, "
    "cast(notification_message_id as varchar(20))";

Message ToMessage(const soci::row& row) {
  Message message;
  std::string* const texts[] = {&message.id,       &message.receiver_kind, &message.receiver,  &message.template_id,
                                &message.language, &message.variables,     &message.channels,  &message.title,
                                &message.body,     &message.status,        &message.created_dt};
  std::size_t column = 0;
  for (std::string* text : texts) *text = row.get<std::string>(column++);
  message.number = std::stoll(row.get<std::string>(column));
  return message;
}

}  // namespace

const std::vector<std::string> kMessageTables = {
    "create table if not exists notification_message (notification_message_id {id}, message_guid varchar(50) not null "
    "unique, receiver_kind varchar(10) not null, receiver varchar(255) not null, template varchar(63) not null, "
    "language varchar(10) not null, variables text not null, channels varchar(100) not null, title text not null, body "
    "text not null, status varchar(20) not null, created_time varchar(30) not null)",
    "create index if not exists notification_message_receiver on notification_message (receiver, "
    "notification_message_id)",
    "create table if not exists notification_delivery (message_guid varchar(50) not null, channel varchar(10) not "
    "null, "
    "status varchar(20) not null, attempts integer not null, sent_time varchar(30) not null, primary key "
    "(message_guid, channel))",
    "create table if not exists notification_policy (customer varchar(255) primary key, marketing integer not null)",
};

void AddMessage(soci::session& sql, const Message& message) {
  sql << "insert into notification_message (message_guid, receiver_kind, receiver, template, language, variables, "
         "channels, title, body, status, created_time) values (:id, :kind, :receiver, :template, :language, "
         ":variables, "
         ":channels, '', '', 'NEW', :now)",
      soci::use(message.id), soci::use(message.receiver_kind), soci::use(message.receiver),
      soci::use(message.template_id), soci::use(message.language), soci::use(message.variables),
      soci::use(message.channels), soci::use(message.created_dt);
}

std::optional<Message> FindMessage(soci::session& sql, const std::string& id) {
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns << " from notification_message where message_guid = :id", soci::use(id));
  for (const soci::row& row : found) return ToMessage(row);
  return std::nullopt;
}

void NoteText(soci::session& sql, const std::string& id, const std::string& title, const std::string& body) {
  sql << "update notification_message set title = :title, body = :body, status = 'COMPOSED' where message_guid = :id "
         "and status = 'NEW'",
      soci::use(title), soci::use(body), soci::use(id);
}

void NoteMessageStatus(soci::session& sql, const std::string& id, const std::string& status) {
  sql << "update notification_message set status = :status where message_guid = :id", soci::use(status), soci::use(id);
}

bool WasDelivered(soci::session& sql, const std::string& id, const std::string& channel) {
  int count = 0;
  sql << "select count(*) from notification_delivery where message_guid = :id and channel = :channel and status = "
         "'SENT'",
      soci::into(count), soci::use(id), soci::use(channel);
  return count > 0;
}

void NoteDelivery(soci::session& sql, const std::string& id, const std::string& channel, const std::string& status) {
  const std::string now = NowText();
  sql << "insert into notification_delivery (message_guid, channel, status, attempts, sent_time) values (:id, "
         ":channel, "
         ":status, 1, :now) on conflict (message_guid, channel) do update set status = excluded.status, sent_time = "
         "excluded.sent_time, attempts = notification_delivery.attempts + 1 where notification_delivery.status <> "
         "'SENT'",
      soci::use(id), soci::use(channel), soci::use(status), soci::use(now);
}

std::vector<Message> PushedMessages(soci::session& sql, const std::string& customer, long long after) {
  std::vector<Message> messages;
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kColumns
                   << " from notification_message m where receiver = :customer and receiver_kind = 'USER' and "
                      "notification_message_id > :after and exists (select 1 from notification_delivery d where "
                      "d.message_guid = m.message_guid and d.channel = 'PUSH' and d.status = 'SENT') order by "
                      "m.notification_message_id limit 200",
       soci::use(customer), soci::use(after));
  for (const soci::row& row : found) messages.push_back(ToMessage(row));
  return messages;
}

bool WantsMarketing(soci::session& sql, const std::string& customer) {
  int wants = 1;
  sql << "select marketing from notification_policy where customer = :customer", soci::into(wants), soci::use(customer);
  return !sql.got_data() || wants != 0;
}

void SetWantsMarketing(soci::session& sql, const std::string& customer, int wants) {
  sql << "insert into notification_policy (customer, marketing) values (:customer, :wants) on conflict (customer) do "
         "update set marketing = excluded.marketing",
      soci::use(customer), soci::use(wants);
}

std::string AddressOf(soci::session& sql, const std::string& customer, const std::string& channel) {
  std::string address;
  sql << "select address from notification_channel where customer = :customer and kind = :kind", soci::into(address),
      soci::use(customer), soci::use(channel);
  return sql.got_data() ? address : "";
}

void SetDevice(soci::session& sql, const std::string& customer, const std::string& device) {
  sql << "update notification_channel set address = :device where customer = :customer and kind = 'PUSH'",
      soci::use(device), soci::use(customer);
}

}  // namespace fermata::shop

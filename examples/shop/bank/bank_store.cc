#include "examples/shop/bank/bank_store.h"

namespace fermata::shop {
namespace {

constexpr const char* kHoldColumns =
    "hold_guid, merchant_ref, currency, status, card_token, masked, card_type, reason, capture_guid, amount, "
    "save_card, refunded";
constexpr const char* kFastColumns = "sbp_guid, merchant_ref, currency, status, purpose, amount";

std::vector<Hold> FindHoldsBy(soci::session& sql, const std::string& column, const std::string& value) {
  std::vector<Hold> holds;
  soci::rowset<soci::row> found = (sql.prepare << "select " << kHoldColumns << " from bank_hold where " << column
                                               << " = :value order by bank_hold_id",
                                   soci::use(value));
  for (const soci::row& row : found) {
    Hold hold;
    std::string* const texts[] = {&hold.id,     &hold.merchant_ref, &hold.currency, &hold.status,    &hold.card_token,
                                  &hold.masked, &hold.card_type,    &hold.reason,   &hold.capture_id};
    std::size_t at = 0;
    for (std::string* text : texts) *text = row.get<std::string>(at++);
    hold.amount = row.get<long long>(at++);
    hold.save_card = row.get<int>(at++) != 0;
    hold.refunded = row.get<int>(at) != 0;
    holds.push_back(std::move(hold));
  }
  return holds;
}

std::optional<Hold> First(std::vector<Hold> holds) {
  if (holds.empty()) return std::nullopt;
  return std::move(holds.front());
}

std::vector<FastPayment> FindFastBy(soci::session& sql, const std::string& column, const std::string& value) {
  std::vector<FastPayment> payments;
  soci::rowset<soci::row> found = (sql.prepare << "select " << kFastColumns << " from bank_sbp where " << column
                                               << " = :value order by bank_sbp_id",
                                   soci::use(value));
  for (const soci::row& row : found)
    payments.push_back({.id = row.get<std::string>(0),
                        .merchant_ref = row.get<std::string>(1),
                        .currency = row.get<std::string>(2),
                        .status = row.get<std::string>(3),
                        .purpose = row.get<std::string>(4),
                        .amount = row.get<long long>(5)});
  return payments;
}

}  // namespace

const std::vector<std::string> kBankTables = {
    "create table if not exists bank_hold (bank_hold_id {id}, hold_guid varchar(50) not null unique, merchant_ref "
    "varchar(255) not null, currency varchar(3) not null, status varchar(20) not null, card_token varchar(50) not "
    "null, masked varchar(50) not null, card_type varchar(20) not null, reason varchar(255) not null, capture_guid "
    "varchar(50) not null, amount bigint not null, save_card integer not null, refunded integer not null, expires_dt "
    "{time} not null)",
    "create index if not exists bank_hold_capture on bank_hold (capture_guid)",
    "create index if not exists bank_hold_merchant on bank_hold (merchant_ref)",
    "create table if not exists bank_sbp (bank_sbp_id {id}, sbp_guid varchar(50) not null unique, merchant_ref "
    "varchar(255) not null, currency varchar(3) not null, status varchar(20) not null, purpose varchar(255) not null, "
    "amount bigint not null)",
    "create index if not exists bank_sbp_merchant on bank_sbp (merchant_ref)",
    "create table if not exists bank_card (card_token varchar(50) primary key, masked varchar(50) not null, card_type "
    "varchar(20) not null)",
    "create table if not exists bank_callback (bank_callback_id {id}, body text not null)",
};

void AddHold(soci::session& sql, const Hold& hold) {
  const int save = hold.save_card ? 1 : 0;
  sql << "insert into bank_hold (hold_guid, merchant_ref, currency, status, card_token, masked, card_type, reason, "
         "capture_guid, amount, save_card, refunded, expires_dt) values (:id, :ref, :currency, :status, :token, "
         ":masked, :type, :reason, '', :amount, :save, 0, :expires)",
      soci::use(hold.id), soci::use(hold.merchant_ref), soci::use(hold.currency), soci::use(hold.status),
      soci::use(hold.card_token), soci::use(hold.masked), soci::use(hold.card_type), soci::use(hold.reason),
      soci::use(hold.amount), soci::use(save), soci::use(hold.expires_dt);
}

std::optional<Hold> FindHold(soci::session& sql, const std::string& hold_id) {
  return First(FindHoldsBy(sql, "hold_guid", hold_id));
}

std::optional<Hold> FindCapture(soci::session& sql, const std::string& capture_id) {
  if (capture_id.empty()) return std::nullopt;
  return First(FindHoldsBy(sql, "capture_guid", capture_id));
}

std::vector<Hold> HoldsFor(soci::session& sql, const std::string& merchant_ref) {
  return FindHoldsBy(sql, "merchant_ref", merchant_ref);
}

bool ChangeHold(soci::session& sql, const Hold& hold, const std::string& from) {
  const int refunded = hold.refunded ? 1 : 0;
  soci::statement update =
      (sql.prepare << "update bank_hold set status = :status, card_token = :token, masked = :masked, card_type = "
                      ":type, reason = :reason, capture_guid = :capture, refunded = :refunded where hold_guid = :id "
                      "and status = :from",
       soci::use(hold.status), soci::use(hold.card_token), soci::use(hold.masked), soci::use(hold.card_type),
       soci::use(hold.reason), soci::use(hold.capture_id), soci::use(refunded), soci::use(hold.id), soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void AddFastPayment(soci::session& sql, const FastPayment& payment) {
  sql << "insert into bank_sbp (sbp_guid, merchant_ref, currency, status, purpose, amount) values (:id, :ref, "
         ":currency, :status, :purpose, :amount)",
      soci::use(payment.id), soci::use(payment.merchant_ref), soci::use(payment.currency), soci::use(payment.status),
      soci::use(payment.purpose), soci::use(payment.amount);
}

std::optional<FastPayment> FindFastPayment(soci::session& sql, const std::string& id) {
  std::vector<FastPayment> found = FindFastBy(sql, "sbp_guid", id);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<FastPayment> FastPaymentsFor(soci::session& sql, const std::string& merchant_ref) {
  return FindFastBy(sql, "merchant_ref", merchant_ref);
}

bool ChangeFastPayment(soci::session& sql, const std::string& id, const std::string& from, const std::string& to) {
  soci::statement update = (sql.prepare << "update bank_sbp set status = :to where sbp_guid = :id and status = :from",
                            soci::use(to), soci::use(id), soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void AddCard(soci::session& sql, const Card& card) {
  sql << "insert into bank_card (card_token, masked, card_type) values (:token, :masked, :type)", soci::use(card.token),
      soci::use(card.masked), soci::use(card.type);
}

std::optional<Card> FindCard(soci::session& sql, const std::string& token) {
  Card card{.token = token, .masked = "", .type = ""};
  sql << "select masked, card_type from bank_card where card_token = :token", soci::into(card.masked),
      soci::into(card.type), soci::use(token);
  if (!sql.got_data()) return std::nullopt;
  return card;
}

void AddCallback(soci::session& sql, const std::string& body) {
  sql << "insert into bank_callback (body) values (:body)", soci::use(body);
}

std::vector<Callback> ReadCallbacks(soci::session& sql) {
  std::vector<Callback> callbacks;
  soci::rowset<soci::row> found = (sql.prepare << "select cast(bank_callback_id as text), body from bank_callback "
                                                  "order by bank_callback.bank_callback_id limit "
                                                  "100");
  for (const soci::row& row : found)
    callbacks.push_back({std::stoll(row.get<std::string>(0)), row.get<std::string>(1)});
  return callbacks;
}

void RemoveCallback(soci::session& sql, long long id) {
  sql << "delete from bank_callback where bank_callback_id = :id", soci::use(id);
}

}  // namespace fermata::shop

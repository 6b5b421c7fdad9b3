#include "examples/shop/payment/payment_store.h"

namespace fermata::shop {
namespace {

constexpr const char* kPaymentSelect =
    "select payment_guid, purpose, ref_id, payer, currency, language, status, method, token_id, masked, type, "
    "bank_ref, error, amount from payment where ";
constexpr const char* kMeansSelect =
    "select token_id, customer_id, type, masked, bank_token, card_type from payment_token where deleted = 0 and ";

std::optional<Payment> FindPaymentBy(soci::session& sql, const std::string& condition, const std::string& value) {
  Payment payment;
  sql << kPaymentSelect << condition, soci::into(payment.id), soci::into(payment.purpose), soci::into(payment.ref_id),
      soci::into(payment.payer), soci::into(payment.currency), soci::into(payment.language), soci::into(payment.status),
      soci::into(payment.method), soci::into(payment.token_id), soci::into(payment.masked), soci::into(payment.type),
      soci::into(payment.ref), soci::into(payment.error), soci::into(payment.amount), soci::use(value);
  if (!sql.got_data()) return std::nullopt;
  return payment;
}

Means ToMeans(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
          row.get<std::string>(3), row.get<std::string>(4), row.get<std::string>(5)};
}

// What ended for good of a payment is when it ended.
const char* TimeColumn(const std::string& status) { return status == "Cancelled" ? "reversed_dt" : "captured_dt"; }

}  // namespace

const std::vector<std::string> kPaymentTables = {
    "create table if not exists payment (payment_id {id}, payment_guid varchar(50) not null unique, purpose "
    "varchar(20) "
    "not null, ref_id varchar(255) not null, payer varchar(255) not null, receiver varchar(50) not null, method "
    "varchar(50) not null, type varchar(20) not null, token_id varchar(50) not null, masked varchar(50) not null, "
    "amount bigint not null, currency varchar(3) not null, language varchar(2) not null, status varchar(20) not null, "
    "bank_ref varchar(50) not null, created_dt {time} not null, captured_dt {time}, reversed_dt {time})",
    "create index if not exists payment_ref on payment (ref_id)",
    "{column} payment error varchar(255) not null default ''",
    "create table if not exists payment_transaction (transaction_id {id}, payment_guid varchar(50) not null, kind "
    "varchar(20) not null, status varchar(20) not null, ts {time} not null)",
    "create index if not exists payment_transaction_of on payment_transaction (payment_guid)",
    "create table if not exists payment_token (token_id varchar(50) primary key, customer_id varchar(255) not null, "
    "type varchar(20) not null, masked varchar(50) not null, bank_token varchar(50) not null, card_type varchar(20) "
    "not null, deleted integer not null, added_dt {time} not null)",
    "create index if not exists payment_token_of on payment_token (customer_id)",
    "create table if not exists gift_card_activation (activation_ref varchar(50) primary key, customer_id varchar(255) "
    "not null, sealed_code varchar(1024) not null, expires_dt {time} not null)",
    "create table if not exists bank_event (event_id varchar(255) primary key)",
};

void AddPayment(soci::session& sql, const Payment& payment) {
  const std::string now = NowText();
  sql << "insert into payment (payment_guid, purpose, ref_id, payer, receiver, method, type, token_id, masked, amount, "
         "currency, language, status, bank_ref, created_dt) values (:id, :purpose, :ref, :payer, 'SHOP', '', '', '', "
         "'', :amount, :currency, :language, :status, '', :now)",
      soci::use(payment.id), soci::use(payment.purpose), soci::use(payment.ref_id), soci::use(payment.payer),
      soci::use(payment.amount), soci::use(payment.currency), soci::use(payment.language), soci::use(payment.status),
      soci::use(now);
}

std::optional<Payment> FindPayment(soci::session& sql, const std::string& payment_id) {
  return FindPaymentBy(sql, "payment_guid = :id", payment_id);
}

std::optional<Payment> FindPaymentFor(soci::session& sql, const std::string& ref_id) {
  return FindPaymentBy(sql,
                       "ref_id = :ref order by case when status = 'Cancelled' then 1 else 0 end, payment_id desc "
                       "limit 1",
                       ref_id);
}

bool SavePayment(soci::session& sql, const Payment& payment, const std::string& from) {
  const std::string now = NowText();
  soci::statement update =
      (sql.prepare
           << "update payment set status = :status, method = :method, token_id = :token, masked = :masked, type "
              "= :type, bank_ref = :ref, error = :error, "
           << TimeColumn(payment.status) << " = :now where payment_guid = :id and status = :from",
       soci::use(payment.status), soci::use(payment.method), soci::use(payment.token_id), soci::use(payment.masked),
       soci::use(payment.type), soci::use(payment.ref), soci::use(payment.error), soci::use(now), soci::use(payment.id),
       soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void AddTransaction(soci::session& sql, const std::string& payment_id, const std::string& kind,
                    const std::string& status) {
  const std::string now = NowText();
  sql << "insert into payment_transaction (payment_guid, kind, status, ts) values (:id, :kind, :status, :now)",
      soci::use(payment_id), soci::use(kind), soci::use(status), soci::use(now);
}

void AddMeans(soci::session& sql, const Means& means) {
  const std::string now = NowText();
  sql << "insert into payment_token (token_id, customer_id, type, masked, bank_token, card_type, deleted, added_dt) "
         "values (:id, :customer, :type, :masked, :bank, :card, 0, :now) on conflict (token_id) do update set "
         "customer_id = excluded.customer_id, deleted = 0",
      soci::use(means.token_id), soci::use(means.customer), soci::use(means.type), soci::use(means.masked),
      soci::use(means.bank_token), soci::use(means.card_type), soci::use(now);
}

std::optional<Means> FindMeans(soci::session& sql, const std::string& token_id) {
  soci::rowset<soci::row> found = (sql.prepare << kMeansSelect << "token_id = :id", soci::use(token_id));
  for (const soci::row& row : found) return ToMeans(row);
  return std::nullopt;
}

std::optional<Means> FindCardOf(soci::session& sql, const std::string& customer, const std::string& bank_token) {
  for (const Means& means : MeansOf(sql, customer))
    if (means.bank_token == bank_token && !bank_token.empty()) return means;
  return std::nullopt;
}

std::vector<Means> MeansOf(soci::session& sql, const std::string& customer) {
  std::vector<Means> all;
  soci::rowset<soci::row> found =
      (sql.prepare << kMeansSelect << "customer_id = :customer order by added_dt, token_id", soci::use(customer));
  for (const soci::row& row : found) all.push_back(ToMeans(row));
  return all;
}

void RemoveMeans(soci::session& sql, const std::string& token_id) {
  sql << "update payment_token set deleted = 1 where token_id = :id", soci::use(token_id);
}

void AddActivation(soci::session& sql, const Activation& activation, const std::string& now,
                   const std::string& expires_dt) {
  sql << "delete from gift_card_activation where expires_dt < :now", soci::use(now);
  sql << "insert into gift_card_activation (activation_ref, customer_id, sealed_code, expires_dt) values (:ref, "
         ":customer, :code, :expires) on conflict (activation_ref) do nothing",
      soci::use(activation.ref), soci::use(activation.customer), soci::use(activation.sealed_code),
      soci::use(expires_dt);
}

std::optional<Activation> FindActivation(soci::session& sql, const std::string& ref, const std::string& now) {
  Activation activation{.ref = ref, .customer = "", .sealed_code = ""};
  sql << "select customer_id, sealed_code from gift_card_activation where activation_ref = :ref and expires_dt > :now",
      soci::into(activation.customer), soci::into(activation.sealed_code), soci::use(ref), soci::use(now);
  if (!sql.got_data()) return std::nullopt;
  return activation;
}

bool AddBankEvent(soci::session& sql, const std::string& event_id) {
  soci::statement insert =
      (sql.prepare << "insert into bank_event (event_id) values (:id) on conflict (event_id) do nothing",
       soci::use(event_id));
  insert.execute(true);
  return insert.get_affected_rows() > 0;
}

}  // namespace fermata::shop

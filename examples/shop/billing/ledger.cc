#include "examples/shop/billing/ledger.h"

#include <cctype>

#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr long long kPageRows = 50;

constexpr const char* kWalletSelect =
    "select 'WALLET' as kind, wallet_id, customer_id, currency, 'ACTIVE' as status, balance from wallet";
constexpr const char* kCardSelect =
    "select 'GIFT_CARD' as kind, card_id, owner_customer_id, currency, status, balance from gift_card";

std::optional<Account> FindBy(soci::session& sql, const std::string& query, const std::string& value) {
  Account account;
  sql << query, soci::into(account.kind), soci::into(account.id), soci::into(account.owner),
      soci::into(account.currency), soci::into(account.status), soci::into(account.balance), soci::use(value);
  if (!sql.got_data()) return std::nullopt;
  return account;
}

std::optional<Movement> FindMovementBy(soci::session& sql, const std::string& column, const std::string& value) {
  Movement movement;
  sql << "select trxn_id, account_id, purpose, reverses, reversed_by, amount from movement where " << column
      << " = :value",
      soci::into(movement.trxn_id), soci::into(movement.account_id), soci::into(movement.purpose),
      soci::into(movement.reverses), soci::into(movement.reversed_by), soci::into(movement.amount), soci::use(value);
  if (!sql.got_data()) return std::nullopt;
  return movement;
}

std::string PaymentKey(const std::string& payment_id, long long amount) {
  return payment_id + (amount > 0 ? "/CREDIT" : "/DEBIT");
}

// One side of a movement.
struct Side {
  std::string kind, account;
  long long amount = 0, balance_after = 0;
};

void Insert(soci::session& sql, const std::string& trxn_id, const Side& side, const MovementNote& note) {
  const std::string now = NowText(), type = side.amount > 0 ? "CREDIT" : "DEBIT";
  sql << "insert into ledger (trxn_id, account_kind, account_id, type, amount, balance_after, ref, idempotency_key, "
         "ts) values (:trxn, :kind, :account, :type, :amount, :balance, :ref, :key, :ts)",
      soci::use(trxn_id), soci::use(side.kind), soci::use(side.account), soci::use(type), soci::use(side.amount),
      soci::use(side.balance_after), soci::use(note.ref), soci::use(note.idempotency_key), soci::use(now);
}

long long Number(soci::session& sql, const std::string& query) {
  long long number = 0;
  sql << query, soci::into(number);
  return number;
}

}  // namespace

const std::vector<std::string> kLedgerTables = {
    "create table if not exists wallet (wallet_id varchar(50) primary key, customer_id varchar(255) not null unique, "
    "first_name varchar(150), last_name varchar(150), email varchar(255), phone_number varchar(50), "
    "currency varchar(3) not null, balance bigint not null check (balance >= 0), opened_dt {time} not null)",
    "create table if not exists gift_card (card_id varchar(50) primary key, code_hash varchar(64) not null unique, "
    "status varchar(20) not null, amount bigint not null, balance bigint not null check (balance >= 0), currency "
    "varchar(3) not null, order_id varchar(255) not null unique, grantee_first_name varchar(150) not null, "
    "grantee_last_name varchar(150) not null, grantee_email varchar(255) not null, design_id varchar(50) not null, "
    "owner_customer_id varchar(255) not null, expires_dt {time} not null)",
    "create index if not exists gift_card_owner on gift_card (owner_customer_id)",
    "create table if not exists clearing_account (account_id varchar(50) primary key, balance bigint not null)",
    "create table if not exists movement (trxn_id varchar(50) primary key, account_id varchar(50) not null, purpose "
    "varchar(20) not null, payment_key varchar(400) not null unique, reverses varchar(50) not null, reversed_by "
    "varchar(50) not null, amount bigint not null)",
    "create table if not exists ledger (ledger_id {id}, trxn_id varchar(50) not null, account_kind varchar(20) not "
    "null, account_id varchar(50) not null, type varchar(20) not null, amount bigint not null, balance_after bigint "
    "not null, ref varchar(255) not null, idempotency_key varchar(1024) not null, ts {time} not null)",
    "create index if not exists ledger_account on ledger (account_id, ledger_id)",
};

std::string MaskedId(const Account& account) {
  std::string end = account.id.substr(account.id.size() < 4 ? 0 : account.id.size() - 4);
  for (char& c : end) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return "**** " + end;
}

std::optional<Account> FindWallet(soci::session& sql, const std::string& username) {
  return FindBy(sql, std::string(kWalletSelect) + " where customer_id = :customer", username);
}

std::optional<Account> FindAccount(soci::session& sql, const std::string& account_id) {
  if (auto wallet = FindBy(sql, std::string(kWalletSelect) + " where wallet_id = :id", account_id)) return wallet;
  return FindBy(sql, std::string(kCardSelect) + " where card_id = :id", account_id);
}

std::vector<Account> AccountsOf(soci::session& sql, const std::string& username, const std::string& now) {
  std::vector<Account> accounts;
  if (auto wallet = FindWallet(sql, username)) accounts.push_back(*std::move(wallet));
  soci::rowset<soci::row> found =
      (sql.prepare << kCardSelect
                   << " where owner_customer_id = :owner and status = 'ACTIVE' and expires_dt > :now order by card_id",
       soci::use(username), soci::use(now));
  for (const soci::row& row : found)
    accounts.push_back({.kind = row.get<std::string>(0),
                        .id = row.get<std::string>(1),
                        .owner = row.get<std::string>(2),
                        .currency = row.get<std::string>(3),
                        .status = row.get<std::string>(4),
                        .balance = row.get<long long>(5)});
  return accounts;
}

std::optional<Movement> Move(soci::session& sql, const Account& account, long long amount, const MovementNote& note) {
  // The check is in the statement, so that two debits at once cannot both pass it.
  const bool is_wallet = account.kind == kWallet;
  soci::statement update =
      (sql.prepare << (is_wallet ? "update wallet set balance = balance + :amount where wallet_id = :id and balance + "
                                   ":amount2 >= 0"
                                 : "update gift_card set balance = balance + :amount where card_id = :id and balance + "
                                   ":amount2 >= 0"),
       soci::use(amount), soci::use(account.id), soci::use(amount));
  update.execute(true);
  if (update.get_affected_rows() == 0) return std::nullopt;
  const long long balance = FindAccount(sql, account.id)->balance, against = -amount;
  sql << "insert into clearing_account (account_id, balance) values (:id, :amount) on conflict (account_id) do update "
         "set balance = clearing_account.balance + excluded.balance",
      soci::use(note.purpose), soci::use(against);
  const Movement movement{.trxn_id = note.trxn_id.empty() ? NewGuid() : note.trxn_id,
                          .account_id = account.id,
                          .purpose = note.purpose,
                          .reverses = note.reverses,
                          .reversed_by = "",
                          .amount = amount};
  const std::string key = note.payment_id.empty() ? movement.trxn_id : PaymentKey(note.payment_id, amount);
  sql << "insert into movement (trxn_id, account_id, purpose, payment_key, reverses, reversed_by, amount) values "
         "(:trxn, :account, :purpose, :key, :reverses, '', :amount)",
      soci::use(movement.trxn_id), soci::use(movement.account_id), soci::use(movement.purpose), soci::use(key),
      soci::use(movement.reverses), soci::use(movement.amount);
  Insert(sql, movement.trxn_id, {account.kind, account.id, amount, balance}, note);
  Insert(sql, movement.trxn_id, {"CLEARING", note.purpose, against, ClearingBalance(sql, note.purpose)}, note);
  return movement;
}

std::optional<Movement> FindMovement(soci::session& sql, const std::string& trxn_id) {
  return FindMovementBy(sql, "trxn_id", trxn_id);
}

std::optional<Movement> FindMovementFor(soci::session& sql, const std::string& payment_id, long long amount) {
  return FindMovementBy(sql, "payment_key", PaymentKey(payment_id, amount));
}

bool MarkReversed(soci::session& sql, const Movement& movement, const std::string& by_trxn_id) {
  soci::statement update = (sql.prepare << "update movement set reversed_by = :by, payment_key = trxn_id where "
                                           "trxn_id = :trxn and reversed_by = ''",
                            soci::use(by_trxn_id), soci::use(movement.trxn_id));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

std::vector<LedgerRow> RowsOf(soci::session& sql, const std::string& account_id, const std::string& from,
                              const std::string& to, long long page) {
  const std::string begin = from.empty() ? "0001-01-01T00:00:00Z" : from,
                    end = to.empty() ? "9999-12-31T23:59:59Z" : to;
  const long long limit = kPageRows, offset = page * kPageRows;
  std::vector<LedgerRow> rows;
  soci::rowset<soci::row> found =
      (sql.prepare << "select trxn_id, type, ref, cast(ts as text), amount, balance_after from ledger where account_id "
                      "= :account and ts >= :from and ts <= :to order by ledger_id desc limit :limit offset :offset",
       soci::use(account_id), soci::use(begin), soci::use(end), soci::use(limit), soci::use(offset));
  for (const soci::row& row : found)
    rows.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                    TimeOfDatabase(row.get<std::string>(3)), row.get<long long>(4), row.get<long long>(5)});
  return rows;
}

Books CheckBooks(soci::session& sql) {
  return {
      .sum = Number(sql, "select cast(coalesce(sum(amount), 0) as bigint) from ledger"),
      .unbalanced = Number(sql,
                           "select count(*) from (select trxn_id from ledger group by trxn_id having sum(amount) <> 0 "
                           "or count(*) <> 2) as crooked"),
      .drifted = Number(
          sql,
          "select count(*) from (select wallet_id as id, balance from wallet union all select card_id, balance from "
          "gift_card union all select account_id, balance from clearing_account) as account where balance <> (select "
          "coalesce(sum(amount), 0) from ledger where ledger.account_id = account.id)")};
}

long long ClearingBalance(soci::session& sql, const std::string& purpose) {
  long long balance = 0;
  sql << "select balance from clearing_account where account_id = :id", soci::into(balance), soci::use(purpose);
  return balance;
}

}  // namespace fermata::shop

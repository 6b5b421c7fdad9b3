#include "examples/shop/billing/billing.h"

#include <limits>

#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr const char* kCurrency = "RUB";
// The other side of every entry until there is a bank: the sum over all accounts stays 0.
constexpr const char* kClearingAccount = "CLEARING";

const std::vector<std::string> kTables = {
    "create table if not exists wallet (wallet_id varchar(50) primary key, customer_id varchar(255) not null unique, "
    "first_name varchar(150), last_name varchar(150), email varchar(255), phone_number varchar(50), "
    "currency varchar(3) not null, balance bigint not null check (balance >= 0), opened_dt {time} not null)",
    "create table if not exists ledger (ledger_id {id}, trxn_id varchar(50) not null, account_kind varchar(20) not "
    "null, "
    "account_id varchar(50) not null, type varchar(20) not null, amount bigint not null, balance_after bigint not "
    "null, "
    "ref varchar(255) not null, idempotency_key varchar(1024) not null, ts {time} not null)",
    "create index if not exists ledger_account on ledger (account_id, ledger_id)",
    kIdempotencyTable,
};

struct Wallet {
  std::string id, currency;
  long long balance = 0;
};

bool FindWallet(soci::session& sql, const std::string& username, Wallet& wallet) {
  sql << "select wallet_id, currency, balance from wallet where customer_id = :customer", soci::into(wallet.id),
      soci::into(wallet.currency), soci::into(wallet.balance), soci::use(username);
  return sql.got_data();
}

Value ToValue(const std::string& username, const Wallet& wallet) {
  return Value::Object({{"walletId", Value::String(wallet.id)},
                        {"username", Value::String(username)},
                        {"balance", Value::Int(wallet.balance)},
                        {"currency", Value::String(wallet.currency)}});
}

// One side of an entry.
struct LedgerRow {
  std::string trxn_id, kind, account, type, ref, key;
  long long amount = 0, balance_after = 0;
};

void Insert(soci::session& sql, const LedgerRow& row) {
  const std::string now = NowText();
  sql << "insert into ledger (trxn_id, account_kind, account_id, type, amount, balance_after, ref, idempotency_key, "
         "ts) "
         "values (:trxn, :kind, :account, :type, :amount, :balance, :ref, :key, :ts)",
      soci::use(row.trxn_id), soci::use(row.kind), soci::use(row.account), soci::use(row.type), soci::use(row.amount),
      soci::use(row.balance_after), soci::use(row.ref), soci::use(row.key), soci::use(now);
}

long long BalanceOf(soci::session& sql, const std::string& account) {
  long long sum = 0;
  sql << "select cast(coalesce(sum(amount), 0) as bigint) from ledger where account_id = :account", soci::into(sum),
      soci::use(account);
  return sum;
}

}  // namespace

BillingService::BillingService(std::unique_ptr<Database> database) : database_(std::move(database)) {}
BillingService::~BillingService() = default;

Result<std::unique_ptr<BillingService>> BillingService::Open(const std::string& database_url) {
  Result<std::unique_ptr<Database>> database = Database::Open(database_url, "billing", kTables);
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<BillingService>(new BillingService(*std::move(database)));
}

std::vector<RestRoute> BillingService::Routes() {
  return {
      {"POST", "/wallet/open", [this](const RestRequest& request) { return OpenWallet(request); }},
      {"POST", "/wallet/credit", [this](const RestRequest& request) { return Move(request, 1); }},
      {"POST", "/wallet/debit", [this](const RestRequest& request) { return Move(request, -1); }},
      {"GET", "/wallets/{username}", [this](const RestRequest& request) { return GetWallet(request); }},
      {"GET", "/wallets/{username}/ledger", [this](const RestRequest& request) { return GetLedger(request); }},
  };
}

RestAnswer BillingService::OpenWallet(const RestRequest& request) {
  const std::string username = request.Text("username");
  if (username.empty()) return Refusal(400, "Username should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Wallet wallet;
      if (FindWallet(sql, username, wallet)) return {200, ToValue(username, wallet)};
      wallet = {NewGuid(), kCurrency, 0};
      const std::string first = request.Text("firstName"), last = request.Text("lastName"),
                        email = request.Text("email"), phone = request.Text("phone"), now = NowText();
      sql << "insert into wallet (wallet_id, customer_id, first_name, last_name, email, phone_number, currency, "
             "balance, opened_dt) "
             "values (:id, :customer, :first, :last, :email, :phone, :currency, 0, :now)",
          soci::use(wallet.id), soci::use(username), soci::use(first), soci::use(last), soci::use(email),
          soci::use(phone), soci::use(wallet.currency), soci::use(now);
      return {201, ToValue(username, wallet)};
    });
  });
}

RestAnswer BillingService::GetWallet(const RestRequest& request) {
  const std::string username = request.parameters.at("username");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    Wallet wallet;
    if (!FindWallet(sql, username, wallet)) return Refusal(404, "Wallet not found");
    return {200, ToValue(username, wallet)};
  });
}

RestAnswer BillingService::GetLedger(const RestRequest& request) {
  const std::string username = request.parameters.at("username");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    Wallet wallet;
    if (!FindWallet(sql, username, wallet)) return Refusal(404, "Wallet not found");
    std::vector<Value> rows;
    soci::rowset<soci::row> found = (sql.prepare << "select trxn_id, type, amount, balance_after, ref from ledger "
                                                    "where account_id = :account order by ledger_id desc limit 500",
                                     soci::use(wallet.id));
    for (const soci::row& row : found)
      rows.push_back(Value::Object({{"id", Value::String(row.get<std::string>(0))},
                                    {"type", Value::String(row.get<std::string>(1))},
                                    {"amount", Value::Int(row.get<long long>(2))},
                                    {"balanceAfter", Value::Int(row.get<long long>(3))},
                                    {"ref", Value::String(row.get<std::string>(4))}}));
    return {200, Value::Object({{"walletId", Value::String(wallet.id)}, {"trxns", Value::List(std::move(rows))}})};
  });
}

RestAnswer BillingService::Move(const RestRequest& request, int sign) {
  const std::string username = request.Text("username");
  const Value* amount_value = request.body.Find("amount");
  // Far from where sums of 64 bits end.
  constexpr std::int64_t kAmountMax = 1'000'000'000'000;
  if (username.empty() || amount_value == nullptr || amount_value->kind() != ValueKind::kInt ||
      amount_value->as_int() <= 0 || amount_value->as_int() > kAmountMax)
    return Refusal(400, "Username and a positive amount in minor units should be provided");
  const long long amount = sign * amount_value->as_int();
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Wallet wallet;
      if (!FindWallet(sql, username, wallet)) return Refusal(404, "Wallet not found");
      // The check is in the statement, so that two debits at once cannot both pass it.
      soci::statement update =
          (sql.prepare
               << "update wallet set balance = balance + :amount where wallet_id = :id and balance + :amount2 >= 0",
           soci::use(amount), soci::use(wallet.id), soci::use(amount));
      update.execute(true);
      if (update.get_affected_rows() == 0) return Refusal(402, "Insufficient funds");
      FindWallet(sql, username, wallet);
      const std::string trxn = NewGuid(), type = sign > 0 ? "CREDIT" : "DEBIT", ref = request.Text("ref");
      Insert(sql, {trxn, "WALLET", wallet.id, type, ref, request.idempotency_key, amount, wallet.balance});
      Insert(sql, {trxn, "CLEARING", kClearingAccount, sign > 0 ? "DEBIT" : "CREDIT", ref, request.idempotency_key,
                   -amount, BalanceOf(sql, kClearingAccount) - amount});
      return {200, Value::Object({{"trxnId", Value::String(trxn)}, {"balance", Value::Int(wallet.balance)}})};
    });
  });
}

}  // namespace fermata::shop

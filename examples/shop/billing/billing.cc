#include "examples/shop/billing/billing.h"

#include "examples/shop/billing/gift_cards.h"
#include "examples/shop/billing/ledger.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr const char* kCurrency = "RUB";
// What is moved by hand.
constexpr const char* kByHand = "BY_HAND";

std::vector<std::string> AllTables() {
  std::vector<std::string> tables = kLedgerTables;
  tables.insert(tables.end(), kGiftCardTables.begin(), kGiftCardTables.end());
  return tables;
}

bool IsAmount(const std::optional<long long>& amount) { return amount && *amount > 0 && *amount <= kBillingAmountMax; }

Value ToWallet(const Account& account) {
  return Value::Object({{"walletId", Value::String(account.id)},
                        {"username", Value::String(account.owner)},
                        {"balance", Value::Int(account.balance)},
                        {"currency", Value::String(account.currency)}});
}

Value ToToken(const Account& account) {
  return Value::Object({{"id", Value::String(account.id)},
                        {"tokenType", Value::String(account.kind)},
                        {"maskedTokenId", Value::String(MaskedId(account))},
                        {"description", Value::String(account.kind == kWallet ? "Wallet" : "Gift card")},
                        {"balance", Value::Int(account.balance)},
                        {"currency", Value::String(account.currency)}});
}

Value ToValue(const std::vector<LedgerRow>& rows) {
  std::vector<Value> trxns;
  for (const LedgerRow& row : rows)
    trxns.push_back(Value::Object({{"id", Value::String(row.trxn_id)},
                                   {"ts", Value::String(row.ts)},
                                   {"type", Value::String(row.type)},
                                   {"amount", Value::Int(row.amount)},
                                   {"balanceAfter", Value::Int(row.balance_after)},
                                   {"ref", Value::String(row.ref)}}));
  return Value::List(std::move(trxns));
}

RestAnswer Moved(const std::string& trxn_id, long long balance) {
  return {200, Value::Object({{"trxnId", Value::String(trxn_id)}, {"balance", Value::Int(balance)}})};
}

RestAnswer NoWallet() { return Refusal(404, "Wallet not found"); }

}  // namespace

BillingService::BillingService(BillingOptions options, std::unique_ptr<Database> database)
    : options_(std::move(options)),
      clock_(options_.clock ? *options_.clock : SystemClock()),
      database_(std::move(database)),
      sessions_(options_.auth_url),
      notification_(options_.notification_url, options_.service_key) {}
BillingService::~BillingService() = default;

Result<std::unique_ptr<BillingService>> BillingService::Open(BillingOptions options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "billing", AllTables());
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<BillingService>(new BillingService(std::move(options), *std::move(database)));
}

std::vector<RestRoute> BillingService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (BillingService::*handler)(const RestRequest&)) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); }};
  };
  return {
      ForServices(route("POST", "/wallet/open", &BillingService::OpenWallet)),
      ForServices(route("POST", "/wallet/credit", &BillingService::CreditWallet)),
      ForServices(route("POST", "/wallet/debit", &BillingService::DebitWallet)),
      route("GET", "/wallet", &BillingService::GetOwnWallet),
      ForServices(route("GET", "/wallets/{username}", &BillingService::GetWallet)),
      ForServices(route("GET", "/wallets/{username}/ledger", &BillingService::GetLedger)),
      route("POST", "/trxn/get", &BillingService::GetMovements),
      ForServices(route("GET", "/token/get", &BillingService::GetTokens)),
      ForServices(route("POST", "/token/charge", &BillingService::Charge)),
      ForServices(route("POST", "/token/reverse", &BillingService::Reverse)),
      ForServices(route("POST", "/token/create", &BillingService::CreateCard)),
      ForServices(route("POST", "/token/lookup", &BillingService::LookupCode)),
      ForServices(route("POST", "/token/activate", &BillingService::ActivateCard)),
      ForServices(route("POST", "/token/deactivate", &BillingService::DeactivateCard)),
      ForServices(route("POST", "/token/close", &BillingService::CloseCard)),
      ForServices(route("POST", "/token/send-code", &BillingService::SendCode)),
      ForServices(route("GET", "/books", &BillingService::GetBooks)),
  };
}

RestAnswer BillingService::OpenWallet(const RestRequest& request) {
  const std::string username = request.Text("username");
  if (username.empty()) return Refusal(400, "Username should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      if (const auto wallet = FindWallet(sql, username)) return {200, ToWallet(*wallet)};
      const Account wallet{.kind = kWallet, .id = NewGuid(), .owner = username, .currency = kCurrency};
      const std::string first = request.Text("firstName"), last = request.Text("lastName"),
                        email = request.Text("email"), phone = request.Text("phone"), now = NowText();
      sql << "insert into wallet (wallet_id, customer_id, first_name, last_name, email, phone_number, currency, "
             "balance, opened_dt) values (:id, :customer, :first, :last, :email, :phone, :currency, 0, :now)",
          soci::use(wallet.id), soci::use(username), soci::use(first), soci::use(last), soci::use(email),
          soci::use(phone), soci::use(wallet.currency), soci::use(now);
      return {201, ToWallet(wallet)};
    });
  });
}

RestAnswer BillingService::GetWallet(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto wallet = FindWallet(sql, request.parameters.at("username"));
    return wallet ? RestAnswer{200, ToWallet(*wallet)} : NoWallet();
  });
}

RestAnswer BillingService::GetOwnWallet(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto wallet = FindWallet(sql, asker.username);
    return wallet ? RestAnswer{200, ToWallet(*wallet)} : NoWallet();
  });
}

RestAnswer BillingService::GetLedger(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto wallet = FindWallet(sql, request.parameters.at("username"));
    if (!wallet) return NoWallet();
    return {200, Value::Object({{"walletId", Value::String(wallet->id)},
                                {"trxns", ToValue(RowsOf(sql, wallet->id, "", "", 0))}})};
  });
}

RestAnswer BillingService::GetMovements(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const long long page = request.Integer("page").value_or(0);
  if (page < 0 || page > 1'000'000) return Refusal(400, "The page should be a number from 0");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const auto account = FindAccount(sql, request.Text("tokenId"));
    if (!account || account->owner != asker.username) return Refusal(404, "Token not found");
    return {200, Value::Object(
                     {{"trxns", ToValue(RowsOf(sql, account->id, request.Text("from"), request.Text("to"), page))}})};
  });
}

RestAnswer BillingService::GetTokens(const RestRequest& request) {
  const std::string username = request.Query("username");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> tokens;
    for (const Account& account : AccountsOf(sql, username, TimeText(clock_, 0))) tokens.push_back(ToToken(account));
    if (tokens.empty()) return Refusal(404, "Client not found");
    return {200, Value::Object({{"username", Value::String(username)}, {"tokens", Value::List(std::move(tokens))}})};
  });
}

RestAnswer BillingService::GetBooks(const RestRequest&) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const Books books = CheckBooks(sql);
    const auto clearing = [&](const char* purpose) { return Value::Int(ClearingBalance(sql, purpose)); };
    return {200, Value::Object({{"sum", Value::Int(books.sum)},
                                {"unbalanced", Value::Int(books.unbalanced)},
                                {"drifted", Value::Int(books.drifted)},
                                {"clearing", Value::Object({{"ORDER", clearing("ORDER")},
                                                            {"GIFT_CARD", clearing("GIFT_CARD")},
                                                            {"WALLET_TOPUP", clearing("WALLET_TOPUP")},
                                                            {kByHand, clearing(kByHand)}})}})};
  });
}

RestAnswer BillingService::MoveWallet(const RestRequest& request, int sign) {
  const std::string username = request.Text("username");
  const std::optional<long long> amount = request.Integer("amount");
  if (username.empty() || !IsAmount(amount))
    return Refusal(400, "Username and a positive amount in minor units should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const auto wallet = FindWallet(sql, username);
      if (!wallet) return NoWallet();
      MovementNote note{.purpose = kByHand, .ref = request.Text("ref"), .idempotency_key = request.idempotency_key};
      const auto movement = Move(sql, *wallet, sign * *amount, note);
      if (!movement) return Refusal(402, "Insufficient funds");
      return Moved(movement->trxn_id, FindAccount(sql, wallet->id)->balance);
    });
  });
}

RestAnswer BillingService::Charge(const RestRequest& request) {
  const std::string type = request.Text("type"), purpose = request.Text("purpose");
  const std::optional<long long> amount = request.Integer("amount");
  if ((type != "DEBIT" && type != "CREDIT") || !IsAmount(amount) ||
      (purpose != "ORDER" && purpose != "GIFT_CARD" && purpose != "WALLET_TOPUP"))
    return Refusal(400, "DEBIT or CREDIT, a purpose and a positive amount in minor units should be provided");
  const std::string payment = request.Text("paymentId");
  const long long moved = type == "DEBIT" ? -*amount : *amount;
  const MovementNote note{.purpose = purpose,
                          .payment_id = payment,
                          .reverses = "",
                          .ref = payment.empty() ? request.Text("orderId") : payment,
                          .idempotency_key = request.idempotency_key,
                          .trxn_id = ""};
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const auto account = FindAccount(sql, request.Text("tokenId"));
      if (!account) return Refusal(404, "Token not found");
      if (const auto known = payment.empty() ? std::nullopt : FindMovementFor(sql, payment, moved)) {
        if (known->account_id != account->id || known->amount != moved)
          return Refusal(409, "Something else was moved for this payment");
        return Moved(known->trxn_id, account->balance);
      }
      if (!CanBeCharged(sql, *account, TimeText(clock_, 0))) return Refusal(409, "The gift card is not active");
      const auto movement = Move(sql, *account, moved, note);
      if (!movement) return Refusal(402, "Insufficient funds");
      return Moved(movement->trxn_id, FindAccount(sql, account->id)->balance);
    });
  });
}

RestAnswer BillingService::Reverse(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const auto movement = FindMovement(sql, request.Text("trxnId"));
      if (!movement) return Refusal(404, "Transaction not found");
      if (!movement->reverses.empty()) return Refusal(409, "A reversal is not reversed");
      const Account account = *FindAccount(sql, movement->account_id);
      // Taken back once, however often it is asked for.
      if (!movement->reversed_by.empty()) return Moved(movement->reversed_by, account.balance);
      const MovementNote note{.purpose = movement->purpose,
                              .payment_id = "",
                              .reverses = movement->trxn_id,
                              .ref = movement->trxn_id,
                              .idempotency_key = request.idempotency_key,
                              .trxn_id = NewGuid()};
      if (!Move(sql, account, -movement->amount, note)) return Refusal(409, "The money has been spent already");
      // Somebody else was quicker: rolled back, and begun anew.
      if (!MarkReversed(sql, *movement, note.trxn_id)) throw soci::soci_error("reversed meanwhile");
      return Moved(note.trxn_id, FindAccount(sql, account.id)->balance);
    });
  });
}

}  // namespace fermata::shop

#include "examples/shop/bank/bank.h"

#include "examples/shop/bank/bank_store.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr long long kAmountMax = 1'000'000'000'000;
constexpr long long kCvcFromAmount = 100'000;  // of a saved card
constexpr std::int64_t kHoldLifeS = 3'600;

bool IsAmount(const std::optional<long long>& amount) { return amount && *amount > 0 && *amount <= kAmountMax; }

RestAnswer NoHold() { return Refusal(404, "Hold not found"); }

Value ToValue(const FastPayment& payment, const std::string& url) {
  return Value::Object({{"sbpId", Value::String(payment.id)},
                        {"status", Value::String(payment.status)},
                        {"payload", Value::String(url + "/pages/sbp/" + payment.id)},
                        {"reason", Value::String("")}});
}

}  // namespace

Bank::Bank(BankOptions options, std::unique_ptr<Database> database)
    : options_(std::move(options)),
      clock_(options_.clock ? *options_.clock : SystemClock()),
      database_(std::move(database)),
      callbacks_(*database_, options_.shop_url, options_.callback_key) {}
Bank::~Bank() = default;

Result<std::unique_ptr<Bank>> Bank::Open(BankOptions options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "bank", kBankTables);
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<Bank>(new Bank(std::move(options), *std::move(database)));
}

std::vector<RestRoute> Bank::Routes() {
  const auto shop = [this](const char* method, const char* path, Handler handler) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return ForShop(request, handler); }};
  };
  const auto page = [this](const char* method, const char* path, Handler handler) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); }};
  };
  return {
      shop("POST", "/holds", &Bank::OpenHold),
      shop("GET", "/holds/{id}", &Bank::GetHold),
      shop("POST", "/holds/{id}/capture", &Bank::Capture),
      shop("POST", "/holds/{id}/void", &Bank::Void),
      shop("POST", "/captures/{id}/refund", &Bank::Refund),
      shop("POST", "/sbp", &Bank::OpenSbp),
      shop("GET", "/sbp/{id}", &Bank::GetSbp),
      shop("POST", "/sbp/{id}/close", &Bank::CloseSbp),
      shop("GET", "/books", &Bank::GetBooks),
      shop("POST", "/switches", &Bank::SetSwitches),
      page("GET", "/pages/holds/{id}", &Bank::ShowHoldPage),
      page("POST", "/pages/holds/{id}", &Bank::TakeHoldPage),
      page("GET", "/pages/sbp/{id}", &Bank::ShowSbpPage),
      page("POST", "/pages/sbp/{id}", &Bank::TakeSbpPage),
  };
}

bool Bank::TakeOne(long long Switches::*counter) {
  std::lock_guard lock(mutex_);
  if (switches_.*counter <= 0) return false;
  --(switches_.*counter);
  return true;
}

RestAnswer Bank::ForShop(const RestRequest& request, Handler handler) {
  if (!SameText(request.Header("authorization"), "Bearer " + options_.api_key)) return Refusal(401, "Not authorized");
  const bool is_switch = handler == &Bank::SetSwitches;
  if (!is_switch && TakeOne(&Switches::down)) return Refusal(503, "The bank is down");
  RestAnswer answer = (this->*handler)(request);
  if (!is_switch && TakeOne(&Switches::lost)) return Refusal(503, "The answer got lost");
  return answer;
}

Value Bank::HoldValue(const Hold& hold) const {
  const bool asks = hold.status == "CARD_REQUIRED" || hold.status == "CVC_REQUIRED" || hold.status == "CHALLENGE";
  return Value::Object(
      {{"holdId", Value::String(hold.id)},
       {"status", Value::String(hold.status)},
       {"redirectUrl", Value::String(asks ? url_ + "/pages/holds/" + hold.id : "")},
       {"maskedCard", Value::String(hold.masked)},
       {"cardToken", Value::String(hold.save_card && hold.status == "AUTHORISED" ? hold.card_token : "")},
       {"cardType", Value::String(hold.card_type)},
       {"reason", Value::String(hold.reason)}});
}

RestAnswer Bank::OpenHold(const RestRequest& request) {
  const std::optional<long long> amount = request.Integer("amount");
  Hold hold{.id = NewGuid(),
            .merchant_ref = request.Text("merchantRef"),
            .currency = request.Text("currency"),
            .status = "CARD_REQUIRED",
            .card_token = request.Text("cardToken")};
  if (hold.merchant_ref.empty() || hold.currency.size() != 3 || !IsAmount(amount))
    return Refusal(400, "A merchantRef, a currency and a positive amount in minor units should be provided");
  hold.amount = *amount;
  hold.expires_dt = TimeText(clock_, kHoldLifeS);
  const Value* save = request.body.Find("saveCard");
  hold.save_card = save != nullptr && save->kind() == ValueKind::kBool && save->as_bool();
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      if (TakeOne(&Switches::decline_holds)) return Refusal(402, "The card was declined");
      if (!hold.card_token.empty()) {
        const std::optional<Card> card = FindCard(sql, hold.card_token);
        if (!card) return Refusal(402, "The card is not known");
        hold.masked = card->masked;
        hold.card_type = card->type;
        hold.status = hold.amount >= kCvcFromAmount ? "CVC_REQUIRED" : "AUTHORISED";
      }
      AddHold(sql, hold);
      return {201, HoldValue(hold)};
    });
  });
}

RestAnswer Bank::GetHold(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Hold> hold = FindHold(sql, request.parameters.at("id"));
    if (!hold) return NoHold();
    return {200, HoldValue(*hold)};
  });
}

RestAnswer Bank::Capture(const RestRequest& request) {
  const std::optional<long long> amount = request.Integer("amount");
  const std::string now = TimeText(clock_, 0);
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<Hold> hold = FindHold(sql, request.parameters.at("id"));
      if (!hold) return NoHold();
      if (hold->status != "AUTHORISED")
        return Refusal(409, "Expected a hold that is AUTHORISED, but it is " + hold->status);
      if (amount != hold->amount) return Refusal(400, "Expected the amount of the hold, but it is another");
      int alive = 0;
      sql << "select count(*) from bank_hold where hold_guid = :id and expires_dt > :now", soci::into(alive),
          soci::use(hold->id), soci::use(now);
      const bool declined = alive > 0 && TakeOne(&Switches::decline_captures);
      if (declined) return Refusal(402, "The card was declined");
      hold->status = alive > 0 ? "CAPTURED" : "EXPIRED";
      hold->capture_id = alive > 0 ? NewGuid() : "";
      if (!ChangeHold(sql, *hold, "AUTHORISED")) return Refusal(409, "The hold has just changed");
      if (alive == 0) return Refusal(410, "The hold has expired");
      return {200, Value::Object({{"captureId", Value::String(hold->capture_id)}})};
    });
  });
}

RestAnswer Bank::Void(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<Hold> hold = FindHold(sql, request.parameters.at("id"));
      if (!hold) return NoHold();
      if (hold->status == "CAPTURED") return Refusal(409, "The hold is captured: refund the capture");
      const std::string from = hold->status;
      if (from == "DECLINED" || from == "EXPIRED" || from == "VOIDED") return {200, HoldValue(*hold)};
      hold->status = "VOIDED";
      // Somebody was at its page at this moment: the shop asks again.
      if (!ChangeHold(sql, *hold, from)) return Refusal(503, "The hold has just changed");
      return {200, HoldValue(*hold)};
    });
  });
}

RestAnswer Bank::Refund(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<Hold> hold = FindCapture(sql, request.parameters.at("id"));
      if (!hold) return Refusal(404, "Capture not found");
      hold->refunded = true;
      ChangeHold(sql, *hold, "CAPTURED");
      return {200,
              Value::Object({{"captureId", Value::String(hold->capture_id)}, {"status", Value::String("REFUNDED")}})};
    });
  });
}

RestAnswer Bank::OpenSbp(const RestRequest& request) {
  const std::optional<long long> amount = request.Integer("amount");
  FastPayment payment{.id = NewGuid(),
                      .merchant_ref = request.Text("merchantRef"),
                      .currency = request.Text("currency"),
                      .status = "WAITING",
                      .purpose = request.Text("purpose")};
  if (payment.merchant_ref.empty() || payment.currency.size() != 3 || !IsAmount(amount))
    return Refusal(400, "A merchantRef, a currency and a positive amount in minor units should be provided");
  payment.amount = *amount;
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      if (TakeOne(&Switches::decline_holds)) return Refusal(402, "The payment was declined");
      AddFastPayment(sql, payment);
      return {201, ToValue(payment, url_)};
    });
  });
}

RestAnswer Bank::GetSbp(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<FastPayment> payment = FindFastPayment(sql, request.parameters.at("id"));
    if (!payment) return Refusal(404, "Payment not found");
    return {200, ToValue(*payment, url_)};
  });
}

RestAnswer Bank::CloseSbp(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::string id = request.parameters.at("id");
      if (!FindFastPayment(sql, id)) return Refusal(404, "Payment not found");
      if (!ChangeFastPayment(sql, id, "WAITING", "CLOSED")) ChangeFastPayment(sql, id, "PAID", "REFUNDED");
      return {200, ToValue(*FindFastPayment(sql, id), url_)};
    });
  });
}

RestAnswer Bank::GetBooks(const RestRequest& request) {
  const std::string ref = request.Query("merchantRef");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> entries;
    const auto add = [&](const char* kind, const std::string& id, const std::string& status, long long amount) {
      entries.push_back(Value::Object({{"kind", Value::String(kind)},
                                       {"id", Value::String(id)},
                                       {"status", Value::String(status)},
                                       {"amount", Value::Int(amount)}}));
    };
    // What the shop has of it in the end.
    long long kept = 0;
    for (const Hold& hold : HoldsFor(sql, ref)) {
      add("HOLD", hold.id, hold.refunded ? "REFUNDED" : hold.status, hold.amount);
      if (hold.status == "CAPTURED" && !hold.refunded) kept += hold.amount;
    }
    for (const FastPayment& payment : FastPaymentsFor(sql, ref)) {
      add("SBP", payment.id, payment.status, payment.amount);
      if (payment.status == "PAID") kept += payment.amount;
    }
    return {200, Value::Object({{"kept", Value::Int(kept)}, {"entries", Value::List(std::move(entries))}})};
  });
}

RestAnswer Bank::SetSwitches(const RestRequest& request) {
  const std::string callbacks = request.Text("callbacks");
  if (!callbacks.empty() && callbacks != "NORMAL" && callbacks != "TWICE" && callbacks != "NEVER" &&
      callbacks != "HELD")
    return Refusal(400, "Callbacks should be NORMAL, TWICE, NEVER or HELD");
  {
    std::lock_guard lock(mutex_);
    switches_.down = request.Integer("down").value_or(switches_.down);
    switches_.lost = request.Integer("lost").value_or(switches_.lost);
    switches_.decline_holds = request.Integer("declineHolds").value_or(switches_.decline_holds);
    switches_.decline_captures = request.Integer("declineCaptures").value_or(switches_.decline_captures);
    if (!callbacks.empty()) switches_.callbacks = callbacks;
  }
  if (!callbacks.empty()) callbacks_.Hold(callbacks == "HELD");
  return {200, Value::Object({{"callbacks", Value::String(callbacks)}})};
}

}  // namespace fermata::shop

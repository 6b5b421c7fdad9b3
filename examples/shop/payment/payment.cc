#include "examples/shop/payment/payment.h"

#include "engine/model/json.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/payment/payment_store.h"

namespace fermata::shop {
namespace {

constexpr int kBillingTimeoutMs = 5'000, kBankTimeoutMs = 10'000, kLetterTimeoutMs = 5'000;
constexpr long long kAmountMax = 1'000'000'000'000;
constexpr std::size_t kBankTextBytesMax = 255, kErrorBytesMax = 255;

std::vector<std::string> AllTables() {
  std::vector<std::string> tables = kPaymentTables;
  tables.emplace_back(kOutboxTable);
  return tables;
}

RestAnswer StatusOf(const Payment& payment, int status = 200) {
  return {status, Value::Object({{"paymentId", Value::String(payment.id)}, {"status", Value::String(payment.status)}})};
}

RestAnswer NoPayment() { return Refusal(404, "Payment not found"); }

// The answer to the orchestra; its `response` is SUCCESS, DEFERRED or FAIL.
RestAnswer ToOrchestra(const std::string& order_id, const char* type, const char* response, const std::string& reason) {
  return {200, Value::Object({{"orderId", Value::String(order_id)},
                              {"requestType", Value::String(type)},
                              {"confirmator", Value::String("PAYMENT")},
                              {"response", Value::String(response)},
                              {"reason", Value::String(reason)}})};
}

}  // namespace

PaymentService::PaymentService(PaymentOptions options, std::unique_ptr<Database> database)
    : options_(std::move(options)),
      clock_(options_.clock ? *options_.clock : SystemClock()),
      database_(std::move(database)),
      sessions_(options_.auth_url),
      billing_(options_.billing_url, options_.service_key),
      bank_(options_.bank_url),
      engine_(options_.engine_url),
      events_(*database_, options_.engine_url) {}
PaymentService::~PaymentService() = default;

Result<std::unique_ptr<PaymentService>> PaymentService::Open(PaymentOptions options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "payment", AllTables());
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<PaymentService>(new PaymentService(std::move(options), *std::move(database)));
}

std::vector<RestRoute> PaymentService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (PaymentService::*handler)(const RestRequest&),
                            RestLane lane = RestLane::kQuick) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); },
                     lane};
  };
  return {
      route("POST", "/authorise", &PaymentService::Authorise, RestLane::kWaits),
      route("POST", "/pay", &PaymentService::Pay, RestLane::kWaits),
      route("POST", "/topup", &PaymentService::TopUp, RestLane::kWaits),
      route("POST", "/activate", &PaymentService::Activate, RestLane::kWaits),
      route("POST", "/activations", &PaymentService::DepositCode),
      ForServices(route("POST", "/activations/{ref}/lookup", &PaymentService::LookupCode)),
      ForServices(route("POST", "/activations/{ref}/activate", &PaymentService::ActivateCode)),
      route("GET", "/tokens/get", &PaymentService::ListMeans),
      route("POST", "/tokens/add", &PaymentService::AddMeansFor, RestLane::kWaitsForCustomers),
      route("DELETE", "/tokens/delete", &PaymentService::DeleteMeans),
      ForServices(route("GET", "/tokens/{tokenId}", &PaymentService::GetMeans)),
      ForServices(route("POST", "/payments", &PaymentService::Create)),
      ForServices(route("POST", "/payments/{id}/record", &PaymentService::Record)),
      ForServices(route("POST", "/payments/{id}/defer", &PaymentService::Defer)),
      ForServices(route("POST", "/payments/{id}/close", &PaymentService::Close)),
      ForServices(route("POST", "/confirm", &PaymentService::Confirm)),
      ForServices(route("POST", "/reverse", &PaymentService::Reverse)),
      ForServices(route("POST", "/collect", &PaymentService::Collect)),
      ForServices(route("GET", "/obligations/{orderId}", &PaymentService::GetObligation)),
      ForServices(route("POST", "/gift-cards", &PaymentService::OpenGiftCard)),
      ForServices(route("POST", "/gift-cards/close", &PaymentService::CloseGiftCard)),
      route("POST", "/bank/callback", &PaymentService::TakeCallback),
  };
}

RestAnswer PaymentService::Create(const RestRequest& request) {
  Payment payment{.id = NewGuid(),
                  .purpose = request.Text("purpose"),
                  .ref_id = request.Text("refId"),
                  .payer = request.Text("payer"),
                  .currency = request.Text("currency"),
                  .language = request.Text("language")};
  payment.amount = request.Integer("amount").value_or(0);
  const bool known = payment.purpose == "ORDER" || payment.purpose == "GIFT_CARD" || payment.purpose == "WALLET_TOPUP";
  if (!known || payment.ref_id.empty() || payment.payer.empty() || payment.currency.size() != 3 || payment.amount < 1 ||
      payment.amount > kAmountMax)
    return Refusal(400,
                   "A purpose, a refId, a payer, a currency and a positive amount in minor units should be provided");
  if (payment.language.size() != 2) payment.language = "en";
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      AddPayment(sql, payment);
      return StatusOf(payment, 201);
    });
  });
}

RestAnswer PaymentService::Record(const RestRequest& request) {
  const std::string method = request.Text("method"), ref = request.Text("ref");
  const bool by_bank = method == "CARD" || method == "SBP", by_billing = method == "WALLET" || method == "GIFT_CARD";
  if ((!by_bank && !by_billing) || ref.empty()) return Refusal(400, "A method and a ref should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      auto payment = FindPayment(sql, request.parameters.at("id"));
      if (!payment) return NoPayment();
      if (payment->status == "Confirmed" && payment->ref == ref) return StatusOf(*payment);
      payment->status = "Confirmed";
      payment->method = method;
      payment->token_id = request.Text("tokenId");
      payment->masked = request.Text("maskedTokenId");
      payment->ref = ref;
      if (payment->deferred() || !SavePayment(sql, *payment, "Requested"))
        return Refusal(409, "Expected a payment that awaits its money, but it does not");
      AddTransaction(sql, payment->id, by_bank ? "CAPTURE" : "DEBIT", "SUCCESS");
      return StatusOf(*payment);
    });
  });
}

RestAnswer PaymentService::Defer(const RestRequest& request) {
  const std::string kind = request.Text("kind");
  if (kind != "CASH" && kind != "TERMINAL") return Refusal(400, "The kind should be CASH or TERMINAL");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      auto payment = FindPayment(sql, request.parameters.at("id"));
      if (!payment) return NoPayment();
      // Nobody collects at a gift card's door.
      if (payment->purpose != "ORDER" || payment->status != "Requested")
        return Refusal(409, "Only what an order still owes is collected on receipt");
      payment->type = kind;
      payment->method = kind + "_ON_RECEIPT";
      SavePayment(sql, *payment, "Requested");
      AddTransaction(sql, payment->id, "COLLECT", "REQUESTED");
      return StatusOf(*payment);
    });
  });
}

RestAnswer PaymentService::Close(const RestRequest& request) {
  RestAnswer failure;
  std::optional<Payment> payment;
  failure = database_->Transact([&](soci::session& sql) -> RestAnswer {
    payment = FindPayment(sql, request.parameters.at("id"));
    if (!payment) return NoPayment();
    if (payment->status == "Requested") {
      payment->status = "Cancelled";
      // Money came at this moment: it is looked at anew.
      if (!SavePayment(sql, *payment, "Requested")) return Refusal(503, "The payment has just changed");
    }
    return {};
  });
  if (failure.status != 200) return failure;
  // Money that was recorded, but shall not be kept.
  if (payment->status != "Cancelled") {
    const RestAnswer given = GiveBack(*payment);
    if (given.status != 200) return given;
    payment->status = "Cancelled";
  }
  return StatusOf(*payment);
}

std::optional<Payment> PaymentService::FindAsked(const RestRequest& request, RestAnswer& failure) {
  const std::string id = request.Text("paymentId"), order = request.Text("orderId");
  std::optional<Payment> payment;
  failure = database_->Transact([&](soci::session& sql) -> RestAnswer {
    payment = id.empty() ? FindPaymentFor(sql, order) : FindPayment(sql, id);
    // One that belongs to something else is none of this order.
    if (payment && !order.empty() && payment->ref_id != order) payment.reset();
    return {};
  });
  return payment;
}

RestAnswer PaymentService::Confirm(const RestRequest& request) {
  const std::string order = request.Text("orderId");
  const std::optional<long long> amount = request.Integer("amount");
  if (order.empty() || !amount) return Refusal(400, "An orderId and an amount should be provided");
  RestAnswer failure;
  const std::optional<Payment> payment = FindAsked(request, failure);
  if (failure.status != 200) return failure;
  if (!payment) return ToOrchestra(order, "CONFIRM", "FAIL", "There is no payment of this order");
  if (payment->amount != *amount)
    return ToOrchestra(
        order, "CONFIRM", "FAIL",
        "Expected a payment of " + std::to_string(*amount) + ", but it is of " + std::to_string(payment->amount));
  if (payment->deferred()) return ToOrchestra(order, "CONFIRM", "DEFERRED", "");
  if (payment->status != "Confirmed" && payment->status != "Finished")
    return ToOrchestra(order, "CONFIRM", "FAIL", "Expected a payment that is Confirmed, but it is " + payment->status);
  return ToOrchestra(order, "CONFIRM", "SUCCESS", "");
}

RestAnswer PaymentService::Reverse(const RestRequest& request) {
  if (request.Text("orderId").empty() && request.Text("paymentId").empty())
    return Refusal(400, "An orderId or a paymentId should be provided");
  RestAnswer failure;
  std::optional<Payment> payment = FindAsked(request, failure);
  if (failure.status != 200) return failure;
  const std::string order = payment ? payment->ref_id : request.Text("orderId"), reason = request.Text("reason");
  if (payment) {
    if (reason.size() <= kErrorBytesMax) payment->error = reason;
    const bool had_money = payment->status == "Confirmed";
    const RestAnswer given = GiveBack(*payment);
    if (given.status != 200) return given;
    if ((had_money || payment->status == "Cancelled") && !payment->ref.empty() &&
        !TellPayer(*payment, "payment-reversed", request))
      return Refusal(503, "The customer cannot be told now");
  }
  return ToOrchestra(order, "REVERSE", "SUCCESS", "");
}

RestAnswer PaymentService::GiveBack(const Payment& payment) {
  if (payment.status == "Finished") return Refusal(409, "What the courier has collected is given back by hand");
  if (payment.status == "Cancelled" || (payment.status == "Requested" && !payment.deferred())) return {};
  if (payment.status == "Confirmed")
    if (const int status = ReturnMoney(payment); status < 200 || status >= 300)
      return Refusal(status >= 400 && status < 500 && status != 429 ? 409 : 503, "The money cannot be given back now");
  Payment changed = payment;
  changed.status = "Cancelled";
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (SavePayment(sql, changed, payment.status)) AddTransaction(sql, payment.id, "REVERSE", "SUCCESS");
    return {};
  });
}

int PaymentService::ReturnMoney(const Payment& payment) {
  const std::string key = "payment/" + payment.id + "/reverse";
  if (payment.method == "WALLET" || payment.method == "GIFT_CARD")
    return billing_
        .Post("/token/reverse", Value::Object({{"trxnId", Value::String(payment.ref)}}), key, kBillingTimeoutMs)
        .status;
  const std::string path =
      payment.method == "SBP" ? "/sbp/" + payment.ref + "/close" : "/captures/" + payment.ref + "/refund";
  return bank_
      .PostText(path, "{}",
                {{"Content-Type", "application/json"},
                 {"Authorization", "Bearer " + options_.bank_api_key},
                 {"Idempotency-Key", key}},
                kBankTimeoutMs)
      .status;
}

bool PaymentService::TellPayer(const Payment& payment, const std::string& letter, const RestRequest& request) {
  const Value variables = Value::Object({{"about", Value::Object({{payment.purpose, Value::Bool(true)}})},
                                         {"refId", Value::String(payment.ref_id)},
                                         {"amount", Value::Int(payment.amount)},
                                         {"currency", Value::String(payment.currency)},
                                         {"method", Value::String(payment.method)},
                                         {"maskedTokenId", Value::String(payment.masked)},
                                         {"reason", Value::String(request.Text("reason"))},
                                         {"why", Value::Object({{request.Text("reasonCode"), Value::Bool(true)}})}});
  const Value input = Value::Object({{"username", Value::String(payment.payer)},
                                     {"templateId", Value::String(letter)},
                                     {"language", Value::String(payment.language)},
                                     {"variables", variables}});
  const int status =
      engine_
          .Post("/v1/instances", Value::Object({{"process", Value::String("sendnotification")}, {"input", input}}),
                letter + "/" + payment.id, kLetterTimeoutMs)
          .status;
  // Refused for good: a letter never holds money up.
  return (status >= 200 && status < 300) || (status >= 400 && status < 500 && status != 429);
}

RestAnswer PaymentService::Collect(const RestRequest& request) {
  const std::string kind = request.Text("kind");
  const std::optional<long long> amount = request.Integer("amount");
  if ((kind != "CASH" && kind != "TERMINAL") || request.Text("orderId").empty() || !amount)
    return Refusal(400, "An orderId, CASH or TERMINAL, and an amount should be provided");
  std::optional<Payment> payment;
  const RestAnswer collected = database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      payment = FindPaymentFor(sql, request.Text("orderId"));
      if (!payment || !payment->deferred()) return Refusal(409, "Nothing is to be collected for this order");
      if (payment->amount != *amount)
        return Refusal(
            409, "Expected " + std::to_string(payment->amount) + ", but " + std::to_string(*amount) + " was collected");
      payment->status = "Finished";
      payment->type = kind;
      payment->method = kind + "_ON_RECEIPT";
      if (!SavePayment(sql, *payment, "Requested")) return Refusal(503, "The payment has just changed");
      AddTransaction(sql, payment->id, "COLLECT", "SUCCESS");
      return StatusOf(*payment);
    });
  });
  if (collected.status == 200 && payment) TellPayer(*payment, "payment-succeeded", request);
  return collected;
}

RestAnswer PaymentService::GetObligation(const RestRequest& request) {
  const std::string order = request.parameters.at("orderId");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Payment> payment = FindPaymentFor(sql, order);
    const bool is_open = payment && payment->deferred();
    return {200, Value::Object({{"orderId", Value::String(order)},
                                {"open", Value::Bool(is_open)},
                                {"amount", Value::Int(is_open ? payment->amount : 0)}})};
  });
}

RestAnswer PaymentService::OpenGiftCard(const RestRequest& request) {
  const std::string order = request.Text("orderId");
  const Value* cards = request.body.Find("cards");
  if (order.empty() || cards == nullptr || !cards->is_list() || cards->as_list().size() != 1 ||
      !cards->as_list()[0].is_map())
    return Refusal(400, "An orderId and one card should be provided");
  const Value& card = cards->as_list()[0];
  RestAnswer failure;
  const std::optional<Payment> payment = FindAsked(request, failure);
  if (failure.status != 200) return failure;
  if (!payment || payment->status != "Confirmed" || payment->amount != NumberOf(card, "balance"))
    return Refusal(409, "A gift card is added when it is paid for");
  const RestReply reply = billing_.Post("/token/create",
                                        Value::Object({{"orderId", Value::String(order)},
                                                       {"amount", At(card, "balance")},
                                                       {"currency", Value::String(request.Text("currency"))},
                                                       {"grantee", At(card, "grantee")},
                                                       {"designId", Value::String(request.Text("designId"))},
                                                       {"days", Value::Int(request.Integer("days").value_or(365))}}),
                                        request.idempotency_key, kBillingTimeoutMs);
  if (reply.status == 400 || reply.status == 409) return Refusal(reply.status, TextOf(reply.body, "errorMessage"));
  if (reply.status != 201) return Refusal(503, "Billing does not answer");
  return {201, Value::Object({{"orderId", Value::String(order)},
                              {"requestType", Value::String("OPEN")},
                              {"response", Value::String("SUCCESS")},
                              {"cardId", At(reply.body, "cardId")},
                              {"maskedTokenId", At(reply.body, "maskedTokenId")}})};
}

RestAnswer PaymentService::CloseGiftCard(const RestRequest& request) {
  const std::string order = request.Text("orderId");
  const Value* cards = request.body.Find("cards");
  if (cards == nullptr || !cards->is_list() || cards->as_list().size() != 1 || !cards->as_list()[0].is_map())
    return Refusal(400, "One card should be provided");
  const RestReply reply = billing_.Post(
      "/token/close", Value::Object({{"orderId", Value::String(order)}, {"cardId", At(cards->as_list()[0], "id")}}),
      request.idempotency_key, kBillingTimeoutMs);
  if (reply.status == 404 || reply.status == 409) return Refusal(reply.status, TextOf(reply.body, "errorMessage"));
  if (reply.status != 200) return Refusal(503, "Billing does not answer");
  return {200, Value::Object({{"orderId", Value::String(order)},
                              {"requestType", Value::String("CLOSE")},
                              {"response", Value::String("SUCCESS")}})};
}

RestAnswer PaymentService::TakeCallback(const RestRequest& request) {
  const bool signed_well = !options_.callback_key.empty() &&
                           SameText(request.Header("x-signature"), Hmac(options_.callback_key, request.body_text));
  if (!signed_well) return Refusal(401, "The signature is wrong");
  const std::string id = request.Text("eventId"), type = request.Text("type");
  const Value data = At(request.body, "data");
  if (id.empty() || id.size() > kBankTextBytesMax || (type != "authorised" && type != "declined") ||
      TextOf(data, "bankRef").empty())
    return Refusal(400, "An eventId, authorised or declined, and a bankRef should be provided");
  const auto text = [&](const char* name) { return Value::String(TextOf(data, name)); };
  const Value event = Value::Object({{"specversion", Value::String("1.0")},
                                     {"id", Value::String(id)},
                                     {"source", Value::String("/shop/bank")},
                                     {"type", Value::String("bank." + type)},
                                     {"datacontenttype", Value::String("application/json")},
                                     {"data", Value::Object({{"bankRef", text("bankRef")},
                                                             {"paymentId", text("merchantRef")},
                                                             {"reason", text("reason")},
                                                             {"cardToken", text("cardToken")},
                                                             {"maskedCard", text("maskedCard")},
                                                             {"cardType", text("cardType")}})}});
  const RestAnswer taken = database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!AddBankEvent(sql, id)) return {204, Value()};
    AddEvent(sql, WriteJson(event));
    AddTransaction(sql, TextOf(data, "merchantRef"), "AUTH", type == "authorised" ? "SUCCESS" : "FAIL");
    return {204, Value()};
  });
  events_.Wake();
  return taken;
}

}  // namespace fermata::shop

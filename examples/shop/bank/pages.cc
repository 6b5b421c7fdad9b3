// The pages of the bank: what a customer enters there the shop never sees.
#include "engine/base/html.h"
#include "engine/model/json.h"
#include "examples/shop/bank/bank.h"
#include "examples/shop/bank/bank_store.h"
#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"

namespace fermata::shop {
namespace {

constexpr std::string_view kDeclinedCard = "4000000000000002";
constexpr std::string_view kEasyCard = "4242424242424242";
constexpr std::string_view kChallengeCode = "1234";

std::string Money(long long amount, const std::string& currency) {
  const std::string cents = std::to_string(amount % 100);
  return std::to_string(amount / 100) + "." + (cents.size() < 2 ? "0" : "") + cents + " " + currency;
}

RestAnswer Page(int status, const std::string& title, const std::string& content) {
  return {status, Value(),
          "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
          "content=\"width=device-width\"><title>" +
              EscapeHtml(title) + "</title></head><body><main><h1>" + EscapeHtml(title) + "</h1>" + content +
              "</main></body></html>"};
}

std::string Form(const std::string& fields) {
  return "<form method=\"post\">" + fields +
         "<button name=\"action\" value=\"confirm\">Confirm</button> <button "
         "name=\"action\" value=\"decline\" formnovalidate>Decline</button></form>";
}

std::string Field(const std::string& name, const std::string& label, const std::string& kind) {
  return "<p><label>" + label + " <input name=\"" + name + "\" autocomplete=\"" + kind +
         "\" inputmode=\"numeric\" required></label></p>";
}

RestAnswer HoldPage(int status, const Hold& hold, const std::string& problem) {
  const std::string head = "<p>" + Money(hold.amount, hold.currency) + "</p>" +
                           (problem.empty() ? "" : "<p role=\"alert\">" + EscapeHtml(problem) + "</p>");
  if (hold.status == "CARD_REQUIRED")
    return Page(status, "Pay by card",
                head + Form(Field("number", "Card number", "cc-number") + Field("expiry", "Valid until", "cc-exp") +
                            Field("cvc", "CVC", "cc-csc")));
  if (hold.status == "CVC_REQUIRED")
    return Page(status, "Confirm your card",
                head + "<p>" + EscapeHtml(hold.masked) + "</p>" + Form(Field("cvc", "CVC", "cc-csc")));
  if (hold.status == "CHALLENGE")
    return Page(status, "3-D Secure", head + Form(Field("code", "Code from your message", "one-time-code")));
  return Page(status, "Payment " + hold.status, head + "<p>You can close this page.</p>");
}

std::string DigitsOf(const std::string& text) {
  std::string digits;
  for (char c : text)
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

// The check digit of a card number (Luhn).
bool IsCardNumber(const std::string& digits) {
  if (digits.size() < 13 || digits.size() > 19) return false;
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

bool IsCvc(const std::string& text) {
  return DigitsOf(text).size() == text.size() && text.size() >= 3 && text.size() <= 4;
}

}  // namespace

RestAnswer Bank::ShowHoldPage(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Hold> hold = FindHold(sql, request.parameters.at("id"));
    return hold ? HoldPage(200, *hold, "") : Page(404, "There is no such payment", "");
  });
}

RestAnswer Bank::TakeHoldPage(const RestRequest& request) {
  RestAnswer answer = database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Hold> hold = FindHold(sql, request.parameters.at("id"));
    if (!hold) return Page(404, "There is no such payment", "");
    const bool asks = hold->status == "CARD_REQUIRED" || hold->status == "CVC_REQUIRED" || hold->status == "CHALLENGE";
    if (!asks) return HoldPage(409, *hold, "");
    if (request.Text("action") == "decline") return Finish(sql, *hold, "DECLINED", "You have declined the payment");
    if (hold->status == "CARD_REQUIRED") return EnterCard(sql, request, *hold);
    if (hold->status == "CVC_REQUIRED" && !IsCvc(request.Text("cvc")))
      return HoldPage(400, *hold, "The CVC has three digits");
    if (hold->status == "CHALLENGE" && !SameText(request.Text("code"), kChallengeCode))
      return Finish(sql, *hold, "DECLINED", "The code was wrong");
    return Finish(sql, *hold, "AUTHORISED", "");
  });
  callbacks_.Wake();
  return answer;
}

RestAnswer Bank::EnterCard(soci::session& sql, const RestRequest& request, Hold& hold) {
  const std::string number = DigitsOf(request.Text("number"));
  if (!IsCardNumber(number)) return HoldPage(400, hold, "This is no card number");
  const std::string expiry = DigitsOf(request.Text("expiry"));
  if (expiry.size() != 4 || expiry.substr(0, 2) < "01" || expiry.substr(0, 2) > "12")
    return HoldPage(400, hold, "The card needs its month and year");
  // "MMYY" against "20YY-MM-…"
  if (const std::string now = TimeText(clock_, 0);
      expiry.substr(2) + expiry.substr(0, 2) < now.substr(2, 2) + now.substr(5, 2))
    return HoldPage(400, hold, "The card has expired");
  if (!IsCvc(request.Text("cvc"))) return HoldPage(400, hold, "The CVC has three digits");
  hold.masked = "**** " + number.substr(number.size() - 4);
  hold.card_type = number[0] == '4' ? "Visa" : number[0] == '5' ? "MasterCard" : "Mir";
  if (hold.save_card && number != kDeclinedCard) {
    hold.card_token = NewGuid();
    AddCard(sql, {hold.card_token, hold.masked, hold.card_type});
  }
  if (number == kDeclinedCard) return Finish(sql, hold, "DECLINED", "There is not enough money on the card");
  if (number == kEasyCard) return Finish(sql, hold, "AUTHORISED", "");
  hold.status = "CHALLENGE";
  ChangeHold(sql, hold, "CARD_REQUIRED");
  return HoldPage(200, hold, "");
}

RestAnswer Bank::Finish(soci::session& sql, Hold& hold, const std::string& status, const std::string& reason) {
  const std::string from = hold.status;
  hold.status = status;
  hold.reason = reason;
  if (!ChangeHold(sql, hold, from)) return HoldPage(409, *FindHold(sql, hold.id), "");
  AddEvent(sql, status == "AUTHORISED" ? "authorised" : "declined",
           Value::Object({{"bankRef", Value::String(hold.id)},
                          {"merchantRef", Value::String(hold.merchant_ref)},
                          {"reason", Value::String(reason)},
                          {"cardToken", Value::String(hold.save_card && status == "AUTHORISED" ? hold.card_token : "")},
                          {"maskedCard", Value::String(hold.masked)},
                          {"cardType", Value::String(hold.card_type)}}));
  return HoldPage(200, hold, reason);
}

RestAnswer Bank::ShowSbpPage(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<FastPayment> payment = FindFastPayment(sql, request.parameters.at("id"));
    if (!payment) return Page(404, "There is no such payment", "");
    const std::string money = "<p>" + Money(payment->amount, payment->currency) + "</p>";
    if (payment->status == "WAITING") return Page(200, "Fast payment", money + Form(""));
    return Page(200, "Payment " + payment->status, money + "<p>You can close this page.</p>");
  });
}

RestAnswer Bank::TakeSbpPage(const RestRequest& request) {
  const std::string id = request.parameters.at("id");
  const bool declined = request.Text("action") == "decline";
  RestAnswer answer = database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<FastPayment> payment = FindFastPayment(sql, id);
    if (!payment) return Page(404, "There is no such payment", "");
    const std::string status = declined ? "DECLINED" : "PAID";
    if (!ChangeFastPayment(sql, id, "WAITING", status)) return Page(409, "This payment is over", "");
    AddEvent(sql, declined ? "declined" : "authorised",
             Value::Object({{"bankRef", Value::String(id)},
                            {"merchantRef", Value::String(payment->merchant_ref)},
                            {"reason", Value::String(declined ? "Declined in the app" : "")},
                            {"cardToken", Value::String("")},
                            {"maskedCard", Value::String("")},
                            {"cardType", Value::String("")}}));
    return Page(200, "Payment " + status, "<p>You can close this page.</p>");
  });
  callbacks_.Wake();
  return answer;
}

void Bank::AddEvent(soci::session& sql, const std::string& type, const Value& data) {
  std::string mode;
  {
    std::lock_guard lock(mutex_);
    mode = switches_.callbacks;
  }
  if (mode == "NEVER") return;
  const std::string body =
      WriteJson(Value::Object({{"eventId", Value::String(NewGuid())}, {"type", Value::String(type)}, {"data", data}}));
  AddCallback(sql, body);
  if (mode == "TWICE") AddCallback(sql, body);
}

}  // namespace fermata::shop

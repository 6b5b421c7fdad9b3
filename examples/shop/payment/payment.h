// The payment service: payments of orders, gift cards and top-ups, saved means of payment, and the bank's callbacks.
//
// For customers, known by the cookie `sessionId`: POST /authorise, /pay, /topup, /activate, /activations, /tokens/add; GET
// /tokens/get, DELETE /tokens/delete.
// For processes: POST /payments, /payments/{id}/record, …/defer, …/close, /confirm, /reverse, /gift-cards,
// /gift-cards/close, /activations/{ref}/lookup, …/activate, /tokens/add; GET /tokens/get?username=, /tokens/{tokenId};
// DELETE /tokens/delete?username=.
// For the courier: POST /collect, GET /obligations/{orderId}. For the bank: POST /bank/callback, signed in X-Signature.
// Of a card the service keeps the masked number and the bank's token; a gift card's code it keeps sealed, for an hour.
// Changes need an Idempotency-Key and take effect once for it. Money is an integer of minor units.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/event_outbox.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/rest_client.h"
#include "examples/shop/common/session_check.h"

namespace fermata::shop {

class Database;
struct Payment;
struct Activation;

struct PaymentOptions {
  std::string database_url;
  std::string auth_url;      // says whose session it is
  std::string billing_url;   // moves money of wallets and gift cards
  std::string bank_url;      // gives money of cards and fast payments back
  std::string engine_url;    // runs makepayment; takes the bank's events
  std::string bank_api_key;  // secret
  std::string callback_key;  // secret: of the bank's signatures; empty = no callback is believed
  std::string key;           // secret: seals codes; the same after a restart
  std::string service_key;   // secret: shown to billing
  Clock* clock = nullptr;    // of codes that expire; null = the machine's. Must outlive the service
};

// Thread-safe. Must outlive the routes.
class PaymentService {
 public:
  static Result<std::unique_ptr<PaymentService>> Open(PaymentOptions options);
  ~PaymentService();

  std::vector<RestRoute> Routes();

 private:
  PaymentService(PaymentOptions options, std::unique_ptr<Database> database);

  // payment.cc
  RestAnswer Create(const RestRequest& request);
  RestAnswer Record(const RestRequest& request);
  RestAnswer Defer(const RestRequest& request);
  RestAnswer Close(const RestRequest& request);
  RestAnswer Confirm(const RestRequest& request);
  RestAnswer Reverse(const RestRequest& request);
  RestAnswer Collect(const RestRequest& request);
  RestAnswer GetObligation(const RestRequest& request);
  RestAnswer OpenGiftCard(const RestRequest& request);
  RestAnswer CloseGiftCard(const RestRequest& request);
  RestAnswer TakeCallback(const RestRequest& request);
  // Gives what was taken back to where it came from, and forgets what should be collected. 200, or why it is not done.
  RestAnswer GiveBack(const Payment& payment);
  // Has the money's keeper give it back: the bank, or billing. Asked again it does nothing.
  int ReturnMoney(const Payment& payment);
  // Starts the letter, with what `request` says of the reason; false if it should be tried again.
  bool TellPayer(const Payment& payment, const std::string& letter, const RestRequest& request);
  // By its id, or else of this order.
  std::optional<Payment> FindAsked(const RestRequest& request, RestAnswer& failure);

  // means.cc
  RestAnswer ListMeans(const RestRequest& request);
  RestAnswer GetMeans(const RestRequest& request);
  RestAnswer AddMeansFor(const RestRequest& request);
  RestAnswer DeleteMeans(const RestRequest& request);
  RestAnswer DepositCode(const RestRequest& request);
  RestAnswer LookupCode(const RestRequest& request);
  RestAnswer ActivateCode(const RestRequest& request);
  // Asks billing about a deposited code.
  RestAnswer AskAboutCode(const RestRequest& request, const std::string& path);
  // Keeps the code of the request; the same request again has the same reference.
  RestAnswer Deposit(const RestRequest& request, const std::string& username, std::string& activation_ref);
  // Whose means: the customer of the session, or the one a process names.
  Asker OwnerOf(const RestRequest& request, const std::string& named);

  // client_routes.cc
  RestAnswer Authorise(const RestRequest& request);
  RestAnswer Pay(const RestRequest& request);
  RestAnswer TopUp(const RestRequest& request);
  RestAnswer Activate(const RestRequest& request);
  // The customer's open task in one of these states of the process with this key, waited for a little while. Null without one.
  Value FindTask(const std::string& process, const std::string& key, const std::string& username,
                 const std::vector<std::string>& states);
  // Answers a task; gives the instance, as it is when the query `wait` is fulfilled: once it waits again or has ended.
  Value AnswerTask(const Value& task, const std::string& outcome, const Value& data,
                   const std::string& wait = "?wait=8s&until=waiting");
  // Closes the window that the instance has open: nobody looks at it, and what is right comes with another request.
  void LeaveTask(const std::string& instance_id);
  // The instance once it is in one of these states or has ended; as it is after a little while.
  Value Settle(Value instance, const std::vector<std::string>& states);
  // Chooses the way to pay in the payment that waits, and tells what comes next.
  RestAnswer Choose(const std::string& username, const std::string& ref_id, const Value& choice);

  const PaymentOptions options_;
  Clock& clock_;
  std::unique_ptr<Database> database_;
  SessionCheck sessions_;
  RestClient billing_, bank_, engine_;
  EventSender events_;
};

}  // namespace fermata::shop

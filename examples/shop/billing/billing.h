// The billing service: wallets, gift cards, and the ledger behind them.
//
// For services:  POST /wallet/open, /wallet/credit, /wallet/debit, GET /wallets/{username}, …/ledger, GET /token/get?username=,
// POST /token/create, /token/charge, /token/reverse, /token/lookup, /token/activate, /token/deactivate, /token/close,
// /token/send-code, GET /books.
// For customers, known by the cookie `sessionId`: GET /wallet, POST /trxn/get.
// Every change needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units. A gift card's
// code is mailed to its recipient and stands nowhere: it follows from the service's key and the card's id.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/rest_client.h"
#include "examples/shop/common/session_check.h"

namespace soci {
class session;
}

namespace fermata::shop {

class Database;

struct BillingOptions {
  std::string database_url;
  std::string auth_url;          // says whose session it is
  std::string notification_url;  // mails the codes
  std::string key;               // secret: codes are derived and hashed with it; the same after a restart
  std::string service_key;       // secret: shown to notification
  Clock* clock = nullptr;        // of cards that expire; null = the machine's. Must outlive the service
};

// Thread-safe. Must outlive the routes.
class BillingService {
 public:
  static Result<std::unique_ptr<BillingService>> Open(BillingOptions options);
  ~BillingService();

  std::vector<RestRoute> Routes();

 private:
  BillingService(BillingOptions options, std::unique_ptr<Database> database);

  RestAnswer OpenWallet(const RestRequest& request);
  RestAnswer GetWallet(const RestRequest& request);
  RestAnswer GetOwnWallet(const RestRequest& request);
  RestAnswer GetLedger(const RestRequest& request);
  RestAnswer GetMovements(const RestRequest& request);
  RestAnswer GetTokens(const RestRequest& request);
  RestAnswer GetBooks(const RestRequest& request);
  RestAnswer CreditWallet(const RestRequest& request) { return MoveWallet(request, 1); }
  RestAnswer DebitWallet(const RestRequest& request) { return MoveWallet(request, -1); }
  // `sign` is 1 for a credit and -1 for a debit.
  RestAnswer MoveWallet(const RestRequest& request, int sign);
  RestAnswer Charge(const RestRequest& request);
  RestAnswer Reverse(const RestRequest& request);

  // gift_cards.cc
  RestAnswer CreateCard(const RestRequest& request);
  RestAnswer LookupCode(const RestRequest& request);
  RestAnswer ActivateCard(const RestRequest& request);
  RestAnswer DeactivateCard(const RestRequest& request);
  RestAnswer CloseCard(const RestRequest& request);
  RestAnswer SendCode(const RestRequest& request);
  // The card of the request's code if it can be activated now, and counts what cannot. Status 200 with its id, or the refusal.
  RestAnswer FindCode(soci::session& sql, const RestRequest& request);

  const BillingOptions options_;
  Clock& clock_;
  std::unique_ptr<Database> database_;
  SessionCheck sessions_;
  RestClient notification_;
};

}  // namespace fermata::shop

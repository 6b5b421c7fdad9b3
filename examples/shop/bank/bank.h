// A bank: holds on cards, captures, refunds, saved cards, and fast payments.
//
// For shops (with `Authorization: Bearer KEY`): POST /holds, GET /holds/{id}, POST /holds/{id}/capture, /holds/{id}/void,
// /captures/{id}/refund, POST /sbp, GET /sbp/{id}, POST /sbp/{id}/close, GET /books?merchantRef=, POST /switches.
// For customers: GET and POST /pages/holds/{id}, /pages/sbp/{id}.
// Every POST of a shop needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/bank/callback_sender.h"
#include "examples/shop/common/rest.h"

namespace soci {
class session;
}

namespace fermata::shop {

class Database;
struct Hold;

struct BankOptions {
  std::string database_url;
  std::string shop_url;      // callbacks go to its /bank/callback
  std::string api_key;       // secret: of the shop's requests
  std::string callback_key;  // secret: of the signatures
  Clock* clock = nullptr;    // for holds that expire; null = the machine's. Must outlive the bank
};

// Thread-safe. Must outlive the routes.
class Bank {
 public:
  static Result<std::unique_ptr<Bank>> Open(BankOptions options);
  ~Bank();

  std::vector<RestRoute> Routes();
  // Where customers reach the pages; links begin with it. Call it before the first request.
  void SetUrl(std::string url) { url_ = std::move(url); }

 private:
  Bank(BankOptions options, std::unique_ptr<Database> database);

  // How it fails on purpose.
  struct Switches {
    long long down = 0, lost = 0, decline_holds = 0, decline_captures = 0;
    std::string callbacks = "NORMAL";
  };
  using Handler = RestAnswer (Bank::*)(const RestRequest&);
  // Checks the key, and fails on purpose.
  RestAnswer ForShop(const RestRequest& request, Handler handler);
  // Takes one off a counter; false if there is none.
  bool TakeOne(long long Switches::*counter);

  // bank.cc
  RestAnswer OpenHold(const RestRequest& request);
  RestAnswer GetHold(const RestRequest& request);
  RestAnswer Capture(const RestRequest& request);
  RestAnswer Void(const RestRequest& request);
  RestAnswer Refund(const RestRequest& request);
  RestAnswer OpenSbp(const RestRequest& request);
  RestAnswer GetSbp(const RestRequest& request);
  RestAnswer CloseSbp(const RestRequest& request);
  RestAnswer GetBooks(const RestRequest& request);
  RestAnswer SetSwitches(const RestRequest& request);
  Value HoldValue(const Hold& hold) const;

  // pages.cc
  RestAnswer ShowHoldPage(const RestRequest& request);
  RestAnswer TakeHoldPage(const RestRequest& request);
  RestAnswer ShowSbpPage(const RestRequest& request);
  RestAnswer TakeSbpPage(const RestRequest& request);
  RestAnswer EnterCard(soci::session& sql, const RestRequest& request, Hold& hold);
  // Ends what the customer was asked, and puts the callback beside it.
  RestAnswer Finish(soci::session& sql, Hold& hold, const std::string& status, const std::string& reason);
  void AddEvent(soci::session& sql, const std::string& type, const Value& data);

  const BankOptions options_;
  Clock& clock_;
  std::unique_ptr<Database> database_;
  std::string url_;
  std::mutex mutex_;
  Switches switches_;
  CallbackSender callbacks_;
};

}  // namespace fermata::shop

// The billing service: wallets and the ledger behind them.
//
// POST /wallet/open, POST /wallet/credit, POST /wallet/debit, GET /wallets/{username}, GET /wallets/{username}/ledger.
// Every change needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class Database;

// Thread-safe. Must outlive the routes.
class BillingService {
 public:
  static Result<std::unique_ptr<BillingService>> Open(const std::string& database_url);
  ~BillingService();

  std::vector<RestRoute> Routes();

 private:
  explicit BillingService(std::unique_ptr<Database> database);

  RestAnswer OpenWallet(const RestRequest& request);
  RestAnswer GetWallet(const RestRequest& request);
  RestAnswer GetLedger(const RestRequest& request);
  // `sign` is 1 for a credit and -1 for a debit.
  RestAnswer Move(const RestRequest& request, int sign);

  std::unique_ptr<Database> database_;
};

}  // namespace fermata::shop

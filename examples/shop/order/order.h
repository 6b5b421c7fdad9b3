// The order service: carts, orders and their statuses.
//
// For customers, known by the cookie `sessionId`: POST /place, PUT /adjust, PUT /process, PUT /cancel, GET /get?orderId=,
// GET /orders?status=, GET /orders/pending.
// For who places orders: POST /approve, GET /approve/{orderId}, which run and show the process approveorder.
// For processes: GET /get?orderId=&username=, PUT /process, PUT /cancel, POST /giftcard-order, and POST /orders/{id}/
// checkout, reopen, price, unprice, take-back, decision, cancel-lock, cancel-unlock.
// Without a session PUT /process and PUT /cancel change the order; with one they start the process that will.
// Every change of a process needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/rest_client.h"
#include "examples/shop/common/session_check.h"

namespace soci {
class session;
}

namespace fermata::shop {

class Database;
struct Order;

struct OrderOptions {
  std::string database_url;
  std::string auth_url;    // says whose session it is
  std::string store_url;   // knows the products
  std::string engine_url;  // runs makeorder, cancelorder and approveorder
};

// Thread-safe. Must outlive the routes.
class OrderService {
 public:
  static Result<std::unique_ptr<OrderService>> Open(const OrderOptions& options);
  ~OrderService();

  std::vector<RestRoute> Routes();

 private:
  OrderService(const OrderOptions& options, std::unique_ptr<Database> database);

  // Reads orderItems into `order`, with names and prices of the store. Status 200, or the refusal.
  RestAnswer ReadItems(const RestRequest& request, Order& order);
  RestAnswer StartProcess(const std::string& process, const Value& input, const std::string& key);
  // The id of the instance that runs for this order; empty if none does.
  std::string FindRunning(const std::string& process, const std::string& order_id);

  // client_routes.cc
  RestAnswer Place(const RestRequest& request);
  RestAnswer Adjust(const RestRequest& request);
  RestAnswer Get(const RestRequest& request);
  RestAnswer ListAll(const RestRequest& request);
  RestAnswer ListPending(const RestRequest& request);
  RestAnswer List(const RestRequest& request, const std::vector<std::string>& statuses);
  // The customer's order. Status 200, or the refusal.
  RestAnswer FindOwn(const std::string& username, const std::string& order_id, std::optional<Order>& order);
  RestAnswer Process(const RestRequest& request);
  RestAnswer Cancel(const RestRequest& request);
  // The orchestra: whoever places orders has one approved, and asks how far it is.
  RestAnswer StartApproval(const RestRequest& request);
  RestAnswer GetApproval(const RestRequest& request);

  // process_routes.cc
  RestAnswer HandOver(const RestRequest& request);
  RestAnswer CancelForGood(const RestRequest& request);
  RestAnswer BeginCheckout(const RestRequest& request);
  RestAnswer Reopen(const RestRequest& request);
  RestAnswer Price(const RestRequest& request);
  RestAnswer UnlockPrice(const RestRequest& request);
  RestAnswer TakeBack(const RestRequest& request);
  RestAnswer Decide(const RestRequest& request);
  RestAnswer LockForCancel(const RestRequest& request);
  RestAnswer Unlock(const RestRequest& request);
  RestAnswer CreateGiftCardOrder(const RestRequest& request);
  // Finds the order and lets `change` have it, once for the key of the request.
  RestAnswer ChangeOnce(const RestRequest& request, const std::string& order_id,
                        const std::function<RestAnswer(soci::session& sql, Order& order)>& change);

  std::unique_ptr<Database> database_;
  SessionCheck sessions_;
  RestClient store_, engine_;
};

// An order as customers and processes see it.
Value OrderValue(const Order& order);
// 202 with the instance that is at it.
RestAnswer Begun(const std::string& instance_id);
// 409 with the actual status and version.
RestAnswer Mismatch(const Order& order);

}  // namespace fermata::shop

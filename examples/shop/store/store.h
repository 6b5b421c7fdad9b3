// The store service: products, stock, soft reservations, bookings and assembly cases.
//
// For customers: GET /products?q=&category=, /products/{id}, /categories, /get?productId=.
// For processes: POST /reservations, DELETE /reservations/{id}, POST /confirm, /reverse, /cases/{id}/status,
// /orders/{orderId}/block, /orders/{orderId}/unblock.
// For the staff: POST /categories, /products, /stores, /stock (goods arrive), GET /cases?status=.
// Every POST needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/rest.h"

namespace fermata::shop {

class Database;

// Thread-safe. Must outlive the routes.
class StoreService {
 public:
  // `clock` decides when reservations end, and must outlive the service.
  static Result<std::unique_ptr<StoreService>> Open(const std::string& database_url, Clock& clock);
  ~StoreService();

  std::vector<RestRoute> Routes();

 private:
  StoreService(std::unique_ptr<Database> database, Clock& clock);

  // catalogue_routes.cc
  RestAnswer GetCategories(const RestRequest& request);
  RestAnswer GetProducts(const RestRequest& request);
  RestAnswer GetProduct(const RestRequest& request);
  RestAnswer GetStock(const RestRequest& request);
  RestAnswer PutCategory(const RestRequest& request);
  RestAnswer PutProduct(const RestRequest& request);
  RestAnswer PutStore(const RestRequest& request);
  RestAnswer ReceiveGoods(const RestRequest& request);

  // store.cc
  RestAnswer ReserveGoods(const RestRequest& request);
  RestAnswer ReleaseGoods(const RestRequest& request);
  RestAnswer Confirm(const RestRequest& request);
  RestAnswer Reverse(const RestRequest& request);
  RestAnswer GetCases(const RestRequest& request);
  RestAnswer ChangeCase(const RestRequest& request);
  RestAnswer Block(const RestRequest& request);
  RestAnswer Unblock(const RestRequest& request);

  std::unique_ptr<Database> database_;
  Clock& clock_;
};

}  // namespace fermata::shop

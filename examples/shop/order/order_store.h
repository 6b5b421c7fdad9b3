// What the order service keeps, and the SQL for it. Every function runs inside a transaction of the caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kOrderTables;

struct OrderItem {
  std::string id, product_id, name, special_request, size;
  long long unit_price = 0, discount = 0, quantity = 0;

  long long total() const { return (unit_price - discount) * quantity; }
};

struct Order {
  std::string id, customer, type, status, currency, payment_id, payment_method, delivery_case_id, place;
  std::string stage_flags;               // of people who work on it, with blanks between; never shown to the customer
  std::string comment;                   // why it was cancelled or rejected
  std::string special_request, dietary;  // of the whole order
  long long version = 0, products_price = 0, delivery_price = 0, tax_price = 0, total_price = 0;
  bool locked = false;  // while it is decided whether it can be cancelled
  std::vector<OrderItem> items;
};

std::optional<Order> FindOrder(soci::session& sql, const std::string& order_id);
// The customer's orders, the newest first, at most 200, without their items; of these statuses, or all if there are
// none.
std::vector<Order> ListOrders(soci::session& sql, const std::string& customer,
                              const std::vector<std::string>& statuses);
// False if there is an order of this id.
bool AddOrder(soci::session& sql, const Order& order);
// Writes everything but the items and the customer if nobody has changed or locked it since it was read, and makes the
// version one more, in `order` as well. False otherwise.
bool SaveOrder(soci::session& sql, Order& order);
void ReplaceItems(soci::session& sql, const Order& order);
// Nobody changes it then, and its version stays. False if somebody has changed or locked it since it was read.
bool LockOrder(soci::session& sql, const Order& order);
void UnlockOrder(soci::session& sql, const std::string& order_id);

}  // namespace fermata::shop

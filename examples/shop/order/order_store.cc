#include "examples/shop/order/order_store.h"

#include <algorithm>

namespace fermata::shop {
namespace {

constexpr const char* kColumns =
    "order_id, customer_id, type, status, currency, payment_id, payment_method, delivery_case_id, place, stage_flags, "
    "cancel_comment, special_request, dietary, version, products_price, delivery_price, tax_price, total_price, locked";

Order ToOrder(const soci::row& row) {
  Order order;
  std::string* const texts[] = {&order.id,       &order.customer,    &order.type,           &order.status,
                                &order.currency, &order.payment_id,  &order.payment_method, &order.delivery_case_id,
                                &order.place,    &order.stage_flags, &order.comment,        &order.special_request,
                                &order.dietary};
  long long* const numbers[] = {&order.version, &order.products_price, &order.delivery_price, &order.tax_price,
                                &order.total_price};
  std::size_t column = 0;
  for (std::string* text : texts) *text = row.get<std::string>(column++);
  for (long long* number : numbers) *number = row.get<long long>(column++);
  order.locked = row.get<int>(column) != 0;
  return order;
}

std::vector<OrderItem> ItemsOf(soci::session& sql, const std::string& order_id) {
  std::vector<OrderItem> items;
  soci::rowset<soci::row> found =
      (sql.prepare << "select line_id, product_id, name, special_request, size, unit_price, discount, quantity from "
                      "order_item where order_id = :id order by order_item_id",
       soci::use(order_id));
  for (const soci::row& row : found)
    items.push_back({.id = row.get<std::string>(0),
                     .product_id = row.get<std::string>(1),
                     .name = row.get<std::string>(2),
                     .special_request = row.get<std::string>(3),
                     .size = row.get<std::string>(4),
                     .unit_price = row.get<long long>(5),
                     .discount = row.get<long long>(6),
                     .quantity = row.get<long long>(7)});
  return items;
}

bool IsClosed(const Order& order) {
  return order.status == "CANCELED" || order.status == "REJECTED" || order.status == "COMPLETED";
}

}  // namespace

const std::vector<std::string> kOrderTables = {
    "create table if not exists shop_order (shop_order_id {id}, order_id varchar(255) not null unique, customer_id "
    "varchar(255) not null, type varchar(20) not null, status varchar(20) not null, currency varchar(3) not null, "
    "payment_id varchar(255) not null, payment_method varchar(30) not null, delivery_case_id varchar(255) not null, "
    "place varchar(255) not null, stage_flags varchar(255) not null, cancel_comment text not null, version bigint not "
    "null, products_price bigint not null, delivery_price bigint not null, tax_price bigint not null, total_price "
    "bigint not null, locked integer not null, open_dt {time} not null)",
    "create index if not exists shop_order_customer on shop_order (customer_id, shop_order_id)",
    "create table if not exists order_item (order_item_id {id}, order_id varchar(255) not null, line_id varchar(50) "
    "not null, product_id varchar(50) not null, name varchar(150) not null, special_request varchar(1000) not null, "
    "unit_price bigint not null, discount bigint not null, quantity bigint not null check (quantity > 0))",
    "create index if not exists order_item_order on order_item (order_id)",
    "{column} order_item size varchar(50) not null default ''",
    "{column} shop_order special_request varchar(1000) not null default ''",
    "{column} shop_order dietary varchar(255) not null default ''",
    // When it came to one of its ends.
    "{column} shop_order close_dt {time}",
};

std::optional<Order> FindOrder(soci::session& sql, const std::string& order_id) {
  std::optional<Order> order;
  {
    soci::rowset<soci::row> found =
        (sql.prepare << "select " << kColumns << " from shop_order where order_id = :id", soci::use(order_id));
    for (const soci::row& row : found) order = ToOrder(row);
  }
  if (order) order->items = ItemsOf(sql, order_id);
  return order;
}

std::vector<Order> ListOrders(soci::session& sql, const std::string& customer,
                              const std::vector<std::string>& statuses) {
  std::vector<Order> orders;
  soci::rowset<soci::row> found = (sql.prepare << "select " << kColumns
                                               << " from shop_order where customer_id = :customer order by "
                                                  "shop_order_id desc limit 200",
                                   soci::use(customer));
  for (const soci::row& row : found) {
    Order order = ToOrder(row);
    if (statuses.empty() || std::find(statuses.begin(), statuses.end(), order.status) != statuses.end())
      orders.push_back(std::move(order));
  }
  return orders;
}

bool AddOrder(soci::session& sql, const Order& order) {
  const std::string now = NowText();
  soci::statement insert =
      (sql.prepare << "insert into shop_order (order_id, customer_id, type, status, currency, payment_id, "
                      "payment_method, delivery_case_id, place, stage_flags, cancel_comment, special_request, dietary, "
                      "version, products_price, delivery_price, tax_price, total_price, locked, open_dt) values (:id, "
                      ":customer, :type, :status, :currency, '', '', '', '', '', '', :special, :dietary, 0, :products, "
                      "0, 0, :total, 0, :now) on conflict (order_id) do nothing",
       soci::use(order.id), soci::use(order.customer), soci::use(order.type), soci::use(order.status),
       soci::use(order.currency), soci::use(order.special_request), soci::use(order.dietary),
       soci::use(order.products_price), soci::use(order.total_price), soci::use(now));
  insert.execute(true);
  if (insert.get_affected_rows() == 0) return false;
  ReplaceItems(sql, order);
  return true;
}

bool SaveOrder(soci::session& sql, Order& order) {
  const long long from_version = order.version, to_version = from_version + 1;
  const int locked = order.locked ? 1 : 0;
  const std::string now = NowText();
  soci::indicator closed = IsClosed(order) ? soci::i_ok : soci::i_null;
  soci::statement update =
      (sql.prepare << "update shop_order set status = :status, payment_id = :payment, payment_method = :method, "
                      "delivery_case_id = :delivery, place = :place, cancel_comment = :comment, version = :to, "
                      "special_request = :special, dietary = :dietary, products_price = :products, delivery_price = "
                      ":delivery_price, tax_price = :tax, total_price = :total, close_dt = :closed where order_id = "
                      ":id and version = :from and locked = :locked",
       soci::use(order.status), soci::use(order.payment_id), soci::use(order.payment_method),
       soci::use(order.delivery_case_id), soci::use(order.place), soci::use(order.comment), soci::use(to_version),
       soci::use(order.special_request), soci::use(order.dietary), soci::use(order.products_price),
       soci::use(order.delivery_price), soci::use(order.tax_price), soci::use(order.total_price),
       soci::use(now, closed), soci::use(order.id), soci::use(from_version), soci::use(locked));
  update.execute(true);
  if (update.get_affected_rows() == 0) return false;
  order.version = to_version;
  return true;
}

void ReplaceItems(soci::session& sql, const Order& order) {
  sql << "delete from order_item where order_id = :id", soci::use(order.id);
  for (const OrderItem& item : order.items)
    sql << "insert into order_item (order_id, line_id, product_id, name, special_request, size, unit_price, "
           "discount, quantity) values (:order, :line, :product, :name, :request, :size, :price, :discount, "
           ":quantity)",
        soci::use(order.id), soci::use(item.id), soci::use(item.product_id), soci::use(item.name),
        soci::use(item.special_request), soci::use(item.size), soci::use(item.unit_price), soci::use(item.discount),
        soci::use(item.quantity);
}

bool LockOrder(soci::session& sql, const Order& order) {
  soci::statement update =
      (sql.prepare << "update shop_order set locked = 1 where order_id = :id and version = :version and locked = 0",
       soci::use(order.id), soci::use(order.version));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void UnlockOrder(soci::session& sql, const std::string& order_id) {
  sql << "update shop_order set locked = 0 where order_id = :id", soci::use(order_id);
}

}  // namespace fermata::shop

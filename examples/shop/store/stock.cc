#include "examples/shop/store/stock.h"

#include <algorithm>

namespace fermata::shop {
namespace {

struct Line {
  std::string product_id, store_id;  // no store: the product is cooked
  long long quantity = 0;
};

std::vector<Line> LinesOf(soci::session& sql, const std::string& reservation_id) {
  std::vector<Line> lines;
  // In one order everywhere, so that two reservations never wait for each other.
  soci::rowset<soci::row> found =
      (sql.prepare << "select product_id, store_id, quantity from stock_reservation_line where reservation_guid = :id "
                      "order by product_id, store_id",
       soci::use(reservation_id));
  for (const soci::row& row : found)
    lines.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<long long>(2)});
  return lines;
}

bool Change(soci::session& sql, const std::string& reservation_id, const std::string& from, const std::string& to) {
  soci::statement update =
      (sql.prepare << "update stock_reservation set state = :to where reservation_guid = :id and state = :from",
       soci::use(to), soci::use(reservation_id), soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

// Adds to `reserved`, `booked` and `on_hand` of every line that has a store.
void Move(soci::session& sql, const std::string& reservation_id, int reserved, int booked, int on_hand) {
  for (const Line& line : LinesOf(sql, reservation_id)) {
    if (line.store_id.empty()) continue;
    const long long more_reserved = reserved * line.quantity, more_booked = booked * line.quantity,
                    more_on_hand = on_hand * line.quantity;
    sql << "update stock set reserved = reserved + :reserved, booked = booked + :booked, on_hand = on_hand + :on_hand "
           "where product_id = :product and store_id = :store",
        soci::use(more_reserved), soci::use(more_booked), soci::use(more_on_hand), soci::use(line.product_id),
        soci::use(line.store_id);
  }
}

bool IsCooked(soci::session& sql, const std::string& product_id) {
  std::string fulfilment;
  sql << "select fulfilment from product where product_id = :id", soci::into(fulfilment), soci::use(product_id);
  return fulfilment == "COOK";
}

// The check is in the statement, so that two orders at once cannot both get the last one.
bool Take(soci::session& sql, const Item& item, const std::string& store_id) {
  soci::statement update =
      (sql.prepare << "update stock set reserved = reserved + :quantity where product_id = :product and store_id = "
                      ":store and on_hand - reserved - booked >= :quantity2",
       soci::use(item.quantity), soci::use(item.product_id), soci::use(store_id), soci::use(item.quantity));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

// The store that the item was taken from; nullopt if it is short, and then `most` is what one store has of it.
std::optional<std::string> TakeAnywhere(soci::session& sql, const Item& item, const std::string& store_id,
                                        long long& most) {
  if (IsCooked(sql, item.product_id)) return "";
  for (const Place& place : PlacesOf(sql, item.product_id)) {
    if (!store_id.empty() && place.store_id != store_id) continue;
    if (place.quantity >= item.quantity && Take(sql, item, place.store_id)) return place.store_id;
    most = std::max(most, place.quantity);
  }
  return std::nullopt;
}

}  // namespace

const std::vector<std::string> kStockTables = {
    "create table if not exists store_site (store_id varchar(50) primary key, name varchar(150) not null, address "
    "varchar(255) not null)",
    "create table if not exists stock (stock_id {id}, product_id varchar(50) not null, store_id varchar(50) not null, "
    "on_hand bigint not null, reserved bigint not null, booked bigint not null, unique (product_id, store_id), "
    "check (reserved >= 0 and booked >= 0 and reserved + booked <= on_hand))",
    "create table if not exists stock_reservation (stock_reservation_id {id}, reservation_guid varchar(50) not null "
    "unique, order_id varchar(255) not null, state varchar(20) not null, expires_dt {time} not null)",
    "create index if not exists stock_reservation_order on stock_reservation (order_id, state)",
    "create index if not exists stock_reservation_expiry on stock_reservation (state, expires_dt)",
    "create table if not exists stock_reservation_line (stock_reservation_line_id {id}, reservation_guid varchar(50) "
    "not null, product_id varchar(50) not null, store_id varchar(50) not null, quantity bigint not null)",
    "create index if not exists stock_reservation_line_of on stock_reservation_line (reservation_guid)",
};

void ExpireReservations(soci::session& sql, const std::string& now) {
  std::vector<std::string> ended;
  soci::rowset<std::string> found =
      (sql.prepare << "select reservation_guid from stock_reservation where state = 'SOFT' and expires_dt < :now "
                      "order by stock_reservation_id",
       soci::use(now));
  for (const std::string& id : found) ended.push_back(id);
  for (const std::string& id : ended)
    if (Change(sql, id, "SOFT", "EXPIRED")) Move(sql, id, -1, 0, 0);
}

std::optional<Reservation> FindReservation(soci::session& sql, const std::string& order_id) {
  Reservation reservation;
  sql << "select reservation_guid, state from stock_reservation where order_id = :order and state in ('SOFT', "
         "'BOOKED') order by stock_reservation_id desc limit 1",
      soci::into(reservation.id), soci::into(reservation.state), soci::use(order_id);
  if (!sql.got_data()) return std::nullopt;
  return reservation;
}

std::optional<Reservation> FindReservationById(soci::session& sql, const std::string& reservation_id) {
  Reservation reservation{.id = reservation_id, .state = ""};
  sql << "select state from stock_reservation where reservation_guid = :id", soci::into(reservation.state),
      soci::use(reservation_id);
  if (!sql.got_data()) return std::nullopt;
  return reservation;
}

std::vector<Item> ItemsOf(soci::session& sql, const std::string& reservation_id) {
  std::vector<Item> items;
  for (Line& line : LinesOf(sql, reservation_id)) items.push_back({std::move(line.product_id), line.quantity});
  return items;
}

std::vector<Shortage> Reserve(soci::session& sql, const std::string& reservation_id, const std::string& order_id,
                              std::vector<Item> items, const std::string& store_id, const std::string& expires_dt) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.product_id < b.product_id; });
  std::vector<Shortage> shortages;
  sql << "savepoint reserving";
  if (const auto former = FindReservation(sql, order_id)) Release(sql, former->id);
  sql << "insert into stock_reservation (reservation_guid, order_id, state, expires_dt) values (:id, :order, 'SOFT', "
         ":expires)",
      soci::use(reservation_id), soci::use(order_id), soci::use(expires_dt);
  for (const Item& item : items) {
    long long most = 0;
    const std::optional<std::string> store = TakeAnywhere(sql, item, store_id, most);
    if (!store) {
      shortages.push_back({item.product_id, item.quantity, most});
      continue;
    }
    sql << "insert into stock_reservation_line (reservation_guid, product_id, store_id, quantity) values (:id, "
           ":product, :store, :quantity)",
        soci::use(reservation_id), soci::use(item.product_id), soci::use(*store), soci::use(item.quantity);
  }
  if (!shortages.empty()) sql << "rollback to savepoint reserving";
  sql << "release savepoint reserving";
  return shortages;
}

bool Book(soci::session& sql, const std::string& reservation_id) {
  if (!Change(sql, reservation_id, "SOFT", "BOOKED")) return false;
  Move(sql, reservation_id, -1, 1, 0);
  return true;
}

bool Release(soci::session& sql, const std::string& reservation_id) {
  if (Change(sql, reservation_id, "SOFT", "RELEASED")) {
    Move(sql, reservation_id, -1, 0, 0);
    return true;
  }
  if (!Change(sql, reservation_id, "BOOKED", "RELEASED")) return false;
  Move(sql, reservation_id, 0, -1, 0);
  return true;
}

bool Ship(soci::session& sql, const std::string& reservation_id) {
  if (!Change(sql, reservation_id, "BOOKED", "SHIPPED")) return false;
  Move(sql, reservation_id, 0, -1, -1);
  return true;
}

void Receive(soci::session& sql, const std::string& product_id, const std::string& store_id, long long quantity) {
  sql << "insert into stock (product_id, store_id, on_hand, reserved, booked) values (:product, :store, :quantity, 0, "
         "0) on conflict (product_id, store_id) do update set on_hand = stock.on_hand + excluded.on_hand",
      soci::use(product_id), soci::use(store_id), soci::use(quantity);
}

std::vector<Place> PlacesOf(soci::session& sql, const std::string& product_id) {
  std::vector<Place> places;
  soci::rowset<soci::row> found =
      (sql.prepare << "select s.store_id, t.name, t.address, s.on_hand, s.reserved, s.booked from stock s join "
                      "store_site t on t.store_id = s.store_id where s.product_id = :product and s.on_hand - "
                      "s.reserved - s.booked > 0 order by s.store_id",
       soci::use(product_id));
  for (const soci::row& row : found)
    places.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
                      row.get<long long>(3) - row.get<long long>(4) - row.get<long long>(5)});
  return places;
}

}  // namespace fermata::shop

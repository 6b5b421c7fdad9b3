// What is in stock and who it is kept for, and the SQL for it. Every function runs inside a transaction of the caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kStockTables;

struct Item {
  std::string product_id;
  long long quantity = 0;
};

struct Shortage {
  std::string product_id;
  long long requested = 0, available = 0;  // in the store that has the most of it
};

// What is kept for an order. SOFT until `confirm`, then BOOKED; SHIPPED, RELEASED and EXPIRED are final.
struct Reservation {
  std::string id, state;
};

// A place where goods are.
struct Place {
  std::string store_id, name, address;
  long long quantity = 0;  // free
};

// Soft reservations that ended before `now` give their goods back. Call it before anything else here.
void ExpireReservations(soci::session& sql, const std::string& now);

// The reservation of an order that is not final; at most one.
std::optional<Reservation> FindReservation(soci::session& sql, const std::string& order_id);
// Whatever its state is; nullopt if there is none of this id.
std::optional<Reservation> FindReservationById(soci::session& sql, const std::string& reservation_id);
std::vector<Item> ItemsOf(soci::session& sql, const std::string& reservation_id);

// Keeps `items` for the order, each from one store: `store_id`, or whichever has enough. What was kept softly for the
// order before is given back first. Nothing changes if something is short; then it says what. Products that are cooked
// are never short.
std::vector<Shortage> Reserve(soci::session& sql, const std::string& reservation_id, const std::string& order_id,
                              std::vector<Item> items, const std::string& store_id, const std::string& expires_dt);
// From SOFT to BOOKED; false if it is not SOFT any more.
bool Book(soci::session& sql, const std::string& reservation_id);
// Gives a SOFT or BOOKED one back; false if it was final.
bool Release(soci::session& sql, const std::string& reservation_id);
// The goods of a BOOKED one have left the store; false if it is not BOOKED.
bool Ship(soci::session& sql, const std::string& reservation_id);

// `quantity` more of it is there now.
void Receive(soci::session& sql, const std::string& product_id, const std::string& store_id, long long quantity);
// Every store that has some of it free, by id.
std::vector<Place> PlacesOf(soci::session& sql, const std::string& product_id);

}  // namespace fermata::shop

// What the delivery service keeps of points, companies, slots and reservations, and the SQL for it. Every function runs
// inside a transaction of the caller.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kDeliveryTables;

struct PickupPoint {
  long long id = 0, capacity = 0, taken = 0;
  std::string name, address, hours;
};

struct DeliveryCompany {
  std::string code, name, method_type;  // ON_FOOT, SCOOTER or CAR
  std::string adapter;                  // of an external one; empty = own couriers
  std::string zones;                    // words of which an address holds one, with ';' between; empty = everywhere
  long long cost = 0;                   // of own couriers

  bool own() const { return adapter.empty(); }
  bool Serves(const std::string& address) const;
};

struct DeliverySlot {
  std::string id, company, date, begin_time, end_time;
  long long free = 0;
};

// What is kept for an order. SOFT until it is booked; RELEASED and EXPIRED are final.
struct DeliveryReservation {
  std::string id, order_id, kind, slot_id, company, external_ref, state;
  long long point_id = 0, cost = 0;
};

void PutPoint(soci::session& sql, const PickupPoint& point);
// Those whose name or address holds `filter`, by id.
std::vector<PickupPoint> FindPoints(soci::session& sql, const std::string& filter);
std::optional<PickupPoint> FindPoint(soci::session& sql, long long id);

void PutCompany(soci::session& sql, const DeliveryCompany& company);
std::vector<DeliveryCompany> ListCompanies(soci::session& sql);
std::optional<DeliveryCompany> FindCompany(soci::session& sql, const std::string& code);
// On every day `capacity` deliveries between these times, from tomorrow (`days` are "2026-11-22" and so on).
void PutInterval(soci::session& sql, const DeliverySlot& interval, long long capacity);
// Makes the slots of these days that are not there yet.
void EnsureSlots(soci::session& sql, const std::vector<std::string>& days);
// Of a company, from `day` on (or only of it), that have room.
std::vector<DeliverySlot> FreeSlots(soci::session& sql, const std::string& company, const std::string& from_day,
                                    const std::string& to_day);
std::optional<DeliverySlot> FindSlot(soci::session& sql, const std::string& slot_id);

// Soft reservations that ended before `now` give their places back. Call it before anything below.
void ExpireSlots(soci::session& sql, const std::string& now);
// The reservation of an order that is not final; at most one.
std::optional<DeliveryReservation> FindSlotOf(soci::session& sql, const std::string& order_id);
// The newest one, whatever its state is.
std::optional<DeliveryReservation> FindLastSlotOf(soci::session& sql, const std::string& order_id);
std::optional<DeliveryReservation> FindReservationBy(soci::session& sql, const std::string& reservation_id);
// Gives back what TakePlace() took.
void GivePlaceBack(soci::session& sql, const DeliveryReservation& reservation);
// Takes a place at the point or in the slot (none for an external company). False if there is none left.
bool TakePlace(soci::session& sql, const DeliveryReservation& reservation);
void AddSlotReservation(soci::session& sql, const DeliveryReservation& reservation, const std::string& expires_dt);
// From SOFT to BOOKED; false if it was final. One that is BOOKED stays so.
bool BookSlot(soci::session& sql, const DeliveryReservation& reservation);
// From EXPIRED to SOFT, if its place is still free.
bool ReviveSlot(soci::session& sql, const DeliveryReservation& reservation);
// Gives the place back; false if it was final already.
bool ReleaseSlot(soci::session& sql, const DeliveryReservation& reservation);

}  // namespace fermata::shop

// Delivery cases: what couriers work on. Every function runs inside a transaction of the caller.
//
// DRAFT (reserved) -> CONFIRMED (booked) -> ASSIGNED -> PICKED_UP -> IN_TRANSIT -> AT_POINT or NEAR_ADDRESS -> DELIVERED;
// beside it RESCHEDULED, FAILED_ATTEMPT, RETURNED, and CANCELED as long as nobody has the goods.
//
// Include it in .cc files only: it brings SOCI's headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "examples/shop/common/database.h"

namespace fermata::shop {

extern const std::vector<std::string> kDeliveryCaseTables;

struct DeliveryCase {
  std::string id, order_id, customer, language, kind;  // PICKUP or HOME
  std::string place, company, date, begin_time, end_time, method_type, state, courier, proof, actual_dt;
  long long point_id = 0, cost = 0;
};

struct CourierPerson {
  std::string id, name, phone, method_type;
  std::string position;  // as it was reported last; empty if it was not
};

std::optional<DeliveryCase> FindDeliveryCase(soci::session& sql, const std::string& case_id);
std::optional<DeliveryCase> FindDeliveryCaseOf(soci::session& sql, const std::string& order_id);
// The newest 200, of this state, or of any if it is empty.
std::vector<DeliveryCase> ListDeliveryCases(soci::session& sql, const std::string& state);
// Makes the order's case a DRAFT of these, with its id as it was, or a new one. Nothing happens to a case that is neither
// DRAFT nor CANCELED; then false.
bool DraftCase(soci::session& sql, const DeliveryCase& wanted);
bool MayBecome(const DeliveryCase& work, const std::string& state);
// Sets `state`, courier and proof, and the time if it is DELIVERED now; false if somebody else has changed the state meanwhile.
bool MoveCase(soci::session& sql, const DeliveryCase& work, const std::string& state, const std::string& now);

// What the processes hear of it, which tell the customer.
Value DeliveryNews(const DeliveryCase& work, const std::string& state);

void PutCourier(soci::session& sql, const CourierPerson& courier);
std::optional<CourierPerson> FindCourier(soci::session& sql, const std::string& id);
void PutPosition(soci::session& sql, const std::string& courier_id, const std::string& position,
                 const std::string& now);
// Who goes so (anyhow if it is empty), and has the least to do. nullopt if nobody does.
std::optional<CourierPerson> FreestCourier(soci::session& sql, const std::string& method_type);

}  // namespace fermata::shop

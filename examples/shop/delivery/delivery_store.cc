#include "examples/shop/delivery/delivery_store.h"

#include <algorithm>

namespace fermata::shop {
namespace {

constexpr const char* kReservationColumns =
    "reservation_guid, order_id, kind, slot_id, company, external_ref, state, point_id, cost";

DeliveryReservation ToReservation(const soci::row& row) {
  DeliveryReservation reservation;
  std::string* const texts[] = {&reservation.id,      &reservation.order_id, &reservation.kind,
                                &reservation.slot_id, &reservation.company,  &reservation.external_ref,
                                &reservation.state};
  std::size_t column = 0;
  for (std::string* text : texts) *text = row.get<std::string>(column++);
  reservation.point_id = row.get<long long>(column++);
  reservation.cost = row.get<long long>(column);
  return reservation;
}

std::vector<DeliveryReservation> FindReservations(soci::session& sql, const std::string& where,
                                                  const std::string& value) {
  std::vector<DeliveryReservation> reservations;
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kReservationColumns << " from delivery_reservation where " << where,
       soci::use(value));
  for (const soci::row& row : found) reservations.push_back(ToReservation(row));
  return reservations;
}

// False if its state is another one by now.
bool Change(soci::session& sql, const std::string& id, const std::string& from, const std::string& to) {
  soci::statement update =
      (sql.prepare << "update delivery_reservation set state = :to where reservation_guid = :id and state = :from",
       soci::use(to), soci::use(id), soci::use(from));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

DeliverySlot ToSlot(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
          row.get<std::string>(3), row.get<std::string>(4), row.get<long long>(5) - row.get<long long>(6)};
}

constexpr const char* kSlotColumns = "slot_id, company, slot_date, begin_time, end_time, capacity, taken";

DeliveryCompany ToCompany(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2),
          row.get<std::string>(3), row.get<std::string>(4), row.get<long long>(5)};
}

}  // namespace

const std::vector<std::string> kDeliveryTables = {
    "create table if not exists pickup_point (point_id bigint primary key, name varchar(150) not null, address "
    "varchar(255) not null, hours varchar(100) not null, capacity bigint not null, taken bigint not null, check (taken "
    ">= 0))",
    "create table if not exists delivery_company (code varchar(50) primary key, name varchar(150) not null, "
    "method_type varchar(20) not null, adapter varchar(50) not null, zones text not null, cost bigint not null, check "
    "(cost >= 0))",
    "create table if not exists delivery_interval (company varchar(50) not null, begin_time varchar(5) not null, "
    "end_time varchar(5) not null, capacity bigint not null, primary key (company, begin_time))",
    "create table if not exists delivery_slot (slot_id varchar(100) primary key, company varchar(50) not null, "
    "slot_date varchar(10) not null, begin_time varchar(5) not null, end_time varchar(5) not null, capacity bigint not "
    "null, taken bigint not null, check (taken >= 0 and taken <= capacity))",
    "create table if not exists delivery_reservation (delivery_reservation_id {id}, reservation_guid varchar(50) not "
    "null unique, order_id varchar(255) not null, kind varchar(10) not null, slot_id varchar(100) not null, company "
    "varchar(50) not null, external_ref varchar(64) not null, state varchar(10) not null, point_id bigint not null, "
    "cost bigint not null, expires_dt {time} not null)",
    "create index if not exists delivery_reservation_order on delivery_reservation (order_id)",
};

bool DeliveryCompany::Serves(const std::string& address) const {
  if (zones.empty()) return true;
  for (std::size_t at = 0; at < zones.size();) {
    const std::size_t end = std::min(zones.find(';', at), zones.size());
    if (end > at && address.find(zones.substr(at, end - at)) != std::string::npos) return true;
    at = end + 1;
  }
  return false;
}

void PutPoint(soci::session& sql, const PickupPoint& point) {
  sql << "insert into pickup_point (point_id, name, address, hours, capacity, taken) values (:id, :name, :address, "
         ":hours, :capacity, 0) on conflict (point_id) do update set name = excluded.name, address = excluded.address, "
         "hours = excluded.hours, capacity = excluded.capacity",
      soci::use(point.id), soci::use(point.name), soci::use(point.address), soci::use(point.hours),
      soci::use(point.capacity);
}

std::vector<PickupPoint> FindPoints(soci::session& sql, const std::string& filter) {
  std::vector<PickupPoint> points;
  soci::rowset<soci::row> found =
      (sql.prepare << "select point_id, capacity, taken, name, address, hours from pickup_point order by point_id");
  for (const soci::row& row : found) {
    PickupPoint point{row.get<long long>(0),   row.get<long long>(1),   row.get<long long>(2),
                      row.get<std::string>(3), row.get<std::string>(4), row.get<std::string>(5)};
    if (point.name.find(filter) != std::string::npos || point.address.find(filter) != std::string::npos)
      points.push_back(std::move(point));
  }
  return points;
}

std::optional<PickupPoint> FindPoint(soci::session& sql, long long id) {
  for (PickupPoint& point : FindPoints(sql, ""))
    if (point.id == id) return std::move(point);
  return std::nullopt;
}

void PutCompany(soci::session& sql, const DeliveryCompany& company) {
  sql << "insert into delivery_company (code, name, method_type, adapter, zones, cost) values (:code, :name, :method, "
         ":adapter, :zones, :cost) on conflict (code) do update set name = excluded.name, method_type = "
         "excluded.method_type, adapter = excluded.adapter, zones = excluded.zones, cost = excluded.cost",
      soci::use(company.code), soci::use(company.name), soci::use(company.method_type), soci::use(company.adapter),
      soci::use(company.zones), soci::use(company.cost);
}

std::vector<DeliveryCompany> ListCompanies(soci::session& sql) {
  std::vector<DeliveryCompany> companies;
  soci::rowset<soci::row> found =
      (sql.prepare << "select code, name, method_type, adapter, zones, cost from delivery_company order by code");
  for (const soci::row& row : found) companies.push_back(ToCompany(row));
  return companies;
}

std::optional<DeliveryCompany> FindCompany(soci::session& sql, const std::string& code) {
  for (DeliveryCompany& company : ListCompanies(sql))
    if (company.code == code) return std::move(company);
  return std::nullopt;
}

void PutInterval(soci::session& sql, const DeliverySlot& interval, long long capacity) {
  sql << "insert into delivery_interval (company, begin_time, end_time, capacity) values (:company, :begin, :end, "
         ":capacity) on conflict (company, begin_time) do update set end_time = excluded.end_time, capacity = "
         "excluded.capacity",
      soci::use(interval.company), soci::use(interval.begin_time), soci::use(interval.end_time), soci::use(capacity);
}

void EnsureSlots(soci::session& sql, const std::vector<std::string>& days) {
  for (const std::string& day : days)
    sql << "insert into delivery_slot (slot_id, company, slot_date, begin_time, end_time, capacity, taken) select "
           "company || '-' || :day || '-' || begin_time, company, :date, begin_time, end_time, capacity, 0 from "
           "delivery_interval where true on conflict (slot_id) do nothing",
        soci::use(day), soci::use(day);
}

std::vector<DeliverySlot> FreeSlots(soci::session& sql, const std::string& company, const std::string& from_day,
                                    const std::string& to_day) {
  std::vector<DeliverySlot> slots;
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kSlotColumns
                   << " from delivery_slot where company = :company and slot_date >= :from and slot_date <= :to and "
                      "taken < capacity order by slot_date, begin_time",
       soci::use(company), soci::use(from_day), soci::use(to_day));
  for (const soci::row& row : found) slots.push_back(ToSlot(row));
  return slots;
}

std::optional<DeliverySlot> FindSlot(soci::session& sql, const std::string& slot_id) {
  soci::rowset<soci::row> found =
      (sql.prepare << "select " << kSlotColumns << " from delivery_slot where slot_id = :id", soci::use(slot_id));
  for (const soci::row& row : found) return ToSlot(row);
  return std::nullopt;
}

void ExpireSlots(soci::session& sql, const std::string& now) {
  for (const DeliveryReservation& reservation : FindReservations(sql, "state = 'SOFT' and expires_dt <= :now", now))
    if (Change(sql, reservation.id, "SOFT", "EXPIRED")) GivePlaceBack(sql, reservation);
}

std::optional<DeliveryReservation> FindSlotOf(soci::session& sql, const std::string& order_id) {
  const auto found = FindReservations(sql, "order_id = :order and state in ('SOFT', 'BOOKED')", order_id);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::optional<DeliveryReservation> FindLastSlotOf(soci::session& sql, const std::string& order_id) {
  const auto found = FindReservations(sql, "order_id = :order order by delivery_reservation_id desc", order_id);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::optional<DeliveryReservation> FindReservationBy(soci::session& sql, const std::string& reservation_id) {
  const auto found = FindReservations(sql, "reservation_guid = :id", reservation_id);
  return found.empty() ? std::nullopt : std::optional(found.front());
}

void GivePlaceBack(soci::session& sql, const DeliveryReservation& reservation) {
  if (!reservation.external_ref.empty()) return;
  if (reservation.kind == "PICKUP")
    sql << "update pickup_point set taken = taken - 1 where point_id = :id", soci::use(reservation.point_id);
  else
    sql << "update delivery_slot set taken = taken - 1 where slot_id = :id", soci::use(reservation.slot_id);
}

bool TakePlace(soci::session& sql, const DeliveryReservation& reservation) {
  if (!reservation.external_ref.empty()) return true;
  // The statement itself sees to it that no place is given away twice.
  const bool pickup = reservation.kind == "PICKUP";
  const std::string id = pickup ? std::to_string(reservation.point_id) : reservation.slot_id;
  soci::statement update(sql);
  update.alloc();
  update.prepare(pickup
                     ? "update pickup_point set taken = taken + 1 where cast(point_id as varchar(20)) = :id and taken "
                       "< capacity"
                     : "update delivery_slot set taken = taken + 1 where slot_id = :id and taken < capacity");
  update.exchange(soci::use(id));
  update.define_and_bind();
  update.execute(true);
  return update.get_affected_rows() > 0;
}

void AddSlotReservation(soci::session& sql, const DeliveryReservation& reservation, const std::string& expires_dt) {
  sql << "insert into delivery_reservation (reservation_guid, order_id, kind, slot_id, company, external_ref, state, "
         "point_id, cost, expires_dt) values (:id, :order, :kind, :slot, :company, :ref, 'SOFT', :point, :cost, "
         ":expires)",
      soci::use(reservation.id), soci::use(reservation.order_id), soci::use(reservation.kind),
      soci::use(reservation.slot_id), soci::use(reservation.company), soci::use(reservation.external_ref),
      soci::use(reservation.point_id), soci::use(reservation.cost), soci::use(expires_dt);
}

bool BookSlot(soci::session& sql, const DeliveryReservation& reservation) {
  return reservation.state == "BOOKED" || Change(sql, reservation.id, "SOFT", "BOOKED");
}

bool ReviveSlot(soci::session& sql, const DeliveryReservation& reservation) {
  return TakePlace(sql, reservation) && Change(sql, reservation.id, "EXPIRED", "SOFT");
}

bool ReleaseSlot(soci::session& sql, const DeliveryReservation& reservation) {
  if (!Change(sql, reservation.id, "SOFT", "RELEASED") && !Change(sql, reservation.id, "BOOKED", "RELEASED"))
    return false;
  GivePlaceBack(sql, reservation);
  return true;
}

}  // namespace fermata::shop

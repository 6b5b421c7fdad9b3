#include "examples/shop/delivery/delivery_cases.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fermata::shop {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kWays = {{
    {"DRAFT", "CONFIRMED"},
    {"CONFIRMED", "ASSIGNED"},
    {"ASSIGNED", "PICKED_UP"},
    {"PICKED_UP", "IN_TRANSIT"},
    {"IN_TRANSIT", "AT_POINT"},
    {"IN_TRANSIT", "NEAR_ADDRESS"},
    {"AT_POINT", "DELIVERED"},
    {"NEAR_ADDRESS", "DELIVERED"},
    {"NEAR_ADDRESS", "FAILED_ATTEMPT"},
    {"IN_TRANSIT", "FAILED_ATTEMPT"},
    {"FAILED_ATTEMPT", "RESCHEDULED"},
    {"FAILED_ATTEMPT", "RETURNED"},
    {"CONFIRMED", "RESCHEDULED"},
    {"RESCHEDULED", "ASSIGNED"},
    {"AT_POINT", "RETURNED"},
    {"NEAR_ADDRESS", "RETURNED"},
    {"DRAFT", "CANCELED"},
    {"CONFIRMED", "CANCELED"},
    {"RESCHEDULED", "CANCELED"},
    {"ASSIGNED", "CANCELED"},
}};

constexpr const char* kColumns =
    "case_guid, order_id, customer, language, kind, place, company, delivery_date, begin_time, end_time, method_type, "
    "state, courier, proof, actual_time, point_id, cost";

DeliveryCase ToCase(const soci::row& row) {
  DeliveryCase work;
  std::string* const texts[] = {&work.id,          &work.order_id, &work.customer, &work.language,   &work.kind,
                                &work.place,       &work.company,  &work.date,     &work.begin_time, &work.end_time,
                                &work.method_type, &work.state,    &work.courier,  &work.proof,      &work.actual_dt};
  std::size_t column = 0;
  for (std::string* text : texts) *text = row.get<std::string>(column++);
  work.point_id = row.get<long long>(column++);
  work.cost = row.get<long long>(column);
  return work;
}

std::vector<DeliveryCase> FindCases(soci::session& sql, const std::string& where, const std::string& value) {
  std::vector<DeliveryCase> cases;
  soci::rowset<soci::row> found = (sql.prepare << "select " << kColumns << " from delivery_case where " << where
                                               << " order by delivery_case_id desc limit 200",
                                   soci::use(value));
  for (const soci::row& row : found) cases.push_back(ToCase(row));
  return cases;
}

std::optional<DeliveryCase> FindBy(soci::session& sql, const std::string& where, const std::string& value) {
  std::vector<DeliveryCase> found = FindCases(sql, where, value);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

CourierPerson ToCourier(const soci::row& row) {
  return {row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2), row.get<std::string>(3),
          row.get<std::string>(4)};
}

constexpr const char* kCouriers =
    "select c.courier_id, c.name, c.phone, c.method_type, coalesce(p.position, '') from delivery_courier c left join "
    "delivery_courier_position p on p.courier_id = c.courier_id where ";

}  // namespace

const std::vector<std::string> kDeliveryCaseTables = {
    "create table if not exists delivery_case (delivery_case_id {id}, case_guid varchar(50) not null unique, order_id "
    "varchar(255) not null unique, customer varchar(255) not null, language varchar(10) not null, kind varchar(10) not "
    "null, place varchar(255) not null, company varchar(50) not null, delivery_date varchar(10) not null, begin_time "
    "varchar(5) not null, end_time varchar(5) not null, method_type varchar(20) not null, state varchar(20) not null, "
    "courier varchar(50) not null, proof varchar(255) not null, actual_time varchar(30) not null, point_id bigint not "
    "null, cost bigint not null)",
    "create table if not exists delivery_courier (courier_id varchar(50) primary key, name varchar(150) not null, "
    "phone varchar(50) not null, method_type varchar(20) not null)",
    "create table if not exists delivery_courier_position (courier_id varchar(50) primary key, position varchar(100) "
    "not null, position_dt {time} not null)",
};

std::optional<DeliveryCase> FindDeliveryCase(soci::session& sql, const std::string& case_id) {
  return FindBy(sql, "case_guid = :id", case_id);
}

std::optional<DeliveryCase> FindDeliveryCaseOf(soci::session& sql, const std::string& order_id) {
  return FindBy(sql, "order_id = :id", order_id);
}

std::vector<DeliveryCase> ListDeliveryCases(soci::session& sql, const std::string& state) {
  return state.empty() ? FindCases(sql, "state <> :none", state) : FindCases(sql, "state = :state", state);
}

bool DraftCase(soci::session& sql, const DeliveryCase& wanted) {
  soci::statement upsert =
      (sql.prepare
           << "insert into delivery_case (case_guid, order_id, customer, language, kind, place, company, "
              "delivery_date, begin_time, end_time, method_type, state, courier, proof, actual_time, point_id, cost) "
              "values (:id, :order, :customer, :language, :kind, :place, :company, :date, :begin, :end, :method, "
              "'DRAFT', '', '', '', :point, :cost) on conflict (order_id) do update set customer = excluded.customer, "
              "language = excluded.language, kind = excluded.kind, place = excluded.place, company = "
              "excluded.company, delivery_date = excluded.delivery_date, begin_time = excluded.begin_time, end_time = "
              "excluded.end_time, method_type = excluded.method_type, state = 'DRAFT', point_id = excluded.point_id, "
              "cost = excluded.cost where delivery_case.state in ('DRAFT', 'CANCELED')",
       soci::use(wanted.id), soci::use(wanted.order_id), soci::use(wanted.customer), soci::use(wanted.language),
       soci::use(wanted.kind), soci::use(wanted.place), soci::use(wanted.company), soci::use(wanted.date),
       soci::use(wanted.begin_time), soci::use(wanted.end_time), soci::use(wanted.method_type),
       soci::use(wanted.point_id), soci::use(wanted.cost));
  upsert.execute(true);
  return upsert.get_affected_rows() > 0;
}

bool MayBecome(const DeliveryCase& work, const std::string& state) {
  const std::pair<std::string_view, std::string_view> way(work.state, state);
  if (work.kind == "PICKUP" && state == "NEAR_ADDRESS") return false;
  if (work.kind == "HOME" && state == "AT_POINT") return false;
  return std::find(kWays.begin(), kWays.end(), way) != kWays.end();
}

bool MoveCase(soci::session& sql, const DeliveryCase& work, const std::string& state, const std::string& now) {
  const std::string actual = state == "DELIVERED" ? now : work.actual_dt;
  soci::statement update =
      (sql.prepare << "update delivery_case set state = :to, courier = :courier, proof = :proof, actual_time = :actual "
                      "where case_guid = :id and state = :from",
       soci::use(state), soci::use(work.courier), soci::use(work.proof), soci::use(actual), soci::use(work.id),
       soci::use(work.state));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

Value DeliveryNews(const DeliveryCase& work, const std::string& state) {
  return Value::Object({{"caseId", Value::String(work.id)},
                        {"orderId", Value::String(work.order_id)},
                        {"username", Value::String(work.customer)},
                        {"language", Value::String(work.language)},
                        {"kind", Value::String(work.kind)},
                        {"status", Value::String(state)},
                        {"pointId", Value::Int(work.point_id)},
                        {"place", Value::String(work.place)},
                        {"deliveryDate", Value::String(work.date)},
                        {"beginTime", Value::String(work.begin_time)},
                        {"endTime", Value::String(work.end_time)}});
}

void PutCourier(soci::session& sql, const CourierPerson& courier) {
  sql << "insert into delivery_courier (courier_id, name, phone, method_type) values (:id, :name, :phone, :method) on "
         "conflict (courier_id) do update set name = excluded.name, phone = excluded.phone, method_type = "
         "excluded.method_type",
      soci::use(courier.id), soci::use(courier.name), soci::use(courier.phone), soci::use(courier.method_type);
}

void PutPosition(soci::session& sql, const std::string& courier_id, const std::string& position,
                 const std::string& now) {
  sql << "insert into delivery_courier_position (courier_id, position, position_dt) values (:id, :position, :now) on "
         "conflict (courier_id) do update set position = excluded.position, position_dt = excluded.position_dt",
      soci::use(courier_id), soci::use(position), soci::use(now);
}

std::optional<CourierPerson> FindCourier(soci::session& sql, const std::string& id) {
  soci::rowset<soci::row> found = (sql.prepare << kCouriers << "c.courier_id = :id", soci::use(id));
  for (const soci::row& row : found) return ToCourier(row);
  return std::nullopt;
}

std::optional<CourierPerson> FreestCourier(soci::session& sql, const std::string& method_type) {
  soci::rowset<soci::row> found =
      (sql.prepare << kCouriers
                   << "(c.method_type = :method or :any = '') order by (select count(*) from delivery_case d where "
                      "d.courier = c.courier_id and d.state in ('ASSIGNED', 'PICKED_UP', 'IN_TRANSIT', "
                      "'NEAR_ADDRESS')), c.courier_id limit 1",
       soci::use(method_type), soci::use(method_type));
  for (const soci::row& row : found) return ToCourier(row);
  return std::nullopt;
}

}  // namespace fermata::shop

// How points, companies and couriers come in.
#include <algorithm>

#include "examples/shop/delivery/couriers.h"
#include "examples/shop/delivery/delivery.h"
#include "examples/shop/delivery/delivery_cases.h"
#include "examples/shop/delivery/delivery_store.h"

namespace fermata::shop {
namespace {

constexpr long long kCostMax = 1'000'000'000, kCapacityMax = 1'000'000;

std::string TextOf(const Value& map, std::string_view key) {
  const Value* value = map.is_map() ? map.Find(key) : nullptr;
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

bool IsMethod(const std::string& type) { return type == "ON_FOOT" || type == "SCOOTER" || type == "CAR"; }

// "10:00"
bool IsTime(const std::string& text) {
  return text.size() == 5 && text[2] == ':' && text.find_first_not_of("0123456789:") == std::string::npos;
}

std::string JoinWords(const Value* list) {
  std::string text;
  if (list == nullptr || !list->is_list()) return text;
  for (const Value& word : list->as_list())
    if (word.is_string()) text += (text.empty() ? "" : ";") + std::string(word.as_string());
  return text;
}

struct Interval {
  DeliverySlot times;
  long long capacity = 0;
};

// nullopt if one of them is none.
std::optional<std::vector<Interval>> ReadIntervals(const Value* list, const std::string& company) {
  std::vector<Interval> intervals;
  if (list == nullptr) return intervals;
  if (!list->is_list()) return std::nullopt;
  for (const Value& entry : list->as_list()) {
    const Value* capacity = entry.is_map() ? entry.Find("capacity") : nullptr;
    Interval interval{{.company = company}};
    interval.times.begin_time = TextOf(entry, "beginTime");
    interval.times.end_time = TextOf(entry, "endTime");
    if (capacity == nullptr || capacity->kind() != ValueKind::kInt || capacity->as_int() < 0 ||
        capacity->as_int() > kCapacityMax || !IsTime(interval.times.begin_time) || !IsTime(interval.times.end_time))
      return std::nullopt;
    interval.capacity = capacity->as_int();
    intervals.push_back(std::move(interval));
  }
  return intervals;
}

}  // namespace

RestAnswer DeliveryService::PutPoint(const RestRequest& request) {
  PickupPoint point{.id = request.Integer("id").value_or(0), .capacity = request.Integer("capacity").value_or(-1)};
  point.name = request.Text("name");
  point.address = request.Text("address");
  point.hours = request.Text("hours");
  if (point.id < 1 || point.name.empty() || point.address.empty() || point.capacity < 0 ||
      point.capacity > kCapacityMax)
    return Refusal(400, "An id, a name, an address and a capacity should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      shop::PutPoint(sql, point);
      return {200, Value::Object({{"id", Value::Int(point.id)}})};
    });
  });
}

RestAnswer DeliveryService::PutCompany(const RestRequest& request) {
  const DeliveryCompany company{.code = request.Text("code"),
                                .name = request.Text("name"),
                                .method_type = request.Text("methodType"),
                                .adapter = request.Text("adapter"),
                                .zones = JoinWords(request.body.Find("zones")),
                                .cost = request.Integer("cost").value_or(0)};
  const auto intervals = ReadIntervals(request.body.Find("intervals"), company.code);
  if (company.code.empty() || company.name.empty() || !IsMethod(company.method_type) || company.cost < 0 ||
      company.cost > kCostMax || !intervals)
    return Refusal(400, "A code, a name, ON_FOOT, SCOOTER or CAR, a cost and intervals should be provided");
  if (!company.own() && MakeCourier(company.adapter, "") == nullptr)
    return Refusal(400, "There is no adapter of this name");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      shop::PutCompany(sql, company);
      for (const Interval& interval : *intervals) PutInterval(sql, interval.times, interval.capacity);
      return {200, Value::Object({{"code", Value::String(company.code)}})};
    });
  });
}

RestAnswer DeliveryService::PutCourier(const RestRequest& request) {
  const CourierPerson courier{request.Text("id"), request.Text("name"), request.Text("phone"),
                              request.Text("methodType"), ""};
  if (courier.id.empty() || courier.name.empty() || !IsMethod(courier.method_type))
    return Refusal(400, "An id, a name and ON_FOOT, SCOOTER or CAR should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      shop::PutCourier(sql, courier);
      return {200, Value::Object({{"id", Value::String(courier.id)}})};
    });
  });
}

RestAnswer DeliveryService::NotePosition(const RestRequest& request) {
  constexpr std::size_t kPositionBytesMax = 100;
  const std::string id = request.parameters.at("id"), position = request.Text("position");
  if (position.empty() || position.size() > kPositionBytesMax)
    return Refusal(400, "A position should be provided, such as 55.7522,37.6156");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (!FindCourier(sql, id)) return Refusal(404, "Courier not found");
    PutPosition(sql, id, position, TimeText(clock_, 0));
    return {200, Value::Object({{"id", Value::String(id)}, {"position", Value::String(position)}})};
  });
}

}  // namespace fermata::shop

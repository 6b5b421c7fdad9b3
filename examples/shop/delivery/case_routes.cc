// What couriers and customers ask of a delivery case.
#include "engine/base/hash.h"
#include "engine/base/percent.h"
#include "engine/base/time.h"
#include "engine/model/json.h"
#include "examples/shop/delivery/delivery.h"
#include "examples/shop/delivery/delivery_cases.h"
#include "examples/shop/delivery/delivery_store.h"

namespace fermata::shop {
namespace {

constexpr int kPaymentTimeoutMs = 3'000;

Value ToValue(const DeliveryCase& work, const std::optional<CourierPerson>& courier) {
  return Value::Object({{"caseId", Value::String(work.id)},
                        {"orderId", Value::String(work.order_id)},
                        {"state", Value::String(work.state)},
                        {"kind", Value::String(work.kind)},
                        {"place", Value::String(work.place)},
                        {"companyCode", Value::String(work.company)},
                        {"methodType", Value::String(work.method_type)},
                        {"cost", Value::Int(work.cost)},
                        {"estimated", Value::Object({{"date", Value::String(work.date)},
                                                     {"beginTime", Value::String(work.begin_time)},
                                                     {"endTime", Value::String(work.end_time)}})},
                        {"actual", Value::String(work.actual_dt)},
                        {"courier", courier ? Value::Object({{"id", Value::String(courier->id)},
                                                             {"name", Value::String(courier->name)},
                                                             {"position", Value::String(courier->position)}})
                                            : Value()}});
}

Value ToValue(soci::session& sql, const DeliveryCase& work) { return ToValue(work, FindCourier(sql, work.courier)); }

// The company's own people deliver what it has taken on; everybody brings things to a pickup point.
bool IsForOwnCouriers(soci::session& sql, const DeliveryCase& work) {
  const std::optional<DeliveryCompany> company = FindCompany(sql, work.company);
  return work.kind == "PICKUP" || (company && company->own());
}

// When it happened; nullopt if it is no time.
std::optional<std::string> TimeOf(const RestRequest& request, Clock& clock) {
  const std::string date = request.Text("statusDate");
  if (date.empty()) return TimeText(clock, 0);
  const std::optional<Timestamp> time = ParseTimestamp(date);
  return time ? std::optional(FormatTimestamp(*time)) : std::nullopt;
}

std::string ProofOf(const RestRequest& request) {
  const Value* proof = request.body.Find("proof");
  for (const char* kind : {"signature", "code"}) {
    const Value* value = proof && proof->is_map() ? proof->Find(kind) : nullptr;
    if (value && value->is_string() && !value->as_string().empty())
      return std::string(kind) + ":" + std::string(value->as_string());
  }
  return "";
}

}  // namespace

RestAnswer DeliveryService::GetCase(const RestRequest& request) {
  const Asker asker = sessions_.CustomerOrService(request);
  if (asker.refusal.status != 200) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<DeliveryCase> work = FindDeliveryCaseOf(sql, request.parameters.at("id"));
    if (!work) return Refusal(404, "Delivery not found");
    if (!asker.username.empty() && work->customer != asker.username) return Refusal(403, "Forbidden");
    return {200, ToValue(sql, *work)};
  });
}

RestAnswer DeliveryService::GetCases(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const DeliveryCase& work : ListDeliveryCases(sql, request.Query("status"))) list.push_back(ToValue(sql, work));
    return {200, Value::Object({{"cases", Value::List(std::move(list))}})};
  });
}

RestAnswer DeliveryService::RefuseUnpaid(const DeliveryCase& work) {
  const RestReply reply = payment_.Get("/obligations/" + PercentEncode(work.order_id), {}, kPaymentTimeoutMs);
  const Value* open = reply.body.is_map() ? reply.body.Find("open") : nullptr;
  if (reply.status != 200 || open == nullptr) return Refusal(503, "The payment service does not answer");
  if (*open == Value::Bool(false)) return {};
  return Refusal(409,
                 "Expected what the courier has collected, because the order is paid on receipt, but it is missing");
}

RestAnswer DeliveryService::Collect(const RestRequest& request, const DeliveryCase& work) {
  const Value* collected = request.body.Find("collected");
  if (collected == nullptr || !collected->is_map())
    return request.Text("status") == "DELIVERED" ? RefuseUnpaid(work) : RestAnswer{};
  const Value* kind = collected->Find("kind");
  const Value* amount = collected->Find("amount");
  const Value report = Value::Object({{"orderId", Value::String(work.order_id)},
                                      {"kind", kind ? *kind : Value()},
                                      {"amount", amount ? *amount : Value()}});
  // A sum that was refused may be corrected.
  const RestReply reply =
      payment_.Post("/collect", report, "collect/" + work.id + "/" + Sha256Hex(WriteJson(report)), kPaymentTimeoutMs);
  if (reply.status == 200) return {};
  if (reply.status >= 400 && reply.status < 500) return {409, reply.body};
  return Refusal(503, "The payment service does not answer");
}

RestAnswer DeliveryService::ChangeCase(const RestRequest& request) {
  const std::optional<std::string> when = TimeOf(request, clock_);
  if (!when) return Refusal(400, "Expected a statusDate such as 2026-11-22T10:00:00Z");
  const std::string state = request.Text("status"), proof = ProofOf(request), who = request.Text("courier");
  std::optional<DeliveryCase> work;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    work = FindDeliveryCase(sql, request.parameters.at("id"));
    return work ? RestAnswer{} : Refusal(404, "Delivery not found");
  });
  if (read.status != 200) return read;
  if (state == "DELIVERED" && work->kind == "HOME" && proof.empty())
    return Refusal(400, "A signature or a code should be provided");
  if (MayBecome(*work, state))
    if (const RestAnswer collected = Collect(request, *work); collected.status != 200) return collected;
  const RestAnswer answer = database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      work = FindDeliveryCase(sql, request.parameters.at("id"));
      // Booking and cancelling are the orchestra's.
      const bool theirs = state == "CONFIRMED" || state == "CANCELED";
      if (theirs || !MayBecome(*work, state))
        return Refusal(409, "Expected a delivery that can become '" + state + "', but it is " + work->state);
      if (state == "ASSIGNED") {
        const auto courier = !who.empty()                   ? FindCourier(sql, who)
                             : IsForOwnCouriers(sql, *work) ? FreestCourier(sql, work->method_type)
                                                            : std::nullopt;
        if (!who.empty() && !courier) return Refusal(404, "Courier not found");
        work->courier = courier ? courier->id : "";
      }
      if (!proof.empty()) work->proof = proof;
      if (!MoveCase(sql, *work, state, *when)) return Refusal(409, "Somebody else has moved it");
      AddEvent(sql, MakeEvent("/shop/delivery", "delivery.case-moved", DeliveryNews(*work, state)));
      return {200, ToValue(sql, *FindDeliveryCase(sql, work->id))};
    });
  });
  events_.Wake();
  return answer;
}

RestAnswer DeliveryService::Scan(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<DeliveryCase> work = FindDeliveryCase(sql, request.parameters.at("id"));
    if (!work) return Refusal(404, "Delivery not found");
    if (request.Text("orderQr") != work->order_id) return Refusal(409, "This is another order");
    if (work->courier.empty() || request.Text("backpackQr") != work->courier)
      return Refusal(409, "This backpack is not the one of the delivery");
    return {200, ToValue(sql, *work)};
  });
}

}  // namespace fermata::shop

#include "examples/shop/delivery/delivery.h"

#include "engine/base/hash.h"
#include "engine/base/time.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/delivery/couriers.h"
#include "examples/shop/delivery/delivery_cases.h"
#include "examples/shop/delivery/delivery_store.h"

namespace fermata::shop {
namespace {

constexpr int kDaysAhead = 7;
constexpr long long kTtlMinutes = 60, kTtlMinutesMax = 24 * 60;

std::vector<std::string> AllTables() {
  std::vector<std::string> tables = kDeliveryTables;
  tables.insert(tables.end(), kDeliveryCaseTables.begin(), kDeliveryCaseTables.end());
  tables.emplace_back(kOutboxTable);
  return tables;
}

// "2026-11-24" as "24.11.2026"
std::string ShowDate(const std::string& day) {
  return day.size() == 10 ? day.substr(8) + "." + day.substr(5, 2) + "." + day.substr(0, 4) : day;
}

Value ToValue(const DeliverySlot& slot) {
  return Value::Object({{"slotId", Value::String(slot.id)},
                        {"date", Value::String(slot.date)},
                        {"beginTime", Value::String(slot.begin_time)},
                        {"endTime", Value::String(slot.end_time)},
                        {"free", Value::Int(slot.free)}});
}

// A way to have it delivered.
struct Variant {
  DeliveryCompany company;
  long long cost = 0;
  std::string date;
  std::vector<DeliverySlot> slots;
};

Value ToValue(const Variant& variant) {
  std::vector<Value> slots;
  for (const DeliverySlot& slot : variant.slots) slots.push_back(ToValue(slot));
  return Value::Object({{"companyCode", Value::String(variant.company.code)},
                        {"companyName", Value::String(variant.company.name)},
                        {"own", Value::Bool(variant.company.own())},
                        {"methodType", Value::String(variant.company.method_type)},
                        {"cost", Value::Int(variant.cost)},
                        {"estimatedDate", Value::String(ShowDate(variant.date))},
                        {"slots", Value::List(std::move(slots))}});
}

bool IsSamePlace(const DeliveryReservation& a, const DeliveryReservation& b) {
  if (a.kind != b.kind || !a.external_ref.empty() || !b.external_ref.empty()) return false;
  return a.kind == "PICKUP" ? a.point_id == b.point_id : a.slot_id == b.slot_id;
}

}  // namespace

DeliveryService::DeliveryService(const DeliveryOptions& options, std::unique_ptr<Database> database)
    : database_(std::move(database)),
      clock_(options.clock),
      sessions_(options.auth_url),
      payment_(options.payment_url, options.service_key),
      events_(*database_, options.engine_url) {
  for (const char* adapter : {"stork", "turtle"})
    if (!options.couriers_url.empty()) couriers_[adapter] = MakeCourier(adapter, options.couriers_url);
}
DeliveryService::~DeliveryService() = default;

Result<std::unique_ptr<DeliveryService>> DeliveryService::Open(const DeliveryOptions& options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "delivery", AllTables());
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<DeliveryService>(new DeliveryService(options, *std::move(database)));
}

std::vector<RestRoute> DeliveryService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (DeliveryService::*handler)(const RestRequest&)) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); }};
  };
  return {
      route("GET", "/points", &DeliveryService::GetPoints),
      route("GET", "/variants", &DeliveryService::GetVariants),
      route("GET", "/slots", &DeliveryService::GetSlots),
      route("POST", "/reservations", &DeliveryService::Reserve),
      route("DELETE", "/reservations/{id}", &DeliveryService::Release),
      ForServices(route("POST", "/slots/confirm", &DeliveryService::ConfirmSlot)),
      // Without its slot there is no delivery.
      ForServices(route("POST", "/slots/reverse", &DeliveryService::ReverseCase)),
      ForServices(route("POST", "/cases/confirm", &DeliveryService::ConfirmCase)),
      ForServices(route("POST", "/cases/reverse", &DeliveryService::ReverseCase)),
      ForServices(route("GET", "/cases", &DeliveryService::GetCases)),
      route("GET", "/cases/{id}", &DeliveryService::GetCase),
      ForServices(route("POST", "/cases/{id}/status", &DeliveryService::ChangeCase)),
      ForServices(route("POST", "/cases/{id}/scan", &DeliveryService::Scan)),
      ForServices(route("POST", "/points", &DeliveryService::PutPoint)),
      ForServices(route("POST", "/companies", &DeliveryService::PutCompany)),
      ForServices(route("POST", "/couriers", &DeliveryService::PutCourier)),
      ForServices(route("POST", "/couriers/{id}/position", &DeliveryService::NotePosition)),
  };
}

Courier* DeliveryService::CourierOf(const std::string& adapter) const {
  const auto found = couriers_.find(adapter);
  return found == couriers_.end() ? nullptr : found->second.get();
}

std::string DeliveryService::Day(int days_from_now) const {
  return TimeText(clock_, std::int64_t{days_from_now} * 24 * 3'600).substr(0, 10);
}

void DeliveryService::RefreshSlots(soci::session& sql) {
  ExpireSlots(sql, TimeText(clock_, 0));
  std::vector<std::string> days;
  for (int day = 1; day <= kDaysAhead; ++day) days.push_back(Day(day));
  EnsureSlots(sql, days);
}

RestAnswer DeliveryService::GetPoints(const RestRequest& request) {
  if (const Asker asker = sessions_.CustomerOrService(request); asker.refusal.status != 200) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const PickupPoint& point : FindPoints(sql, request.Query("addressFilter")))
      list.push_back(Value::Object({{"id", Value::Int(point.id)},
                                    {"name", Value::String(point.name)},
                                    {"address", Value::String(point.address)},
                                    {"hours", Value::String(point.hours)}}));
    return {200, Value::Object({{"pickupPoints", Value::List(std::move(list))}})};
  });
}

RestAnswer DeliveryService::GetVariants(const RestRequest& request) {
  if (const Asker asker = sessions_.CustomerOrService(request); asker.refusal.status != 200) return asker.refusal;
  const std::string address = request.Query("address");
  std::vector<DeliveryCompany> companies;
  std::vector<Variant> variants;
  bool served = false;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    companies = ListCompanies(sql);
    variants.clear();
    RefreshSlots(sql);
    for (const DeliveryCompany& company : companies) {
      if (!company.own() || address.empty() || !company.Serves(address)) continue;
      served = true;
      std::vector<DeliverySlot> slots = FreeSlots(sql, company.code, Day(1), Day(kDaysAhead));
      if (!slots.empty()) variants.push_back({company, company.cost, slots.front().date, std::move(slots)});
    }
    return {};
  });
  if (read.status != 200) return read;
  for (const DeliveryCompany& company : companies) {
    Courier* courier = company.own() || address.empty() ? nullptr : CourierOf(company.adapter);
    if (courier == nullptr) continue;
    const CourierQuote quote = courier->Quote(address);
    // Whether one that does not answer would deliver there nobody knows: it is left out for now.
    served = served || quote.result != CourierResult::kRefused;
    if (quote.result != CourierResult::kDone) continue;
    Variant variant{company, quote.cost, quote.date, {}};
    for (const CourierSlot& slot : quote.slots)
      variant.slots.push_back({slot.id, company.code, slot.date, slot.begin_time, slot.end_time, slot.free});
    variants.push_back(std::move(variant));
  }
  if (!served) return Refusal(422, "Nobody delivers to this address");
  std::vector<Value> list;
  for (const Variant& variant : variants) list.push_back(ToValue(variant));
  return {200, Value::Object({{"address", Value::String(address)}, {"variants", Value::List(std::move(list))}})};
}

RestAnswer DeliveryService::GetSlots(const RestRequest& request) {
  if (const Asker asker = sessions_.CustomerOrService(request); asker.refusal.status != 200) return asker.refusal;
  const std::string day = request.Query("date");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    RefreshSlots(sql);
    std::vector<Value> list;
    for (const DeliverySlot& slot :
         FreeSlots(sql, request.Query("company"), day.empty() ? Day(1) : day, day.empty() ? Day(kDaysAhead) : day))
      list.push_back(ToValue(slot));
    return {200, Value::Object({{"slots", Value::List(std::move(list))}})};
  });
}

RestAnswer DeliveryService::Reserve(const RestRequest& request) {
  const Asker asker = sessions_.CustomerOrService(request);
  if (asker.refusal.status != 200) return asker.refusal;
  const std::string order_id = request.Text("orderId"), kind = request.Text("kind"), address = request.Text("address"),
                    code = request.Text("companyCode");
  if (order_id.empty() || (kind != "PICKUP" && kind != "HOME") || (kind == "HOME" && (address.empty() || code.empty())))
    return Refusal(400, "An order, and a pickup point or an address with a company should be provided");
  DeliveryReservation wanted{.id = NewGuid(), .order_id = order_id, .kind = kind, .slot_id = request.Text("slotId")};
  DeliveryCase draft{.id = NewGuid(),
                     .order_id = order_id,
                     .customer = asker.username.empty() ? request.Text("username") : asker.username,
                     .language = request.Text("language"),
                     .kind = kind,
                     .place = address};
  if (const RestAnswer refused = RefuseOthers(asker, order_id); refused.status != 200) return refused;
  wanted.point_id = request.Integer("pointId").value_or(0);
  if (kind == "PICKUP") return ReserveFor(request, std::move(wanted), std::move(draft));

  std::optional<DeliveryCompany> company;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    company = FindCompany(sql, code);
    return {};
  });
  if (read.status != 200) return read;
  if (!company || (company->own() && !company->Serves(address)))
    return Refusal(404, "There is no such courier company");
  wanted.company = draft.company = code;
  draft.method_type = company->method_type;
  wanted.cost = company->cost;
  if (company->own()) return ReserveFor(request, std::move(wanted), std::move(draft));

  Courier* courier = CourierOf(company->adapter);
  if (courier == nullptr) return Refusal(409, "The courier company does not answer");
  const CourierQuote quote = courier->Quote(address);
  for (const CourierSlot& slot : quote.slots) {
    if (wanted.slot_id.empty()) wanted.slot_id = slot.id;
    if (slot.id != wanted.slot_id) continue;
    draft.date = slot.date;
    draft.begin_time = slot.begin_time;
    draft.end_time = slot.end_time;
  }
  if (draft.date.empty()) draft.date = quote.date;
  // The same for a repeated request, so that the company takes it once.
  wanted.external_ref = Sha256Hex(order_id + "\n" + request.idempotency_key).substr(0, 32);
  const CourierBooking booking = courier->Reserve(wanted.external_ref, address, wanted.slot_id);
  if (booking.result == CourierResult::kUnavailable) return Refusal(503, "The courier company does not answer");
  if (booking.result == CourierResult::kRefused) return Refusal(409, booking.reason);
  wanted.cost = booking.cost;
  return ReserveFor(request, std::move(wanted), std::move(draft));
}

RestAnswer DeliveryService::ReserveFor(const RestRequest& request, DeliveryReservation wanted, DeliveryCase draft) {
  const long long ttl = request.Integer("ttlMinutes").value_or(kTtlMinutes);
  if (ttl < 1 || ttl > kTtlMinutesMax) return Refusal(400, "A reservation lives from a minute to a day");
  std::optional<DeliveryReservation> former;
  const RestAnswer answer = database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      RefreshSlots(sql);
      former = FindSlotOf(sql, wanted.order_id);
      if (former && former->state == "BOOKED") return Refusal(409, "The delivery of the order is booked already");
      if (wanted.kind == "PICKUP") {
        const std::optional<PickupPoint> point = FindPoint(sql, wanted.point_id);
        if (!point) return Refusal(404, "There is no such pickup point");
        draft.point_id = point->id;
        draft.place = point->address;
        draft.date = Day(1);
      } else if (wanted.external_ref.empty()) {
        std::vector<DeliverySlot> free = FreeSlots(sql, wanted.company, Day(1), Day(kDaysAhead));
        if (wanted.slot_id.empty() && !free.empty()) wanted.slot_id = free.front().id;
        const std::optional<DeliverySlot> slot = FindSlot(sql, wanted.slot_id);
        if (!slot || slot->company != wanted.company || slot->date <= Day(0))
          return wanted.slot_id.empty() ? Refusal(409, "There is no free slot") : Refusal(404, "There is no such slot");
        draft.date = slot->date;
        draft.begin_time = slot->begin_time;
        draft.end_time = slot->end_time;
      }
      draft.cost = wanted.cost;
      // A refusal leaves the former reservation as it was; the same place again is there once more when it is given back.
      const bool same_place = former && IsSamePlace(*former, wanted);
      if (!same_place && !TakePlace(sql, wanted))
        return Refusal(409, wanted.kind == "PICKUP" ? "The pickup point is full" : "The slot is full");
      if (!DraftCase(sql, draft)) {
        if (!same_place) GivePlaceBack(sql, wanted);
        return Refusal(409, "The order is being delivered already");
      }
      if (former) ReleaseSlot(sql, *former);
      if (same_place) TakePlace(sql, wanted);
      const std::string expires = TimeText(clock_, ttl * 60);
      AddSlotReservation(sql, wanted, expires);
      return {201, Value::Object({{"reservationId", Value::String(wanted.id)},
                                  {"caseId", Value::String(FindDeliveryCaseOf(sql, wanted.order_id)->id)},
                                  {"cost", Value::Int(wanted.cost)},
                                  {"expiresAt", Value::String(expires)}})};
    });
  });
  // Should it not be heard, the company forgets by itself what nobody books.
  if (answer.status == 201 && former && former->external_ref != wanted.external_ref) CancelParcel(*former);
  return answer;
}

RestAnswer DeliveryService::CancelParcel(const DeliveryReservation& reservation) {
  if (reservation.external_ref.empty()) return {};
  std::optional<DeliveryCompany> company;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    company = FindCompany(sql, reservation.company);
    return {};
  });
  if (read.status != 200) return read;
  Courier* courier = company ? CourierOf(company->adapter) : nullptr;
  if (courier == nullptr || courier->Cancel(reservation.external_ref) == CourierResult::kUnavailable)
    return Refusal(503, "The courier company does not answer");
  return {};
}

RestAnswer DeliveryService::RefuseOthers(const Asker& asker, const std::string& order_id) {
  if (asker.username.empty()) return {};
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<DeliveryCase> work = FindDeliveryCaseOf(sql, order_id);
    const bool is_theirs = !work || work->customer.empty() || work->customer == asker.username;
    return is_theirs ? RestAnswer{} : Refusal(403, "Forbidden");
  });
}

RestAnswer DeliveryService::Release(const RestRequest& request) {
  const Asker asker = sessions_.CustomerOrService(request);
  if (asker.refusal.status != 200) return asker.refusal;
  std::optional<DeliveryReservation> kept;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    kept = FindReservationBy(sql, request.parameters.at("id"));
    return {};
  });
  if (read.status != 200) return read;
  if (!kept) return Refusal(404, "Reservation not found");
  if (const RestAnswer refused = RefuseOthers(asker, kept->order_id); refused.status != 200) return refused;
  if (kept->state == "BOOKED") return Refusal(409, "The reservation is confirmed");
  if (kept->state == "SOFT")
    if (const RestAnswer cancelled = CancelParcel(*kept); cancelled.status != 200) return cancelled;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<DeliveryReservation> now = FindReservationBy(sql, kept->id);
    if (now->state == "BOOKED") return Refusal(409, "The reservation is confirmed");
    ReleaseSlot(sql, *now);
    return {204, Value()};
  });
}

}  // namespace fermata::shop

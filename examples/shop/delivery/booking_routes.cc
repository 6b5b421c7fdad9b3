// What the orchestra asks: to book an order's place and case, or to give them back.
#include "examples/shop/delivery/couriers.h"
#include "examples/shop/delivery/delivery.h"
#include "examples/shop/delivery/delivery_cases.h"
#include "examples/shop/delivery/delivery_store.h"

namespace fermata::shop {
namespace {

// The answer to the orchestra of what is taken back; a reason makes it FAIL.
RestAnswer Answer(const std::string& order_id, const char* type, const std::string& case_id,
                  const std::string& reason) {
  return {200, Value::Object({{"orderId", Value::String(order_id)},
                              {"requestType", Value::String(type)},
                              {"confirmator", Value::String("DELIVERY")},
                              {"response", Value::String(reason.empty() ? "SUCCESS" : "FAIL")},
                              {"reason", Value::String(reason)},
                              {"caseId", Value::String(case_id)}})};
}

// The same of what is confirmed, where FAIL is a conflict.
RestAnswer Confirmation(const std::string& order_id, const std::string& case_id, const std::string& reason) {
  RestAnswer answer = Answer(order_id, "CONFIRM", case_id, reason);
  if (reason.empty()) return answer;
  std::vector<MapEntry> entries = answer.body.as_map();
  entries.emplace_back(Value::String("errorMessage"), Value::String(reason));
  return {409, Value::Map(std::move(entries))};
}

}  // namespace

RestAnswer DeliveryService::BookThen(
    const RestRequest& request, const std::function<RestAnswer(soci::session& sql, const std::string& reason)>& after) {
  const std::string order_id = request.Text("orderId");
  if (order_id.empty()) return Refusal(400, "An order should be provided");
  std::optional<DeliveryReservation> kept;
  std::string adapter;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    ExpireSlots(sql, TimeText(clock_, 0));
    kept = FindLastSlotOf(sql, order_id);
    const auto company = kept ? FindCompany(sql, kept->company) : std::nullopt;
    adapter = company ? company->adapter : "";
    return {};
  });
  if (read.status != 200) return read;
  std::string refused;
  if (kept && kept->state != "RELEASED" && !kept->external_ref.empty()) {
    Courier* courier = CourierOf(adapter);
    const CourierBooking booking = courier ? courier->Book(kept->external_ref) : CourierBooking{};
    if (booking.result == CourierResult::kUnavailable) return Refusal(503, "The courier company does not answer");
    if (booking.result == CourierResult::kRefused) refused = booking.reason;
  }
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::optional<DeliveryReservation> last = FindLastSlotOf(sql, order_id);
      if (!last || last->state == "RELEASED") return after(sql, "No delivery is reserved for the order");
      if (!refused.empty()) return after(sql, refused);
      if (last->state == "EXPIRED" && !ReviveSlot(sql, *last)) return after(sql, "The delivery slot is no longer free");
      const bool booked = BookSlot(sql, *FindReservationBy(sql, last->id));
      return after(sql, booked ? "" : "The delivery slot is no longer free");
    });
  });
}

RestAnswer DeliveryService::ConfirmSlot(const RestRequest& request) {
  const std::string order_id = request.Text("orderId");
  return BookThen(request, [&](soci::session& sql, const std::string& reason) {
    const std::optional<DeliveryCase> work = FindDeliveryCaseOf(sql, order_id);
    return Confirmation(order_id, work ? work->id : "", reason);
  });
}

RestAnswer DeliveryService::ConfirmCase(const RestRequest& request) {
  const std::string order_id = request.Text("orderId");
  const RestAnswer answer = BookThen(request, [&](soci::session& sql, const std::string& reason) {
    const std::optional<DeliveryCase> work = FindDeliveryCaseOf(sql, order_id);
    if (!reason.empty() || !work) return Confirmation(order_id, work ? work->id : "", reason);
    if (work->state == "CONFIRMED") return Confirmation(order_id, work->id, "");
    if (MayBecome(*work, "CONFIRMED") && MoveCase(sql, *work, "CONFIRMED", "")) {
      // Whoever comes to the door is announced.
      if (work->kind == "HOME")
        AddEvent(sql, MakeEvent("/shop/delivery", "delivery.case-confirmed", DeliveryNews(*work, "CONFIRMED")));
      return Confirmation(order_id, work->id, "");
    }
    // Nobody reverses what was refused.
    if (const auto booked = FindSlotOf(sql, order_id); booked && work->state == "CANCELED") ReleaseSlot(sql, *booked);
    return Confirmation(order_id, work->id, "The delivery is " + work->state);
  });
  events_.Wake();
  return answer;
}

RestAnswer DeliveryService::ReverseCase(const RestRequest& request) {
  const std::string order_id = request.Text("orderId");
  if (order_id.empty()) return Refusal(400, "An order should be provided");
  std::optional<DeliveryReservation> kept;
  std::optional<DeliveryCase> work;
  const RestAnswer read = database_->Transact([&](soci::session& sql) -> RestAnswer {
    kept = FindLastSlotOf(sql, order_id);
    work = FindDeliveryCaseOf(sql, order_id);
    return {};
  });
  if (read.status != 200) return read;
  const bool under_way = work && work->state != "CANCELED" && !MayBecome(*work, "CANCELED");
  // Before it is noted, so that a company that does not answer is asked again.
  if (kept && !under_way)
    if (const RestAnswer cancelled = CancelParcel(*kept); cancelled.status != 200) return cancelled;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    work = FindDeliveryCaseOf(sql, order_id);
    // Not remembered: the undo is tried again when the goods are back.
    const bool open = work && work->state != "CANCELED";
    if (open && !MayBecome(*work, "CANCELED")) return Refusal(409, "The goods are with the courier");
    return Once(sql, request, [&]() -> RestAnswer {
      if (open && !MoveCase(sql, *work, "CANCELED", "")) return Refusal(503, "The delivery has just moved");
      if (const auto active = FindSlotOf(sql, order_id)) ReleaseSlot(sql, *active);
      return Answer(order_id, "REVERSE", work ? work->id : "", "");
    });
  });
}

}  // namespace fermata::shop

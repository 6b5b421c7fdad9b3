// The delivery service: pickup points, slots of own and external couriers, delivery cost, delivery cases.
//
// For customers (by the cookie `sessionId`) and processes (by the key of their call): GET /points?addressFilter=,
// /variants?address=, /slots?company=&date=, POST /reservations, DELETE /reservations/{id}, GET /cases/{orderId}.
// For the orchestra: POST /slots/confirm, /slots/reverse, /cases/confirm, /cases/reverse.
// For couriers: POST /cases/{id}/status, /cases/{id}/scan, /couriers/{id}/position. For the staff: GET /cases?status=, POST /points, /companies,
// /couriers.
// Every POST needs an Idempotency-Key and takes effect once for it. Money is an integer of minor units, days are UTC.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "examples/shop/common/event_outbox.h"
#include "examples/shop/common/rest.h"
#include "examples/shop/common/session_check.h"

namespace fermata::shop {

class Courier;
class Database;
struct DeliveryCase;
struct DeliveryReservation;

struct DeliveryOptions {
  std::string database_url;
  std::string auth_url;      // says whose session it is
  std::string engine_url;    // is told what happens to a case
  std::string payment_url;   // knows what is to be collected, and is told what a courier has collected
  std::string service_key;   // secret: shown to payment
  std::string couriers_url;  // of external companies; empty = they do not answer
  Clock& clock;              // decides when reservations end and which days there are. Must outlive the service
};

// Thread-safe. Must outlive the routes.
class DeliveryService {
 public:
  static Result<std::unique_ptr<DeliveryService>> Open(const DeliveryOptions& options);
  ~DeliveryService();

  std::vector<RestRoute> Routes();

 private:
  DeliveryService(const DeliveryOptions& options, std::unique_ptr<Database> database);

  // delivery.cc
  RestAnswer GetPoints(const RestRequest& request);
  RestAnswer GetVariants(const RestRequest& request);
  RestAnswer GetSlots(const RestRequest& request);
  RestAnswer Reserve(const RestRequest& request);
  RestAnswer ReserveFor(const RestRequest& request, DeliveryReservation wanted, DeliveryCase draft);
  RestAnswer Release(const RestRequest& request);
  // 403 if the delivery of the order is another customer's; status 200 otherwise.
  RestAnswer RefuseOthers(const Asker& asker, const std::string& order_id);
  // Ends what has had its time, and makes the slots of the coming days.
  void RefreshSlots(soci::session& sql);
  // Has the external company, if there is one, forget the order's parcel. Status 200, or 503.
  RestAnswer CancelParcel(const DeliveryReservation& reservation);
  Courier* CourierOf(const std::string& adapter) const;
  // "2026-11-22", so many days from now.
  std::string Day(int days_from_now) const;

  // booking_routes.cc
  RestAnswer ConfirmSlot(const RestRequest& request);
  RestAnswer ConfirmCase(const RestRequest& request);
  RestAnswer ReverseCase(const RestRequest& request);
  // Books the order's place; `after` finishes in the same transaction, with the reason why it is not booked, or "".
  RestAnswer BookThen(const RestRequest& request,
                      const std::function<RestAnswer(soci::session& sql, const std::string& reason)>& after);

  // case_routes.cc
  RestAnswer GetCase(const RestRequest& request);
  RestAnswer GetCases(const RestRequest& request);
  RestAnswer ChangeCase(const RestRequest& request);
  RestAnswer Scan(const RestRequest& request);
  // Reports what was collected; who delivers without it is refused as long as something is due. Status 200, or the
  // refusal.
  RestAnswer Collect(const RestRequest& request, const DeliveryCase& work);
  RestAnswer RefuseUnpaid(const DeliveryCase& work);

  // staff_routes.cc
  RestAnswer PutPoint(const RestRequest& request);
  RestAnswer PutCompany(const RestRequest& request);
  RestAnswer PutCourier(const RestRequest& request);
  RestAnswer NotePosition(const RestRequest& request);

  std::unique_ptr<Database> database_;
  Clock& clock_;
  SessionCheck sessions_;
  RestClient payment_;
  std::map<std::string, std::unique_ptr<Courier>> couriers_;  // by adapter
  EventSender events_;
};

}  // namespace fermata::shop

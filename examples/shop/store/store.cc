#include "examples/shop/store/store.h"

#include <algorithm>

#include "examples/shop/common/database.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/store/cases.h"
#include "examples/shop/store/catalogue.h"
#include "examples/shop/store/stock.h"

namespace fermata::shop {
namespace {

constexpr std::size_t kItemsMax = 200;
constexpr long long kQuantityMax = 1'000'000;
constexpr long long kTtlMinutesMax = 7 * 24 * 60;

std::vector<std::string> AllTables() {
  std::vector<std::string> tables = kCatalogueTables;
  tables.insert(tables.end(), kStockTables.begin(), kStockTables.end());
  tables.insert(tables.end(), kCaseTables.begin(), kCaseTables.end());
  return tables;
}

// What is wanted of each product, a product once; nullopt if the list is no such list.
std::optional<std::vector<Item>> ReadItems(const Value* list) {
  if (list == nullptr || list->kind() != ValueKind::kList || list->as_list().size() > kItemsMax) return std::nullopt;
  std::vector<Item> items;
  for (const Value& entry : list->as_list()) {
    const Value* product = entry.is_map() ? entry.Find("productId") : nullptr;
    const Value* quantity = entry.is_map() ? entry.Find("quantity") : nullptr;
    if (product == nullptr || !product->is_string() || quantity == nullptr || quantity->kind() != ValueKind::kInt ||
        quantity->as_int() < 1 || quantity->as_int() > kQuantityMax)
      return std::nullopt;
    const std::string id(product->as_string());
    auto same = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.product_id == id; });
    if (same == items.end())
      items.push_back({id, quantity->as_int()});
    else
      same->quantity += quantity->as_int();
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.product_id < b.product_id; });
  return items;
}

bool SameItems(const std::vector<Item>& a, const std::vector<Item>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Item& x, const Item& y) {
    return x.product_id == y.product_id && x.quantity == y.quantity;
  });
}

std::string Describe(const std::vector<Shortage>& shortages) {
  std::string text;
  for (const Shortage& shortage : shortages)
    text += (text.empty() ? "" : "; ") + std::string("Expected ") + std::to_string(shortage.requested) + " of " +
            shortage.product_id + ", but there are " + std::to_string(shortage.available);
  return text;
}

RestAnswer Refuse(const std::vector<Shortage>& shortages) {
  std::vector<Value> list;
  for (const Shortage& shortage : shortages)
    list.push_back(Value::Object({{"productId", Value::String(shortage.product_id)},
                                  {"requested", Value::Int(shortage.requested)},
                                  {"available", Value::Int(shortage.available)}}));
  return {409, Value::Object({{"errorMessage", Value::String(Describe(shortages))},
                              {"shortages", Value::List(std::move(list))}})};
}

// The answer to the orchestra; a reason makes it FAIL.
RestAnswer Answer(const std::string& order_id, const char* type, const std::string& case_id,
                  const std::string& reason) {
  return {200, Value::Object({{"orderId", Value::String(order_id)},
                              {"requestType", Value::String(type)},
                              {"confirmator", Value::String("STORE")},
                              {"response", Value::String(reason.empty() ? "SUCCESS" : "FAIL")},
                              {"reason", Value::String(reason)},
                              {"caseId", Value::String(case_id)}})};
}

Value ToValue(const AssemblyCase& work, const std::vector<Item>& items) {
  std::vector<Value> lines;
  for (const Item& item : items)
    lines.push_back(
        Value::Object({{"productId", Value::String(item.product_id)}, {"quantity", Value::Int(item.quantity)}}));
  return Value::Object({{"caseId", Value::String(work.id)},
                        {"orderId", Value::String(work.order_id)},
                        {"status", Value::String(work.state)},
                        {"assignee", Value::String(work.assignee)},
                        {"lines", Value::List(std::move(lines))}});
}

// Books what is kept for the order, or what is still free. Gives the reason why it cannot.
std::string BookFor(soci::session& sql, const std::string& order_id, const std::vector<Item>& items,
                    const std::string& now) {
  std::optional<Reservation> kept = FindReservation(sql, order_id);
  if (kept && kept->state == "BOOKED")
    return SameItems(ItemsOf(sql, kept->id), items) ? "" : "Other goods are booked for the order";
  if (!kept || !SameItems(ItemsOf(sql, kept->id), items)) {
    kept = Reservation{NewGuid(), "SOFT"};
    const std::vector<Shortage> shortages = Reserve(sql, kept->id, order_id, items, "", now);
    if (!shortages.empty()) return Describe(shortages);
  }
  return Book(sql, kept->id) ? "" : "The reservation has just ended";
}

}  // namespace

StoreService::StoreService(std::unique_ptr<Database> database, Clock& clock)
    : database_(std::move(database)), clock_(clock) {}
StoreService::~StoreService() = default;

Result<std::unique_ptr<StoreService>> StoreService::Open(const std::string& database_url, Clock& clock) {
  Result<std::unique_ptr<Database>> database = Database::Open(database_url, "store", AllTables());
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<StoreService>(new StoreService(*std::move(database), clock));
}

std::vector<RestRoute> StoreService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (StoreService::*handler)(const RestRequest&)) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); }};
  };
  return {
      route("GET", "/categories", &StoreService::GetCategories),
      route("GET", "/products", &StoreService::GetProducts),
      route("GET", "/products/{id}", &StoreService::GetProduct),
      route("GET", "/get", &StoreService::GetStock),
      ForServices(route("POST", "/categories", &StoreService::PutCategory)),
      ForServices(route("POST", "/products", &StoreService::PutProduct)),
      ForServices(route("POST", "/stores", &StoreService::PutStore)),
      ForServices(route("POST", "/stock", &StoreService::ReceiveGoods)),
      ForServices(route("POST", "/reservations", &StoreService::ReserveGoods)),
      ForServices(route("DELETE", "/reservations/{id}", &StoreService::ReleaseGoods)),
      ForServices(route("POST", "/confirm", &StoreService::Confirm)),
      ForServices(route("POST", "/reverse", &StoreService::Reverse)),
      ForServices(route("GET", "/cases", &StoreService::GetCases)),
      ForServices(route("POST", "/cases/{id}/status", &StoreService::ChangeCase)),
      ForServices(route("POST", "/orders/{orderId}/block", &StoreService::Block)),
      ForServices(route("POST", "/orders/{orderId}/unblock", &StoreService::Unblock)),
  };
}

RestAnswer StoreService::ReserveGoods(const RestRequest& request) {
  const std::string order_id = request.Text("orderId"), store_id = request.Text("storeId");
  const std::optional<std::vector<Item>> items = ReadItems(request.body.Find("items"));
  const long long ttl = request.Integer("ttlMinutes").value_or(0);
  if (order_id.empty() || !items || items->empty() || ttl < 1 || ttl > kTtlMinutesMax)
    return Refusal(400,
                   "An order, items with a product and a positive quantity, and minutes to live should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      ExpireReservations(sql, TimeText(clock_, 0));
      for (const Item& item : *items)
        if (!FindProduct(sql, item.product_id)) return Refuse({{item.product_id, item.quantity, 0}});
      const AssemblyCase work = OpenCase(sql, order_id);
      if (work.state != "DRAFT") return Refusal(409, "The goods of the order are " + work.state + " already");
      const std::string id = NewGuid(), expires = TimeText(clock_, ttl * 60);
      const std::vector<Shortage> shortages = Reserve(sql, id, order_id, *items, store_id, expires);
      if (!shortages.empty()) return Refuse(shortages);
      return {201, Value::Object({{"reservationId", Value::String(id)},
                                  {"caseId", Value::String(work.id)},
                                  {"expiresAt", Value::String(expires)}})};
    });
  });
}

RestAnswer StoreService::ReleaseGoods(const RestRequest& request) {
  const std::string id = request.parameters.at("id");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    ExpireReservations(sql, TimeText(clock_, 0));
    const std::optional<Reservation> kept = FindReservationById(sql, id);
    if (!kept) return Refusal(404, "Reservation not found");
    if (kept->state == "BOOKED" || kept->state == "SHIPPED") return Refusal(409, "The reservation is confirmed");
    Release(sql, id);
    return {204, Value()};
  });
}

RestAnswer StoreService::Confirm(const RestRequest& request) {
  const std::string order_id = request.Text("orderId");
  const std::optional<std::vector<Item>> items = ReadItems(request.body.Find("orderItems"));
  if (order_id.empty() || !items) return Refusal(400, "An order and its items should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      ExpireReservations(sql, TimeText(clock_, 0));
      const AssemblyCase work = OpenCase(sql, order_id);
      if (work.held_back) return Answer(order_id, "CONFIRM", work.id, "The order is being cancelled");
      if (work.state == "CANCELED") return Answer(order_id, "CONFIRM", work.id, "The order was cancelled");
      const std::string reason = BookFor(sql, order_id, *items, TimeText(clock_, 60));
      if (reason.empty() && work.state == "DRAFT" && !SetState(sql, work, "CONFIRMED", "")) {
        Release(sql, FindReservation(sql, order_id)->id);
        return Answer(order_id, "CONFIRM", work.id, "The order is being cancelled");
      }
      return Answer(order_id, "CONFIRM", work.id, reason);
    });
  });
}

RestAnswer StoreService::Reverse(const RestRequest& request) {
  const std::string order_id = request.Text("orderId");
  if (order_id.empty()) return Refusal(400, "An order should be provided");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<AssemblyCase> work = FindCaseOf(sql, order_id);
    // Not remembered: the undo is tried again when the goods are back.
    const bool open = work && work->state != "CANCELED";
    if (open && !CanBecome(*work, "CANCELED"))
      return Refusal(409, "Expected an order that nobody works on, but it is " + work->state);
    return Once(sql, request, [&]() -> RestAnswer {
      if (open && !SetState(sql, *work, "CANCELED", "")) return Refusal(503, "The case has just changed");
      ExpireReservations(sql, TimeText(clock_, 0));
      if (const auto kept = FindReservation(sql, order_id)) Release(sql, kept->id);
      return Answer(order_id, "REVERSE", work ? work->id : "", "");
    });
  });
}

RestAnswer StoreService::GetCases(const RestRequest& request) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const AssemblyCase& work : ListCases(sql, request.Query("status"))) {
      const std::optional<Reservation> kept = FindReservation(sql, work.order_id);
      list.push_back(ToValue(work, kept ? ItemsOf(sql, kept->id) : std::vector<Item>{}));
    }
    return {200, Value::Object({{"cases", Value::List(std::move(list))}})};
  });
}

RestAnswer StoreService::ChangeCase(const RestRequest& request) {
  const std::string state = request.Text("status"), assignee = request.Text("assignee");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<AssemblyCase> work = FindCase(sql, request.parameters.at("id"));
      if (!work) return Refusal(404, "Case not found");
      const std::optional<Reservation> kept = FindReservation(sql, work->order_id);
      // Confirming and cancelling move goods as well: `confirm` and `reverse` are for that.
      if (state == "CONFIRMED" || state == "CANCELED" || (work->state != state && !CanBecome(*work, state)))
        return Refusal(409, "Expected a case that can become '" + state + "', but it is " + work->state);
      if (work->state != state) {
        if (!SetState(sql, *work, state, assignee)) return Refusal(409, "The case is held back");
        if (state == "HANDED_OVER" && kept) Ship(sql, kept->id);
      }
      work = FindCase(sql, work->id);
      return {200, ToValue(*work, kept ? ItemsOf(sql, kept->id) : std::vector<Item>{})};
    });
  });
}

RestAnswer StoreService::Block(const RestRequest& request) {
  const std::string order_id = request.parameters.at("orderId");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const AssemblyCase work = OpenCase(sql, order_id);
      if (!HoldBack(sql, work.id))
        return Refusal(409, "Expected goods that nobody works on, but they are " + work.state);
      return {200, Value::Object({{"caseId", Value::String(work.id)}})};
    });
  });
}

RestAnswer StoreService::Unblock(const RestRequest& request) {
  const std::string order_id = request.parameters.at("orderId");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      const std::optional<AssemblyCase> work = FindCaseOf(sql, order_id);
      if (work) LetGo(sql, work->id);
      return {200, Value::Object({{"orderId", Value::String(order_id)}})};
    });
  });
}

}  // namespace fermata::shop

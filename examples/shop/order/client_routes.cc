// What customers ask; whose session it is says auth.
#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/percent.h"
#include "examples/shop/order/order.h"
#include "examples/shop/order/order_store.h"

namespace fermata::shop {
namespace {

constexpr std::size_t kIdBytesMax = 100;
constexpr int kApprovalTimeoutMs = 5'000;

bool IsCart(const Order& order) { return (order.status == "NEW" || order.status == "CHECKOUT") && !order.locked; }

// "status=A,B"
std::vector<std::string> SplitStatuses(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The client's key, which is one among the keys of this customer's session; empty if it has given none. Then the
// process itself keeps an order from being worked on twice, and what was refused may be asked for again.
std::string KeyOf(const RestRequest& request, const char* process, const Asker& asker) {
  if (request.idempotency_key.empty()) return "";
  return Sha256Hex(std::string(process) + "\n" + asker.username + "\n" + asker.session_ref + "\n" +
                   request.idempotency_key);
}

}  // namespace

RestAnswer OrderService::Place(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  Order order{.id = request.Text("id"), .customer = asker.username, .type = "GOODS", .status = "NEW"};
  if (order.id.empty() || order.id.size() > kIdBytesMax) return Refusal(400, "An id should be provided");
  if (RestAnswer read = ReadItems(request, order); read.status != 200) return read;
  if (order.items.empty()) return Refusal(400, "An order begins with an item");
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    if (AddOrder(sql, order)) return {200, OrderValue(order)};
    // Asked again by the same customer it is the same order.
    const std::optional<Order> known = FindOrder(sql, order.id);
    if (known && known->customer == asker.username && known->version == 0) return {200, OrderValue(*known)};
    return Refusal(409, "There is an order of this id");
  });
}

RestAnswer OrderService::Adjust(const RestRequest& request) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::optional<long long> version = request.Integer("version");
  if (!version) return Refusal(400, "A version should be provided");
  Order wanted;
  if (RestAnswer read = ReadItems(request, wanted); read.status != 200) return read;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::optional<Order> order = FindOrder(sql, request.Text("id"));
    if (!order || order->customer != asker.username) return Refusal(404, "Order not found");
    if (!IsCart(*order) || order->version != *version) return Mismatch(*order);
    order->items = wanted.items;
    // What is not said stays as it was.
    if (request.body.Find("specialRequest")) order->special_request = wanted.special_request;
    if (request.body.Find("dietary")) order->dietary = wanted.dietary;
    order->products_price = order->total_price = wanted.products_price;
    if (!SaveOrder(sql, *order)) return Mismatch(*FindOrder(sql, order->id));
    ReplaceItems(sql, *order);
    return {200, OrderValue(*order)};
  });
}

RestAnswer OrderService::Get(const RestRequest& request) {
  Asker asker{.username = request.Query("username"), .session_ref = "", .refusal = {}};
  if (!request.from_service || asker.username.empty()) asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    const std::optional<Order> order = FindOrder(sql, request.Query("orderId"));
    if (!order) return Refusal(404, "Order not found");
    if (order->customer != asker.username) return Refusal(403, "Forbidden");
    return {200, OrderValue(*order)};
  });
}

RestAnswer OrderService::ListAll(const RestRequest& request) {
  return List(request, SplitStatuses(request.Query("status")));
}

RestAnswer OrderService::ListPending(const RestRequest& request) {
  return List(request, {"PAID", "DEFERRED", "IN_PROGRESS", "APPROVED", "ASSEMBLING", "COOKING", "READY_TO_DELIVER",
                        "IN_DELIVERY", "AT_PICKUP_POINT"});
}

RestAnswer OrderService::List(const RestRequest& request, const std::vector<std::string>& statuses) {
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    std::vector<Value> list;
    for (const Order& order : ListOrders(sql, asker.username, statuses)) list.push_back(OrderValue(order));
    return {200, Value::Object({{"orders", Value::List(std::move(list))}})};
  });
}

RestAnswer OrderService::FindOwn(const std::string& username, const std::string& order_id,
                                 std::optional<Order>& order) {
  return database_->Transact([&](soci::session& sql) -> RestAnswer {
    order = FindOrder(sql, order_id);
    if (!order) return Refusal(404, "Order not found");
    return order->customer == username ? RestAnswer{} : Refusal(403, "Forbidden");
  });
}

RestAnswer OrderService::Process(const RestRequest& request) {
  if (request.from_service) return HandOver(request);
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::string id = request.Text("id");
  const std::optional<long long> version = request.Integer("version");
  if (id.empty() || !version) return Refusal(400, "An id and a version should be provided");
  std::optional<Order> order;
  if (RestAnswer found = FindOwn(asker.username, id, order); found.status != 200) return found;
  if (order->version != *version) {
    // Asked again, after an answer that got lost, it goes on.
    const std::string running = order->version > *version ? FindRunning("makeorder", id) : "";
    return running.empty() ? Mismatch(*order) : Begun(running);
  }
  const Value input = Value::Object({{"orderId", Value::String(id)}, {"sessionRef", Value::String(asker.session_ref)}});
  return StartProcess("makeorder", input, KeyOf(request, "makeorder", asker));
}

RestAnswer OrderService::Cancel(const RestRequest& request) {
  if (request.from_service) return CancelForGood(request);
  const Asker asker = sessions_.WhoAsks(request);
  if (asker.username.empty()) return asker.refusal;
  const std::string id = request.Text("id");
  const std::optional<long long> version = request.Integer("version");
  if (id.empty() || !version) return Refusal(400, "An id and a version should be provided");
  std::optional<Order> order;
  if (RestAnswer found = FindOwn(asker.username, id, order); found.status != 200) return found;
  const Value input = Value::Object({{"orderId", Value::String(id)},
                                     {"version", Value::Int(*version)},
                                     {"sessionRef", Value::String(asker.session_ref)},
                                     {"comment", Value::String(request.Text("comment"))},
                                     {"confirmed", Value::Bool(true)}});
  return StartProcess("cancelorder", input, KeyOf(request, "cancelorder", asker));
}

RestAnswer OrderService::StartApproval(const RestRequest& request) {
  if (request.idempotency_key.empty()) return Refusal(400, "The header Idempotency-Key should be provided");
  if (request.Text("orderId").empty()) return Refusal(400, "An order should be provided");
  const RestReply reply = engine_.Post(
      "/v1/instances", Value::Object({{"process", Value::String("approveorder")}, {"input", request.body}}),
      "approve/" + request.idempotency_key, kApprovalTimeoutMs);
  const Value* id = reply.body.is_map() ? reply.body.Find("id") : nullptr;
  if ((reply.status == 200 || reply.status == 201) && id) return {202, Value::Object({{"instanceId", *id}})};
  if (reply.status == 409) return Refusal(409, "This order is being approved already");
  if (reply.status == 400 || reply.status == 422) return Refusal(400, "The order is not complete");
  return Refusal(503, "The approval could not be started");
}

RestAnswer OrderService::GetApproval(const RestRequest& request) {
  const std::string order_id = request.parameters.at("orderId");
  if (!request.from_service) {
    RestRequest own = request;
    own.query["orderId"] = order_id;
    if (RestAnswer order = Get(own); order.status != 200) return order;
  }
  const RestReply reply =
      engine_.Get("/v1/instances?limit=1&process=approveorder&key=" + PercentEncode(order_id), {}, kApprovalTimeoutMs);
  const Value* items = reply.body.is_map() ? reply.body.Find("items") : nullptr;
  if (reply.status != 200 || items == nullptr || !items->is_list()) return Refusal(503, "The engine does not answer");
  if (items->as_list().empty()) return Refusal(404, "Nobody has asked for an approval of this order");
  const Value& approval = items->as_list().front();
  const Value* states = approval.Find("states");
  const std::string status(approval.Find("status")->as_string());
  const char* result = status == "completed"   ? "SUCCESS"
                       : status == "failed"    ? "FAIL"
                       : status == "cancelled" ? "CANCELED"
                                               : "IN_PROGRESS";
  const bool has_step = states && states->is_list() && !states->as_list().empty();
  return {200, Value::Object({{"orderId", Value::String(order_id)},
                              {"instanceId", *approval.Find("id")},
                              {"step", has_step ? states->as_list().back() : Value::String("")},
                              {"result", Value::String(result)}})};
}

}  // namespace fermata::shop

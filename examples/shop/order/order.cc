#include "examples/shop/order/order.h"

#include <algorithm>

#include "engine/base/percent.h"
#include "examples/shop/common/secure.h"
#include "examples/shop/order/order_store.h"

namespace fermata::shop {
namespace {

constexpr int kAskTimeoutMs = 3'000;
constexpr int kProcessTimeoutMs = 15'000;
constexpr std::size_t kItemsMax = 200;
constexpr long long kQuantityMax = 1'000'000;
constexpr std::size_t kRequestBytesMax = 1'000, kDietaryBytesMax = 255, kSizeBytesMax = 50;

std::string TextOf(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value && value->is_string() ? std::string(value->as_string()) : "";
}

long long NumberOf(const Value& map, std::string_view key) {
  const Value* value = map.Find(key);
  return value && value->kind() == ValueKind::kInt ? value->as_int() : 0;
}

Value ToValue(const OrderItem& item) {
  return Value::Object({{"id", Value::String(item.id)},
                        {"productId", Value::String(item.product_id)},
                        {"productName", Value::String(item.name)},
                        {"product", Value::Object({{"id", Value::String(item.product_id)},
                                                   {"name", Value::String(item.name)},
                                                   {"price", Value::Int(item.unit_price)},
                                                   {"discount", Value::Int(item.discount)}})},
                        {"quantity", Value::Int(item.quantity)},
                        {"lineTotal", Value::Int(item.total())},
                        {"size", Value::String(item.size)},
                        {"specialRequest", Value::String(item.special_request)}});
}

// It is not placed yet, or nobody works on it and nothing is paid yet. What is paid a shop may let be cancelled all the same.
bool CouldBeCancelled(const Order& order) {
  constexpr std::string_view kFree[] = {"NEW", "CHECKOUT", "AWAITING_PAYMENT"};
  constexpr std::string_view kPlaced[] = {"PAID", "DEFERRED", "IN_PROGRESS", "APPROVED"};
  const auto is_in = [&](const auto& statuses) {
    return std::find(std::begin(statuses), std::end(statuses), order.status) != std::end(statuses);
  };
  if (!order.stage_flags.empty() || !(is_in(kFree) || is_in(kPlaced))) return false;
  return is_in(kFree) || (order.type == "GOODS" && order.payment_method.ends_with("_ON_RECEIPT"));
}

}  // namespace

Value OrderValue(const Order& order) {
  std::vector<Value> items;
  for (const OrderItem& item : order.items) items.push_back(ToValue(item));
  return Value::Object({{"id", Value::String(order.id)},
                        {"type", Value::String(order.type)},
                        {"status", Value::String(order.status)},
                        {"version", Value::Int(order.version)},
                        {"orderItems", Value::List(std::move(items))},
                        {"couldBeCancelled", Value::Bool(CouldBeCancelled(order))},
                        {"paymentId", Value::String(order.payment_id)},
                        {"paymentMethod", Value::String(order.payment_method)},
                        {"productsPrice", Value::Int(order.products_price)},
                        {"deliveryPrice", Value::Int(order.delivery_price)},
                        {"taxPrice", Value::Int(order.tax_price)},
                        {"totalPrice", Value::Int(order.total_price)},
                        {"currency", Value::String(order.currency)},
                        {"place", Value::String(order.place)},
                        {"specialRequest", Value::String(order.special_request)},
                        {"dietary", Value::String(order.dietary)}});
}

RestAnswer Begun(const std::string& instance_id) {
  return {202, Value::Object({{"instanceId", Value::String(instance_id)}})};
}

RestAnswer Mismatch(const Order& order) {
  return {409, Value::Object({{"errorMessage", Value::String("The order is " + order.status + " at version " +
                                                             std::to_string(order.version))},
                              {"status", Value::String(order.status)},
                              {"version", Value::Int(order.version)}})};
}

OrderService::OrderService(const OrderOptions& options, std::unique_ptr<Database> database)
    : database_(std::move(database)),
      sessions_(options.auth_url),
      store_(options.store_url),
      engine_(options.engine_url) {}
OrderService::~OrderService() = default;

Result<std::unique_ptr<OrderService>> OrderService::Open(const OrderOptions& options) {
  Result<std::unique_ptr<Database>> database = Database::Open(options.database_url, "orders", kOrderTables);
  if (!database.ok()) return std::move(database).error();
  return std::unique_ptr<OrderService>(new OrderService(options, *std::move(database)));
}

std::vector<RestRoute> OrderService::Routes() {
  const auto route = [this](const char* method, const char* path,
                            RestAnswer (OrderService::*handler)(const RestRequest&), RestLane lane = RestLane::kQuick) {
    return RestRoute{method, path, [this, handler](const RestRequest& request) { return (this->*handler)(request); },
                     lane};
  };
  return {
      route("POST", "/place", &OrderService::Place),
      route("PUT", "/adjust", &OrderService::Adjust),
      route("GET", "/get", &OrderService::Get),
      route("GET", "/orders", &OrderService::ListAll),
      route("GET", "/orders/pending", &OrderService::ListPending),
      route("PUT", "/process", &OrderService::Process, RestLane::kWaitsForCustomers),
      route("PUT", "/cancel", &OrderService::Cancel, RestLane::kWaitsForCustomers),
      ForServices(route("POST", "/approve", &OrderService::StartApproval, RestLane::kWaits)),
      route("GET", "/approve/{orderId}", &OrderService::GetApproval),
      ForServices(route("POST", "/orders/{id}/checkout", &OrderService::BeginCheckout)),
      ForServices(route("POST", "/orders/{id}/reopen", &OrderService::Reopen)),
      ForServices(route("POST", "/orders/{id}/price", &OrderService::Price)),
      ForServices(route("POST", "/orders/{id}/unprice", &OrderService::UnlockPrice)),
      ForServices(route("POST", "/orders/{id}/take-back", &OrderService::TakeBack)),
      ForServices(route("POST", "/orders/{id}/decision", &OrderService::Decide)),
      ForServices(route("POST", "/orders/{id}/cancel-lock", &OrderService::LockForCancel)),
      ForServices(route("POST", "/orders/{id}/cancel-unlock", &OrderService::Unlock)),
      ForServices(route("POST", "/giftcard-order", &OrderService::CreateGiftCardOrder)),
  };
}

RestAnswer OrderService::ReadItems(const RestRequest& request, Order& order) {
  const Value* list = request.body.Find("orderItems");
  if (list == nullptr || list->kind() != ValueKind::kList || list->as_list().size() > kItemsMax)
    return Refusal(400, "orderItems should be provided");
  order.special_request = request.Text("specialRequest");
  order.dietary = request.Text("dietary");
  if (order.special_request.size() > kRequestBytesMax || order.dietary.size() > kDietaryBytesMax)
    return Refusal(400, "A special request has at most 1000 bytes, and what the diet is at most 255");
  order.items.clear();
  order.products_price = 0;
  for (const Value& entry : list->as_list()) {
    const Value* product = entry.is_map() ? entry.Find("product") : nullptr;
    const std::string id = product && product->is_map() ? TextOf(*product, "id") : "";
    const long long quantity = entry.is_map() ? NumberOf(entry, "quantity") : 0;
    const std::string size = entry.is_map() ? TextOf(entry, "size") : "";
    if (id.empty() || quantity < 1 || quantity > kQuantityMax || size.size() > kSizeBytesMax)
      return Refusal(400,
                     "Each item should have a product, a positive quantity, and a size of at most 50 bytes if any");
    auto same = std::find_if(order.items.begin(), order.items.end(),
                             [&](const OrderItem& item) { return item.product_id == id && item.size == size; });
    if (same != order.items.end()) {
      same->quantity += quantity;
      continue;
    }
    const RestReply reply = store_.Get("/products/" + PercentEncode(id), {}, kAskTimeoutMs);
    if (reply.status == 404) return Refusal(404, "Product not found");
    if (reply.status != 200) return Refusal(503, "The store does not answer");
    order.currency = TextOf(reply.body, "currency");
    order.items.push_back({.id = NewGuid(),
                           .product_id = id,
                           .name = TextOf(reply.body, "name"),
                           .special_request = TextOf(entry, "specialRequest"),
                           .size = size,
                           .unit_price = NumberOf(reply.body, "price"),
                           .discount = NumberOf(reply.body, "discount"),
                           .quantity = quantity});
  }
  for (const OrderItem& item : order.items) order.products_price += item.total();
  order.total_price = order.products_price;
  return {};
}

std::string OrderService::FindRunning(const std::string& process, const std::string& order_id) {
  const RestReply reply =
      engine_.Get("/v1/instances?limit=1&process=" + process + "&key=" + PercentEncode(order_id), {}, kAskTimeoutMs);
  const Value* items = reply.body.is_map() ? reply.body.Find("items") : nullptr;
  if (items == nullptr || !items->is_list() || items->as_list().empty()) return "";
  const Value& latest = items->as_list().front();
  const std::string status = TextOf(latest, "status");
  return status == "running" || status == "waiting" ? TextOf(latest, "id") : "";
}

RestAnswer OrderService::StartProcess(const std::string& process, const Value& input, const std::string& key) {
  const RestReply reply =
      engine_.Post("/v1/instances?wait=5s&until=waiting",
                   Value::Object({{"process", Value::String(process)}, {"input", input}}), key, kProcessTimeoutMs);
  if (reply.status == 409) return Refusal(409, "This order is at it already");
  if (reply.status < 200 || reply.status >= 300) return Refusal(503, "The process could not be started");
  const std::string status = TextOf(reply.body, "status");
  if (status == "completed") return {200, *reply.body.Find("output")};
  if (status != "failed") return Begun(TextOf(reply.body, "id"));
  const Value* error = reply.body.Find("error");
  if (error == nullptr || !error->is_map()) return Refusal(409, "");
  const std::string name = TextOf(*error, "name");
  const int code = name == "unauthorized" ? 401 : name == "forbidden" ? 403 : name == "not-found" ? 404 : 409;
  RestAnswer refused = Refusal(code, TextOf(*error, "message"));
  const Value* data = error->Find("data");
  if (code != 409 || data == nullptr || !data->is_map()) return refused;
  std::vector<MapEntry> entries = refused.body.as_map();
  for (const char* field : {"status", "version"})
    if (const Value* actual = data->Find(field)) entries.emplace_back(Value::String(field), *actual);
  return {code, Value::Map(std::move(entries))};
}

}  // namespace fermata::shop

// What processes ask. An undo finds its work done already, or never done, and both are well.
#include "examples/shop/common/secure.h"
#include "examples/shop/order/order.h"
#include "examples/shop/order/order_store.h"

namespace fermata::shop {
namespace {

constexpr long long kAmountMax = 1'000'000'000'000;

RestAnswer Changed(const Order& order) {
  return {200, Value::Object({{"status", Value::String(order.status)}, {"version", Value::Int(order.version)}})};
}

// From its status to `status`.
RestAnswer Become(soci::session& sql, Order& order, const std::string& status) {
  order.status = status;
  if (!SaveOrder(sql, order)) return Mismatch(*FindOrder(sql, order.id));
  return Changed(order);
}

// What it is before it is placed.
const char* UnplacedStatus(const Order& order) { return order.type == "GIFT_CARD" ? "NEW" : "AWAITING_PAYMENT"; }

bool IsFinal(const Order& order) {
  return order.status == "COMPLETED" || order.status == "REJECTED" || order.status == "DELIVERED";
}

}  // namespace

RestAnswer OrderService::ChangeOnce(const RestRequest& request, const std::string& order_id,
                                    const std::function<RestAnswer(soci::session& sql, Order& order)>& change) {
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      std::optional<Order> order = FindOrder(sql, order_id);
      if (!order) return Refusal(404, "Order not found");
      return change(sql, *order);
    });
  });
}

RestAnswer OrderService::BeginCheckout(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    if (order.version != request.Integer("version") || order.locked) return Mismatch(order);
    if (order.status == "CHECKOUT") return Changed(order);
    return order.status == "NEW" ? Become(sql, order, "CHECKOUT") : Mismatch(order);
  });
}

RestAnswer OrderService::Reopen(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    if (order.status != "CHECKOUT" && order.status != "AWAITING_PAYMENT") return Changed(order);
    return Become(sql, order, "NEW");
  });
}

RestAnswer OrderService::Price(const RestRequest& request) {
  const std::optional<long long> delivery = request.Integer("deliveryPrice");
  if (!delivery || *delivery < 0 || *delivery > kAmountMax) return Refusal(400, "A delivery price should be provided");
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) -> RestAnswer {
    if (order.version != request.Integer("version") || order.locked || order.status != "CHECKOUT")
      return Mismatch(order);
    order.delivery_price = *delivery;
    order.total_price = order.products_price + order.delivery_price + order.tax_price;
    order.place = request.Text("place");
    order.delivery_case_id = request.Text("deliveryCaseId");
    if (RestAnswer saved = Become(sql, order, "AWAITING_PAYMENT"); saved.status != 200) return saved;
    return {200, OrderValue(order)};
  });
}

RestAnswer OrderService::UnlockPrice(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    if (order.status != "AWAITING_PAYMENT" || order.type != "GOODS") return Changed(order);
    order.delivery_price = 0;
    order.total_price = order.products_price;
    return Become(sql, order, "CHECKOUT");
  });
}

RestAnswer OrderService::HandOver(const RestRequest& request) {
  const std::string payment = request.Text("paymentId");
  if (payment.empty()) return Refusal(400, "A payment should be provided");
  return ChangeOnce(request, request.Text("id"), [&](soci::session& sql, Order& order) {
    if (order.version != request.Integer("version") || order.locked || order.status != UnplacedStatus(order))
      return Mismatch(order);
    order.payment_id = payment;
    order.payment_method = request.Text("paymentMethod");
    return Become(sql, order, "IN_PROGRESS");
  });
}

RestAnswer OrderService::TakeBack(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    if (order.status != "IN_PROGRESS" && order.status != "APPROVED") return Changed(order);
    order.payment_id = order.payment_method = "";
    return Become(sql, order, UnplacedStatus(order));
  });
}

RestAnswer OrderService::Decide(const RestRequest& request) {
  const std::string response = request.Text("response");
  if (response != "SUCCESS" && response != "FAIL") return Refusal(400, "The response should be SUCCESS or FAIL");
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    if (order.version != request.Integer("version") || order.status != "IN_PROGRESS") return Mismatch(order);
    // Whoever approves comes again once it is decided whether the order is cancelled.
    if (order.locked && response == "SUCCESS") return Refusal(503, "It is being decided whether to cancel the order");
    order.comment = request.Text("reason");
    return Become(sql, order, response == "SUCCESS" ? "APPROVED" : "REJECTED");
  });
}

RestAnswer OrderService::LockForCancel(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) -> RestAnswer {
    if (order.customer != request.Text("username")) return Refusal(403, "Forbidden");
    if (order.version != request.Integer("version") || order.status == "CANCELED") return Mismatch(order);
    if (!LockOrder(sql, order)) return Mismatch(*FindOrder(sql, order.id));
    Value value = OrderValue(order);
    std::vector<MapEntry> entries = value.as_map();
    std::vector<Value> flags;
    for (const char* flag : {"WH_STARTED", "STORE_TO_WH_IN_TRANSIT"})
      if (order.stage_flags.find(flag) != std::string::npos) flags.push_back(Value::String(flag));
    entries.emplace_back(Value::String("stageFlags"), Value::List(std::move(flags)));
    return {200, Value::Map(std::move(entries))};
  });
}

RestAnswer OrderService::Unlock(const RestRequest& request) {
  return ChangeOnce(request, request.parameters.at("id"), [&](soci::session& sql, Order& order) {
    UnlockOrder(sql, order.id);
    return Changed(order);
  });
}

RestAnswer OrderService::CancelForGood(const RestRequest& request) {
  return ChangeOnce(request, request.Text("id"), [&](soci::session& sql, Order& order) {
    UnlockOrder(sql, order.id);
    if (order.status == "CANCELED") return Changed(order);
    if (IsFinal(order)) return Mismatch(order);
    order.locked = false;
    order.comment = request.Text("comment");
    const RestAnswer canceled = Become(sql, order, "CANCELED");
    return canceled.status == 200 ? canceled : Refusal(503, "The order has just changed");
  });
}

RestAnswer OrderService::CreateGiftCardOrder(const RestRequest& request) {
  const std::string username = request.Text("username"), email = request.Text("email");
  const long long amount = request.Integer("amount").value_or(0);
  if (username.empty() || email.empty() || amount < 1 || amount > kAmountMax)
    return Refusal(400, "A customer, an e-mail and a positive amount in minor units should be provided");
  return database_->Transact([&](soci::session& sql) {
    return Once(sql, request, [&]() -> RestAnswer {
      Order order{.id = NewGuid(), .customer = username, .type = "GIFT_CARD", .status = "NEW", .currency = "RUB"};
      order.products_price = order.total_price = amount;
      AddOrder(sql, order);
      return {201, OrderValue(order)};
    });
  });
}

}  // namespace fermata::shop

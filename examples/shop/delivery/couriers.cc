#include "examples/shop/delivery/couriers.h"

#include <charconv>

#include "engine/base/percent.h"
#include "examples/shop/common/json.h"
#include "examples/shop/common/rest_client.h"

namespace fermata::shop {
namespace {

constexpr int kTimeoutMs = 2'000;

CourierResult ResultOf(int status) {
  if (status >= 200 && status < 300) return CourierResult::kDone;
  return status >= 400 && status < 500 && status != 429 ? CourierResult::kRefused : CourierResult::kUnavailable;
}

// Resources and JSON; prices are minor units, days have windows.
class Stork : public Courier {
 public:
  explicit Stork(const std::string& url) : client_(url + "/stork") {}

  CourierQuote Quote(const std::string& address) override {
    const RestReply reply = client_.Get("/quote?to=" + PercentEncode(address), {}, kTimeoutMs);
    CourierQuote quote{
        .result = ResultOf(reply.status), .cost = NumberOf(reply.body, "price"), .date = "", .slots = {}};
    const Value* windows = reply.body.is_map() ? reply.body.Find("windows") : nullptr;
    if (windows == nullptr || !windows->is_list()) return quote;
    for (const Value& window : windows->as_list())
      quote.slots.push_back({TextOf(window, "id"), TextOf(window, "day"), TextOf(window, "from"), TextOf(window, "to"),
                             NumberOf(window, "left")});
    if (!quote.slots.empty()) quote.date = quote.slots.front().date;
    return quote;
  }

  CourierBooking Reserve(const std::string& reference, const std::string& address, const std::string& slot) override {
    return ToBooking(client_.Send("PUT", "/parcels/" + PercentEncode(reference),
                                  Value::Object({{"to", Value::String(address)}, {"window", Value::String(slot)}}),
                                  kTimeoutMs));
  }
  CourierBooking Book(const std::string& reference) override {
    return ToBooking(
        client_.Send("POST", "/parcels/" + PercentEncode(reference) + "/book", Value::Object({}), kTimeoutMs));
  }
  CourierResult Cancel(const std::string& reference) override {
    const RestReply reply =
        client_.Send("DELETE", "/parcels/" + PercentEncode(reference), Value::Object({}), kTimeoutMs);
    return reply.status == 404 ? CourierResult::kDone : ResultOf(reply.status);
  }

 private:
  static CourierBooking ToBooking(const RestReply& reply) {
    return {ResultOf(reply.status), NumberOf(reply.body, "price"), TextOf(reply.body, "error")};
  }

  RestClient client_;
};

// "390.50" as 39050; -1 if it is no such amount.
long long ReadAmount(const std::string& text) {
  const std::size_t point = text.find('.');
  if (point == std::string::npos || text.size() - point != 3) return -1;
  const std::string digits = text.substr(0, point) + text.substr(point + 1);
  long long amount = -1;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), amount);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? amount : -1;
}

// "24.11.2026" as "2026-11-24"
std::string ReadDate(const std::string& text) {
  return text.size() == 10 ? text.substr(6) + "-" + text.substr(3, 2) + "-" + text.substr(0, 2) : "";
}

// Forms, a status in each answer, amounts and dates as text; knows days only.
class Turtle : public Courier {
 public:
  explicit Turtle(const std::string& url) : client_(url + "/turtle") {}

  CourierQuote Quote(const std::string& address) override {
    const RestReply reply = Ask("/tariff", {{"address", address}});
    const CourierBooking booking = ToBooking(reply);
    return {booking.result, booking.cost, ReadDate(TextOf(reply.body, "delivery")), {}};
  }
  CourierBooking Reserve(const std::string& reference, const std::string& address, const std::string&) override {
    return ToBooking(Ask("/order", {{"reference", reference}, {"address", address}, {"do", "reserve"}}));
  }
  CourierBooking Book(const std::string& reference) override {
    return ToBooking(Ask("/order", {{"reference", reference}, {"do", "confirm"}}));
  }
  CourierResult Cancel(const std::string& reference) override {
    return ToBooking(Ask("/order", {{"reference", reference}, {"do", "cancel"}})).result;
  }

 private:
  RestReply Ask(const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string form;
    for (const auto& [name, value] : fields) form += (form.empty() ? "" : "&") + name + "=" + PercentEncode(value);
    return client_.PostText(path, form, {{"Content-Type", "application/x-www-form-urlencoded"}}, kTimeoutMs);
  }

  static CourierBooking ToBooking(const RestReply& reply) {
    const std::string status = TextOf(reply.body, "status");
    if (reply.status != 200 || status.empty()) return {};
    if (status != "OK") return {CourierResult::kRefused, 0, TextOf(reply.body, "message")};
    const long long amount = ReadAmount(TextOf(reply.body, "tariff"));
    if (amount < 0) return {};
    return {CourierResult::kDone, amount, ""};
  }

  RestClient client_;
};

}  // namespace

std::unique_ptr<Courier> MakeCourier(const std::string& adapter, const std::string& url) {
  if (adapter == "stork") return std::make_unique<Stork>(url);
  if (adapter == "turtle") return std::make_unique<Turtle>(url);
  return nullptr;
}

}  // namespace fermata::shop

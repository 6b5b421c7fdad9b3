// External courier companies, each behind an adapter that speaks its own API.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace fermata::shop {

struct CourierSlot {
  std::string id, date, begin_time, end_time;  // "2026-11-22", "10:00"
  long long free = 0;
};

enum class CourierResult { kDone, kRefused, kUnavailable };

struct CourierQuote {
  CourierResult result = CourierResult::kUnavailable;  // kRefused: it does not deliver to this address
  long long cost = 0;                                  // minor units
  std::string date;                                    // "2026-11-22"
  std::vector<CourierSlot> slots;                      // empty if it knows days only
};

struct CourierBooking {
  CourierResult result = CourierResult::kUnavailable;  // kRefused: `reason` says why
  long long cost = 0;
  std::string reason;
};

// Thread-safe. `reference` is ours: what is asked twice with one takes effect once.
class Courier {
 public:
  virtual ~Courier() = default;
  virtual CourierQuote Quote(const std::string& address) = 0;
  // Held for an hour, unless it is booked.
  virtual CourierBooking Reserve(const std::string& reference, const std::string& address, const std::string& slot) = 0;
  virtual CourierBooking Book(const std::string& reference) = 0;
  // Also of what was never reserved.
  virtual CourierResult Cancel(const std::string& reference) = 0;
};

// The adapters are "stork" and "turtle", at these paths below `url`; null for any other name.
std::unique_ptr<Courier> MakeCourier(const std::string& adapter, const std::string& url);

}  // namespace fermata::shop

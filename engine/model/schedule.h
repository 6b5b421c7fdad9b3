// When a process starts by itself: the `schedule` of its root, read and checked.
//
// Plain data.
#pragma once

#include <cstdint>
#include <string>

#include "engine/model/value.h"

namespace fermata {

// The times of a five-field cron expression: bit n of a field is set when the value n is in it.
struct CronFields {
  std::uint64_t minutes = 0;   // 0 to 59
  std::uint32_t hours = 0;     // 0 to 23
  std::uint32_t days = 0;      // of the month, 1 to 31
  std::uint32_t months = 0;    // 1 to 12
  std::uint32_t weekdays = 0;  // 0 (Sunday) to 6
  // A field that does not begin with '*'. Where both are restricted one of them is enough, otherwise both must hold.
  bool days_restricted = false, weekdays_restricted = false;
  friend bool operator==(const CronFields&, const CronFields&) = default;
};

// What happens to a tick while an instance that the schedule has started is live.
enum class Overlap : std::uint8_t { kSkip, kAllow, kQueue };

struct Schedule {
  std::string cron;  // as it was written
  CronFields fields;
  std::string timezone = "UTC";
  Value input;  // null = none
  Overlap overlap = Overlap::kSkip;
};

}  // namespace fermata

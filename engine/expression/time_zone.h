// Time zones of the system's tz database, and fixed offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/time.h"

namespace fermata {

// Seconds east of UTC at `timestamp` in `zone`: "Australia/Sydney", "UTC", "+11:00", "-08:00", "02:00". nullopt if there is no such zone. Thread-safe.
std::optional<std::int64_t> OffsetSeconds(std::string_view zone, Timestamp timestamp);

}  // namespace fermata

// Time zones of the system's tz database, and fixed offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"

namespace fermata {

// Seconds east of UTC at `timestamp` in `zone`: "Australia/Sydney", "UTC", "+11:00", "-08:00", "02:00". nullopt if there is no such zone. Thread-safe.
std::optional<std::int64_t> OffsetSeconds(std::string_view zone, Timestamp timestamp);

// Whether the tz database has a zone of this name ("Europe/Berlin", "UTC"); offsets are none.
bool IsTimeZone(std::string_view name);
std::vector<std::string> TimeZoneNames();

// The moment (seconds since the epoch) at which the zone's clocks show this time, written as seconds since 1970-01-01T00:00 of the zone. What they
// show twice is the first of the two; what they skip is the moment of the jump. nullopt if there is no such zone.
std::optional<std::int64_t> MomentOf(std::string_view zone, std::int64_t shown_seconds);

}  // namespace fermata

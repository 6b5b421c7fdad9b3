#include "engine/expression/time_zone.h"

#include <date/tz.h>

#include <chrono>
#include <exception>

namespace fermata {
namespace {

// "02:30" with an optional sign; nullopt if it is no offset.
std::optional<std::int64_t> ParseOffset(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0, 1, 3, 4}) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::int64_t seconds = hours * 3600 + minutes * 60;
  return negative ? -seconds : seconds;
}

}  // namespace

std::optional<std::int64_t> OffsetSeconds(std::string_view zone, Timestamp timestamp) {
  if (zone.empty() || zone == "UTC" || zone == "Z") return 0;
  if (const auto offset = ParseOffset(zone)) return offset;
  try {
    const date::sys_seconds moment{std::chrono::seconds(timestamp.seconds)};
    return date::locate_zone(zone)->get_info(moment).offset.count();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

bool IsTimeZone(std::string_view name) {
  try {
    date::locate_zone(name);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

std::vector<std::string> TimeZoneNames() {
  std::vector<std::string> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) names.push_back(zone.name());
  } catch (const std::exception&) {
    names.clear();
  }
  return names;
}

std::optional<std::int64_t> MomentOf(std::string_view zone, std::int64_t shown_seconds) {
  try {
    const date::local_seconds shown{std::chrono::seconds(shown_seconds)};
    const date::local_info info = date::locate_zone(zone)->get_info(shown);
    if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count();
    return shown_seconds - info.first.offset.count();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace fermata

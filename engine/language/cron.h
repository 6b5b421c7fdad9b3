// Five-field cron expressions: what they mean, and when they tick in a time zone. language.md 11.14.
//
// Pure (but for the system's time zones) and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/schedule.h"

namespace fermata {

struct CronMistake {
  int index = 0, length = 1;  // in the expression, in characters
  std::string message, hint;
};
struct CronOutcome {
  std::optional<CronFields> fields;  // nullopt after mistakes
  std::vector<CronMistake> mistakes;
};
// "minute hour day month weekday": numbers, names (JAN, MON), '*', ranges, steps and lists; 7 is Sunday, too.
CronOutcome ParseCron(std::string_view text);

// The first tick after this moment, in microseconds since the epoch. A time that the zone's clocks skip counts as the end of the gap, one that
// they show twice is the first of the two. nullopt if there is none within kCronSearchDays, or no such zone.
std::optional<std::int64_t> NextTick(const CronFields& fields, std::string_view timezone, std::int64_t after_us);

}  // namespace fermata

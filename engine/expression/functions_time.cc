// The parts of timestamps and durations: getFullYear, getHours and their kin.
#include "engine/expression/codes.h"
#include "engine/expression/evaluation.h"
#include "engine/expression/function.h"
#include "engine/expression/time_zone.h"
#include "engine/expression/utf8.h"

#include <date/date.h>

namespace fermata {
namespace {

using Arguments = std::span<const Value* const>;

enum class Part {
  kFullYear,
  kMonth,
  kDayOfYear,
  kDayOfMonth,
  kDate,
  kDayOfWeek,
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds
};

// Of a local time given in seconds since the epoch.
std::int64_t PartOf(Part part, std::int64_t seconds, std::int32_t nanos) {
  const date::sys_seconds moment{std::chrono::seconds(seconds)};
  const date::sys_days day = date::floor<date::days>(moment);
  const date::year_month_day civil(day);
  const std::int64_t second = (moment - day).count();
  switch (part) {
    case Part::kFullYear:
      return static_cast<int>(civil.year());
    case Part::kMonth:
      return static_cast<unsigned>(civil.month()) - 1;
    case Part::kDayOfYear:
      return (day - date::sys_days(civil.year() / date::January / 1)).count();
    case Part::kDayOfMonth:
      return static_cast<unsigned>(civil.day()) - 1;
    case Part::kDate:
      return static_cast<unsigned>(civil.day());
    case Part::kDayOfWeek:
      return date::weekday(day).c_encoding();
    case Part::kHours:
      return second / 3600;
    case Part::kMinutes:
      return second / 60 % 60;
    case Part::kSeconds:
      return second % 60;
    case Part::kMilliseconds:
      return nanos / 1'000'000;
  }
  return 0;
}

// Of a span: whole hours, minutes or seconds of all of it; the milliseconds beside its seconds.
std::optional<std::int64_t> PartOf(Part part, Duration span) {
  switch (part) {
    case Part::kHours:
      return span.seconds / 3600;
    case Part::kMinutes:
      return span.seconds / 60;
    case Part::kSeconds:
      return span.seconds;
    case Part::kMilliseconds:
      return span.nanos / 1'000'000;
    default:
      return std::nullopt;
  }
}

template <Part part>
bool Get(Evaluation& evaluation, Arguments arguments, Value& out) {
  if (arguments.empty() || arguments.size() > 2 || (arguments.size() == 2 && !arguments[1]->is_string()))
    return evaluation.NoOverload();
  if (arguments[0]->kind() == ValueKind::kDuration && arguments.size() == 1) {
    const auto number = PartOf(part, arguments[0]->as_duration());
    if (!number) return evaluation.NoOverload();
    out = Value::Int(*number);
    return true;
  }
  if (arguments[0]->kind() != ValueKind::kTimestamp) return evaluation.NoOverload();
  const Timestamp timestamp = arguments[0]->as_timestamp();
  std::int64_t offset = 0;
  if (arguments.size() == 2) {
    const auto found = OffsetSeconds(arguments[1]->as_string(), timestamp);
    if (!found) {
      return evaluation.Fail(kEvaluationBadArgument,
                             "Expected a time zone as in 'Europe/Berlin' or '+02:00', but got '" +
                                 std::string(Shortened(arguments[1]->as_string())) + "'.");
    }
    offset = *found;
  }
  out = Value::Int(PartOf(part, timestamp.seconds + offset, timestamp.nanos));
  return true;
}

}  // namespace

std::span<const Function> TimeFunctions() {
  static const std::vector<std::string_view> calendar = {"timestamp->int", "timestamp,string->int"};
  static const std::vector<std::string_view> clock = {"timestamp->int", "timestamp,string->int", "duration->int"};
  static const Function functions[] = {
      {"getFullYear", kMember, Get<Part::kFullYear>, calendar},
      {"getMonth", kMember, Get<Part::kMonth>, calendar},
      {"getDayOfYear", kMember, Get<Part::kDayOfYear>, calendar},
      {"getDayOfMonth", kMember, Get<Part::kDayOfMonth>, calendar},
      {"getDate", kMember, Get<Part::kDate>, calendar},
      {"getDayOfWeek", kMember, Get<Part::kDayOfWeek>, calendar},
      {"getHours", kMember, Get<Part::kHours>, clock},
      {"getMinutes", kMember, Get<Part::kMinutes>, clock},
      {"getSeconds", kMember, Get<Part::kSeconds>, clock},
      {"getMilliseconds", kMember, Get<Part::kMilliseconds>, clock},
  };
  return functions;
}

}  // namespace fermata

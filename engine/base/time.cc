#include "engine/base/time.h"

#include <array>
#include <cstdio>

namespace fermata {
namespace {

__extension__ typedef __int128 Wide;  // seconds times 10^9 do not fit 64 bits

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr Wide kDurationNanosMax = Wide{kDurationSecondsMax} * kNanosPerSecond;

struct Civil {
  std::int64_t year;
  int month;
  int day;
};

// The proleptic Gregorian calendar in whole 400-year eras that begin on 1 March, so that the leap day comes last.
std::int64_t DaysFromCivil(Civil date) {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

Civil CivilFromDays(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = static_cast<int>((5 * day_of_year + 2) / 153);
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

int DaysInMonth(std::int64_t year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Reads a text from the left; every Take refuses without moving.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool Take(std::string_view prefix) {
    if (!text_.starts_with(prefix)) return false;
    text_.remove_prefix(prefix.size());
    return true;
  }
  // Exactly `count` digits.
  std::optional<int> TakeDigits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  // As many digits as there are, maybe none.
  std::string_view TakeDigits() {
    std::size_t n = 0;
    while (n < text_.size() && text_[n] >= '0' && text_[n] <= '9') ++n;
    const std::string_view digits = text_.substr(0, n);
    text_.remove_prefix(n);
    return digits;
  }

 private:
  std::string_view text_;
};

// Seconds east of UTC.
std::optional<std::int64_t> TakeOffset(Cursor& cursor) {
  if (cursor.Take("Z")) return 0;
  const bool west = cursor.peek() == '-';
  if (!cursor.Take("+") && !cursor.Take("-")) return std::nullopt;
  const auto hours = cursor.TakeDigits(2);
  if (!hours || *hours > 23 || !cursor.Take(":")) return std::nullopt;
  const auto minutes = cursor.TakeDigits(2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

// The fraction ".5" in nanoseconds; nullopt where it has no digit or more than nine. 0 without a point.
std::optional<std::int32_t> TakeNanos(Cursor& cursor) {
  if (!cursor.Take(".")) return 0;
  const std::string_view digits = cursor.TakeDigits();
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::int32_t nanos = 0;
  for (std::size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return nanos;
}

std::string FractionText(std::int64_t nanos) {
  if (nanos == 0) return "";
  char digits[16];
  std::snprintf(digits, sizeof digits, ".%09d", static_cast<int>(nanos));
  std::string text = digits;
  while (text.back() == '0') text.pop_back();
  return text;
}

Wide NanosOf(Duration duration) { return Wide{duration.seconds} * kNanosPerSecond + duration.nanos; }
Wide NanosOf(Timestamp timestamp) { return Wide{timestamp.seconds} * kNanosPerSecond + timestamp.nanos; }

std::optional<Duration> DurationFromNanos(Wide nanos) {
  if (nanos > kDurationNanosMax || nanos < -kDurationNanosMax) return std::nullopt;
  return Duration{static_cast<std::int64_t>(nanos / kNanosPerSecond),
                  static_cast<std::int32_t>(nanos % kNanosPerSecond)};
}

std::optional<Timestamp> TimestampFromNanos(Wide nanos) {
  Wide seconds = nanos / kNanosPerSecond;
  Wide rest = nanos % kNanosPerSecond;
  if (rest < 0) {
    rest += kNanosPerSecond;
    seconds -= 1;
  }
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(rest)};
}

// "12" or "1.5" or ".5" times `unit` nanoseconds, cut to whole nanoseconds; nullopt without a digit or beyond the range.
std::optional<Wide> ScaledNanos(std::string_view whole, std::string_view fraction, std::int64_t unit) {
  if (whole.empty() && fraction.empty()) return std::nullopt;
  Wide value = 0;
  for (const char c : whole) {
    value = value * 10 + (c - '0');
    if (value * unit > kDurationNanosMax) return std::nullopt;
  }
  Wide scale = 1;
  Wide part = 0;
  for (const char c : fraction.substr(0, 18)) {
    part = part * 10 + (c - '0');
    scale *= 10;
  }
  return value * unit + part * unit / scale;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
constexpr std::int64_t kMinute = 60 * kNanosPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// "ms" before "m", so that the longer name is found first. The two micro signs are U+00B5 and U+03BC.
constexpr std::array<Unit, 8> kGoUnits = {{{"ns", 1},
                                           {"us", 1'000},
                                           {"\u00b5s", 1'000},
                                           {"\u03bcs", 1'000},
                                           {"ms", 1'000'000},
                                           {"s", kNanosPerSecond},
                                           {"m", kMinute},
                                           {"h", kHour}}};
constexpr std::array<Unit, 6> kTimerUnits = {
    {{"w", 7 * kDay}, {"d", kDay}, {"h", kHour}, {"ms", 1'000'000}, {"m", kMinute}, {"s", kNanosPerSecond}}};

// ISO 8601's designators in their only order. `time` ones stand behind the T.
struct IsoUnit {
  char name;
  bool time;
  std::int64_t nanos;
};
constexpr std::array<IsoUnit, 5> kIsoUnits = {{{'W', false, 7 * kDay},
                                               {'D', false, kDay},
                                               {'H', true, kHour},
                                               {'M', true, kMinute},
                                               {'S', true, kNanosPerSecond}}};

std::optional<Duration> ParseIsoSpan(std::string_view text) {
  Cursor cursor(text);
  cursor.Take("P");
  Wide total = 0;
  bool in_time = false;
  std::size_t next = 0;
  bool any = false;
  while (!cursor.done()) {
    if (!in_time && cursor.Take("T")) {
      in_time = true;
      any = false;
    }
    const std::string_view whole = cursor.TakeDigits();
    std::string_view fraction;
    const bool point = cursor.Take(".");
    if (point) fraction = cursor.TakeDigits();
    while (next < kIsoUnits.size() && (kIsoUnits[next].name != cursor.peek() || kIsoUnits[next].time != in_time))
      ++next;
    if (next == kIsoUnits.size() || whole.empty() || (point && (fraction.empty() || cursor.peek() != 'S')))
      return std::nullopt;
    const auto nanos = ScaledNanos(whole, fraction, kIsoUnits[next].nanos);
    if (!nanos) return std::nullopt;
    total += *nanos;
    cursor.Take(std::string_view(&kIsoUnits[next].name, 1));
    ++next;
    any = true;
  }
  return any ? DurationFromNanos(total) : std::nullopt;
}

}  // namespace

std::string FormatTimestamp(Timestamp timestamp) {
  std::int64_t days = timestamp.seconds / 86'400;
  std::int64_t second = timestamp.seconds % 86'400;
  if (second < 0) {
    second += 86'400;
    --days;
  }
  const Civil date = CivilFromDays(days);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", static_cast<int>(date.year), date.month, date.day,
                static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  return text + FractionText(timestamp.nanos) + "Z";
}

std::optional<Timestamp> ParseTimestamp(std::string_view text) {
  Cursor cursor(text);
  const auto year = cursor.TakeDigits(4);
  if (!year || !cursor.Take("-")) return std::nullopt;
  const auto month = cursor.TakeDigits(2);
  if (!month || *month < 1 || *month > 12 || !cursor.Take("-")) return std::nullopt;
  const auto day = cursor.TakeDigits(2);
  if (!day || *day < 1 || *day > DaysInMonth(*year, *month) || !cursor.Take("T")) return std::nullopt;
  const auto hour = cursor.TakeDigits(2);
  if (!hour || *hour > 23 || !cursor.Take(":")) return std::nullopt;
  const auto minute = cursor.TakeDigits(2);
  if (!minute || *minute > 59 || !cursor.Take(":")) return std::nullopt;
  const auto second = cursor.TakeDigits(2);
  if (!second || *second > 59) return std::nullopt;
  const auto nanos = TakeNanos(cursor);
  if (!nanos) return std::nullopt;
  const auto offset = TakeOffset(cursor);
  if (!offset || !cursor.done()) return std::nullopt;
  const std::int64_t seconds =
      DaysFromCivil({*year, *month, *day}) * 86'400 + *hour * 3600 + *minute * 60 + *second - *offset;
  if (seconds < kTimestampSecondsMin || seconds > kTimestampSecondsMax) return std::nullopt;
  return Timestamp{seconds, *nanos};
}

std::string FormatDuration(Duration duration) {
  const bool negative = duration.seconds < 0 || duration.nanos < 0;
  const std::uint64_t seconds = duration.seconds < 0 ? -static_cast<std::uint64_t>(duration.seconds)
                                                     : static_cast<std::uint64_t>(duration.seconds);
  const std::int64_t nanos = duration.nanos < 0 ? -std::int64_t{duration.nanos} : duration.nanos;
  return (negative ? "-" : "") + std::to_string(seconds) + FractionText(nanos) + "s";
}

std::optional<Duration> ParseDuration(std::string_view text) {
  Cursor cursor(text);
  const bool negative = cursor.peek() == '-';
  if (!cursor.Take("-")) cursor.Take("+");
  if (cursor.done()) return std::nullopt;
  if (cursor.peek() == '0' && text.size() - (text.front() == '0' ? 0 : 1) == 1) return Duration{};
  Wide total = 0;
  while (!cursor.done()) {
    const std::string_view whole = cursor.TakeDigits();
    const std::string_view fraction = cursor.Take(".") ? cursor.TakeDigits() : std::string_view{};
    const Unit* unit = nullptr;
    for (const Unit& candidate : kGoUnits) {
      if (unit == nullptr && cursor.Take(candidate.name)) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    const auto nanos = ScaledNanos(whole, fraction, unit->nanos);
    if (!nanos) return std::nullopt;
    total += *nanos;
    if (total > kDurationNanosMax) return std::nullopt;
  }
  return DurationFromNanos(negative ? -total : total);
}

std::optional<Duration> ParseTimerSpan(std::string_view text) {
  if (text.starts_with('P')) return ParseIsoSpan(text);
  Cursor cursor(text);
  Wide total = 0;
  std::int64_t last = INT64_MAX;
  if (cursor.done()) return std::nullopt;
  while (!cursor.done()) {
    const std::string_view whole = cursor.TakeDigits();
    const Unit* unit = nullptr;
    for (const Unit& candidate : kTimerUnits) {
      if (unit == nullptr && cursor.Take(candidate.name)) unit = &candidate;
    }
    // "1h30m" reads well, "30m1h" is a slip.
    if (unit == nullptr || unit->nanos >= last) return std::nullopt;
    last = unit->nanos;
    const auto nanos = ScaledNanos(whole, {}, unit->nanos);
    if (!nanos) return std::nullopt;
    total += *nanos;
  }
  return DurationFromNanos(total);
}

std::optional<Timestamp> Add(Timestamp timestamp, Duration duration) {
  return TimestampFromNanos(NanosOf(timestamp) + NanosOf(duration));
}

std::optional<Duration> Subtract(Timestamp a, Timestamp b) { return DurationFromNanos(NanosOf(a) - NanosOf(b)); }

std::optional<Duration> Add(Duration a, Duration b) { return DurationFromNanos(NanosOf(a) + NanosOf(b)); }

std::optional<Duration> Negate(Duration duration) { return DurationFromNanos(-NanosOf(duration)); }

std::int64_t ToMillis(Duration duration) { return duration.seconds * 1'000 + duration.nanos / 1'000'000; }

Duration FromMillis(std::int64_t millis) {
  return {millis / 1'000, static_cast<std::int32_t>(millis % 1'000) * 1'000'000};
}

std::int64_t ToMicros(Timestamp timestamp) { return timestamp.seconds * 1'000'000 + timestamp.nanos / 1'000; }

Timestamp FromMicros(std::int64_t micros) {
  std::int64_t seconds = micros / 1'000'000;
  std::int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  return {seconds, static_cast<std::int32_t>(rest) * 1'000};
}

}  // namespace fermata

// Points in time and spans as the language knows them: nanosecond steps over the years 1 to 9999, in UTC.
//
// Plain values; every function is pure and thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fermata {

// Seconds since 1970-01-01T00:00:00Z, with 0 <= nanos < 1'000'000'000 counted forward from them.
struct Timestamp {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

// A span. `nanos` has the sign of `seconds` (protobuf's convention), so {-1, -500'000'000} is -1.5 s.
struct Duration {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

inline constexpr std::int64_t kTimestampSecondsMin = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t kTimestampSecondsMax = 253'402'300'799;  // 9999-12-31T23:59:59Z
inline constexpr std::int64_t kDurationSecondsMax = 315'576'000'000;   // 10,000 years, as in protobuf

// RFC 3339 with up to nine fractional digits. Parse accepts any offset and gives UTC; nullopt if malformed or out of range.
std::string FormatTimestamp(Timestamp timestamp);
std::optional<Timestamp> ParseTimestamp(std::string_view text);

// CEL's and JSON's form: "3.5s", "-0.000001s".
std::string FormatDuration(Duration duration);
// Go's syntax: "1h30m", "1.5s", "-2ms", "0"; units h m s ms us ns. nullopt if malformed or out of range.
std::optional<Duration> ParseDuration(std::string_view text);

// The process language's own spans: "10s", "30m", "2h", "1d", "500ms", "1w" or ISO 8601 "PT30M", "P1DT2H". Never negative.
// Years and months are refused: their length is not fixed.
std::optional<Duration> ParseTimerSpan(std::string_view text);

// nullopt when the result leaves the allowed range.
std::optional<Timestamp> Add(Timestamp timestamp, Duration duration);
std::optional<Duration> Subtract(Timestamp a, Timestamp b);
std::optional<Duration> Add(Duration a, Duration b);
std::optional<Duration> Negate(Duration duration);

std::int64_t ToMillis(Duration duration);  // towards zero
Duration FromMillis(std::int64_t millis);
std::int64_t ToMicros(Timestamp timestamp);  // since the epoch, towards minus infinity
Timestamp FromMicros(std::int64_t micros);

}  // namespace fermata

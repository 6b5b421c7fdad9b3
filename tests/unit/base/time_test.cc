#include "engine/base/time.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

std::string Normal(std::string_view text) {
  const auto timestamp = ParseTimestamp(text);
  return timestamp ? FormatTimestamp(*timestamp) : "refused";
}

std::string NormalSpan(std::string_view text) {
  const auto duration = ParseDuration(text);
  return duration ? FormatDuration(*duration) : "refused";
}

std::string NormalTimer(std::string_view text) {
  const auto duration = ParseTimerSpan(text);
  return duration ? FormatDuration(*duration) : "refused";
}

TEST(Timestamp, ReadsEveryOffsetAndWritesUtc) {
  EXPECT_EQ(Normal("1970-01-01T00:00:00Z"), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Normal("2009-02-13T23:31:30+02:00"), "2009-02-13T21:31:30Z");
  EXPECT_EQ(Normal("2009-02-13T23:31:30.120-08:30"), "2009-02-14T08:01:30.12Z");
  EXPECT_EQ(Normal("2024-02-29T00:00:00.000000001Z"), "2024-02-29T00:00:00.000000001Z");
  EXPECT_EQ(Normal("1969-12-31T23:59:59.5Z"), "1969-12-31T23:59:59.5Z");
}

TEST(Timestamp, CountsSecondsFromTheEpoch) {
  EXPECT_EQ(ParseTimestamp("2009-02-13T23:31:30Z")->seconds, 1'234'567'890);
  EXPECT_EQ(ParseTimestamp("0001-01-01T00:00:00Z")->seconds, kTimestampSecondsMin);
  EXPECT_EQ(ParseTimestamp("9999-12-31T23:59:59.999999999Z")->seconds, kTimestampSecondsMax);
  EXPECT_EQ(*ParseTimestamp("1969-12-31T23:59:59.5Z"), (Timestamp{-1, 500'000'000}));
}

TEST(Timestamp, EveryDayOfFourCenturiesSurvivesWritingAndReading) {
  for (std::int64_t day = -110'000; day < 40'000; ++day) {
    const Timestamp timestamp{day * 86'400 + 43'199, 0};
    ASSERT_EQ(ParseTimestamp(FormatTimestamp(timestamp)), timestamp) << day;
  }
}

TEST(Timestamp, RefusesWhatIsNoRfc3339) {
  for (const char* text : {"",
                           "2009",
                           "2009-02-13",
                           "2009-02-13 23:31:30Z",
                           "2009-02-13T23:31:30",
                           "2009-02-13t23:31:30z",
                           "2009-13-01T00:00:00Z",
                           "2009-00-01T00:00:00Z",
                           "2009-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2009-04-31T00:00:00Z",
                           "2009-01-00T00:00:00Z",
                           "2009-01-01T24:00:00Z",
                           "2009-01-01T00:60:00Z",
                           "2009-01-01T00:00:60Z",
                           "2009-01-01T00:00:00.Z",
                           "2009-01-01T00:00:00.1234567890Z",
                           "2009-01-01T00:00:00+0100",
                           "2009-01-01T00:00:00+24:00",
                           "2009-01-01T00:00:00+01:60",
                           "2009-01-01T00:00:00Zx",
                           "02009-01-01T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "10000-01-01T00:00:00Z"}) {
    EXPECT_EQ(Normal(text), "refused") << text;
  }
}

TEST(Duration, ReadsGosSyntax) {
  EXPECT_EQ(NormalSpan("0"), "0s");
  EXPECT_EQ(NormalSpan("-0"), "0s");
  EXPECT_EQ(NormalSpan("1h30m"), "5400s");
  EXPECT_EQ(NormalSpan("1.5s"), "1.5s");
  EXPECT_EQ(NormalSpan("-2ms"), "-0.002s");
  EXPECT_EQ(NormalSpan("+1us1ns"), "0.000001001s");
  EXPECT_EQ(NormalSpan("1\u00b5s"), "0.000001s");
  EXPECT_EQ(NormalSpan("1\u03bcs"), "0.000001s");
  EXPECT_EQ(NormalSpan(".5h"), "1800s");
  EXPECT_EQ(NormalSpan("1.s"), "1s");
  EXPECT_EQ(NormalSpan("315576000000s"), "315576000000s");
  EXPECT_EQ(NormalSpan("-1.000000001s"), "-1.000000001s");
}

TEST(Duration, RefusesWhatIsNoSpanOrBeyondTenThousandYears) {
  for (const char* text : {"", "-", "1", "00", "s", ".s", "1x", "1s ", " 1s", "--1s", "1s-1s", "315576000001s",
                           "-320000000000s", "99999999999999999999999h", "1d"}) {
    EXPECT_EQ(NormalSpan(text), "refused") << text;
  }
}

TEST(TimerSpan, ReadsTheLanguagesUnitsAndIso8601) {
  EXPECT_EQ(NormalTimer("10s"), "10s");
  EXPECT_EQ(NormalTimer("30m"), "1800s");
  EXPECT_EQ(NormalTimer("2h"), "7200s");
  EXPECT_EQ(NormalTimer("1d"), "86400s");
  EXPECT_EQ(NormalTimer("1w"), "604800s");
  EXPECT_EQ(NormalTimer("500ms"), "0.5s");
  EXPECT_EQ(NormalTimer("1h30m"), "5400s");
  EXPECT_EQ(NormalTimer("PT30M"), "1800s");
  EXPECT_EQ(NormalTimer("P1DT2H"), "93600s");
  EXPECT_EQ(NormalTimer("P2W"), "1209600s");
  EXPECT_EQ(NormalTimer("PT0.25S"), "0.25s");
}

TEST(TimerSpan, RefusesNegativeVagueAndMalformedSpans) {
  for (const char* text :
       {"",    "10",   "s",      "-1s",    "1.5h",   "30m1h", "1m1m",  "1M",   "P",     "PT",  "P1Y",
        "P1M", "P1DT", "PT1H1H", "PT1M1H", "PT1.5H", "PT.5S", "PT1.S", "pt1h", "-PT1H", "P1H", "99999999999999d"}) {
    EXPECT_EQ(NormalTimer(text), "refused") << text;
  }
}

TEST(TimeArithmetic, CarriesNanosecondsAndKeepsTheSign) {
  EXPECT_EQ(*Add(Timestamp{0, 0}, Duration{0, -1}), (Timestamp{-1, 999'999'999}));
  EXPECT_EQ(*Add(Timestamp{0, 999'999'999}, Duration{0, 1}), (Timestamp{1, 0}));
  EXPECT_EQ(*Subtract(Timestamp{0, 0}, Timestamp{1, 500'000'000}), (Duration{-1, -500'000'000}));
  EXPECT_EQ(*Add(Duration{1, 0}, Duration{-2, -500'000'000}), (Duration{-1, -500'000'000}));
  EXPECT_EQ(*Negate(Duration{1, 5}), (Duration{-1, -5}));
}

TEST(TimeArithmetic, RefusesToLeaveTheRange) {
  EXPECT_FALSE(Add(Timestamp{kTimestampSecondsMax, 999'999'999}, Duration{0, 1}));
  EXPECT_FALSE(Add(Timestamp{kTimestampSecondsMin, 0}, Duration{0, -1}));
  EXPECT_FALSE(Add(Duration{kDurationSecondsMax, 0}, Duration{0, 1}));
  EXPECT_TRUE(Subtract(Timestamp{kTimestampSecondsMax, 0}, Timestamp{kTimestampSecondsMin, 0}));
}

TEST(TimeArithmetic, ConvertsToMillisTowardsZeroAndToMicrosDownwards) {
  EXPECT_EQ(ToMillis(Duration{-1, -500'900'000}), -1'500);
  EXPECT_EQ(FromMillis(-1'500), (Duration{-1, -500'000'000}));
  EXPECT_EQ(ToMicros(Timestamp{-1, 999'999'999}), -1);
  EXPECT_EQ(FromMicros(-1), (Timestamp{-1, 999'999'000}));
}

}  // namespace
}  // namespace fermata

// Cron expressions: what is one, and when it ticks, through the nights in which clocks are put forward and back.
#include "engine/language/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/time.h"

namespace fermata {
namespace {

std::int64_t At(const std::string& text) { return ToMicros(ParseTimestamp(text).value()); }

// The next `count` ticks after `from`, as text.
std::vector<std::string> Ticks(const std::string& cron, const std::string& zone, const std::string& from, int count) {
  const CronOutcome outcome = ParseCron(cron);
  std::vector<std::string> ticks;
  if (!outcome.fields) return ticks;
  std::int64_t at = At(from);
  for (int i = 0; i < count; ++i) {
    const std::optional<std::int64_t> next = NextTick(*outcome.fields, zone, at);
    if (!next) break;
    at = *next;
    ticks.push_back(FormatTimestamp(FromMicros(at)));
  }
  return ticks;
}

struct TickCase {
  std::string name, cron, zone, from;
  std::vector<std::string> ticks;
};

class CronTicks : public testing::TestWithParam<TickCase> {};

TEST_P(CronTicks, ComeWhenTheTableSays) {
  const TickCase& one = GetParam();
  EXPECT_EQ(Ticks(one.cron, one.zone, one.from, static_cast<int>(one.ticks.size())), one.ticks);
}

const std::vector<TickCase> kFieldCases = {
    {"EveryMinute", "* * * * *", "UTC", "2026-01-01T00:00:00Z", {"2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"}},
    {"InTheMiddleOfAMinute", "* * * * *", "UTC", "2026-01-01T00:00:59.999999Z", {"2026-01-01T00:01:00Z"}},
    {"TheInstantItselfIsNotAfter", "0 3 * * *", "UTC", "2026-01-01T03:00:00Z", {"2026-01-02T03:00:00Z"}},
    {"StepsOfMinutes",
     "*/20 * * * *",
     "UTC",
     "2026-01-01T00:05:00Z",
     {"2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z", "2026-01-01T01:00:00Z"}},
    {"StepFromAValue",
     "50/5 * * * *",
     "UTC",
     "2026-01-01T00:05:00Z",
     {"2026-01-01T00:50:00Z", "2026-01-01T00:55:00Z", "2026-01-01T01:50:00Z"}},
    {"RangeWithStep",
     "0 8-12/2 * * *",
     "UTC",
     "2026-01-01T09:00:00Z",
     {"2026-01-01T10:00:00Z", "2026-01-01T12:00:00Z", "2026-01-02T08:00:00Z"}},
    {"List", "15,45 6 * * *", "UTC", "2026-01-01T06:15:00Z", {"2026-01-01T06:45:00Z", "2026-01-02T06:15:00Z"}},
    {"ListOfRanges",
     "0 1-2,5 * * *",
     "UTC",
     "2026-01-01T01:30:00Z",
     {"2026-01-01T02:00:00Z", "2026-01-01T05:00:00Z", "2026-01-02T01:00:00Z"}},
    {"WeekdayName", "0 3 * * MON", "UTC", "2026-01-01T00:00:00Z", {"2026-01-05T03:00:00Z", "2026-01-12T03:00:00Z"}},
    {"NamesInAnyCase", "0 3 * jan mOn", "UTC", "2026-01-27T00:00:00Z", {"2027-01-04T03:00:00Z"}},
    {"SevenIsSunday", "0 0 * * 7", "UTC", "2026-01-01T00:00:00Z", {"2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"}},
    {"ZeroIsSunday", "0 0 * * 0", "UTC", "2026-01-01T00:00:00Z", {"2026-01-04T00:00:00Z"}},
    {"RangeUpToSeven", "0 0 * * 6-7", "UTC", "2026-01-01T00:00:00Z", {"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"}},
    {"RangeUpToSunday",
     "0 0 * * SAT-SUN",
     "UTC",
     "2026-01-01T00:00:00Z",
     {"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-10T00:00:00Z"}},
    {"Workdays", "0 9 * * MON-FRI", "UTC", "2026-01-02T09:00:00Z", {"2026-01-05T09:00:00Z"}},
    {"MonthNames", "0 0 1 JAN,JUL *", "UTC", "2026-01-01T00:00:00Z", {"2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
    {"ThirtyFirst", "0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", {"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"}},
    {"LeapDay", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
    {"NoLeapDayIn2100", "0 0 29 FEB *", "UTC", "2096-03-01T00:00:00Z", {"2104-02-29T00:00:00Z"}},
    {"DayOrWeekdayWhenBothAreGiven",
     "0 0 13 * FRI",
     "UTC",
     "2026-01-08T00:00:00Z",
     {"2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"}},
    {"DayAndWeekdayWhenOneBeginsWithAStar",
     "0 0 */10 * MON",
     "UTC",
     "2026-01-01T00:00:00Z",
     {"2026-05-11T00:00:00Z", "2026-06-01T00:00:00Z"}},
    {"EndOfTheYear", "59 23 31 12 *", "UTC", "2026-12-31T23:59:00Z", {"2027-12-31T23:59:00Z"}},
    {"ManySpaces", "  0\t3   * *  * ", "UTC", "2026-01-01T00:00:00Z", {"2026-01-01T03:00:00Z"}},
    {"BeforeTheEpoch", "0 0 1 1 *", "UTC", "1965-06-01T00:00:00Z", {"1966-01-01T00:00:00Z"}},
};

// Berlin: 29 March 2026 at 2:00 -> 3:00, 25 October 2026 at 3:00 -> 2:00.
const std::vector<TickCase> kBerlinCases = {
    {"Winter", "0 3 * * *", "Europe/Berlin", "2026-01-01T00:00:00Z", {"2026-01-01T02:00:00Z"}},
    {"Summer", "0 3 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", {"2026-07-01T01:00:00Z"}},
    {"InTheGapRunsRightAfterIt",
     "30 2 * * *",
     "Europe/Berlin",
     "2026-03-28T00:00:00Z",
     {"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    {"BeginOfTheGap",
     "0 2 * * *",
     "Europe/Berlin",
     "2026-03-28T12:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
    {"ManyInTheGapRunOnce",
     "*/15 * * * *",
     "Europe/Berlin",
     "2026-03-29T00:30:00Z",
     {"2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"}},
    {"GapAndItsEndAreOne",
     "30 2,3 * * *",
     "Europe/Berlin",
     "2026-03-29T00:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"}},
    {"RepeatedHourRunsOnce",
     "30 2 * * *",
     "Europe/Berlin",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    {"FromWithinTheSecondRound", "30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", {"2026-10-26T01:30:00Z"}},
    {"EveryHourOfThatNight",
     "0 * * * *",
     "Europe/Berlin",
     "2026-10-24T23:30:00Z",
     {"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"}},
    {"TheDayIsThatOfTheZone", "0 0 1 * *", "Europe/Berlin", "2026-05-30T00:00:00Z", {"2026-05-31T22:00:00Z"}},
};

// New York: 8 March 2026 at 2:00 -> 3:00, 1 November 2026 at 2:00 -> 1:00.
const std::vector<TickCase> kNewYorkCases = {
    {"InTheGap",
     "30 2 * * *",
     "America/New_York",
     "2026-03-07T12:00:00Z",
     {"2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
    {"RepeatedHour",
     "30 1 * * *",
     "America/New_York",
     "2026-10-31T12:00:00Z",
     {"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
    {"BehindTheRepeatedHour", "0 2 * * *", "America/New_York", "2026-10-31T12:00:00Z", {"2026-11-01T07:00:00Z"}},
    {"SundaysThroughTheYear",
     "0 12 * * SUN",
     "America/New_York",
     "2026-03-01T17:00:00Z",
     {"2026-03-08T16:00:00Z", "2026-03-15T16:00:00Z"}},
};

// Lord Howe moves by half an hour: 4 October 2026 at 2:00 -> 2:30, 5 April 2026 at 2:00 -> 1:30.
const std::vector<TickCase> kLordHoweCases = {
    {"InTheGap",
     "15 2 * * *",
     "Australia/Lord_Howe",
     "2026-10-03T00:00:00Z",
     {"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
    {"BehindTheGap", "45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", {"2026-10-03T15:45:00Z"}},
    {"RepeatedHalfHour",
     "45 1 * * *",
     "Australia/Lord_Howe",
     "2026-04-04T00:00:00Z",
     {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
};

// Without daylight saving, with odd offsets, and across the date line: Apia had no 30 December 2011.
const std::vector<TickCase> kOtherCases = {
    {"Kathmandu", "0 6 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", {"2026-01-01T00:15:00Z"}},
    {"ADayThatNeverWas", "0 12 30 12 *", "Pacific/Apia", "2011-12-29T12:00:00Z", {"2011-12-30T10:00:00Z"}},
};

std::string NameOfCase(const testing::TestParamInfo<TickCase>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Fields, CronTicks, testing::ValuesIn(kFieldCases), NameOfCase);
INSTANTIATE_TEST_SUITE_P(Berlin, CronTicks, testing::ValuesIn(kBerlinCases), NameOfCase);
INSTANTIATE_TEST_SUITE_P(NewYork, CronTicks, testing::ValuesIn(kNewYorkCases), NameOfCase);
INSTANTIATE_TEST_SUITE_P(LordHowe, CronTicks, testing::ValuesIn(kLordHoweCases), NameOfCase);
INSTANTIATE_TEST_SUITE_P(Others, CronTicks, testing::ValuesIn(kOtherCases), NameOfCase);

TEST(Cron, TicksGrowThroughEveryNightOfThreeYears) {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"}) {
    const CronFields fields = ParseCron("7,37 * * * *").fields.value();
    std::int64_t at = At("2025-01-01T00:00:00Z");
    const std::int64_t end = At("2028-01-01T00:00:00Z");
    while (at < end) {
      const std::int64_t next = NextTick(fields, zone, at).value();
      ASSERT_GT(next, at) << zone;
      ASSERT_LE(next - at, std::int64_t{2} * 3600 * 1'000'000) << zone << " " << FormatTimestamp(FromMicros(at));
      at = next;
    }
  }
}

TEST(Cron, WithoutSuchAZoneThereIsNoTick) {
  EXPECT_EQ(NextTick(ParseCron("* * * * *").fields.value(), "Mars/Olympus", 0), std::nullopt);
}

TEST(Cron, ADateThatNeverComesHasNoTick) {
  EXPECT_EQ(NextTick(ParseCron("0 0 30 2 *").fields.value(), "UTC", 0), std::nullopt);
}

struct MistakeCase {
  std::string cron;
  int index = 0, length = 0;
  std::string part;  // of the message
};

class CronMistakes : public testing::TestWithParam<MistakeCase> {};

TEST_P(CronMistakes, AreToldWithTheirPlace) {
  const MistakeCase& one = GetParam();
  const CronOutcome outcome = ParseCron(one.cron);
  EXPECT_FALSE(outcome.fields);
  ASSERT_EQ(outcome.mistakes.size(), 1u);
  EXPECT_EQ(outcome.mistakes[0].index, one.index);
  EXPECT_EQ(outcome.mistakes[0].length, one.length);
  EXPECT_THAT(outcome.mistakes[0].message, testing::HasSubstr(one.part));
}

INSTANTIATE_TEST_SUITE_P(
    Table, CronMistakes,
    testing::Values(
        MistakeCase{"", 0, 1, "but there are 0"}, MistakeCase{"* * * *", 0, 7, "but there are 4"},
        MistakeCase{"0 * * * * *", 0, 11, "but there are 6"}, MistakeCase{"@daily", 0, 6, "five fields"},
        MistakeCase{"60 * * * *", 0, 2, "a minute of 0 to 59"}, MistakeCase{"0 24 * * *", 2, 2, "an hour of 0 to 23"},
        MistakeCase{"0 0 0 * *", 4, 1, "a day of the month of 1 to 31"},
        MistakeCase{"0 0 * 13 *", 6, 2, "a month of 1 to 12"},
        MistakeCase{"0 0 * * 8", 8, 1, "a day of the week of 0 to 7"}, MistakeCase{"0 0 * * MONDAY", 8, 6, "'MONDAY'"},
        MistakeCase{"0 0 * MON *", 6, 3, "a month"}, MistakeCase{"1,,2 * * * *", 2, 1, "got ''"},
        MistakeCase{"1, * * * *", 2, 1, "got ''"}, MistakeCase{"10-5 * * * *", 0, 4, "begins before it ends"},
        MistakeCase{"*/0 * * * *", 2, 1, "a step of 1 to 59"}, MistakeCase{"*/ * * * *", 2, 1, "a step of 1 to 59"},
        MistakeCase{"*/5/5 * * * *", 2, 3, "a step"}, MistakeCase{"-5 * * * *", 0, 1, "got ''"},
        MistakeCase{"1-* * * * *", 2, 1, "got '*'"}, MistakeCase{"0 \xC3\xA4 * * *", 2, 1, "an hour"},
        MistakeCase{"0 0 * * \xC3\xA4-MON", 8, 1, "day of the week"},
        MistakeCase{"99999999999 * * * *", 0, 11, "a minute"}));

TEST(Cron, EachFieldHasItsOwnMistake) { EXPECT_EQ(ParseCron("61 25 32 13 9").mistakes.size(), 5u); }

TEST(Cron, AMisspeltNameHasAHint) {
  const CronOutcome outcome = ParseCron("0 0 * * MOM");
  ASSERT_EQ(outcome.mistakes.size(), 1u);
  EXPECT_THAT(outcome.mistakes[0].hint, testing::HasSubstr("MON"));
}

TEST(Cron, ANicknameHasAHint) {
  EXPECT_THAT(ParseCron("@hourly").mistakes.at(0).hint, testing::HasSubstr("0 * * * *"));
}

}  // namespace
}  // namespace fermata

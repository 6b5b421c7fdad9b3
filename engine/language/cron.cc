#include "engine/language/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>

#include "engine/base/nearest_word.h"
#include "engine/expression/time_zone.h"
#include "engine/language/source_text.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

struct FieldKind {
  std::string_view name;
  int min = 0, max = 0;
  std::vector<std::string> names;  // of the values from min on
};

const std::array<FieldKind, 5>& FieldKinds() {
  static const std::array<FieldKind, 5> kinds = {{
      {"a minute", 0, 59, {}},
      {"an hour", 0, 23, {}},
      {"a day of the month", 1, 31, {}},
      {"a month", 1, 12, {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
      {"a day of the week", 0, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
  }};
  return kinds;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

struct Word {
  std::string_view text;
  int index = 0;  // byte in the expression
};

std::vector<Word> SplitWords(std::string_view text) {
  std::vector<Word> words;
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_space(text[end])) ++end;
    words.push_back({text.substr(at, end - at), static_cast<int>(at)});
    at = end;
  }
  return words;
}

// One of the five fields.
class FieldParser {
 public:
  FieldParser(const FieldKind& kind, Word word, CronOutcome& outcome) : kind_(kind), word_(word), outcome_(outcome) {}

  // The values as bits; 0 after a mistake.
  std::uint64_t Parse() {
    std::uint64_t bits = 0;
    std::size_t begin = 0;
    while (begin <= word_.text.size()) {
      const std::size_t comma = std::min(word_.text.find(',', begin), word_.text.size());
      const std::uint64_t item = ParseItem(word_.text.substr(begin, comma - begin), static_cast<int>(begin));
      if (item == 0) return 0;
      bits |= item;
      begin = comma + 1;
    }
    return bits;
  }

 private:
  // "*", "5", "1-5", each with "/2".
  std::uint64_t ParseItem(std::string_view item, int at) {
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    int first = kind_.min, last = kind_.max;
    if (kind_.max == 7) last = 6;  // '*' has Sunday once
    if (range != "*") {
      const std::size_t dash = range.find('-');
      const std::optional<int> from = ParseValue(range.substr(0, dash), at);
      if (!from) return 0;
      first = *from;
      if (dash == std::string_view::npos) {
        if (slash == std::string_view::npos) last = first;
      } else {
        std::optional<int> to = ParseValue(range.substr(dash + 1), at + static_cast<int>(dash) + 1);
        if (!to) return 0;
        if (kind_.max == 7 && *to == 0 && first > 0) to = 7;  // SAT-SUN
        last = *to;
      }
      if (first > last)
        return Fail(range, at, "Expected a range that begins before it ends, but got '" + std::string(range) + "'.");
    }
    int step = 1;
    if (slash != std::string_view::npos) {
      const std::optional<int> number = ParseNumber(item.substr(slash + 1));
      if (!number || *number < 1 || *number > kind_.max)
        return Fail(item.substr(slash + 1), at + static_cast<int>(slash) + 1,
                    "Expected a step of 1 to " + std::to_string(kind_.max) + ", but got '" +
                        std::string(item.substr(slash + 1)) + "'.");
      step = *number;
    }
    std::uint64_t bits = 0;
    for (int value = first; value <= last; value += step)
      bits |= std::uint64_t{1} << (value == 7 && kind_.max == 7 ? 0 : value);
    return bits;
  }

  static std::optional<int> ParseNumber(std::string_view text) {
    if (text.empty() || text.size() > 3) return std::nullopt;
    int number = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      number = number * 10 + (c - '0');
    }
    return number;
  }

  std::optional<int> ParseValue(std::string_view text, int at) {
    std::optional<int> number = ParseNumber(text);
    const auto name = std::find(kind_.names.begin(), kind_.names.end(), Upper(text));
    if (name != kind_.names.end()) number = kind_.min + static_cast<int>(name - kind_.names.begin());
    if (number && *number >= kind_.min && *number <= kind_.max) return number;
    const std::string nearest = NearestWord(Upper(text), kind_.names);
    Fail(text, at,
         "Expected " + std::string(kind_.name) + " of " + std::to_string(kind_.min) + " to " +
             std::to_string(kind_.max) + (kind_.names.empty() ? "" : " or a name such as " + kind_.names[1]) +
             ", but got '" + std::string(text) + "'.",
         nearest.empty() ? "" : "did you mean '" + nearest + "'?");
    return std::nullopt;
  }

  std::uint64_t Fail(std::string_view text, int at, std::string message, std::string hint = "") {
    outcome_.mistakes.push_back(
        {word_.index + at, std::max(1, CountCharacters(text)), std::move(message), std::move(hint)});
    return 0;
  }

  const FieldKind& kind_;
  const Word word_;
  CronOutcome& outcome_;
};

std::string NicknameHint(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNicknames = {
      {{"@yearly", "0 0 1 1 *"},
       {"@annually", "0 0 1 1 *"},
       {"@monthly", "0 0 1 * *"},
       {"@weekly", "0 0 * * SUN"},
       {"@daily", "0 0 * * *"},
       {"@midnight", "0 0 * * *"},
       {"@hourly", "0 * * * *"}}};
  for (const auto& [name, fields] : kNicknames)
    if (text == name) return "write: '" + std::string(fields) + "'";
  return "";
}

bool Has(std::uint64_t bits, unsigned value) { return (bits >> value & 1) != 0; }

bool IsDayOf(const CronFields& fields, std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  if (!Has(fields.months, static_cast<unsigned>(date.month()))) return false;
  const bool by_day = Has(fields.days, static_cast<unsigned>(date.day()));
  const bool by_weekday = Has(fields.weekdays, std::chrono::weekday(day).c_encoding());
  return fields.days_restricted && fields.weekdays_restricted ? by_day || by_weekday : by_day && by_weekday;
}

}  // namespace

CronOutcome ParseCron(std::string_view text) {
  CronOutcome outcome;
  const std::vector<Word> words = SplitWords(text);
  if (words.size() != FieldKinds().size()) {
    const std::string hint = words.size() == 6   ? "there is no field for seconds or years"
                             : words.size() == 1 ? NicknameHint(words.front().text)
                                                 : "";
    outcome.mistakes.push_back(
        {0, std::max(1, CountCharacters(text)),
         "Expected five fields (minute hour day month weekday), but there are " + std::to_string(words.size()) + ".",
         hint});
    return outcome;
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = FieldParser(FieldKinds()[i], words[i], outcome).Parse();
  }
  // Bytes before a mistake are ASCII or part of an earlier one, but places count characters.
  for (CronMistake& mistake : outcome.mistakes)
    mistake.index = CountCharacters(text.substr(0, static_cast<std::size_t>(mistake.index)));
  if (!outcome.mistakes.empty()) return outcome;
  CronFields fields;
  fields.minutes = bits[0];
  fields.hours = static_cast<std::uint32_t>(bits[1]);
  fields.days = static_cast<std::uint32_t>(bits[2]);
  fields.months = static_cast<std::uint32_t>(bits[3]);
  fields.weekdays = static_cast<std::uint32_t>(bits[4]);
  fields.days_restricted = words[2].text.front() != '*';
  fields.weekdays_restricted = words[4].text.front() != '*';
  outcome.fields = fields;
  return outcome;
}

std::optional<std::int64_t> NextTick(const CronFields& fields, std::string_view timezone, std::int64_t after_us) {
  constexpr std::int64_t kDaySeconds = 86'400;
  const Timestamp after = FromMicros(after_us);
  const std::optional<std::int64_t> offset = OffsetSeconds(timezone, after);
  if (!offset) return std::nullopt;
  const auto local = std::chrono::sys_seconds(std::chrono::seconds(after.seconds + *offset));
  const auto first_day = std::chrono::floor<std::chrono::days>(local);
  const std::int64_t from_minute = std::chrono::floor<std::chrono::minutes>(local).time_since_epoch().count() * 60;
  for (int i = 0; i < kCronSearchDays; ++i) {
    const std::chrono::sys_days day = first_day + std::chrono::days(i);
    if (!IsDayOf(fields, day)) continue;
    for (unsigned hour = 0; hour < 24; ++hour) {
      if (!Has(fields.hours, hour)) continue;
      for (unsigned minute = 0; minute < 60; ++minute) {
        const std::int64_t shown = day.time_since_epoch().count() * kDaySeconds + hour * 3'600 + minute * 60;
        if (!Has(fields.minutes, minute) || shown < from_minute) continue;
        const std::optional<std::int64_t> tick = MomentOf(timezone, shown);
        if (!tick) return std::nullopt;
        if (*tick * 1'000'000 > after_us) return *tick * 1'000'000;
      }
    }
  }
  return std::nullopt;
}

}  // namespace fermata

#include "engine/language/schedule.h"

#include "engine/expression/time_zone.h"
#include "engine/language/codes.h"
#include "engine/language/cron.h"
#include "engine/language/fields.h"
#include "engine/language/fit.h"

namespace fermata {
namespace {

void ReadCron(const Node& node, Schedule& schedule, Report& report) {
  const std::optional<std::string> text = ReadText(node, "a cron expression of five fields", report);
  if (!text) return;
  schedule.cron = *text;
  const CronOutcome outcome = ParseCron(*text);
  for (const CronMistake& mistake : outcome.mistakes)
    report.Add(Severity::kError, kBadCron, report.source().Locate(node, mistake.index), mistake.length, mistake.message,
               mistake.hint);
  if (!outcome.fields) return;
  schedule.fields = *outcome.fields;
  if (!NextTick(schedule.fields, "UTC", 0))
    report.Error(kBadCron, node, "Expected times that come, but '" + *text + "' never does.");
}

void ReadTimezone(const Node& node, Schedule& schedule, Report& report) {
  const std::optional<std::string> name = ReadText(node, "the name of a time zone", report);
  if (!name) return;
  schedule.timezone = *name;
  if (!IsTimeZone(*name))
    report.Error(kBadTimeZone, node,
                 "Expected a time zone of the tz database such as Europe/Berlin, but there is no '" + *name + "'.",
                 DidYouMean(*name, TimeZoneNames()));
}

}  // namespace

void ReadSchedule(const Node& node, ParseContext& context) {
  Report& report = context.report;
  if (!ExpectMap(node, "{cron, timezone, input, overlap}", report)) return;
  CheckKeys(node, {"cron", "timezone", "input", "overlap"}, "'schedule'", report);
  Schedule schedule;
  if (const NodeEntry* cron = node.Find("cron"))
    ReadCron(cron->value, schedule, report);
  else
    report.Error(kMissingKey, node, "Expected 'cron' in 'schedule', but it is missing.");
  if (const NodeEntry* timezone = node.Find("timezone")) ReadTimezone(timezone->value, schedule, report);
  if (const NodeEntry* input = node.Find("input");
      input && ExpectMap(input->value, "a map: the input of each start", report))
    schedule.input = ToValue(input->value);
  if (const NodeEntry* overlap = node.Find("overlap")) {
    const std::optional<std::string> word = ReadChoice(overlap->value, {"skip", "allow", "queue"}, report);
    if (word)
      schedule.overlap = *word == "allow" ? Overlap::kAllow : *word == "queue" ? Overlap::kQueue : Overlap::kSkip;
  }
  context.parsed.definition->schedule = std::move(schedule);
}

void CheckSchedule(const ParsedDefinition& parsed, Report& report) {
  const Definition& definition = *parsed.definition;
  const NodeEntry* schedule = parsed.root.Find("schedule");
  if (!schedule || !definition.schedule || !definition.input) return;
  const NodeEntry* input = schedule->value.Find("input");
  if (input && !input->value.is_map()) return;
  const Template content{input ? definition.schedule->input : Value::Map({}), schedule->value.at};
  CheckFit(
      content, input ? input->value : schedule->value, *definition.input, "the input of the schedule",
      [](const Expression&) { return Type::Dyn(); }, report);
}

}  // namespace fermata

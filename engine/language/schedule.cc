#include "engine/language/schedule.h"

#include <algorithm>

#include "engine/expression/time_zone.h"
#include "engine/language/codes.h"
#include "engine/language/cron.h"
#include "engine/language/fields.h"
#include "engine/language/fit.h"
#include "engine/schema/schema.h"

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

bool IsRequired(const Type& object, std::string_view name) {
  return std::any_of(object.fields().begin(), object.fields().end(),
                     [&](const auto& field) { return field.first.name == name && field.first.required; });
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

void CheckStartOn(const ParsedDefinition& parsed, Report& report) {
  const Definition& definition = *parsed.definition;
  const EventDeclaration* event = definition.FindEvent(definition.start_on);
  if (!event || !event->data || !definition.input) return;
  const Node& place = parsed.root.Find("start_on")->value;
  const Type given = TypeOf(*event->data), wanted = TypeOf(*definition.input);
  const std::string data = "the data of '" + event->type + "', which is the input";
  bool explained = false;
  for (const auto& [field, type] : wanted.fields()) {
    const Type* found = given.kind() == TypeKind::kObject ? given.FindField(field.name) : nullptr;
    if (found && !Type::CanFit(*found, type)) {
      report.Error(kInputMisfit, place,
                   "Expected " + type.ToString() + " for '" + field.name + "' in " + data + ", but it is " +
                       found->ToString() + ".");
      explained = true;
    }
    if (!field.required || given.kind() != TypeKind::kObject || IsRequired(given, field.name)) continue;
    const bool may_be_there = found || given.open();
    const std::string message = "Expected '" + field.name + "' in " + data + ", but " +
                                (found ? "its schema does not require it." : "its schema does not name it.");
    report.Add(may_be_there ? Severity::kWarning : Severity::kError, kInputMissing, place.at, place.length, message,
               may_be_there ? "an event without it starts nothing" : "");
    explained |= !may_be_there;
  }
  if (!explained && !Type::CanFit(given, wanted))
    report.Error(kInputMisfit, place,
                 "Expected " + wanted.ToString() + " as " + data + ", but it is " + given.ToString() + ".");
}

}  // namespace fermata

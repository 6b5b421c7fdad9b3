#include "engine/scenario/step_parser.h"

#include <algorithm>

#include "engine/base/time.h"
#include "engine/scenario/codes.h"

namespace fermata {
namespace {

const std::vector<std::string> kStepNames = {"expect",  "event",  "in",      "advance", "answer", "task",
                                             "resolve", "cancel", "suspend", "resume",  "start",  "emitted",
                                             "started", "idle",   "late",    "migrate"};

bool IsStepName(std::string_view word) {
  return std::find(kStepNames.begin(), kStepNames.end(), word) != kStepNames.end();
}

}  // namespace

const std::vector<std::string>& StepNames() { return kStepNames; }

ProcessError StepParser::ReadError(const Node& node) {
  ProcessError error;
  if (!node.is_map()) {
    error.name = fields_.Text(node);
    return error;
  }
  fields_.CheckKeys(node, {"name", "message", "data"}, "an error");
  if (const NodeEntry* name = fields_.Require(node, "name", "an error")) error.name = fields_.Text(name->value);
  error.message = fields_.TextAt(node, "message").value_or("");
  error.data = fields_.ValueAt(node, "data").value_or(Value());
  return error;
}

std::optional<StepOutcome> StepParser::ReadOutcome(const Node& node, std::string_view operation) {
  StepOutcome outcome;
  std::vector<const NodeEntry*> given;
  for (const NodeEntry& entry : node.entries)
    if (entry.key == "return" || entry.key == "error" || entry.key == "technical") given.push_back(&entry);
  if (given.empty()) return std::nullopt;
  if (given.size() > 1)
    fields_.report().ErrorAtKey(
        kScenarioValueWrong, *given[1],
        "Expected one of 'return', 'error' and 'technical', but there is '" + given[0]->key + "' already.");
  const NodeEntry& entry = *given.front();
  if (entry.key == "return") {
    outcome.output = ToValue(entry.value);
    return outcome;
  }
  outcome.error = ReadError(entry.value);
  const Node* name = &entry.value;
  if (const NodeEntry* named = entry.value.Find("name")) name = &named->value;
  if (entry.key == "technical") {
    outcome.kind = StepOutcome::Kind::kTechnical;
    names_.CheckTechnical(*name, outcome.error.name);
  } else {
    outcome.kind = StepOutcome::Kind::kError;
    names_.CheckError(*name, outcome.error.name, operation);
  }
  return outcome;
}

ExpectStep StepParser::ParseExpect(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"expect", "with", "return", "error", "technical"}, "'expect'");
  const bool answers = node.Find("return") || node.Find("error") || node.Find("technical");
  ExpectStep step;
  step.operation = answers ? names_.Answerable(value) : names_.Operation(value);
  step.with = fields_.ValueAt(node, "with");
  step.outcome = ReadOutcome(node, step.operation);
  return step;
}

EventStep StepParser::ParseEvent(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"event", "data", "source", "id", "key", "to", "refused"}, "'event'");
  EventStep step;
  step.refused = fields_.FlagAt(node, "refused");
  // One that nobody declares is a reason to be refused.
  step.type = step.refused ? fields_.Text(value) : names_.EventType(value);
  step.data = fields_.ValueAt(node, "data").value_or(Value());
  step.source = fields_.TextAt(node, "source").value_or("");
  step.id = fields_.TextAt(node, "id").value_or("");
  step.key = fields_.TextAt(node, "key");
  const NodeEntry* to = node.Find("to");
  if (to == nullptr) return step;
  if (!to->value.is_map()) {
    step.to = {names_.ProcessName(to->value), std::nullopt};
    return step;
  }
  fields_.CheckKeys(to->value, {"process", "key"}, "'to'");
  const NodeEntry* process = to->value.Find("process");
  step.to.emplace(process != nullptr ? names_.ProcessName(process->value) : names_.process(),
                  fields_.TextAt(to->value, "key"));
  return step;
}

InStep StepParser::ParseIn(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"in"}, "'in'");
  InStep step;
  if (!value.is_list()) {
    step.states.push_back(names_.StateName(value));
    return step;
  }
  for (const Node& item : value.items) step.states.push_back(names_.StateName(item));
  if (value.items.empty())
    fields_.report().Error(kScenarioValueWrong, value, "Expected at least one state, but the list is empty.");
  return step;
}

AdvanceStep StepParser::ParseAdvance(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"advance"}, "'advance'");
  std::optional<Duration> span = value.is_scalar() ? ParseTimerSpan(value.text) : std::nullopt;
  if (!span)
    fields_.report().Error(kScenarioValueWrong, value,
                           "Expected a duration like 30m or PT30M, but there is " + value.Describe() + ".");
  return {ToMillis(span.value_or(Duration{}))};
}

AnswerStep StepParser::ParseAnswer(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"answer", "outcome", "data", "by", "refused"}, "'answer'");
  AnswerStep step;
  step.state = names_.StateName(value);
  step.refused = fields_.FlagAt(node, "refused");
  if (const NodeEntry* outcome = node.Find("outcome"); outcome != nullptr && !outcome->value.is_null())
    step.outcome = fields_.Text(outcome->value);
  step.data = fields_.ValueAt(node, "data").value_or(Value());
  step.by = fields_.TextAt(node, "by").value_or("");
  return step;
}

TaskStep StepParser::ReadTask(const Node& node, const Node& value) {
  TaskStep step;
  step.state = names_.StateName(value);
  step.data = fields_.ValueAt(node, "data");
  step.assign = fields_.ValueAt(node, "assign");
  if (const NodeEntry* reminded = node.Find("reminded")) step.reminded = fields_.Count(reminded->value);
  return step;
}

ResolveStep StepParser::ParseResolve(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"resolve", "do", "set", "return", "error"}, "'resolve'");
  ResolveStep step;
  step.state = names_.StateName(value);
  const NodeEntry* action = node.Find("do");
  const std::string word = action != nullptr ? fields_.Text(action->value) : "retry";
  if (word == "skip") {
    step.action = IncidentAction::kSkip;
  } else if (word == "fail") {
    step.action = IncidentAction::kFail;
  } else if (word != "retry" && !word.empty()) {
    fields_.report().Error(kScenarioValueWrong, action->value,
                           "Expected retry, skip or fail, but there is '" + word + "'.",
                           DidYouMean(word, {"retry", "skip", "fail"}));
    return step;
  }
  if (const NodeEntry* set = node.Find("set"); set != nullptr && fields_.ExpectMap(set->value, "'set'"))
    for (const NodeEntry& entry : set->value.entries) step.set.emplace_back(entry.key, ToValue(entry.value));
  const std::pair<const char*, IncidentAction> belongs[] = {{"return", IncidentAction::kSkip},
                                                            {"error", IncidentAction::kFail}};
  for (const auto& [key, to] : belongs)
    if (const NodeEntry* entry = node.Find(key); entry != nullptr && step.action != to)
      fields_.report().ErrorAtKey(kScenarioValueWrong, *entry,
                                  "Expected '" + entry->key +
                                      "' beside 'do: " + (to == IncidentAction::kSkip ? "skip" : "fail") +
                                      "' only, but there is '" + word + "'.");
  step.output = fields_.ValueAt(node, "return").value_or(Value());
  if (const NodeEntry* error = node.Find("error")) step.error = ReadError(error->value);
  return step;
}

const Node& StepParser::Options(const Node& node, const NodeEntry& what, const std::vector<std::string>& known) {
  std::vector<std::string> beside = known;
  beside.push_back(what.key);
  if (what.value.is_map()) {
    fields_.CheckKeys(node, {what.key}, "'" + what.key + "'");
    fields_.CheckKeys(what.value, known, "'" + what.key + "'");
    return what.value;
  }
  fields_.CheckKeys(node, beside, "'" + what.key + "'");
  return node;
}

void StepParser::ExpectNothing(const NodeEntry& what) {
  const Node& value = what.value;
  if (value.is_null() || value.is_map() || (value.is_scalar() && value.scalar == Value::Bool(true))) return;
  fields_.report().Error(kScenarioValueWrong, what.value,
                         "Expected nothing after '" + what.key + ":', but there is " + what.value.Describe() + ".");
}

StartStep StepParser::ParseStart(const Node& node, const NodeEntry& what) {
  const Node& from = Options(node, what, {"input", "key", "refused"});
  StartStep step;
  if (what.value.is_string()) {
    step.process = names_.ProcessName(what.value);
  } else {
    ExpectNothing(what);
  }
  step.input = fields_.ValueAt(from, "input");
  step.key = fields_.TextAt(from, "key");
  step.refused = fields_.FlagAt(from, "refused");
  return step;
}

EmittedStep StepParser::ReadEmitted(const Node& node, const Node& value) {
  return {names_.EmittedType(value), fields_.ValueAt(node, "with"), fields_.ValueAt(node, "to")};
}

StartedStep StepParser::ParseStarted(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"started", "n"}, "'started'");
  StartedStep step;
  step.process = names_.StartedProcess(value);
  if (const NodeEntry* n = node.Find("n")) step.n = fields_.Count(n->value);
  return step;
}

LateStep StepParser::ParseLate(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"late", "return", "error", "technical"}, "'late'");
  LateStep step;
  step.operation = names_.Answerable(value);
  step.outcome = ReadOutcome(node, step.operation).value_or(StepOutcome{});
  return step;
}

MigrateStep StepParser::ParseMigrate(const Node& node, const Node& value) {
  fields_.CheckKeys(node, {"migrate", "refused"}, "'migrate'");
  return {names_.ProcessVersion(value), fields_.FlagAt(node, "refused")};
}

ScenarioStep StepParser::ParseMap(const Node& node, const NodeEntry& what) {
  const Node& value = what.value;
  const auto step = [&](auto&& parsed) {
    return ScenarioStep{std::forward<decltype(parsed)>(parsed), what.key_at, what.key_length};
  };
  if (what.key == "expect") return step(ParseExpect(node, value));
  if (what.key == "event") return step(ParseEvent(node, value));
  if (what.key == "in") return step(ParseIn(node, value));
  if (what.key == "advance") return step(ParseAdvance(node, value));
  if (what.key == "answer") return step(ParseAnswer(node, value));
  if (what.key == "resolve") return step(ParseResolve(node, value));
  if (what.key == "started") return step(ParseStarted(node, value));
  if (what.key == "late") return step(ParseLate(node, value));
  if (what.key == "task") {
    fields_.CheckKeys(node, {"task", "data", "assign", "reminded"}, "'task'");
    return step(ReadTask(node, value));
  }
  if (what.key == "emitted") {
    fields_.CheckKeys(node, {"emitted", "with", "to"}, "'emitted'");
    return step(ReadEmitted(node, value));
  }
  if (what.key == "idle") {
    fields_.CheckKeys(node, {"idle"}, "'idle'");
    return step(IdleStep{names_.Operation(value)});
  }
  if (what.key == "start") return step(ParseStart(node, what));
  if (what.key == "cancel") {
    if (value.is_string()) fields_.CheckKeys(node, {"cancel"}, "'cancel'");
    if (value.is_string()) return step(CancelStep{value.text});
    ExpectNothing(what);
    return step(CancelStep{fields_.TextAt(Options(node, what, {"reason"}), "reason").value_or("")});
  }
  if (what.key == "suspend" || what.key == "resume") {
    Options(node, what, {});
    ExpectNothing(what);
    if (what.key == "suspend") return step(SuspendStep{});
    return step(ResumeStep{});
  }
  return step(ParseMigrate(node, value));
}

void StepParser::ParseStep(const Node& node, std::vector<ScenarioStep>& steps) {
  if (node.is_string()) {  // "- cancel"
    const int length = static_cast<int>(node.text.size());
    if (node.text == "cancel") return steps.push_back({CancelStep{}, node.at, length});
    if (node.text == "suspend") return steps.push_back({SuspendStep{}, node.at, length});
    if (node.text == "resume") return steps.push_back({ResumeStep{}, node.at, length});
    if (node.text == "start") return steps.push_back({StartStep{}, node.at, length});
    fields_.report().Error(
        kScenarioStepUnknown, node,
        "Expected a step, but '" + node.text + "' is none" + (IsStepName(node.text) ? " without a value." : "."),
        IsStepName(node.text) ? "write '" + node.text + ": …'" : DidYouMean(node.text, kStepNames));
    return;
  }
  if (!fields_.ExpectMap(node, "a step")) return;
  const NodeEntry* what = nullptr;
  for (const NodeEntry& entry : node.entries) {
    if (!IsStepName(entry.key)) continue;
    if (what != nullptr) {
      fields_.report().ErrorAtKey(kScenarioStepUnknown, entry,
                                  "Expected one step, but '" + entry.key + "' stands beside '" + what->key + "'.",
                                  "each step is an item of the list: begin it with '- '");
      return;
    }
    what = &entry;
  }
  if (what != nullptr) {
    steps.push_back(ParseMap(node, *what));
  } else if (node.entries.empty()) {
    fields_.report().Error(kScenarioStepUnknown, node, "Expected a step, but the map is empty.");
  } else {
    const NodeEntry& first = node.entries.front();
    fields_.report().ErrorAtKey(kScenarioStepUnknown, first, "Expected a step, but '" + first.key + "' is none.",
                                DidYouMean(first.key, kStepNames));
  }
}

}  // namespace fermata

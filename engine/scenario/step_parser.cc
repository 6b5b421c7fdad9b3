#include "engine/scenario/step_parser.h"

#include <algorithm>

#include "engine/base/time.h"
#include "engine/model/instance_state.h"
#include "engine/scenario/codes.h"

namespace fermata {
namespace {

const std::vector<std::string> kStepNames = {"expect",  "event",  "in",      "advance", "answer", "task",
                                             "resolve", "cancel", "suspend", "resume",  "start",  "emitted",
                                             "started", "idle",   "late",    "migrate"};
const std::vector<std::string> kTechnicalNames = {"unavailable", "timeout", "invalid-response", "internal"};

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Every state of the project that a scenario can name.
std::vector<std::string> StatesOf(const ScenarioProject& project, std::string_view process) {
  std::vector<std::string> names;
  for (const DefinitionPtr& definition : project.definitions)
    if (definition->process == process)
      for (const State& state : definition->states)
        if (state.index != kRoot && !state.is_region) names.push_back(state.name);
  return names;
}

}  // namespace

bool StepParser::ExpectMap(const Node& node, std::string_view what) {
  if (node.is_map()) return true;
  report_.Error(kScenarioValueWrong, node,
                "Expected " + std::string(what) + " to be a map, but there is " + node.Describe() + ".");
  return false;
}

void StepParser::CheckKeys(const Node& map, const std::vector<std::string>& known, std::string_view where) {
  for (const NodeEntry& entry : map.entries)
    if (!Contains(known, entry.key))
      report_.ErrorAtKey(kScenarioKeyUnknown, entry,
                         "Expected a key of " + std::string(where) + ", but '" + entry.key + "' is none.",
                         DidYouMean(entry.key, known));
}

const NodeEntry* StepParser::Require(const Node& map, std::string_view key) {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr)
    report_.Error(kScenarioKeyMissing, map, "Expected '" + std::string(key) + "', but it is missing.");
  return entry;
}

std::string StepParser::Text(const Node& node) {
  if (node.is_scalar() && !node.is_null()) return node.text;
  report_.Error(kScenarioValueWrong, node, "Expected a text, but there is " + node.Describe() + ".");
  return "";
}

std::vector<std::string> StepParser::Texts(const Node& node) {
  std::vector<std::string> texts;
  if (!node.is_list()) {
    report_.Error(kScenarioValueWrong, node, "Expected a list of names, but there is " + node.Describe() + ".");
    return texts;
  }
  for (const Node& item : node.items) texts.push_back(Text(item));
  return texts;
}

std::int64_t StepParser::Integer(const Node& node) {
  if (node.is_scalar() && node.scalar.kind() == ValueKind::kInt) return node.scalar.as_int();
  report_.Error(kScenarioValueWrong, node, "Expected a whole number, but there is " + node.Describe() + ".");
  return 0;
}

bool StepParser::Flag(const Node& map, std::string_view key) {
  const NodeEntry* entry = map.Find(key);
  if (entry == nullptr) return false;
  return !(entry->value.is_scalar() && entry->value.scalar == Value::Bool(false));
}

std::string StepParser::StateName(const Node& node) {
  const std::string text = Text(node);
  if (text.empty()) return text;
  const std::size_t slash = text.find('/');
  const std::string process = slash == std::string::npos ? process_ : text.substr(0, slash);
  const std::string state = slash == std::string::npos ? text : text.substr(slash + 1);
  if (slash != std::string::npos && project_.Find(process) == nullptr) {
    report_.Error(kScenarioNameUnknown, node,
                  "Expected a process of this folder before the '/', but there is no '" + process + "'.");
    return text;
  }
  const std::vector<std::string> states = StatesOf(project_, process);
  if (!Contains(states, state))
    report_.Error(kScenarioNameUnknown, node, "Expected a state of '" + process + "', but there is no '" + state + "'.",
                  DidYouMean(state, states));
  return text;
}

std::string StepParser::Operation(const Node& node) {
  const std::string text = Text(node);
  if (text.empty()) return text;
  if (text.starts_with("run.")) {
    if (project_.Find(text.substr(4)) != nullptr)
      report_.Error(
          kScenarioNameUnknown, node,
          "Expected a child whose file is not in this folder, but '" + text.substr(4) + "' is here: it runs for real.");
    return text;
  }
  if (project_.FindOperation(text) != nullptr) return text;
  std::vector<std::string> operations;
  for (const ManifestPtr& manifest : project_.manifests)
    for (const OperationManifest& operation : manifest->operations)
      operations.push_back(manifest->connector + "." + operation.name);
  report_.Error(kScenarioNameUnknown, node,
                "Expected connector.operation of a manifest, but there is no '" + text + "'.",
                DidYouMean(text, operations));
  return text;
}

std::string StepParser::EventType(const Node& node) {
  const std::string text = Text(node);
  if (text.empty()) return text;
  std::vector<std::string> types;
  for (const DefinitionPtr& definition : project_.definitions)
    for (const EventDeclaration& event : definition->events) types.push_back(event.type);
  if (!Contains(types, text))
    report_.Error(kScenarioNameUnknown, node,
                  "Expected an event that a process of this folder declares, but none declares '" + text + "'.",
                  DidYouMean(text, types));
  return text;
}

void StepParser::CheckErrorName(const Node& node, const std::string& name, std::string_view operation, bool technical) {
  std::vector<std::string> known = kTechnicalNames;
  if (!technical) {
    if (operation.starts_with("run.")) return;  // any error of a child that is not here
    const OperationManifest* manifest = project_.FindOperation(operation);
    if (manifest == nullptr) return;  // blamed already
    known = manifest->errors;
  }
  if (name.empty() || Contains(known, name)) return;
  report_.Error(kScenarioNameUnknown, node,
                technical ? "Expected unavailable, timeout, invalid-response or internal, but there is '" + name + "'."
                          : "Expected an error that the manifest of " + std::string(operation) + " names, but '" +
                                name + "' is none.",
                DidYouMean(name, known));
}

ProcessError StepParser::ParseError(const Node& node) {
  ProcessError error;
  if (!node.is_map()) {
    error.name = Text(node);
    return error;
  }
  CheckKeys(node, {"name", "message", "data"}, "an error");
  if (const NodeEntry* name = Require(node, "name")) error.name = Text(name->value);
  if (const NodeEntry* message = node.Find("message")) error.message = Text(message->value);
  if (const NodeEntry* data = node.Find("data")) error.data = ToValue(data->value);
  return error;
}

std::optional<StepOutcome> StepParser::ParseOutcome(const Node& node, std::string_view operation) {
  StepOutcome outcome;
  int given = 0;
  if (const NodeEntry* entry = node.Find("return")) {
    ++given;
    outcome.output = ToValue(entry->value);
  }
  for (const bool technical : {false, true}) {
    const NodeEntry* entry = node.Find(technical ? "technical" : "error");
    if (entry == nullptr) continue;
    ++given;
    outcome.kind = technical ? StepOutcome::Kind::kTechnical : StepOutcome::Kind::kError;
    outcome.error = ParseError(entry->value);
    CheckErrorName(entry->value, outcome.error.name, operation, technical);
  }
  if (given > 1)
    report_.Error(kScenarioValueWrong, node,
                  "Expected one of 'return', 'error' and 'technical', but there are several.");
  if (given == 0) return std::nullopt;
  return outcome;
}

ExpectStep StepParser::ParseExpect(const Node& node, const Node& value) {
  CheckKeys(node, {"expect", "with", "return", "error", "technical"}, "this step");
  ExpectStep step;
  step.operation = Operation(value);
  if (const NodeEntry* with = node.Find("with")) step.with = ToValue(with->value);
  step.outcome = ParseOutcome(node, step.operation);
  return step;
}

EventStep StepParser::ParseEvent(const Node& node, const Node& value) {
  CheckKeys(node, {"event", "data", "source", "id", "key", "to", "refused"}, "this step");
  EventStep step;
  step.refused = Flag(node, "refused");
  step.type = step.refused ? Text(value) : EventType(value);
  if (const NodeEntry* data = node.Find("data")) step.data = ToValue(data->value);
  if (const NodeEntry* source = node.Find("source")) step.source = Text(source->value);
  if (const NodeEntry* id = node.Find("id")) step.id = Text(id->value);
  if (const NodeEntry* key = node.Find("key")) step.key = Text(key->value);
  const NodeEntry* to = node.Find("to");
  if (to == nullptr) return step;
  if (!to->value.is_map()) {
    step.to = {Text(to->value), std::nullopt};
    return step;
  }
  CheckKeys(to->value, {"process", "key"}, "'to'");
  const NodeEntry* process = to->value.Find("process");
  const NodeEntry* key = to->value.Find("key");
  step.to.emplace(process != nullptr ? Text(process->value) : process_, std::nullopt);
  if (key != nullptr) step.to->second = Text(key->value);
  return step;
}

AnswerStep StepParser::ParseAnswer(const Node& node, const Node& value) {
  CheckKeys(node, {"answer", "outcome", "data", "by", "refused"}, "this step");
  AnswerStep step;
  step.state = StateName(value);
  step.refused = Flag(node, "refused");
  if (const NodeEntry* outcome = node.Find("outcome"); outcome != nullptr && !outcome->value.is_null())
    step.outcome = Text(outcome->value);
  if (const NodeEntry* data = node.Find("data")) step.data = ToValue(data->value);
  if (const NodeEntry* by = node.Find("by")) step.by = Text(by->value);
  return step;
}

TaskStep StepParser::ParseTask(const Node& node, const Node& value) {
  CheckKeys(node, {"task", "state", "data", "assign", "reminded"}, "this step");
  TaskStep step;
  step.state = StateName(value);
  if (const NodeEntry* data = node.Find("data")) step.data = ToValue(data->value);
  if (const NodeEntry* assign = node.Find("assign")) step.assign = ToValue(assign->value);
  if (const NodeEntry* reminded = node.Find("reminded")) step.reminded = Integer(reminded->value);
  return step;
}

ResolveStep StepParser::ParseResolve(const Node& node, const Node& value) {
  CheckKeys(node, {"resolve", "do", "set", "return", "error"}, "this step");
  ResolveStep step;
  step.state = StateName(value);
  const NodeEntry* action = node.Find("do");
  const std::string word = action != nullptr ? Text(action->value) : "retry";
  if (word == "skip") {
    step.action = IncidentAction::kSkip;
  } else if (word == "fail") {
    step.action = IncidentAction::kFail;
  } else if (word != "retry") {
    report_.Error(kScenarioValueWrong, action->value, "Expected retry, skip or fail, but there is '" + word + "'.");
  }
  if (const NodeEntry* set = node.Find("set"); set != nullptr && ExpectMap(set->value, "'set'"))
    for (const NodeEntry& entry : set->value.entries) step.set.emplace_back(entry.key, ToValue(entry.value));
  if (const NodeEntry* output = node.Find("return")) step.output = ToValue(output->value);
  if (const NodeEntry* error = node.Find("error")) step.error = ParseError(error->value);
  return step;
}

StartStep StepParser::ParseStart(const Node& node, const Node& value) {
  const Node& from = value.is_map() ? value : node;
  CheckKeys(node, {"start", "input", "key", "refused"}, "this step");
  if (&from != &node) CheckKeys(from, {"input", "key", "refused"}, "'start'");
  StartStep step;
  if (const NodeEntry* input = from.Find("input")) step.input = ToValue(input->value);
  if (const NodeEntry* key = from.Find("key")) step.key = Text(key->value);
  step.refused = Flag(from, "refused") || Flag(node, "refused");
  return step;
}

EmittedStep StepParser::ParseEmitted(const Node& node, const Node& value) {
  CheckKeys(node, {"emitted", "type", "with", "to"}, "this step");
  EmittedStep step;
  step.type = Text(value);
  if (const NodeEntry* with = node.Find("with")) step.with = ToValue(with->value);
  if (const NodeEntry* to = node.Find("to")) step.to = ToValue(to->value);
  return step;
}

StartedStep StepParser::ParseStarted(const Node& node, const Node& value) {
  CheckKeys(node, {"started", "n"}, "this step");
  StartedStep step;
  step.process = Text(value);
  if (const NodeEntry* n = node.Find("n")) step.n = Integer(n->value);
  return step;
}

LateStep StepParser::ParseLate(const Node& node, const Node& value) {
  CheckKeys(node, {"late", "return", "error", "technical"}, "this step");
  LateStep step;
  step.operation = Operation(value);
  step.outcome = ParseOutcome(node, step.operation).value_or(StepOutcome{});
  return step;
}

ScenarioStep StepParser::ParseMap(const Node& node, const NodeEntry& what) {
  const Node& value = what.value;
  const SourcePosition at = what.key_at;
  if (what.key == "expect") return {ParseExpect(node, value), at};
  if (what.key == "event") return {ParseEvent(node, value), at};
  if (what.key == "answer") return {ParseAnswer(node, value), at};
  if (what.key == "task") return {ParseTask(node, value), at};
  if (what.key == "resolve") return {ParseResolve(node, value), at};
  if (what.key == "start") return {ParseStart(node, value), at};
  if (what.key == "emitted") return {ParseEmitted(node, value), at};
  if (what.key == "started") return {ParseStarted(node, value), at};
  if (what.key == "late") return {ParseLate(node, value), at};
  if (what.key == "idle") {
    CheckKeys(node, {"idle"}, "this step");
    return {IdleStep{Operation(value)}, at};
  }
  if (what.key == "in") {
    CheckKeys(node, {"in"}, "this step");
    InStep step;
    if (value.is_list()) {
      for (const Node& item : value.items) step.states.push_back(StateName(item));
    } else {
      step.states.push_back(StateName(value));
    }
    return {std::move(step), at};
  }
  if (what.key == "advance") {
    CheckKeys(node, {"advance"}, "this step");
    std::optional<Duration> span = value.is_scalar() ? ParseTimerSpan(value.text) : std::nullopt;
    if (!span)
      report_.Error(kScenarioValueWrong, value,
                    "Expected a duration like 30m or PT30M, but there is " + value.Describe() + ".");
    return {AdvanceStep{ToMillis(span.value_or(Duration{}))}, at};
  }
  if (what.key == "cancel") {
    CheckKeys(node, {"cancel", "reason"}, "this step");
    CancelStep step;
    const NodeEntry* reason = value.is_map() ? value.Find("reason") : node.Find("reason");
    if (reason != nullptr) step.reason = Text(reason->value);
    return {std::move(step), at};
  }
  CheckKeys(node, {what.key}, "this step");
  if (what.key == "suspend") return {SuspendStep{}, at};
  if (what.key == "resume") return {ResumeStep{}, at};
  report_.ErrorAtKey(kScenarioNotYet, what,
                     "Expected a step that this release knows, but 'migrate' comes with a later one.");
  return {ResumeStep{}, at};
}

void StepParser::ParseStep(const Node& node, std::vector<ScenarioStep>& steps) {
  if (node.is_string()) {  // "- cancel"
    static const std::vector<std::string> kBare = {"cancel", "suspend", "resume", "start"};
    if (node.text == "cancel") return steps.push_back({CancelStep{}, node.at});
    if (node.text == "suspend") return steps.push_back({SuspendStep{}, node.at});
    if (node.text == "resume") return steps.push_back({ResumeStep{}, node.at});
    if (node.text == "start") return steps.push_back({StartStep{}, node.at});
    report_.Error(kScenarioStepUnknown, node, "Expected a step, but '" + node.text + "' is none.",
                  DidYouMean(node.text, kBare));
    return;
  }
  if (!ExpectMap(node, "a step")) return;
  // `task: x` may stand beside nothing else that is a step; the first one counts and the others are unknown keys of it.
  for (const NodeEntry& entry : node.entries)
    if (Contains(kStepNames, entry.key)) return steps.push_back(ParseMap(node, entry));
  if (node.entries.empty()) {
    report_.Error(kScenarioStepUnknown, node, "Expected a step, but the map is empty.");
    return;
  }
  const NodeEntry& first = node.entries.front();
  report_.ErrorAtKey(kScenarioStepUnknown, first, "Expected a step, but '" + first.key + "' is none.",
                     DidYouMean(first.key, kStepNames));
}

ExpectedEnd StepParser::ParseThen(const Node& node) {
  ExpectedEnd then;
  if (!ExpectMap(node, "'then'")) return then;
  CheckKeys(node, {"status", "error", "output", "vars", "path", "undone", "incidents", "emitted", "tasks"}, "'then'");
  if (const NodeEntry* status = node.Find("status")) {
    then.status = Text(status->value);
    if (!then.status->empty() && !ParseStatus(*then.status))
      report_.Error(kScenarioValueWrong, status->value,
                    "Expected one of the seven statuses, but there is '" + *then.status + "'.");
  }
  if (const NodeEntry* error = node.Find("error"))
    then.error = error->value.is_null()  ? ""
                 : error->value.is_map() ? ParseError(error->value).name
                                         : Text(error->value);
  if (const NodeEntry* output = node.Find("output")) then.output = ToValue(output->value);
  if (const NodeEntry* vars = node.Find("vars")) then.vars = ToValue(vars->value);
  if (const NodeEntry* path = node.Find("path")) then.path = Texts(path->value);
  if (const NodeEntry* undone = node.Find("undone")) then.undone = Texts(undone->value);
  if (const NodeEntry* incidents = node.Find("incidents")) {
    if (incidents->value.is_list()) {
      then.incidents.emplace();
      for (const Node& item : incidents->value.items) {
        if (!ExpectMap(item, "an incident")) continue;
        CheckKeys(item, {"state", "error"}, "an incident");
        ExpectedIncident& incident = then.incidents->emplace_back();
        if (const NodeEntry* state = item.Find("state")) incident.state = StateName(state->value);
        if (const NodeEntry* error = item.Find("error")) incident.error = Text(error->value);
      }
    } else {
      then.incident_count = Integer(incidents->value);
    }
  }
  if (const NodeEntry* emitted = node.Find("emitted"); emitted != nullptr && !emitted->value.is_list()) {
    report_.Error(kScenarioValueWrong, emitted->value,
                  "Expected a list of events, but there is " + emitted->value.Describe() + ".");
  } else if (emitted != nullptr) {
    then.emitted.emplace();
    for (const Node& item : emitted->value.items) {
      const NodeEntry* type =
          item.is_map() ? (item.Find("type") != nullptr ? item.Find("type") : item.Find("emitted")) : nullptr;
      then.emitted->push_back(item.is_map() ? ParseEmitted(item, type != nullptr ? type->value : item)
                                            : EmittedStep{Text(item), {}, {}});
    }
  }
  if (const NodeEntry* tasks = node.Find("tasks")) {
    if (tasks->value.is_list()) {
      then.tasks.emplace();
      for (const Node& item : tasks->value.items) {
        const NodeEntry* state =
            item.is_map() ? (item.Find("state") != nullptr ? item.Find("state") : item.Find("task")) : nullptr;
        then.tasks->push_back(item.is_map() ? ParseTask(item, state != nullptr ? state->value : item)
                                            : TaskStep{StateName(item), {}, {}, {}});
      }
    } else {
      then.task_count = Integer(tasks->value);
    }
  }
  return then;
}

}  // namespace fermata

#include "engine/language/transitions.h"

#include "engine/base/nearest_word.h"
#include "engine/expression/template.h"
#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/templates.h"

namespace fermata {
namespace {

enum class Kind { kNext, kOn, kAfter, kOnError };

const std::vector<std::string>& KeysOf(Kind kind) {
  static const std::vector<std::string> next{"if", "set", "emit", "go"};
  static const std::vector<std::string> on{"if", "match", "save", "set", "emit", "go"};
  static const std::vector<std::string> on_error{"if", "save", "set", "emit", "go"};
  return kind == Kind::kOn ? on : kind == Kind::kOnError ? on_error : next;
}

std::string_view WordOf(Kind kind) {
  switch (kind) {
    case Kind::kNext:
      return "next";
    case Kind::kOn:
      return "on";
    case Kind::kAfter:
      return "after";
    case Kind::kOnError:
      break;
  }
  return "on_error";
}

// Whether a transition of `from` may lead to `target`: a state of the same map or of an enclosing one, or a direct state of its own.
bool IsReachable(StateIndex from, StateIndex target, const Definition& definition) {
  const StateIndex home = definition.states[static_cast<std::size_t>(target)].parent;
  const State& state = definition.states[static_cast<std::size_t>(from)];
  const bool own_states = std::holds_alternative<CompositeVerb>(state.verb) || from == kRoot;
  if (home == from) return own_states;
  for (StateIndex outer = state.parent; outer != kNoState;
       outer = definition.states[static_cast<std::size_t>(outer)].parent)
    if (outer == home) return true;
  return false;
}

std::vector<std::string> StateNames(const ParsedDefinition& parsed) {
  std::vector<std::string> names;
  for (const State& state : parsed.definition->states)
    if (state.index != kRoot && !state.is_region) names.push_back(state.name);
  return names;
}

std::optional<StateIndex> FindState(const Node& node, ParseContext& context) {
  ParsedDefinition& parsed = context.parsed;
  if (!node.is_string()) {
    context.report.Error(kWrongKind, node, "Expected the name of a state, but there is " + node.Describe() + ".");
    parsed.targets_unknown = true;
    return std::nullopt;
  }
  const auto known = parsed.states.find(node.text);
  if (known != parsed.states.end()) return known->second;
  parsed.targets_unknown = true;
  // A state that could not be read is missing only for the engine.
  const std::string nearest = NearestWord(node.text, StateNames(parsed));
  const std::string line =
      nearest.empty()
          ? ""
          : std::to_string(parsed.definition->states[static_cast<std::size_t>(parsed.states.at(nearest))].at.line);
  context.report.Error(kUnknownState, node, "no state is called '" + node.text + "'",
                       nearest.empty() ? "" : "did you mean '" + nearest + "' (line " + line + ")?");
  return std::nullopt;
}

StateIndex ReadTarget(StateIndex from, const Node& node, ParseContext& context) {
  const auto target = FindState(node, context);
  if (!target) return kNoState;
  const Definition& definition = *context.parsed.definition;
  if (IsReachable(from, *target, definition)) return *target;
  context.parsed.targets_unknown = true;
  const State& state = definition.states[static_cast<std::size_t>(*target)];
  const State& home = definition.states[static_cast<std::size_t>(state.parent)];
  context.report.Error(
      kUnreachableTarget, node,
      "Expected a state beside this one or further out, but '" + node.text + "' is inside " +
          (home.is_region ? "the region '" : "'") + home.name + "'.",
      home.is_region ? "nothing outside of a region can go into it" : "go to '" + home.name + "': it enters its start");
  return kNoState;
}

class ArmReader {
 public:
  ArmReader(StateIndex state, Kind kind, ParseContext& context) : state_(state), kind_(kind), context_(context) {}

  // A name, a map, or a list of those.
  std::vector<EventHandler::Arm> ReadArms(const Node& node) {
    std::vector<EventHandler::Arm> arms;
    if (!node.is_list()) {
      if (auto arm = ReadArm(node)) arms.push_back(std::move(*arm));
      return arms;
    }
    if (node.items.empty()) {
      context_.parsed.targets_unknown = true;
      context_.report.Error(
          kWrongKind, node,
          "Expected at least one transition under '" + std::string(WordOf(kind_)) + "', but the list is empty.");
    }
    for (const Node& item : node.items)
      if (auto arm = ReadArm(item)) arms.push_back(std::move(*arm));
    CheckOrder(arms);
    return arms;
  }

  static std::vector<TransitionArm> WithoutMatch(std::vector<EventHandler::Arm> arms) {
    std::vector<TransitionArm> transitions;
    for (EventHandler::Arm& arm : arms) transitions.push_back(std::move(arm.transition));
    return transitions;
  }

 private:
  std::optional<EventHandler::Arm> ReadArm(const Node& node) {
    EventHandler::Arm arm;
    arm.transition.at = node.at;
    if (node.is_string()) {
      arm.transition.target = ReadTarget(state_, node, context_);
      return arm;
    }
    if (!node.is_map()) {
      context_.parsed.targets_unknown = true;
      context_.report.Error(kWrongKind, node,
                            "Expected the name of a state, {if, set, go} or a list of those under '" +
                                std::string(WordOf(kind_)) + "', but there is " + node.Describe() + ".");
      return std::nullopt;
    }
    CheckKeys(node, KeysOf(kind_), "a transition under '" + std::string(WordOf(kind_)) + "'", context_.report);
    for (const NodeEntry& entry : node.entries) ReadKey(entry, arm);
    const bool go_required = kind_ == Kind::kNext || kind_ == Kind::kOnError;
    const bool misspelt = Misspells(node, KeysOf(kind_), "go");
    LoseMisspelt(node, KeysOf(kind_), {"save", "set"}, context_.parsed);
    context_.parsed.targets_unknown |= misspelt || (go_required && !node.Find("go"));
    if (go_required && !misspelt && !node.Find("go")) {
      context_.report.Error(
          kMissingGo, node,
          "Expected 'go' in a transition under '" + std::string(WordOf(kind_)) + "', but there is none.",
          "only 'on' and 'after' may stay in the state");
    }
    return arm;
  }

  void ReadKey(const NodeEntry& entry, EventHandler::Arm& arm) {
    const Node& value = entry.value;
    if (entry.key == "if") {
      arm.transition.condition = ReadCondition(value, context_);
      conditions_known_ &= arm.transition.condition.has_value();
    }
    if (entry.key == "set") arm.transition.set = ReadAssignments(value, "a map of variables", context_);
    if (entry.key == "go") {
      arm.transition.target = ReadTarget(state_, value, context_);
      arm.transition.at = value.at;
    }
    if (entry.key == "emit") arm.transition.emit = ReadEmission(value, context_);
    if (entry.key == "match" && kind_ == Kind::kOn) arm.match = ReadTemplate(value, context_);
    if (entry.key == "save" && (kind_ == Kind::kOn || kind_ == Kind::kOnError)) {
      if (auto name = ReadVariable(value, context_.report)) {
        arm.transition.save = std::move(*name);
      } else {
        LoseNames(value, context_.parsed);
      }
    }
  }

  // Warns of what comes after an alternative without a condition.
  void CheckOrder(const std::vector<EventHandler::Arm>& arms) {
    for (std::size_t i = 0; conditions_known_ && i + 1 < arms.size(); ++i) {
      if (arms[i].transition.condition || arms[i].match) continue;
      context_.report.Add(
          Severity::kWarning, kNeverTaken, arms[i + 1].transition.at, 1,
          "Expected the transition without 'if' to be the last one, but more follow: they are never taken.");
      return;
    }
  }

  StateIndex state_;
  Kind kind_;
  ParseContext& context_;
  bool conditions_known_ = true;
};

}  // namespace

std::optional<StateIndex> ReadStateName(const Node& node, ParseContext& context) { return FindState(node, context); }

std::vector<TransitionArm> ReadNext(StateIndex state, const Node& node, ParseContext& context) {
  return ArmReader::WithoutMatch(ArmReader(state, Kind::kNext, context).ReadArms(node));
}

std::vector<EventHandler> ReadOn(StateIndex state, const Node& node, ParseContext& context) {
  std::vector<EventHandler> handlers;
  if (!ExpectMap(node, "a map of events", context.report)) {
    context.parsed.targets_unknown = true;
    return handlers;
  }
  for (const NodeEntry& entry : node.entries) {
    if (!CheckDottedName(entry, "the type of an event", context.report)) {
      context.parsed.targets_unknown = true;
      continue;
    }
    EventHandler handler;
    handler.type = entry.key;
    handler.at = entry.key_at;
    handler.arms = ArmReader(state, Kind::kOn, context).ReadArms(entry.value);
    handlers.push_back(std::move(handler));
  }
  return handlers;
}

std::vector<TimerHandler> ReadAfter(StateIndex state, const Node& node, ParseContext& context) {
  std::vector<TimerHandler> handlers;
  if (!ExpectMap(node, "a map of times", context.report)) {
    context.parsed.targets_unknown = true;
    return handlers;
  }
  for (const NodeEntry& entry : node.entries) {
    TimerHandler handler;
    handler.at = entry.key_at;
    if (HoldsExpression(entry.key)) {
      auto due = ReadTemplateKey(entry, context);
      if (!due) {
        context.parsed.targets_unknown = true;
        continue;
      }
      handler.due = std::move(*due);
    } else if (auto millis = SpanToMillis(entry.key)) {
      handler.due = *millis;
    } else {
      context.report.ErrorAtKey(kBadSpan, entry, "Expected a span of time, but there is '" + entry.key + "'.",
                                "spans are written 10s, 30m, 2h, 1d, PT30M or \"${expression}\"");
      context.parsed.targets_unknown = true;
      continue;
    }
    auto arms = ArmReader(state, Kind::kAfter, context).ReadArms(entry.value);
    handler.arms = ArmReader::WithoutMatch(std::move(arms));
    handlers.push_back(std::move(handler));
  }
  return handlers;
}

std::vector<ErrorHandler> ReadOnError(StateIndex state, const Node& node, ParseContext& context) {
  std::vector<ErrorHandler> handlers;
  if (!ExpectMap(node, "a map of errors", context.report)) {
    context.parsed.targets_unknown = true;
    return handlers;
  }
  for (const NodeEntry& entry : node.entries) {
    if (!CheckName(entry, "the name of an error", context.report)) {
      context.parsed.targets_unknown = true;
      continue;
    }
    ErrorHandler handler;
    handler.name = entry.key;
    handler.at = entry.key_at;
    auto arms = ArmReader(state, Kind::kOnError, context).ReadArms(entry.value);
    handler.arms = ArmReader::WithoutMatch(std::move(arms));
    handlers.push_back(std::move(handler));
  }
  return handlers;
}

void ReadEmissionFields(const NodeEntry* with, const NodeEntry* to, Emission& emission, ParseContext& context) {
  if (with) emission.with = ReadTemplate(with->value, context);
  if (!to || !ExpectMap(to->value, "{process, key}", context.report)) return;
  CheckKeys(to->value, {"process", "key"}, "'to'", context.report);
  for (const char* name : {"process", "key"})
    if (!to->value.Find(name))
      context.report.ErrorAtKey(kMissingKey, *to, std::string("Expected '") + name + "' in 'to', but it is missing.");
  if (const NodeEntry* process = to->value.Find("process")) emission.to_process = ReadTemplate(process->value, context);
  if (const NodeEntry* key = to->value.Find("key")) emission.to_key = ReadTemplate(key->value, context);
}

std::optional<Emission> ReadEmission(const Node& node, ParseContext& context) {
  Emission emission;
  emission.at = node.at;
  if (!ExpectMap(node, "{type, with, to}", context.report)) return std::nullopt;
  context.parsed.emissions[{node.at.line, node.at.column}] = &node;
  CheckKeys(node, {"type", "with", "to"}, "'emit'", context.report);
  const NodeEntry* type = node.Find("type");
  if (!type) {
    context.report.Error(kMissingKey, node, "Expected 'type' in 'emit', but it is missing.");
    return std::nullopt;
  }
  if (auto name = ReadDottedName(type->value, "the type of an event", context.report)) emission.type = std::move(*name);
  ReadEmissionFields(node.Find("with"), node.Find("to"), emission, context);
  return emission;
}

}  // namespace fermata

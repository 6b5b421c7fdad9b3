#include "engine/language/states.h"

#include <algorithm>

#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/operations.h"
#include "engine/language/templates.h"
#include "engine/language/transitions.h"
#include "engine/language/verbs.h"
#include "engine/model/limits.h"

namespace fermata {
namespace {

class StateCollector {
 public:
  explicit StateCollector(ParseContext& context) : context_(context) {}

  // The states in one map; `nesting` is how deep it stands.
  void Collect(const Node& states, StateIndex parent, int nesting) {
    if (!ExpectMap(states, "a map of states", context_.report)) {
      context_.parsed.states_unknown = true;
      return;
    }
    if (states.entries.empty())
      context_.report.Error(kMissingKey, states, "Expected at least one state, but there is none.");
    if (nesting > kStateNestingMax) {
      context_.parsed.states_unknown = true;
      context_.report.Error(
          kTooManyStates, states,
          "Expected at most " + std::to_string(kStateNestingMax) + " levels of states, but there are more here.");
      return;
    }
    for (const NodeEntry& entry : states.entries) {
      if (IsTaken(entry)) continue;
      const StateIndex index = Add(entry, parent, "the name of a state");
      if (index == kNoState) continue;
      context_.parsed.states.emplace(entry.key, index);
      if (!entry.value.is_map()) {
        context_.parsed.states_unknown = true;
        context_.report.ErrorAtKey(
            kWrongKind, entry,
            "Expected a map, the state '" + entry.key + "', but there is " + entry.value.Describe() + ".");
        continue;
      }
      if (const NodeEntry* parallel = entry.value.Find("parallel")) CollectRegions(parallel->value, index, nesting);
      if (const NodeEntry* inner = entry.value.Find("states")) Collect(inner->value, index, nesting + 1);
    }
  }

 private:
  void CollectRegions(const Node& regions, StateIndex parent, int nesting) {
    if (!ExpectMap(regions, "a map of regions", context_.report)) return;
    if (regions.entries.empty())
      context_.report.Error(kMissingKey, regions, "Expected at least one region, but there is none.");
    for (const NodeEntry& entry : regions.entries) {
      const StateIndex index = Add(entry, parent, "the name of a region");
      if (index == kNoState) continue;
      State& region = context_.parsed.definition->states[static_cast<std::size_t>(index)];
      region.is_region = true;
      if (!ExpectMap(entry.value, "a region: {start, states}", context_.report)) continue;
      CheckKeys(entry.value, {"title", "description", "start", "states"}, "a region", context_.report);
      if (const NodeEntry* states = entry.value.Find("states")) {
        Collect(states->value, index, nesting + 1);
      } else {
        context_.report.ErrorAtKey(kMissingKey, entry,
                                   "Expected 'states' in the region '" + entry.key + "', but it is missing.");
      }
    }
  }

  // Regions are no states: nothing goes to them, so each `parallel` names its own.
  bool IsTaken(const NodeEntry& entry) {
    const auto first = context_.parsed.states.find(entry.key);
    if (first == context_.parsed.states.end()) return false;
    context_.parsed.states_unknown = true;  // which of the two is meant elsewhere
    const SourcePosition at = context_.parsed.definition->states[static_cast<std::size_t>(first->second)].at;
    context_.report.AddRelated(Severity::kError, kDuplicateState, entry.key_at, entry.key_length,
                               "Expected each state's name once in the process, but '" + entry.key + "' occurs twice.",
                               {at.line, at.column, "the first '" + entry.key + "' is here"});
    return true;
  }

  StateIndex Add(const NodeEntry& entry, StateIndex parent, std::string_view what) {
    std::vector<State>& states = context_.parsed.definition->states;
    if (!CheckName(entry, what, context_.report)) {
      context_.parsed.states_unknown = true;
      return kNoState;
    }
    if (states.size() > kStatesMax) {
      context_.parsed.states_unknown = true;
      context_.report.ErrorAtKey(kTooManyStates, entry,
                                 "Expected at most " + std::to_string(kStatesMax) + " states, but there are more.");
      return kNoState;
    }
    const StateIndex index = static_cast<StateIndex>(states.size());
    State state;
    state.index = index;
    state.name = entry.key;
    state.parent = parent;
    state.at = entry.key_at;
    states.push_back(std::move(state));
    states[static_cast<std::size_t>(parent)].children.push_back(index);
    context_.parsed.entries.push_back(&entry);
    return index;
  }

  ParseContext& context_;
};

// on, after, on_error, next, set.
void ReadTransitions(StateIndex index, const Node& node, ParseContext& context) {
  State& state = context.parsed.definition->states[static_cast<std::size_t>(index)];
  if (const NodeEntry* set = node.Find("set")) state.set = ReadAssignments(set->value, "a map of variables", context);
  if (const NodeEntry* on = node.Find("on")) state.on = ReadOn(index, on->value, context);
  if (const NodeEntry* after = node.Find("after")) state.after = ReadAfter(index, after->value, context);
  if (const NodeEntry* on_error = node.Find("on_error")) state.on_error = ReadOnError(index, on_error->value, context);
  if (const NodeEntry* next = node.Find("next")) state.next = ReadNext(index, next->value, context);
}

void ReadWords(State& state, const Node& node, Report& report) {
  if (const NodeEntry* title = node.Find("title")) state.title = ReadText(title->value, "a title", report).value_or("");
  if (const NodeEntry* description = node.Find("description"))
    state.description = ReadText(description->value, "a description", report).value_or("");
  if (const NodeEntry* tags = node.Find("tags"))
    state.tags = ReadTexts(tags->value, "tags", report).value_or(std::vector<std::string>{});
}

// A state without a verb waits or chooses.
void CheckVerbless(const State& state, const NodeEntry& entry, Report& report) {
  const NodeEntry* next = entry.value.Find("next");
  const bool waits = entry.value.Find("on") || entry.value.Find("after");
  if (waits && next)
    report.ErrorAtKey(kKeyNotAllowedHere, *next,
                      "Expected 'next' only beside a verb or alone, but '" + state.name + "' has no verb and waits.",
                      "what waits is left by 'on' and 'after'");
  if (!waits && !next)
    report.ErrorAtKey(kEmptyState, entry,
                      "Expected a verb, 'on', 'after' or 'next', but '" + state.name + "' does nothing.",
                      "verbs are call, ask, run, emit, each, parallel, states, rollback, end and fail");
}

// Every key that some state may have.
const std::vector<std::string>& AllKeys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all;
    for (const std::string& verb : AllVerbs())
      for (const std::string& key : KeysBeside(verb))
        if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    return all;
  }();
  return keys;
}

bool Contains(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// What a key that no state has may have been meant to say.
void NoteUnknown(const Node& node, ParsedDefinition& parsed) {
  const auto misspells = [&](const char* key) { return Misspells(node, AllKeys(), key); };
  const bool has_way = node.Find("next") || node.Find("on") || node.Find("after");
  parsed.targets_unknown |= !has_way || misspells("next") || misspells("on") || misspells("after") ||
                            misspells("on_error") || misspells("start");
  LoseMisspelt(node, AllKeys(), {"save", "set", "as", "index"}, parsed);
}

// Reports keys that no state has, and those that do not go with the verb; false if the verb itself may be among the former.
bool CheckStateKeys(const Node& node, const NodeEntry* verb, ParseContext& context) {
  const std::vector<std::string>& allowed = KeysBeside(verb ? verb->key : "");
  bool known = true;
  for (const NodeEntry& entry : node.entries) {
    if (Contains(allowed, entry.key)) continue;
    if (Contains(AllKeys(), entry.key)) {
      if (verb || known)
        context.report.ErrorAtKey(
            kKeyNotAllowedHere, entry,
            verb ? "Expected a key that goes with '" + verb->key + "', but '" + entry.key + "' does not."
                 : "Expected a verb that '" + entry.key + "' belongs to, but the state has none.");
      continue;
    }
    known = false;
    std::string hint = DidYouMean(entry.key, verb ? allowed : AllKeys());
    if (hint.empty()) hint = "verbs are call, ask, run, emit, each, parallel, states, rollback, end and fail";
    context.report.ErrorAtKey(
        kUnknownKey, entry,
        std::string("Expected ") + (verb ? "" : "a verb or ") + "a key of a state, but '" + entry.key + "' is none.",
        std::move(hint));
  }
  if (!known && !verb) context.parsed.states_unknown = true;
  if (!known) NoteUnknown(node, context.parsed);
  return known || verb;
}

void ReadState(StateIndex index, const NodeEntry& entry, ParseContext& context) {
  const Node& node = entry.value;
  State& state = context.parsed.definition->states[static_cast<std::size_t>(index)];
  ReadWords(state, node, context.report);
  if (state.is_region) {
    state.start = ReadStart(state, node.Find("start"), context);
    return;
  }
  const NodeEntry* verb = FindVerb(node, context);
  const bool keys_known = CheckStateKeys(node, verb, context);
  if (verb) {
    ReadVerb(state, node, *verb, context);
  } else if (keys_known) {
    CheckVerbless(state, entry, context.report);
  }
  ReadTransitions(index, node, context);
  state.is_choice = !verb && !state.next.empty();
}

}  // namespace

void CollectStates(ParseContext& context) {
  ParsedDefinition& parsed = context.parsed;
  State root;
  root.index = kRoot;
  root.at = parsed.root.at;
  parsed.definition->states.push_back(std::move(root));
  parsed.entries.push_back(nullptr);
  if (const NodeEntry* states = parsed.root.Find("states")) StateCollector(context).Collect(states->value, kRoot, 1);
}

void ReadStates(ParseContext& context) {
  ParsedDefinition& parsed = context.parsed;
  State& root = parsed.definition->states[kRoot];
  root.start = ReadStart(root, parsed.root.Find("start"), context);
  root.atomic = true;
  if (const NodeEntry* atomic = parsed.root.Find("atomic"))
    root.atomic = ReadBool(atomic->value, "'atomic'", context.report).value_or(true);
  // The root has no entry action and no `next`: its `vars` are set at the start.
  if (const NodeEntry* on = parsed.root.Find("on")) root.on = ReadOn(kRoot, on->value, context);
  if (const NodeEntry* after = parsed.root.Find("after")) root.after = ReadAfter(kRoot, after->value, context);
  if (const NodeEntry* on_error = parsed.root.Find("on_error"))
    root.on_error = ReadOnError(kRoot, on_error->value, context);
  // All verbs' kinds must be known before transitions are judged.
  for (std::size_t i = 1; i < parsed.entries.size(); ++i)
    if (parsed.entries[i]->value.is_map()) ReadState(static_cast<StateIndex>(i), *parsed.entries[i], context);
}

}  // namespace fermata

#include "engine/language/verbs.h"

#include <algorithm>
#include <map>

#include "engine/expression/template.h"
#include "engine/language/codes.h"
#include "engine/language/fields.h"
#include "engine/language/operations.h"
#include "engine/language/schema_loader.h"
#include "engine/language/templates.h"
#include "engine/language/transitions.h"

namespace fermata {
namespace {

constexpr std::int64_t kConcurrencyMax = 10'000;

using Keys = std::vector<std::string>;

// Reads the parts of one verb; a method a verb.
class VerbReader {
 public:
  VerbReader(State& state, const Node& node, const NodeEntry& verb, ParseContext& context)
      : state_(state), node_(node), verb_(verb), context_(context) {}

  void Call() {
    CallVerb call;
    const OperationRef operation = ReadOperation(verb_.value, context_);
    call.connector = operation.connector;
    call.operation = operation.operation;
    call.manifest = operation.manifest;
    if (const NodeEntry* with = node_.Find("with")) call.with = ReadTemplate(with->value, context_);
    if (const NodeEntry* timeout = node_.Find("timeout")) call.timeout_ms = ReadSpan(timeout->value, context_.report);
    if (!call.timeout_ms)
      call.timeout_ms =
          operation.manifest && operation.manifest->timeout_ms ? *operation.manifest->timeout_ms : kJobTimeoutDefaultMs;
    if (const NodeEntry* deadline = node_.Find("deadline"))
      call.deadline_ms = ReadSpan(deadline->value, context_.report);
    const RetryPolicy* base = operation.manifest && operation.manifest->retry ? &*operation.manifest->retry : nullptr;
    if (base) call.retry = *base;
    if (const NodeEntry* retry = node_.Find("retry"))
      if (auto policy = ReadRetry(retry->value, base, context_.report)) call.retry = std::move(*policy);
    state_.verb = std::move(call);
  }

  void Ask() {
    AskVerb ask;
    if (auto title = ReadTemplate(verb_.value, context_)) ask.title = std::move(*title);
    if (const NodeEntry* form = node_.Find("form")) {
      ask.form = context_.schemas.Load(form->value);
      if (ask.form) ask.form_source = context_.schemas.Bundled(form->value);
    }
    if (const NodeEntry* data = node_.Find("data")) ask.data = ReadTemplate(data->value, context_);
    if (const NodeEntry* assign = node_.Find("assign")) Assign(assign->value, ask);
    if (const NodeEntry* outcomes = node_.Find("outcomes")) Outcomes(outcomes->value, ask);
    if (const NodeEntry* due = node_.Find("due")) ask.due = Due(due->value);
    if (const NodeEntry* remind = node_.Find("remind")) {
      if (!remind->value.is_list())
        context_.report.Error(kWrongKind, remind->value,
                              "Expected a list of times, but there is " + remind->value.Describe() + ".");
      for (const Node& item : remind->value.items)
        if (auto millis = ReadSpan(item, context_.report)) ask.remind_ms.push_back(*millis);
    }
    state_.verb = std::move(ask);
  }

  void Run() {
    RunVerb run;
    if (auto process = ReadName(verb_.value, "the name of a process", context_.report))
      run.process = std::move(*process);
    if (const NodeEntry* version = node_.Find("version")) {
      if (version->value.is_scalar() && IsVersionRange(version->value.text)) {
        run.version = version->value.text;
      } else {
        context_.report.Error(
            kBadVersion, version->value,
            "Expected a version or a range of versions, but there is " + version->value.Describe() + ".",
            "ranges are written 1.x, ^1.2.0 or >=1.0.0 <2.0.0");
      }
    }
    if (const NodeEntry* with = node_.Find("with")) run.with = ReadTemplate(with->value, context_);
    if (const NodeEntry* key = node_.Find("key")) run.key = ReadTemplate(key->value, context_);
    if (const NodeEntry* detach = node_.Find("detach"))
      run.detach = ReadBool(detach->value, "'detach'", context_.report).value_or(false);
    state_.verb = std::move(run);
  }

  void Emit() {
    Emission emission;
    emission.at = verb_.value.at;
    if (auto type = ReadDottedName(verb_.value, "the type of an event", context_.report))
      emission.type = std::move(*type);
    ReadEmissionFields(node_.Find("with"), node_.Find("to"), emission, context_);
    state_.verb = EmitVerb{std::move(emission)};
  }

  void Each() {
    EachVerb each;
    if (auto list = ReadTemplate(verb_.value, context_)) each.list = std::move(*list);
    for (auto [key, name] : {std::pair{"as", &each.as}, std::pair{"index", &each.index}}) {
      const NodeEntry* entry = node_.Find(key);
      if (!entry) continue;
      if (entry->value.text == "item" || entry->value.text == "index") {
        *name = entry->value.text;  // the names that it has anyway
      } else if (auto variable = ReadVariable(entry->value, context_.report)) {
        *name = std::move(*variable);
      }
    }
    if (const NodeEntry* concurrency = node_.Find("concurrency"))
      each.concurrency =
          ReadInteger(concurrency->value, 1, kConcurrencyMax, "a number of items at a time", context_.report)
              .value_or(1);
    if (!node_.Find("states"))
      context_.report.ErrorAtKey(kMissingKey, verb_, "Expected 'states' beside 'each', but it is missing.");
    state_.start = Start(node_);
    each.start = state_.start;
    state_.verb = std::move(each);
  }

  void Parallel() {
    ParallelVerb parallel;
    const NodeEntry* join = node_.Find("join");
    if (join && join->value.is_string() && join->value.text == "first") {
      parallel.join = 1;
    } else if (join && !(join->value.is_string() && join->value.text == "all")) {
      const auto regions = static_cast<std::int64_t>(std::max<std::size_t>(1, state_.children.size()));
      parallel.join = ReadInteger(join->value, 1, regions, "all, first or a number of regions", context_.report);
    }
    state_.verb = parallel;
  }

  void Composite() {
    state_.start = Start(node_);
    state_.verb = CompositeVerb{state_.start};
  }

  void Rollback() {
    RollbackVerb rollback;
    if (verb_.value.is_string() && verb_.value.text == "all") {
      rollback.target = kRoot;
      for (StateIndex outer = state_.parent; outer != kNoState; outer = At(outer).parent) {
        if (!At(outer).is_region && !std::holds_alternative<EachVerb>(At(outer).verb)) continue;
        context_.report.Error(
            kKeyNotAllowedHere, verb_.value,
            "Expected the name of a state, but 'all' cannot be rolled back inside of a region or an 'each'.");
        break;
      }
    } else if (auto target = ReadStateName(verb_.value, context_)) {
      rollback.target = *target;
    }
    state_.verb = rollback;
  }

  void End() {
    EndVerb end;
    if (!verb_.value.empty)
      if (auto output = ReadTemplateMap(verb_.value, "a map, the output", context_)) end.output = std::move(*output);
    state_.verb = std::move(end);
  }

  void Fail() {
    FailVerb fail;
    if (auto name = ReadName(verb_.value, "the name of a business error", context_.report)) {
      fail.error = std::move(*name);
      if (IsReservedError(fail.error))
        context_.report.Error(
            kReservedName, verb_.value,
            "Expected the name of a business error, but '" + fail.error + "' is one of the engine's own.");
    }
    if (const NodeEntry* message = node_.Find("message")) fail.message = ReadTemplate(message->value, context_);
    if (const NodeEntry* with = node_.Find("with")) fail.with = ReadTemplate(with->value, context_);
    state_.verb = std::move(fail);
  }

  // Keys that several verbs share.
  void Common() {
    if (const NodeEntry* save = node_.Find("save")) {
      if (auto name = ReadVariable(save->value, context_.report)) {
        state_.save = std::move(*name);
      } else {
        LoseNames(save->value, context_.parsed);
      }
    }
    if (const NodeEntry* undo = node_.Find("undo")) state_.undo = ReadUndo(undo->value, context_);
    if (const NodeEntry* atomic = node_.Find("atomic"))
      state_.atomic = ReadBool(atomic->value, "'atomic'", context_.report).value_or(false);
  }

 private:
  const State& At(StateIndex index) const {
    return context_.parsed.definition->states[static_cast<std::size_t>(index)];
  }

  // `start`, or the first state.
  StateIndex Start(const Node& node) { return ReadStart(state_, node.Find("start"), context_); }

  void Assign(const Node& node, AskVerb& ask) {
    if (!ExpectMap(node, "{role}, {user} or {from}", context_.report)) return;
    CheckKeys(node, {"role", "user", "from"}, "'assign'", context_.report);
    if (node.entries.size() != 1)
      context_.report.Error(kWrongKind, node,
                            "Expected one of role, user and from in 'assign', but there are " +
                                std::to_string(node.entries.size()) + " keys.");
    for (const NodeEntry& entry : node.entries) {
      if (entry.key == "role") ask.assign_role = ReadTemplate(entry.value, context_);
      if (entry.key == "user") ask.assign_user = ReadTemplate(entry.value, context_);
      if (entry.key == "from") ask.assign_from = ReadTemplate(entry.value, context_);
    }
  }

  void Outcomes(const Node& node, AskVerb& ask) {
    if (!node.is_list() || node.items.empty()) {
      context_.report.Error(
          kWrongKind, node,
          "Expected a list of outcomes, but " + (node.is_list() ? "it is empty" : "there is " + node.Describe()) + ".");
      return;
    }
    for (const Node& item : node.items) {
      auto name = ReadName(item, "an outcome", context_.report);
      if (!name) continue;
      if (std::find(ask.outcomes.begin(), ask.outcomes.end(), *name) != ask.outcomes.end())
        context_.report.Error(kBadChoice, item, "Expected each outcome once, but '" + *name + "' stands here again.");
      ask.outcomes.push_back(std::move(*name));
    }
  }

  std::optional<std::variant<std::int64_t, Template>> Due(const Node& node) {
    if (node.is_string() && HoldsExpression(node.text)) {
      auto due = ReadTemplate(node, context_);
      if (!due) return std::nullopt;
      return std::move(*due);
    }
    const auto millis = ReadSpan(node, context_.report);
    if (!millis) return std::nullopt;
    return *millis;
  }

  State& state_;
  const Node& node_;
  const NodeEntry& verb_;
  ParseContext& context_;
};

struct VerbRow {
  std::string name;
  void (VerbReader::*read)();
  Keys keys;
};

const std::vector<VerbRow>& Verbs() {
  using V = VerbReader;
  // `states` is the last one: beside `each` it is no verb.
  static const std::vector<VerbRow> verbs{
      {"call", &V::Call, {"with", "save", "timeout", "deadline", "retry", "undo"}},
      {"ask", &V::Ask, {"form", "data", "assign", "outcomes", "due", "remind", "save", "undo"}},
      {"run", &V::Run, {"version", "with", "key", "save", "undo", "detach"}},
      {"emit", &V::Emit, {"with", "to"}},
      {"each", &V::Each, {"states", "start", "as", "index", "concurrency", "save", "atomic", "undo"}},
      {"parallel", &V::Parallel, {"join", "save", "atomic", "undo"}},
      {"rollback", &V::Rollback, {}},
      {"end", &V::End, {}},
      {"fail", &V::Fail, {"message", "with"}},
      {"states", &V::Composite, {"start", "save", "atomic", "undo"}}};
  return verbs;
}

const VerbRow* FindRow(std::string_view verb) {
  for (const VerbRow& row : Verbs())
    if (row.name == verb) return &row;
  return nullptr;
}

}  // namespace

const std::vector<std::string>& AllVerbs() {
  static const Keys names = [] {
    Keys list;
    for (const VerbRow& row : Verbs()) list.push_back(row.name);
    return list;
  }();
  return names;
}

const NodeEntry* FindVerb(const Node& state, ParseContext& context) {
  const NodeEntry* verb = nullptr;
  for (const NodeEntry& entry : state.entries) {
    if (!FindRow(entry.key) || (entry.key == "states" && state.Find("each"))) continue;
    if (!verb) {
      verb = &entry;
      continue;
    }
    context.parsed.states_unknown = true;
    context.report.ErrorAtKey(
        kSeveralVerbs, entry,
        "Expected one verb in a state, but there are '" + verb->key + "' and '" + entry.key + "'.",
        "put the second one into a state of its own");
  }
  return verb;
}

const std::vector<std::string>& KeysBeside(std::string_view verb) {
  static const std::map<std::string, Keys, std::less<>> tables = [] {
    std::map<std::string, Keys, std::less<>> all;
    const Keys common{"title", "description", "tags", "set"};
    const Keys transitions{"on", "after", "on_error", "next"};
    for (const VerbRow& row : Verbs()) {
      Keys keys{row.name};
      keys.insert(keys.end(), row.keys.begin(), row.keys.end());
      keys.insert(keys.end(), common.begin(), common.end());
      if (row.name != "end" && row.name != "fail") keys.insert(keys.end(), transitions.begin(), transitions.end());
      all[row.name] = std::move(keys);
    }
    Keys none = common;
    none.insert(none.end(), transitions.begin(), transitions.end());
    for (const VerbRow& row : Verbs()) none.push_back(row.name);
    all[""] = std::move(none);
    return all;
  }();
  return tables.find(verb)->second;
}

void ReadVerb(State& state, const Node& node, const NodeEntry& verb, ParseContext& context) {
  VerbReader reader(state, node, verb, context);
  (reader.*FindRow(verb.key)->read)();
  reader.Common();
}

}  // namespace fermata

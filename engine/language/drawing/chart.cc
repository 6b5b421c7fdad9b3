#include "engine/language/drawing/chart.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "engine/expression/expression.h"
#include "engine/language/drawing/chart_text.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

ChartKind KindOf(const State& state) {
  if (state.is_region) return ChartKind::kRegion;
  if (Does<CallVerb>(state)) return ChartKind::kCall;
  if (Does<AskVerb>(state)) return ChartKind::kAsk;
  if (Does<RunVerb>(state)) return ChartKind::kRun;
  if (Does<EmitVerb>(state)) return ChartKind::kEmit;
  if (Does<EachVerb>(state)) return ChartKind::kEach;
  if (Does<ParallelVerb>(state)) return ChartKind::kParallel;
  if (Does<CompositeVerb>(state)) return ChartKind::kComposite;
  if (Does<RollbackVerb>(state)) return ChartKind::kRollback;
  if (Does<EndVerb>(state)) return ChartKind::kEnd;
  if (Does<FailVerb>(state)) return ChartKind::kFail;
  return state.is_choice ? ChartKind::kChoice : ChartKind::kWait;
}

std::string AskWork(const AskVerb& ask) {
  std::string text = TextOf(ask.title);
  if (ask.assign_role) text += " (" + TextOf(*ask.assign_role) + ")";
  if (ask.assign_user) text += " (" + TextOf(*ask.assign_user) + ")";
  return text;
}

std::string WorkOf(const Definition& definition, const State& state) {
  if (const CallVerb* call = std::get_if<CallVerb>(&state.verb)) return call->full();
  if (const AskVerb* ask = std::get_if<AskVerb>(&state.verb)) return AskWork(*ask);
  if (const RunVerb* run = std::get_if<RunVerb>(&state.verb))
    return run->process + (run->version.empty() ? "" : " " + run->version) + (run->detach ? ", not awaited" : "");
  if (const EmitVerb* emit = std::get_if<EmitVerb>(&state.verb))
    return emit->emission.type + (emit->emission.to_process ? " to " + TextOf(*emit->emission.to_process) : "");
  if (const EachVerb* each = std::get_if<EachVerb>(&state.verb)) {
    const std::string many = each->concurrency > 1 ? ", " + std::to_string(each->concurrency) + " at once" : "";
    return "for each " + each->as + " of " + TextOf(each->list) + many;
  }
  if (const ParallelVerb* parallel = std::get_if<ParallelVerb>(&state.verb)) {
    if (!parallel->join) return "until all have ended";
    if (*parallel->join == 1) return "until the first has ended";
    return "until " + std::to_string(*parallel->join) + " of " + std::to_string(state.children.size()) + " have ended";
  }
  if (const RollbackVerb* rollback = std::get_if<RollbackVerb>(&state.verb))
    return rollback->target == kRoot ? "undo all" : "undo " + StateAt(definition, rollback->target).name;
  if (const FailVerb* fail = std::get_if<FailVerb>(&state.verb))
    return fail->error == state.name ? "" : "error " + fail->error;
  return "";
}

std::string Sentence(std::string text) {
  const bool closed = !text.empty() && std::string_view(".!?").find(text.back()) != std::string_view::npos;
  return text.empty() || closed ? text : text + ".";
}

std::string DescriptionOf(const ChartState& state, const State& source) {
  std::string text = Sentence(std::string(KindName(state.kind)) + (state.work.empty() ? "" : ": " + state.work));
  for (const std::string& part : {OneLine(source.title), OneLine(source.description)})
    if (!part.empty()) text += " " + Sentence(part);
  if (!state.undo.empty()) text += " Undone by " + state.undo + ".";
  if (state.atomic) text += " Atomic: an error undoes what was done inside.";
  if (state.active) text += " Active now.";
  return text;
}

std::string EffectsOf(const TransitionArm& arm) {
  std::string text;
  if (!arm.save.empty()) text += ", saves " + arm.save;
  for (const Assignment& assignment : arm.set) text += ", sets " + assignment.name;
  if (arm.emit) text += ", emits " + arm.emit->type;
  return text;
}

// What makes one arm happen, as it is written.
struct Trigger {
  ChartCause cause = ChartCause::kNext;
  std::string text;  // what is seen
  std::string word;  // what stands in ids
};

// "duration(input.wait)" -> "input.wait": that it is a time, the clock says. Whatever is more than a name stays as it is.
std::string WithoutConversion(const std::string& text) {
  for (const std::string_view call : {"duration(", "timestamp("}) {
    if (!text.starts_with(call) || !text.ends_with(")")) continue;
    const std::string inside = text.substr(call.size(), text.size() - call.size() - 1);
    const bool name = !inside.empty() && std::all_of(inside.begin(), inside.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '.';
    });
    if (name) return inside;
  }
  return text;
}

// An expression stands for itself: there is nothing to tell it from.
std::string DueText(const Template& due) {
  const Expression* expression = std::get_if<Expression>(&due.content);
  return OneLine(expression ? WithoutConversion(std::string(SourceOf(*expression->compiled))) : TextOf(due));
}

class Builder {
 public:
  Builder(const Definition& definition, const std::vector<std::string>& active) : definition_(definition) {
    for (const std::string& name : active)
      if (const State* state = definition.FindState(name))
        for (StateIndex at = state->index; at != kRoot; at = StateAt(definition, at).parent) active_.insert(at);
  }

  Chart Build() {
    chart_.process = definition_.process;
    chart_.version = definition_.version;
    chart_.title = OneLine(definition_.title);
    AddInside(StateAt(definition_, kRoot), -1);
    AddTransitions(StateAt(definition_, kRoot));
    return std::move(chart_);
  }

 private:
  std::string Unique(const std::string& id) {
    std::string free = id;
    for (int n = 2; !ids_.insert(free).second; ++n) free = id + "-" + std::to_string(n);
    return free;
  }

  // "", "-both", "-both-left".
  std::string Suffix(const State& state) const {
    if (state.index == kRoot) return "";
    return (state.is_region ? "-" + StateAt(definition_, state.parent).name : "") + "-" + state.name;
  }

  int Add(ChartState state) {
    chart_.states.push_back(std::move(state));
    return static_cast<int>(chart_.states.size()) - 1;
  }

  int AddDot(ChartKind kind, const State& container, int parent) {
    ChartState dot;
    dot.kind = kind;
    dot.id = Unique(std::string(KindName(kind)) + Suffix(container));
    dot.parent = parent;
    dot.description = kind == ChartKind::kStart ? "Start." : "Holds in every state here.";
    return Add(std::move(dot));
  }

  void AddInside(const State& container, int parent) {
    if (container.start != kNoState) starts_[container.index] = AddDot(ChartKind::kStart, container, parent);
    for (StateIndex child : container.children) AddState(StateAt(definition_, child), parent);
    if (container.start != kNoState)
      Connect(starts_[container.index], places_[container.start], {ChartCause::kStart, "", "start"}, nullptr);
  }

  void AddState(const State& source, int parent) {
    ChartState state;
    state.kind = KindOf(source);
    state.id = Unique((source.is_region ? "region" : "state") + Suffix(source));
    state.name = source.name;
    state.title = OneLine(source.title);
    state.work = OneLine(WorkOf(definition_, source));
    state.undo = source.undo ? source.undo->operation : "";
    state.parent = parent;
    state.atomic = source.atomic;
    state.active = active_.count(source.index) != 0;
    state.description = DescriptionOf(state, source);
    places_[source.index] = Add(std::move(state));
    AddInside(source, places_[source.index]);
  }

  void AddTransitions(const State& state) {
    AddArms(state, {ChartCause::kNext, "", "next"}, state.next);
    for (const EventHandler& handler : state.on) {
      std::vector<TransitionArm> arms;
      for (const EventHandler::Arm& arm : handler.arms) arms.push_back(arm.transition);
      AddArms(state, {ChartCause::kEvent, handler.type, handler.type}, arms);
    }
    for (const TimerHandler& timer : state.after) {
      const std::int64_t* span = std::get_if<std::int64_t>(&timer.due);
      const std::string text = span ? TimerText(*span) : DueText(std::get<Template>(timer.due));
      AddArms(state, {ChartCause::kTimer, text, span ? text : "timer"}, timer.arms);
    }
    for (const ErrorHandler& handler : state.on_error)
      AddArms(state, {ChartCause::kError, handler.name, handler.name}, handler.arms);
    for (StateIndex child : state.children) AddTransitions(StateAt(definition_, child));
  }

  void AddArms(const State& state, const Trigger& trigger, const std::vector<TransitionArm>& arms) {
    bool asked = false;
    for (const TransitionArm& arm : arms) {
      const std::string condition = arm.condition ? OneLine(SourceOf(*arm.condition->compiled)) : asked ? "else" : "";
      asked = asked || arm.condition.has_value();
      AddArm(state, trigger, arm, condition);
    }
  }

  void AddArm(const State& state, Trigger trigger, const TransitionArm& arm, const std::string& condition) {
    if (trigger.cause == ChartCause::kNext && !condition.empty()) trigger.cause = ChartCause::kIf;
    if (arm.target != kNoState) {
      ChartTransition& added = Connect(SourceOfArm(state, arm.target), places_[arm.target], trigger, &state);
      added.condition = condition;
      added.description = Describe(state, trigger, condition, arm);
      return;
    }
    ChartState::Internal internal;
    internal.cause = trigger.cause;
    internal.text = trigger.text + (condition.empty() ? "" : " [" + condition + "]");
    internal.id = Unique("transition-" + NameOf(state) + "-" + trigger.word);
    const int at = state.index == kRoot || state.is_region ? Anywhere(state) : places_[state.index];
    chart_.states[static_cast<std::size_t>(at)].internals.push_back(std::move(internal));
  }

  static std::string NameOf(const State& state) { return state.index == kRoot ? "process" : state.name; }

  std::string Describe(const State& state, const Trigger& trigger, const std::string& condition,
                       const TransitionArm& arm) const {
    std::string text =
        "From " + (state.index == kRoot ? "every state" : state.name) + " to " + StateAt(definition_, arm.target).name;
    if (trigger.cause == ChartCause::kEvent) text += " at the event " + trigger.text;
    if (trigger.cause == ChartCause::kTimer) text += " after " + trigger.text;
    if (trigger.cause == ChartCause::kError) text += " at the error " + trigger.text;
    if (!condition.empty()) text += condition == "else" ? ", else" : ", if " + condition;
    return text + EffectsOf(arm) + ".";
  }

  // A container's transition to a state inside itself begins inside.
  int SourceOfArm(const State& state, StateIndex target) {
    if (state.index == kRoot || (target != state.index && IsInside(definition_, target, state.index)))
      return Anywhere(state);
    return places_[state.index];
  }

  int Anywhere(const State& container) {
    const auto known = anywhere_.find(container.index);
    if (known != anywhere_.end()) return known->second;
    const int parent = container.index == kRoot ? -1 : places_[container.index];
    return anywhere_[container.index] = AddDot(ChartKind::kAnywhere, container, parent);
  }

  // `state`: whose transition it is; null for the way out of a start dot.
  ChartTransition& Connect(int from, int to, const Trigger& trigger, const State* state) {
    ChartTransition transition;
    const ChartState& target = chart_.states[static_cast<std::size_t>(to)];
    transition.id = Unique(state ? "transition-" + NameOf(*state) + "-" + trigger.word + "-" + target.name
                                 : "transition-" + chart_.states[static_cast<std::size_t>(from)].id);
    transition.from = from;
    transition.to = to;
    transition.cause = trigger.cause;
    transition.trigger = trigger.text;
    transition.description = state ? "" : "Starts in " + target.name + ".";
    chart_.transitions.push_back(std::move(transition));
    return chart_.transitions.back();
  }

  const Definition& definition_;
  Chart chart_;
  std::set<StateIndex> active_;
  std::set<std::string> ids_;
  std::map<StateIndex, int> places_, starts_, anywhere_;  // of states, of their dots
};

}  // namespace

std::string_view KindName(ChartKind kind) {
  static constexpr std::string_view kNames[] = {"call",     "ask",       "run",    "emit",  "wait",
                                                "choice",   "rollback",  "end",    "fail",  "each",
                                                "parallel", "composite", "region", "start", "anywhere"};
  return kNames[static_cast<int>(kind)];
}

std::string_view CauseName(ChartCause cause) {
  static constexpr std::string_view kNames[] = {"next", "if", "event", "timer", "error", "begin"};
  return kNames[static_cast<int>(cause)];
}

std::string_view MarkName(ChartMark mark) {
  static constexpr std::string_view kNames[] = {"", "added", "removed", "changed"};
  return kNames[static_cast<int>(mark)];
}

Chart BuildChart(const Definition& definition, const std::vector<std::string>& active) {
  return Builder(definition, active).Build();
}

bool IsWithin(const Chart& chart, int inner, int outer) {
  while (inner != -1 && inner != outer) inner = chart.states[static_cast<std::size_t>(inner)].parent;
  return inner == outer;
}

}  // namespace fermata

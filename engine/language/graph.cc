#include "engine/language/graph.h"

#include <algorithm>

#include "engine/language/codes.h"
#include "engine/language/raised.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

class GraphBuilder {
 public:
  explicit GraphBuilder(const Definition& definition) : definition_(definition) {
    graph_.reached.assign(definition.states.size(), false);
    graph_.completes.assign(definition.states.size(), false);
  }

  // Both facts grow together until nothing changes.
  Graph Build() {
    graph_.reached[kRoot] = true;
    MarkMigrated();
    do {
      changed_ = false;
      for (const State& state : definition_.states)
        if (graph_.reached[Slot(state.index)]) Visit(state);
    } while (changed_);
    return std::move(graph_);
  }

 private:
  static std::size_t Slot(StateIndex index) { return static_cast<std::size_t>(index); }

  void Mark(std::vector<bool>& facts, StateIndex index) {
    if (index == kNoState || facts[Slot(index)]) return;
    facts[Slot(index)] = true;
    changed_ = true;
  }

  // A migration may be the only way into a state.
  void MarkMigrated() {
    for (const Migration& migration : definition_.migrations)
      for (const auto& [old_name, name] : migration.states)
        if (const State* state = definition_.FindState(name))
          for (StateIndex at = state->index; at != kNoState; at = StateAt(definition_, at).parent)
            Mark(graph_.reached, at);
  }

  void Visit(const State& state) {
    Mark(graph_.reached, state.start);
    if (Does<ParallelVerb>(state))
      for (StateIndex region : state.children) Mark(graph_.reached, region);
    if (CanComplete(state)) Mark(graph_.completes, state.index);
    ForEachArm(state, [&](ArmKind kind, const TransitionArm& arm) {
      if (kind != ArmKind::kNext || graph_.completes[Slot(state.index)]) Mark(graph_.reached, arm.target);
    });
  }

  bool HasReachedEnd(const State& state) const {
    return std::any_of(state.children.begin(), state.children.end(), [&](StateIndex child) {
      return graph_.reached[Slot(child)] && Does<EndVerb>(StateAt(definition_, child));
    });
  }

  bool CanComplete(const State& state) const {
    if (state.is_region || Does<CompositeVerb>(state)) return HasReachedEnd(state);
    if (Does<EachVerb>(state)) return true;  // the list may be empty
    if (const auto* parallel = std::get_if<ParallelVerb>(&state.verb)) {
      const auto done = std::count_if(state.children.begin(), state.children.end(),
                                      [&](StateIndex region) { return graph_.completes[Slot(region)]; });
      return done >= parallel->join.value_or(static_cast<std::int64_t>(state.children.size()));
    }
    return !Does<EndVerb>(state) && !Does<FailVerb>(state);
  }

  const Definition& definition_;
  Graph graph_;
  bool changed_ = false;
};

class GraphChecker {
 public:
  GraphChecker(const ParsedDefinition& parsed, const Graph& graph, Report& report)
      : parsed_(parsed), definition_(*parsed.definition), graph_(graph), report_(report) {}

  void Check() {
    const bool complete = !parsed_.targets_unknown && !parsed_.states_unknown;
    if (complete) {
      // Innermost first, so that a composite is not blamed for what stands in it.
      stuck_.assign(definition_.states.size(), false);
      for (std::size_t i = definition_.states.size(); i-- > 1;) CheckLeft(definition_.states[i]);
      CheckReached();
    }
    for (const State& state : definition_.states)
      if (IsReal(state) && (graph_.reached[Slot(state.index)] || !complete)) CheckWait(state);
  }

 private:
  static std::size_t Slot(StateIndex index) { return static_cast<std::size_t>(index); }

  void ReportAt(const State& state, Severity severity, ErrorCode code, std::string message, std::string hint) {
    report_.Add(severity, code, state.at, static_cast<int>(state.name.size()), std::move(message), std::move(hint));
  }

  bool IsOrphan(const State& state) const {
    return IsReal(state) && !graph_.reached[Slot(state.index)] && graph_.reached[Slot(state.parent)];
  }

  // What only a state leads to that is itself blamed (never reached, or never through) is a consequence; so is the
  // state below one that has no way out: it is what that one was to lead to.
  void CheckReached() {
    std::vector<bool> told(definition_.states.size(), false);
    for (const State& state : definition_.states) {
      const bool stuck = graph_.reached[Slot(state.index)] && !graph_.completes[Slot(state.index)];
      if (stuck) TellAll(state, told);
      const StateIndex below = stuck_[Slot(state.index)] ? NextSibling(state) : kNoState;
      if (below == kNoState || !IsOrphan(StateAt(definition_, below))) continue;
      told[Slot(below)] = true;
      TellAll(StateAt(definition_, below), told);
    }
    std::vector<bool> entered(definition_.states.size(), false);
    for (const State& state : definition_.states)
      if (IsOrphan(state))
        ForEachArm(state, [&](ArmKind, const TransitionArm& arm) {
          if (arm.target != kNoState && arm.target != state.index) entered[Slot(arm.target)] = true;
        });
    for (const bool in_circles : {false, true})
      for (const State& state : definition_.states) {
        if (!IsOrphan(state) || told[Slot(state.index)] || (entered[Slot(state.index)] && !in_circles)) continue;
        TellAll(state, told);
        ReportAt(state, Severity::kError, kUnreachableState,
                 "Expected a way into the state '" + state.name + "', but no transition leads there.",
                 "remove it, or name it under 'next', 'on', 'after' or 'on_error'");
      }
  }

  StateIndex NextSibling(const State& state) const {
    const std::vector<StateIndex>& siblings = StateAt(definition_, state.parent).children;
    const auto own = std::find(siblings.begin(), siblings.end(), state.index);
    return own + 1 == siblings.end() ? kNoState : *(own + 1);
  }

  void TellAll(const State& state, std::vector<bool>& told) const {
    std::vector<StateIndex> ahead{state.index};
    while (!ahead.empty()) {
      const State& at = StateAt(definition_, ahead.back());
      ahead.pop_back();
      ForEachArm(at, [&](ArmKind, const TransitionArm& arm) {
        if (arm.target == kNoState || graph_.reached[Slot(arm.target)] || told[Slot(arm.target)]) return;
        told[Slot(arm.target)] = true;
        ahead.push_back(arm.target);
      });
    }
  }

  static bool HasGo(const State& state, bool with_next) {
    bool found = false;
    ForEachArm(state, [&](ArmKind kind, const TransitionArm& arm) {
      const bool counts = kind == ArmKind::kOn || kind == ArmKind::kAfter || (kind == ArmKind::kNext && with_next);
      found |= counts && arm.target != kNoState;
    });
    return found;
  }

  // Whether something around the state takes it away.
  bool LeftFromOutside(const State& state) const {
    for (StateIndex outer = state.parent; outer != kNoState; outer = StateAt(definition_, outer).parent) {
      const State& around = StateAt(definition_, outer);
      if (HasGo(around, false)) return true;
      const auto* parallel = std::get_if<ParallelVerb>(&around.verb);
      if (parallel && parallel->join) return true;
    }
    return false;
  }

  // Whether something inside leads out, or fails.
  bool LeftFromInside(const State& state) const {
    for (const State& inner : definition_.states) {
      if (inner.index == state.index || !graph_.reached[Slot(inner.index)] ||
          !IsInside(definition_, inner.index, state.index))
        continue;
      if (Does<FailVerb>(inner)) return true;
      bool leads_out = false;
      ForEachArm(inner, [&](ArmKind, const TransitionArm& arm) {
        leads_out |= arm.target != kNoState && !IsInside(definition_, arm.target, state.index);
      });
      if (leads_out) return true;
    }
    return false;
  }

  Raised RaisedInside(const State& state) const {
    Raised raised;
    for (const State& inner : definition_.states)
      if (graph_.reached[Slot(inner.index)] && IsInside(definition_, inner.index, state.index))
        AddRaised(RaisedBy(inner), raised);
    return raised;
  }

  // Whether an error from inside takes a transition out, of the state itself or of what is around it.
  bool LeftByError(const State& state) const {
    const Raised raised = RaisedInside(state);
    for (StateIndex at = state.index; at != kNoState; at = StateAt(definition_, at).parent)
      for (const ErrorHandler& handler : StateAt(definition_, at).on_error) {
        const bool out = std::any_of(handler.arms.begin(), handler.arms.end(), [&](const TransitionArm& arm) {
          return arm.target != kNoState &&
                 (arm.target == state.index || !IsInside(definition_, arm.target, state.index));
        });
        if (out && MayTake(handler, raised)) return true;
      }
    return false;
  }

  bool HasStuckInside(const State& state) const {
    return std::any_of(definition_.states.begin(), definition_.states.end(), [&](const State& inner) {
      return inner.index != state.index && stuck_[Slot(inner.index)] && IsInside(definition_, inner.index, state.index);
    });
  }

  void CheckLeft(const State& state) {
    if (!IsReal(state) || !graph_.reached[Slot(state.index)] || Does<EndVerb>(state) || Does<FailVerb>(state)) return;
    const bool completes = graph_.completes[Slot(state.index)];
    if (HasGo(state, completes) || LeftFromOutside(state)) return;
    if (!state.children.empty() && (HasStuckInside(state) || LeftFromInside(state))) return;
    if (!state.children.empty() && !completes && LeftByError(state)) return;
    stuck_[Slot(state.index)] = true;
    if (!completes)
      return ReportAt(state, Severity::kError, kStateNeverLeft,
                      "Expected an 'end' that can be reached inside of '" + state.name +
                          "', or a way out of it, but there is none.",
                      "");
    ReportAt(state, Severity::kError, kStateNeverLeft,
             "Expected a way out of the state '" + state.name + "', but it has none.",
             "add 'next', or 'on' or 'after' with a state to go to; the last state of a process says 'end'");
  }

  void CheckWait(const State& state) {
    if (!Does<NoVerb>(state) || state.on.empty()) return;
    // What is written counts, even if it could not be read.
    for (StateIndex at = state.index; at != kNoState; at = StateAt(definition_, at).parent)
      if (const NodeEntry* after = parsed_.Find(at, "after"); after && !after->value.entries.empty()) return;
    ReportAt(state, Severity::kWarning, kWaitWithoutAfter,
             "Expected 'after' where a process waits, but '" + state.name + "' may wait for ever.",
             "say what happens when nothing comes: after: { 1d: … }");
  }

  const ParsedDefinition& parsed_;
  const Definition& definition_;
  const Graph& graph_;
  Report& report_;
  std::vector<bool> stuck_;
};

}  // namespace

Graph BuildGraph(const Definition& definition) { return GraphBuilder(definition).Build(); }

void CheckGraph(const ParsedDefinition& parsed, const Graph& graph, Report& report) {
  GraphChecker(parsed, graph, report).Check();
}

}  // namespace fermata

#include "engine/language/loops.h"

#include <algorithm>

#include "engine/expression/expression.h"
#include "engine/language/codes.h"
#include "engine/language/operations.h"
#include "engine/language/raised.h"
#include "engine/language/walk.h"

namespace fermata {
namespace {

// Entering and completing each state are the points; what follows at once from one is an edge.
class LoopFinder {
 public:
  LoopFinder(const Definition& definition, const Graph& graph) : definition_(definition), graph_(graph) {
    edges_.resize(definition.states.size() * 2);
    // Innermost first: a parallel is through at once if its regions are.
    for (std::size_t i = definition.states.size(); i-- > 1;) Connect(definition.states[i]);
  }

  // The states of each loop, those and the loops in document order.
  std::vector<std::vector<StateIndex>> Find() const {
    std::vector<std::vector<StateIndex>> loops;
    std::vector<bool> told(definition_.states.size(), false);
    for (const State& state : definition_.states) {
      if (!IsReal(state) || told[Slot(state.index)] || !graph_.reached[Slot(state.index)]) continue;
      const std::vector<bool> ahead = Ahead(Entering(state.index));
      if (!ahead[Entering(state.index)]) continue;
      std::vector<StateIndex> loop;
      for (const State& other : definition_.states)
        if (ahead[Entering(other.index)] && Ahead(Entering(other.index))[Entering(state.index)]) {
          told[Slot(other.index)] = true;
          loop.push_back(other.index);
        }
      loops.push_back(std::move(loop));
    }
    return loops;
  }

 private:
  static std::size_t Slot(StateIndex index) { return static_cast<std::size_t>(index); }
  static std::size_t Entering(StateIndex index) { return Slot(index) * 2; }
  static std::size_t Completing(StateIndex index) { return Slot(index) * 2 + 1; }

  void Connect(const State& state) {
    std::vector<std::size_t>& entered = edges_[Entering(state.index)];
    if (state.start != kNoState) entered.push_back(Entering(state.start));
    if (Does<ParallelVerb>(state))
      for (StateIndex region : state.children) entered.push_back(Entering(region));
    if (IsThroughAtOnce(state)) entered.push_back(Completing(state.index));
    if (Does<EndVerb>(state)) entered.push_back(Completing(state.parent));
    for (const TransitionArm& arm : state.next)
      if (arm.target != kNoState) edges_[Completing(state.index)].push_back(Entering(arm.target));
    if (!Does<RunVerb>(state)) ConnectErrors(state, entered);
  }

  void ConnectErrors(const State& state, std::vector<std::size_t>& entered) const {
    const Raised raised = RaisedBy(state);
    for (StateIndex at = state.index; at != kNoState; at = StateAt(definition_, at).parent)
      for (const ErrorHandler& handler : StateAt(definition_, at).on_error) {
        if (IsDefinitionError(handler.name) || !MayTake(handler, raised)) continue;
        for (const TransitionArm& arm : handler.arms)
          if (arm.target != kNoState) entered.push_back(Entering(arm.target));
      }
  }

  // A composite is not: its `end` completes it. A child is waited for, unless it is detached.
  bool IsThroughAtOnce(const State& state) const {
    if (Does<NoVerb>(state)) return state.is_choice;
    if (const auto* run = std::get_if<RunVerb>(&state.verb)) return run->detach;
    if (const auto* parallel = std::get_if<ParallelVerb>(&state.verb)) {
      const auto done = std::count_if(state.children.begin(), state.children.end(), [&](StateIndex region) -> bool {
        return Ahead(Entering(region))[Completing(region)];
      });
      return done >= parallel->join.value_or(static_cast<std::int64_t>(state.children.size()));
    }
    return Does<CallVerb>(state) || Does<EmitVerb>(state) || Does<RollbackVerb>(state);
  }

  // All points that follow from one; itself only if it is in a loop.
  std::vector<bool> Ahead(std::size_t from) const {
    std::vector<bool> seen(edges_.size(), false);
    std::vector<std::size_t> stack{from};
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      for (std::size_t next : edges_[at]) {
        if (seen[next]) continue;
        seen[next] = true;
        stack.push_back(next);
      }
    }
    return seen;
  }

  const Definition& definition_;
  const Graph& graph_;
  std::vector<std::vector<std::size_t>> edges_;
};

// n: ${n + 1}
bool Counts(const Assignment& assignment) {
  const auto* expression = std::get_if<Expression>(&assignment.value.content);
  if (!expression) return false;
  const std::vector<NameUse> uses = FreeNames(*expression->compiled);
  return std::any_of(uses.begin(), uses.end(), [&](const NameUse& use) { return use.name == assignment.name; });
}

// The variable that the states of a loop compute from itself; "" if there is none.
std::string CounterOf(const Definition& definition, const std::vector<StateIndex>& loop) {
  std::string counter;
  const auto look = [&](const std::vector<Assignment>& assignments) {
    for (const Assignment& assignment : assignments)
      if (counter.empty() && Counts(assignment)) counter = assignment.name;
  };
  for (StateIndex index : loop) {
    const State& state = StateAt(definition, index);
    look(state.set);
    ForEachArm(state, [&](ArmKind, const TransitionArm& arm) { look(arm.set); });
  }
  return counter;
}

std::string HintFor(const Definition& definition, const std::vector<StateIndex>& loop) {
  const std::string counter = CounterOf(definition, loop);
  if (counter.empty()) return "put a state with 'after' into the loop";
  const bool calls = std::any_of(loop.begin(), loop.end(),
                                 [&](StateIndex index) { return Does<CallVerb>(StateAt(definition, index)); });
  return "it counts in '" + counter + "': " +
         (calls ? "what is to be tried again is written with 'retry', what is done for many things with 'each'"
                : "what is done for many things is written with 'each', what can be computed with 'set'");
}

}  // namespace

void CheckLoops(const ParsedDefinition& parsed, const Graph& graph, Report& report) {
  const Definition& definition = *parsed.definition;
  for (const std::vector<StateIndex>& loop : LoopFinder(definition, graph).Find()) {
    const State& state = StateAt(definition, loop.front());
    report.Add(Severity::kWarning, kLoopWithoutWait, state.at, static_cast<int>(state.name.size()),
               "Expected a wait in the loop through '" + state.name + "', but nothing in it waits.",
               HintFor(definition, loop));
  }
}

}  // namespace fermata

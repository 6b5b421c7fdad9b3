#include "engine/scenario/coverage.h"

namespace fermata {
namespace {

class Meter {
 public:
  Meter(const Definition& definition, const Visited& visited) : definition_(definition), visited_(visited) {}

  Coverage Measure() {
    for (const State& state : definition_.states) MeasureState(state);
    return std::move(coverage_);
  }

 private:
  std::string NameOf(const State& state) const {
    return state.index == kRoot ? std::string("the root") : "'" + state.name + "'";
  }

  void MeasureState(const State& state) {
    if (state.index != kRoot && !state.is_region) {
      ++coverage_.states;
      const bool seen = visited_.states.contains(&state);
      coverage_.states_visited += seen;
      if (!seen) coverage_.missing.push_back("state '" + state.name + "'" + Line(state.at));
    }
    for (const EventHandler& handler : state.on)
      for (const EventHandler::Arm& arm : handler.arms) MeasureArm(state, arm.transition, "on " + handler.type);
    for (const TimerHandler& handler : state.after)
      for (const TransitionArm& arm : handler.arms) MeasureArm(state, arm, "after");
    for (const TransitionArm& arm : state.next) MeasureArm(state, arm, "next");
    for (const ErrorHandler& handler : state.on_error) {
      for (const TransitionArm& arm : handler.arms) {
        ++coverage_.errors;
        const bool seen = visited_.transitions.contains(&arm);
        coverage_.errors_visited += seen;
        if (!seen) coverage_.missing.push_back("error '" + handler.name + "' of " + NameOf(state) + Line(arm.at));
      }
    }
    if (!state.undo) return;
    ++coverage_.undos;
    const bool seen = visited_.undone.contains(&state);
    coverage_.undos_visited += seen;
    if (!seen) coverage_.missing.push_back("undo of '" + state.name + "'" + Line(state.undo->at));
  }

  void MeasureArm(const State& state, const TransitionArm& arm, const std::string& trigger) {
    ++coverage_.transitions;
    const bool seen = visited_.transitions.contains(&arm);
    coverage_.transitions_visited += seen;
    if (seen) return;
    std::string target = "stays";
    if (arm.target != kNoState) target = "-> '" + definition_.states[static_cast<std::size_t>(arm.target)].name + "'";
    coverage_.missing.push_back("transition of " + NameOf(state) + " " + target + ", " + trigger + Line(arm.at));
  }

  static std::string Line(SourcePosition at) {
    return at.line == 0 ? std::string() : " (line " + std::to_string(at.line) + ")";
  }

  const Definition& definition_;
  const Visited& visited_;
  Coverage coverage_;
};

}  // namespace

Coverage MeasureCoverage(const Definition& definition, const Visited& visited) {
  return Meter(definition, visited).Measure();
}

}  // namespace fermata

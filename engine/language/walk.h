// Ways through a definition that the checks share. Pure and thread-safe.
#pragma once

#include "engine/model/definition.h"

namespace fermata {

enum class ArmKind { kNext, kOn, kAfter, kOnError };

// Calls visit(kind, arm) for every transition that the state has, in document order of each kind.
template <class Visit>
void ForEachArm(const State& state, Visit visit) {
  for (const TransitionArm& arm : state.next) visit(ArmKind::kNext, arm);
  for (const EventHandler& handler : state.on)
    for (const EventHandler::Arm& arm : handler.arms) visit(ArmKind::kOn, arm.transition);
  for (const TimerHandler& handler : state.after)
    for (const TransitionArm& arm : handler.arms) visit(ArmKind::kAfter, arm);
  for (const ErrorHandler& handler : state.on_error)
    for (const TransitionArm& arm : handler.arms) visit(ArmKind::kOnError, arm);
}

inline const State& StateAt(const Definition& definition, StateIndex index) {
  return definition.states[static_cast<std::size_t>(index)];
}

// Whether `outer` is `inner` or around it.
inline bool IsInside(const Definition& definition, StateIndex inner, StateIndex outer) {
  for (; inner != kNoState; inner = StateAt(definition, inner).parent)
    if (inner == outer) return true;
  return false;
}

template <class Verb>
bool Does(const State& state) {
  return std::holds_alternative<Verb>(state.verb);
}

inline bool IsReal(const State& state) { return state.index != kRoot && !state.is_region; }

}  // namespace fermata

// What one instance may hold at most: limits.h.
#pragma once

#include <optional>

#include "engine/core/machine.h"

namespace fermata {

// Whether the instance's variables, those of its items too, stay within kVariablesBytesMax (as JSON, roughly) once these are assigned
// in `scope`; otherwise the definition error `expression`. Values of a few KB are not counted one by one: the number of names bounds them.
std::optional<ProcessError> CheckVariables(const Machine& machine, ActivationId scope, const Bindings& assigned);

// Whether a state that will register an undo may begin its work: with kUndoRecordsMax records waiting it may not, and gets the definition error `livelock`.
std::optional<ProcessError> CheckUndoRecords(const Machine& machine, const State& state);

}  // namespace fermata

#include "engine/core/behaviors/bounds.h"

#include <algorithm>

#include "engine/model/limits.h"

namespace fermata {
namespace {

constexpr std::size_t kLookAgainBytes = 4 << 10;  // a smaller value is not worth a look at all the others

// About the length of its JSON text; counts no further than `limit`.
std::size_t TextBytes(const Value& value, std::size_t limit) {
  std::size_t bytes = 0;
  std::vector<const Value*> todo = {&value};
  while (!todo.empty() && bytes <= limit) {
    const Value& next = *todo.back();
    todo.pop_back();
    bytes += 4;
    if (next.is_string()) {
      bytes += next.as_string().size();
    } else if (next.is_list()) {
      for (const Value& item : next.as_list()) todo.push_back(&item);
    } else if (next.is_map()) {
      for (const auto& [key, item] : next.as_map()) {
        bytes += key.as_string().size() + 4;
        todo.push_back(&item);
      }
    }
  }
  return bytes;
}

bool IsAssigned(const Bindings& assigned, std::string_view name) {
  return std::any_of(assigned.begin(), assigned.end(), [&](const auto& binding) { return binding.first == name; });
}

}  // namespace

std::optional<ProcessError> CheckVariables(const Machine& machine, ActivationId scope, const Bindings& assigned) {
  std::size_t bytes = 0;
  const std::string* largest = nullptr;
  std::size_t largest_bytes = 0;
  for (const auto& [name, value] : assigned) {
    const std::size_t one = TextBytes(value, kVariablesBytesMax);
    bytes += one;
    if (one < largest_bytes) continue;
    largest = &name;
    largest_bytes = one;
  }
  if (largest_bytes < kLookAgainBytes) return std::nullopt;
  auto add = [&](const Variables& variables, bool changes) {
    for (const auto& [name, value] : variables)
      if (bytes <= kVariablesBytesMax && !(changes && IsAssigned(assigned, name)))
        bytes += TextBytes(value, kVariablesBytesMax);
  };
  add(machine.state().variables, scope == 0);
  for (const auto& [id, activation] : machine.state().activations) add(activation.variables, id == scope);
  if (bytes <= kVariablesBytesMax) return std::nullopt;
  return ProcessError{"expression",
                      "Expected all variables of the instance to have at most " + std::to_string(kVariablesBytesMax) +
                          " bytes together, but with '" + *largest + "' they would have more.",
                      {}};
}

std::optional<ProcessError> CheckUndoRecords(const Machine& machine, const State& state) {
  const auto* run = std::get_if<RunVerb>(&state.verb);
  const bool registers = state.undo.has_value() || (run != nullptr && !run->detach);
  if (!registers || machine.state().undo_records.size() < kUndoRecordsMax) return std::nullopt;
  return ProcessError{"livelock",
                      "Expected at most " + std::to_string(kUndoRecordsMax) +
                          " completed states to be undone if need be, but there are as many already.",
                      {}};
}

}  // namespace fermata

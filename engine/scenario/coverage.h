// What no case of a process has visited. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/scenario/runner.h"

namespace fermata {

struct Coverage {
  int states = 0, transitions = 0, errors = 0, undos = 0;  // in the definition
  int states_visited = 0, transitions_visited = 0, errors_visited = 0, undos_visited = 0;
  // "state 'x' (line 3)", "transition of 'x' -> 'y', next (line 12)", "error 'any' of 'x' (line 9)", "undo of 'x' (line 7)", in document order.
  std::vector<std::string> missing;

  int total() const { return states + transitions + errors + undos; }
  int visited() const { return states_visited + transitions_visited + errors_visited + undos_visited; }
  // 100 when there is nothing to visit.
  double percent() const { return total() == 0 ? 100.0 : 100.0 * visited() / total(); }
};

Coverage MeasureCoverage(const Definition& definition, const Visited& visited);

}  // namespace fermata

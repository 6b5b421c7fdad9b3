// `states`: states inside a state.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {

void StartComposite(Machine& machine, ActivationId activation, StateIndex start) {
  EnterState(machine, start, activation);
}

}  // namespace fermata

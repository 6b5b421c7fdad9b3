// `rollback`: undoes what was done in a state or inside it, in this region or item; or everything.
#include "engine/core/behaviors/behaviors.h"
#include "engine/core/verbs/verbs.h"

namespace fermata {

void StartRollbackVerb(Machine& machine, ActivationId activation, const RollbackVerb& verb) {
  Rollback rollback;
  rollback.owner = activation;
  rollback.scopes = {machine.RegionOf(activation)};
  if (verb.target != kRoot) rollback.state = machine.definition().states[static_cast<std::size_t>(verb.target)].name;
  rollback.then.kind = Continuation::Kind::kProceed;
  StartRollback(machine, std::move(rollback));
}

}  // namespace fermata

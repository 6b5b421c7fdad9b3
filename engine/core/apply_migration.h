// The part of Apply that carries a state over to another version of its process. Under the contract of apply.h.
#pragma once

#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

void ApplyMigration(InstanceState& state, const InstanceMigrated& event);

}  // namespace fermata

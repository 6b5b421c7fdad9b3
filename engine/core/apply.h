// The only function that changes an instance's state. Live and replayed states are equal because both are made here.
//
// Never sees a definition: events carry resolved names, inputs and due times.
#pragma once

#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

void Apply(InstanceState& state, const JournalEvent& event);

}  // namespace fermata

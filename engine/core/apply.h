// The only function that changes an instance's state. Live and replayed states are equal because both are made here.
//
// Never sees a definition: events carry resolved names, inputs and due times. Pure; a state is used by one thread at a time.
#pragma once

#include <vector>

#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

void Apply(InstanceState& state, const JournalEvent& event);

// Replays one journal row: all its events, and counts it in `seq`.
void ApplyRow(InstanceState& state, const std::vector<JournalEvent>& events);

// What the finished items of an `each` gave, in their order.
Value OutputsOf(const EachState& each);

}  // namespace fermata

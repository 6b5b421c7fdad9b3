// Parses the states of a process: first which there are, then what each is. Used by the definition parser only.
#pragma once

#include "engine/language/parsed.h"

namespace fermata {

// Makes the states with names, parents and children, from the root's `states` down; [kRoot] is there afterwards.
void CollectStates(ParseContext& context);

// Fills in what the states are. `on`, `after` and `on_error` of the root too.
void ReadStates(ParseContext& context);

}  // namespace fermata

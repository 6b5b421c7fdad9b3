// Parses what leads from one state to another: `next`, `on`, `after`, `on_error`, in all their short forms. Used by the state parser only.
#pragma once

#include <vector>

#include "engine/language/parsed.h"

namespace fermata {

// All names of states must be known already (ParsedDefinition::states).
std::vector<TransitionArm> ReadNext(StateIndex state, const Node& node, ParseContext& context);
std::vector<EventHandler> ReadOn(StateIndex state, const Node& node, ParseContext& context);
std::vector<TimerHandler> ReadAfter(StateIndex state, const Node& node, ParseContext& context);
std::vector<ErrorHandler> ReadOnError(StateIndex state, const Node& node, ParseContext& context);

// {type, with, to}, where `type` is already read or stands under `type:`.
std::optional<Emission> ReadEmission(const Node& node, ParseContext& context);
// Fills `with` and `to`.
void ReadEmissionFields(const NodeEntry* with, const NodeEntry* to, Emission& emission, ParseContext& context);

// The state called so, wherever it is; reports an unknown name. For `rollback` and `replaces`.
std::optional<StateIndex> ReadStateName(const Node& node, ParseContext& context);

}  // namespace fermata

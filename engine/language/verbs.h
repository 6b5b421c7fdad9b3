// Parses what a state does: its verb and the keys that belong to it. Used by the state parser only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/language/parsed.h"

namespace fermata {

// The verb's key in a state's map ("call"); null if there is none. Several are reported, and the first counts.
const NodeEntry* FindVerb(const Node& state, ParseContext& context);
// The keys that may stand beside this verb; "" = a state without a verb.
const std::vector<std::string>& KeysBeside(std::string_view verb);
const std::vector<std::string>& AllVerbs();

// Fills verb, save, undo, atomic and start of a state whose children are known.
void ReadVerb(State& state, const Node& node, const NodeEntry& verb, ParseContext& context);

}  // namespace fermata

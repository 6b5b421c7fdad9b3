// Journal rows and snapshots to bytes and back. Versioned: what any release wrote, every later one reads (upcasters live here).
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/command.h"
#include "engine/model/instance_state.h"
#include "engine/model/journal_event.h"

namespace fermata {

// All events of one decision as one row.
std::string EncodeEvents(const std::vector<JournalEvent>& events);
Result<std::vector<JournalEvent>> DecodeEvents(std::string_view bytes);

std::string EncodeSnapshot(const InstanceState& state);
Result<InstanceState> DecodeSnapshot(std::string_view bytes);

// Commands that wait in an instance's durable inbox.
std::string EncodeCommand(const Command& command);
Result<Command> DecodeCommand(std::string_view bytes);

// For GET …/history: {type, at, state, …} as people and programs read it; stable names, no internals.
Value DescribeEvent(const JournalEvent& event);

}  // namespace fermata

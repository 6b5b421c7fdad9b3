// `schedule` at the root, and what else starts instances. Used by the parser and the checker only.
#pragma once

#include "engine/language/parsed.h"

namespace fermata {

// Reads {cron, timezone, input, overlap} into the definition; reports what is wrong with each.
void ReadSchedule(const Node& node, ParseContext& context);

// Holds the schedule's input against the schema of the process's.
void CheckSchedule(const ParsedDefinition& parsed, Report& report);

// Holds the data of the `start_on` event, which is the input of what it starts, against the schema of the process's input.
void CheckStartOn(const ParsedDefinition& parsed, Report& report);

}  // namespace fermata

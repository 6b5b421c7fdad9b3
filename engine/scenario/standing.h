// Where a case's instances stand, for people who read why it failed.
#pragma once

#include <string>
#include <vector>

#include "engine/scenario/world.h"

namespace fermata {

// The states that an instance has entered, composites before what is inside.
std::vector<std::string> PathOf(const LiveInstance& live);
// "'a', 'b'", or "none".
std::string Listed(const std::vector<std::string>& names);
std::string ShortJson(const Value& value);
// Several lines: status, states, calls in flight, incidents, variables, path.
std::string DescribeStanding(const World& world, const InstanceId& main);

}  // namespace fermata

// Where a case's instances stand, for people who read why it failed.
#pragma once

#include <string>
#include <vector>

#include "engine/scenario/world.h"

namespace fermata {

// A line each: status, states, incidents, tasks, timers, variables of every instance; calls in flight.
std::vector<std::string> DescribeStanding(const World& world, const InstanceId& main);

}  // namespace fermata

// Each shard has one writer: of what a node writes, everything that belongs to a shard belongs to one of its own, under the epoch that holds.
#pragma once

#include "tests/simulation/sim_nodes.h"

namespace fermata {

// Looks at every batch of the cluster from now on. Adds failures to the running test.
void WatchWrites(SimCluster& cluster);

}  // namespace fermata

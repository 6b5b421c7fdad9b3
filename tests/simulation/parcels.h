// What workers pack and unpack, balanced: whatever was packed for an instance that is undone is unpacked once, and nothing else is.
//
// Single-threaded, like the whole simulated world.
#pragma once

#include <map>
#include <set>
#include <string>

#include "engine/runtime/jobs.h"
#include "engine/storage/memory/tables.h"

namespace fermata {

// Once everything has ended. `finished`: the leases under which workers were told that their success counts. Adds failures to the running
// test; gives how many parcels were unpacked.
int VerifyParcels(const memory::Tables& tables, const std::map<JobKey, std::set<std::string>>& finished);

}  // namespace fermata

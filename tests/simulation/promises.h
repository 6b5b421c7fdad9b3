// What must hold after every run, once everything has come to its end.
#pragma once

#include "engine/runtime/shard.h"
#include "tests/simulation/clients.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/people.h"

namespace fermata {

struct SimRun {
  const memory::Tables& tables;
  int shard_count;
  const SimClients& clients;
  const SimPeople& people;
  const SimOutside& outside;
  const ShardCounters& counters;
  enum class Clocks { kOne, kSeveral } clocks = Clocks::kOne;
};

// No answered start is lost, no effect is doubled or left without its undo, no job or task completed twice, and rows, journals and timers agree.
// Adds failures to the running test; gives how many parcels were unpacked.
int VerifyPromises(const SimRun& run);

}  // namespace fermata

// Many seeds of the simulated world. A seed that found a bug stays below as a test of its own.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/simulation/nodes_world.h"
#include "tests/simulation/world.h"

namespace fermata {
namespace {

// Gives how many parcels were unpacked.
int Simulate(std::uint64_t seed, int shard_threads, int shard_count) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World world(seed, shard_threads, shard_count);
  for (int tick = 0; tick < 3'000; ++tick) world.Tick();
  world.Settle();
  world.Verify();
  EXPECT_GT(world.people().jobs_finished(), 3u) << "the workers have had nothing to do";
  EXPECT_GT(world.people().tasks_answered(), 3u) << "nor the clerks";
  return world.parcels_unpacked();
}

// How many seeds: more by night.
int FirstSeed() {
  const char* given = std::getenv("FERMATA_FIRST_SEED");
  return given ? std::atoi(given) : 0;
}
int Seeds() {
  const char* given = std::getenv("FERMATA_SEEDS");
  return given ? std::atoi(given) : 8;
}

TEST(Simulation, NothingIsLostOrDoubledOnOneShard) {
  int unpacked = 0;
  for (int seed = FirstSeed(); seed < FirstSeed() + Seeds() && !::testing::Test::HasFailure(); ++seed)
    unpacked += Simulate(static_cast<std::uint64_t>(seed), 1, 1);
  EXPECT_GT(unpacked, 0) << "nothing that was packed has been undone";
}

TEST(Simulation, NothingIsLostOrDoubledAcrossShards) {
  int unpacked = 0;
  for (int seed = FirstSeed(); seed < FirstSeed() + Seeds() && !::testing::Test::HasFailure(); ++seed)
    unpacked += Simulate(static_cast<std::uint64_t>(seed) + 1'000'000, 3, 256);
  EXPECT_GT(unpacked, 0) << "nothing that was packed has been undone";
}

// Gives how many parcels were unpacked.
int SimulateNodes(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  NodesWorld world(seed, 2 + static_cast<int>(seed % 2));
  for (int tick = 0; tick < 4'000; ++tick) world.Tick();
  world.Settle();
  world.Verify();
  EXPECT_GT(world.people().jobs_finished(), 0u) << "the workers have had nothing to do";
  EXPECT_GT(world.people().tasks_answered(), 0u) << "nor the clerks";
  return world.parcels_unpacked();
}

TEST(Simulation, NothingIsLostOrDoubledAcrossNodes) {
  int unpacked = 0;
  for (int seed = FirstSeed(); seed < FirstSeed() + Seeds() / 2 && !::testing::Test::HasFailure(); ++seed)
    unpacked += SimulateNodes(static_cast<std::uint64_t>(seed));
  EXPECT_GT(unpacked, 0) << "nothing that was packed has been undone";
}

TEST(Simulation, ARollingRestartLeavesNoShardAloneAndNoClientWithoutAnAnswer) {
  for (const int hints_lost : {0, 1'000}) {
    NodesWorld world(1, 3);
    EXPECT_LE(world.RestartOneByOne(hints_lost), 2 * kNodeBeatMs + 200) << hints_lost;
    world.Settle();
    EXPECT_EQ(world.clients().unanswered(), 0u) << hints_lost;
    world.Verify();
  }
}

TEST(Simulation, TheAuditorPutsBackALostTimerAndTellsOfIt) {
  World world(7, 2, 256);
  world.LoseATimer();
  world.Settle();
  world.Verify();
}

}  // namespace
}  // namespace fermata

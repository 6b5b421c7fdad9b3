// Several nodes in one thread and one seed: they share rows and the world outside, each has a clock of its own, and they die, sleep, leave and
// come back while clients come to any of them.
//
// The seed decides everything, so a run that fails can be run again. What must hold is checked by Verify(), and at every write.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/simulation/clients.h"
#include "tests/simulation/door.h"
#include "tests/simulation/people.h"
#include "tests/simulation/sim_node.h"

namespace fermata {

class NodesWorld final : private SimDoor {
 public:
  NodesWorld(std::uint64_t seed, int nodes);
  ~NodesWorld();

  // One random thing happens.
  void Tick();
  // Faults end; everything that can move moves until nothing does.
  void Settle();
  // Adds failures to the running test.
  void Verify();
  // One node after the other leaves and comes back, under load and without faults, but so many of 1,000 hints get lost. Gives for how many
  // milliseconds, at most, a shard had nobody who takes orders for it.
  std::int64_t RestartOneByOne(int hints_lost);
  const SimClients& clients() const { return clients_; }
  const SimPeople& people() const { return people_; }
  int parcels_unpacked() const { return parcels_unpacked_; }

 private:
  struct Machine {
    explicit Machine(const SimTime& time) : clock(time) {}
    std::string name;
    SimNodeClock clock;
    std::unique_ptr<SimNode> node;     // null: it does not run
    std::int64_t starts_us = 0;        // steady, while it does not run
    std::int64_t sleeps_until_us = 0;  // steady; stopped by a signal, its connections open
    // An older process of its name: it was taken for dead while it slept, and will not know of that when it wakes.
    std::unique_ptr<SimNode> forgotten;
    std::int64_t forgotten_until_us = 0;
  };
  // What a run is like: each has its own, so that what is rare in one is common in another.
  struct Weather {
    SimNode::Faults faults;
    unsigned breaks = 10;  // once in so many chances
    unsigned slow = 0;     // of 8 chances to do something, one machine misses so many
    unsigned misses = 0;   // of 8 beats so many are missed
  };

  void Post(int logical_shard, ShardItem order) override;
  std::size_t desks() const override { return machines_.size() * kDesksOfOne; }
  void Fetch(std::size_t desk, LeaseOrder order) override;

  void Start(Machine& machine);
  void PassTime(std::int64_t us);
  void SomethingBreaks();
  void Sleep(Machine& machine);
  void StandStill();
  void Forget(Machine& machine);
  void Stop(Machine& machine);
  void OperatorPauses();
  void Audit();
  bool ActAll();
  void BecomeQuiet();
  // With clients that start something and repeat what was not answered.
  std::int64_t PassSecondsUnderLoad(int seconds);
  bool Sleeps(const Machine& machine) const { return machine.sleeps_until_us > surroundings_.time.steady_us; }
  bool Haunts(const Machine& machine) const {
    return machine.forgotten && machine.forgotten_until_us <= surroundings_.time.steady_us;
  }
  // One that runs and is awake; null if chance finds none.
  SimNode* SomeNode();
  Machine& SomeMachine() { return machines_[random_() % machines_.size()]; }
  void VerifyOwners();

  static constexpr std::size_t kDesksOfOne = 3;
  std::mt19937_64 random_;
  SimSurroundings surroundings_;
  SimNodeClock clients_clock_;
  SimClients clients_;
  SimPeople people_;
  std::deque<Machine> machines_;
  Weather weather_;
  int parcels_unpacked_ = 0;
};

}  // namespace fermata

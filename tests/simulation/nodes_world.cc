#include "tests/simulation/nodes_world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/processes.h"
#include "tests/simulation/promises.h"
#include "tests/simulation/write_watch.h"

namespace fermata {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kBetweenBeatsUs = kNodeBeatMs * 1'000;
constexpr std::int64_t kClockWrongUs = 30 * kSecondUs;  // either way: a minute between two of them

}  // namespace

NodesWorld::NodesWorld(std::uint64_t seed, int nodes)
    : random_(seed),
      surroundings_{{}, DefinitionRegistry({kSimManifest, kHandsManifest})},
      clients_clock_(surroundings_.time),
      clients_(random_, clients_clock_, surroundings_.definitions, kShardsMax, *this),
      people_(seed + 3, surroundings_.cluster->tables, *this, SimPeople::Hear::kLate) {
  const auto one_of = [this](std::initializer_list<int> values) {
    return *(values.begin() + random_() % values.size());
  };
  weather_.faults = {one_of({0, 5, 20, 60}), one_of({0, 20, 300, 1'000}), one_of({0, 100, 300})};
  weather_.breaks = static_cast<unsigned>(one_of({4, 10, 40}));
  weather_.slow = static_cast<unsigned>(one_of({0, 0, 4, 7}));
  weather_.misses = static_cast<unsigned>(one_of({0, 1, 4}));
  DeploySimProcesses(surroundings_.definitions);
  WatchWrites(*surroundings_.cluster);
  for (int i = 0; i < nodes; ++i) {
    Machine& machine = machines_.emplace_back(surroundings_.time);
    machine.name = std::string(1, static_cast<char>('a' + i));
    machine.clock.wrong_us = static_cast<std::int64_t>(random_() % (2 * kClockWrongUs)) - kClockWrongUs;
    Start(machine);
  }
}

NodesWorld::~NodesWorld() = default;

// ---- clients, workers, operators ----

// One that runs, but sleeps, takes it and does nothing about it.
void NodesWorld::Post(int logical_shard, ShardItem order) {
  Machine& machine = SomeMachine();
  if (machine.forgotten && random_() % 4 == 0) return machine.forgotten->Post(logical_shard, std::move(order));
  if (machine.node) machine.node->Post(logical_shard, std::move(order));
}

void NodesWorld::Fetch(std::size_t desk, LeaseOrder order) {
  Machine& machine = machines_[desk / kDesksOfOne];
  if (!machine.node) return;
  machine.node->Fetch(std::min(desk % kDesksOfOne, machine.node->desks() - 1), std::move(order));
}

void NodesWorld::OperatorPauses() {
  SimNode* node = SomeNode();
  if (node == nullptr) return;
  if (random_() % 2 == 0) return node->EndPauses();
  Pause pause{PauseKind::kOperation, "world.touch", "", "operator", 0};
  if (random_() % 2 == 0) pause = {PauseKind::kConnector, random_() % 2 == 0 ? "world" : "hands", "", "operator", 0};
  node->SetPause(pause);
}

void NodesWorld::Audit() {
  for (Machine& machine : machines_)
    if (machine.node && !Sleeps(machine)) machine.node->Audit();
}

// ---- machines ----

void NodesWorld::Start(Machine& machine) {
  const int threads = 1 + static_cast<int>(random_() % 2);
  machine.node = std::make_unique<SimNode>(random_(), machine.name, threads, machine.clock, surroundings_);
  machine.node->SetFaults(weather_.faults);
}

void NodesWorld::Stop(Machine& machine) {
  machine.node.reset();
  // Sooner than the others notice, or later.
  machine.starts_us = surroundings_.time.steady_us + static_cast<std::int64_t>(random_() % (10 * kSecondUs));
}

SimNode* NodesWorld::SomeNode() {
  Machine& machine = SomeMachine();
  if (Haunts(machine) && random_() % 4 == 0) return machine.forgotten.get();
  if (&machine == &machines_.back() && random_() % 8 < weather_.slow) return nullptr;
  return Sleeps(machine) ? nullptr : machine.node.get();
}

void NodesWorld::Sleep(Machine& machine) {
  const auto longest_us = static_cast<std::uint64_t>((random_() % 2 == 0 ? 2 : 30) * kSecondUs);
  machine.node->FallAsleep();
  machine.sleeps_until_us = surroundings_.time.steady_us + static_cast<std::int64_t>(random_() % longest_us);
}

// All of them for a while, and then what has become due is due at once.
void NodesWorld::StandStill() {
  const auto us = static_cast<std::int64_t>(random_() % (900 * kSecondUs));
  surroundings_.time.wall_us += us;
  surroundings_.time.steady_us += us;
}

void NodesWorld::Forget(Machine& machine) {
  machine.forgotten = std::move(machine.node);
  machine.forgotten_until_us = std::exchange(machine.sleeps_until_us, 0);
  Start(machine);
}

void NodesWorld::SomethingBreaks() {
  Machine& machine = SomeMachine();
  if (!machine.node) return;
  if (Sleeps(machine)) {
    if (random_() % 2 == 0) Forget(machine);
    return;
  }
  switch (random_() % 6) {
    case 0:
      return Stop(machine);
    case 1:
      machine.node->Leave();
      return Stop(machine);
    case 2:
      machine.clock.wrong_us = static_cast<std::int64_t>(random_() % (2 * kClockWrongUs)) - kClockWrongUs;
      return;
    case 3:
      return StandStill();
    default:
      return Sleep(machine);
  }
}

// As their threads would, those that are awake beat meanwhile; now and then one is too slow.
void NodesWorld::PassTime(std::int64_t us) {
  while (us > 0) {
    const std::int64_t piece_us = std::min(us, 1 + static_cast<std::int64_t>(random_() % kBetweenBeatsUs));
    us -= piece_us;
    surroundings_.time.wall_us += piece_us;
    surroundings_.time.steady_us += piece_us;
    for (Machine& machine : machines_) {
      if (!machine.node && machine.starts_us <= surroundings_.time.steady_us) Start(machine);
      if (machine.node && !Sleeps(machine) && random_() % 8 >= weather_.misses) machine.node->TimePasses();
      if (Haunts(machine)) machine.forgotten->TimePasses();
    }
  }
}

// ---- the run ----

void NodesWorld::Tick() {
  switch (random_() % 24) {
    case 0:
    case 1:
      return clients_.Start();
    case 2:
      return clients_.RepeatAStart();
    case 3:
      return clients_.SendAnEvent();
    case 4:
    case 5:
      return PassTime(static_cast<std::int64_t>(random_() % 1'500'000));
    case 6:
      if (random_() % 10 == 0) return clients_.Cancel();
      if (random_() % 10 == 0) return clients_.Move();
      if (random_() % 20 == 0) return OperatorPauses();
      if (random_() % 10 == 0) return Audit();
      return clients_.Mend();
    case 7:
    case 8:
      return people_.Act();
    case 9:
      if (random_() % weather_.breaks == 0) SomethingBreaks();
      return;
    default:
      for (int i = 0; i < 3; ++i)
        if (SimNode* node = SomeNode()) node->Act();
  }
}

bool NodesWorld::ActAll() {
  bool moved = false;
  for (Machine& machine : machines_)
    if (machine.node) moved |= machine.node->ActAll();
  return moved;
}

void NodesWorld::BecomeQuiet() {
  for (int i = 0; i < 1'000 && ActAll(); ++i) {
  }
}

void NodesWorld::Settle() {
  weather_ = {};
  for (Machine& machine : machines_) {
    machine.forgotten.reset();
    machine.sleeps_until_us = 0;
    if (!machine.node) Start(machine);
    machine.node->SetFaults({});
  }
  for (int i = 0; i < 60; ++i) {
    PassTime(kSecondUs / 2);
    BecomeQuiet();
  }
  machines_.front().node->EndPauses();
  // Long enough for every retry and timeout of the simulated processes.
  for (int round = 0; round < 400; ++round) {
    BecomeQuiet();
    clients_.Retry(surroundings_.cluster->tables);
    people_.WorkOff();
    Audit();
    surroundings_.time.wall_us += 60 * kSecondUs;
    surroundings_.time.steady_us += 60 * kSecondUs;
    for (Machine& machine : machines_) machine.node->TimePasses();
  }
  BecomeQuiet();
}

std::int64_t NodesWorld::PassSecondsUnderLoad(int seconds) {
  constexpr std::int64_t kPieceUs = kSecondUs / 10;
  std::vector<std::int64_t> alone_us(kShardsMax);
  std::int64_t longest_us = 0;
  for (int i = 0; i < seconds * 10; ++i) {
    clients_.Start();
    clients_.RepeatUnanswered();
    PassTime(kPieceUs);
    BecomeQuiet();
    ShardSet somebodys;
    for (const Machine& machine : machines_)
      if (machine.node) somebodys |= machine.node->mine();
    for (std::size_t shard = 0; shard < alone_us.size(); ++shard) {
      alone_us[shard] = somebodys[shard] ? 0 : alone_us[shard] + kPieceUs;
      longest_us = std::max(longest_us, alone_us[shard]);
    }
  }
  return longest_us / 1'000;
}

std::int64_t NodesWorld::RestartOneByOne(int hints_lost) {
  weather_ = {};
  weather_.faults.hints = hints_lost;
  for (Machine& machine : machines_) machine.node->SetFaults(weather_.faults);
  PassSecondsUnderLoad(5);  // until all have their share
  std::int64_t longest_ms = 0;
  for (Machine& machine : machines_) {
    machine.node->Leave();
    machine.node.reset();
    machine.starts_us = surroundings_.time.steady_us + kSecondUs;
    longest_ms = std::max(longest_ms, PassSecondsUnderLoad(6));
  }
  return longest_ms;
}

void NodesWorld::Verify() {
  parcels_unpacked_ = VerifyPromises({surroundings_.cluster->tables, kShardsMax, clients_, people_,
                                      surroundings_.outside, surroundings_.counters, SimRun::Clocks::kSeveral});
  VerifyOwners();
}

void NodesWorld::VerifyOwners() {
  const ClusterView view = surroundings_.cluster->members.Beat({}, false, {});
  ASSERT_EQ(view.nodes.size(), machines_.size());
  int place = 0;
  for (const Machine& machine : machines_) {  // by name
    ShardSet owned;
    for (std::size_t shard = 0; shard < owned.size(); ++shard) owned[shard] = view.shards[shard].node == machine.name;
    EXPECT_EQ(machine.node->mine(), owned) << machine.name << " thinks otherwise";
    EXPECT_EQ(static_cast<int>(owned.count()), FairShare(static_cast<int>(machines_.size()), place++)) << machine.name;
  }
}

}  // namespace fermata

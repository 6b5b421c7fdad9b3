// Workers and clerks of the simulated world: they fetch jobs, lose leases, answer late and twice, and die; they claim, pass on and answer tasks.
//
// Single-threaded, like the whole simulated world. They outlive a crash of the node.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/storage/memory/tables.h"
#include "tests/simulation/door.h"

namespace fermata {

class SimPeople {
 public:
  // When they hear of a lease: several nodes pass it on, and meanwhile it may be over.
  enum class Hear { kAtOnce, kLate };
  // Both must outlive it.
  SimPeople(std::uint64_t seed, const memory::Tables& tables, SimDoor& door, Hear hear)
      : random_(seed), tables_(tables), door_(door), hear_(hear) {}

  // One of them does something.
  void Act();
  // Honest workers fetch what there is and finish it at once, and clerks answer.
  void WorkOff();
  // Adds failures to the running test.
  void Verify() const;
  std::size_t jobs_finished() const { return finished_.size(); }
  // The leases whose success was accepted, by job.
  const std::map<JobKey, std::set<std::string>>& finished() const { return finished_; }
  std::size_t tasks_answered() const { return answered_.size(); }

 private:
  struct Held {
    WorkerJob job;
    std::optional<Outcome> said;  // it may be said again
  };
  void WorkerActs();
  void ClerkActs();
  enum class Manner { kCareless, kHonest };
  void Fetch(std::size_t desk, int max, Manner manner);
  void Take(WorkerJob job);
  void Report(Held& held, std::optional<Outcome> outcome);
  void Answer(const TaskRow& task);
  Outcome RandomOutcome(const WorkerJob& job);

  std::mt19937_64 random_;
  const memory::Tables& tables_;
  SimDoor& door_;
  const Hear hear_;
  std::vector<Held> held_;
  std::int64_t next_ = 1;
  std::map<JobKey, std::set<std::string>> finished_;
  std::map<std::pair<InstanceId, std::int64_t>, std::set<std::string>> answered_;  // by whom a task was completed
};

}  // namespace fermata

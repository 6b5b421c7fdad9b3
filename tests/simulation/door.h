// Where the clients, operators, workers and clerks of a simulated world come in.
#pragma once

#include <cstddef>

#include "engine/runtime/shard.h"

namespace fermata {

class SimDoor {
 public:
  // To whoever owns the shard. It may get lost, as a request to a node that has just died.
  virtual void Post(int logical_shard, ShardItem order) = 0;
  // How many places can be asked for jobs.
  virtual std::size_t desks() const = 0;
  virtual void Fetch(std::size_t desk, LeaseOrder order) = 0;

 protected:
  ~SimDoor() = default;
};

}  // namespace fermata

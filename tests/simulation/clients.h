// Clients and operators of the simulated world, and what they were told: starts and events, sent again at will, cancels, moves and repairs.
//
// Single-threaded, like the whole simulated world. They outlive a crash of the node.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/runtime/definition_registry.h"
#include "engine/storage/memory/tables.h"
#include "tests/simulation/door.h"

namespace fermata {

class SimClients {
 public:
  // All must outlive it. `random` is the world's own.
  SimClients(std::mt19937_64& random, Clock& clock, const DefinitionRegistry& definitions, int shard_count,
             SimDoor& door)
      : random_(random), clock_(clock), definitions_(definitions), shard_count_(shard_count), door_(door) {}

  void Start();
  void RepeatAStart();
  // Every start that has not been answered well.
  void RepeatUnanswered();
  std::size_t unanswered() const { return requests_.size() - answered_.size(); }
  void SendAnEvent();
  void Cancel();
  // Where it is of no harm to begin anew.
  void Move();
  // Another value for a variable, another version, and back.
  void Mend();
  // A call that was left and whose last try failed stands as an incident until somebody decides: it is tried again.
  void Retry(const memory::Tables& tables);
  // Of this process, by this customer.
  void StartThis(const std::string& process, const std::string& customer);

  // Idempotency key -> the id that a client was told.
  const std::map<std::string, InstanceId>& answered() const { return answered_; }
  const std::set<std::string>& accepted_events() const { return accepted_events_; }

 private:
  void Post(std::size_t request);
  const std::string& ProcessOf(const std::string& idempotency_key) const {
    return requests_[std::stoul(idempotency_key.substr(2))].first;
  }

  std::mt19937_64& random_;
  Clock& clock_;
  const DefinitionRegistry& definitions_;
  const int shard_count_;
  SimDoor& door_;
  std::int64_t next_ = 1;
  std::map<std::string, InstanceId> answered_;
  std::vector<std::pair<std::string, std::string>> requests_;  // process, customer; the index is the idempotency key
  std::set<std::string> accepted_events_;
};

}  // namespace fermata

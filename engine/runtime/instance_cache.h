// Instances in memory: the states that a shard decides on, ahead of their commits.
//
// Not thread-safe: belongs to one shard. Idle instances leave when there are more than kInstanceCacheMax; they cost rows only.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/storage/storage.h"

namespace fermata {

// What is open of an instance, as rows would have it.
struct OpenRows {
  std::map<IncidentNumber, IncidentRow> incidents;
  std::map<ActivationId, TaskRow> tasks;
};

struct CachedInstance {
  InstanceState state;
  DefinitionPtr definition;
  InstanceRow row;                                  // as last written (or about to be); id empty before the first
  std::map<TimerId, std::int64_t> timers;           // rows: due times
  std::map<IncidentNumber, IncidentRow> incidents;  // rows of open incidents
  std::map<ActivationId, TaskRow> tasks;            // rows of open tasks
  std::optional<OpenRows> told;                     // to webhooks, by the open batch so far; none = as those rows
  std::map<std::string, std::string> search;        // rows of searchable variables
  std::map<JobId, std::int64_t> jobs;               // rows of workers' jobs: which try
  std::int64_t rows_since_snapshot = 0;
  std::size_t bytes_since_snapshot = 0;
  std::size_t snapshot_bytes = 0;         // of the newest one
  std::int64_t touched_in = 0;            // number of the newest batch with rows of this instance
  int pins = 0;                           // batches in flight: not evicted before they are known
  std::list<InstanceId>::iterator place;  // in the cache's order of use
};

class InstanceCache {
 public:
  // nullptr if it is not here. Counts as a use.
  CachedInstance* Find(const InstanceId& id);
  CachedInstance& Insert(std::unique_ptr<CachedInstance> instance);
  void Drop(const InstanceId& id);
  void Clear();
  // Those must have no pins.
  template <class Predicate>
  void DropIf(Predicate predicate) {
    std::erase_if(instances_, [&](const auto& entry) {
      if (!predicate(entry.first)) return false;
      by_use_.erase(entry.second->place);
      return true;
    });
  }
  // Drops the longest unused ones without pins until at most `instances_max` are left.
  void Trim(std::size_t instances_max);
  std::size_t size() const { return instances_.size(); }

 private:
  std::unordered_map<InstanceId, std::unique_ptr<CachedInstance>, InstanceIdHash> instances_;
  std::list<InstanceId> by_use_;  // newest first
};

}  // namespace fermata

// `fermata verify`: whether all that a storage has fits together, and what can be mended.
//
// The journal is the truth. Everything that follows from it (instances' rows, snapshots, timers, subscriptions, tasks, worker jobs, open incidents, searchable
// values, counters) is a cache that can be written anew; what is missing or unreadable in a journal cannot.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/base/sealing.h"
#include "engine/model/ids.h"
#include "engine/storage/tables.h"

namespace fermata {

struct Finding {
  std::string table;
  std::optional<InstanceId> instance{};
  std::string message;  // whole sentences
  bool mendable = false;
};

struct StoreCheckOptions {
  SealingKeys keys;
  TableWriter* repair = nullptr;  // of the same storage: mends what is mendable; nullptr: only looks
  std::function<void(const Finding&)> on_finding;
  // Called now and then: instances looked at, of so many.
  std::function<void(std::int64_t done, std::int64_t of_all)> on_progress;
};

struct StoreCheckReport {
  std::int64_t instances = 0, live = 0, journal_rows = 0, definitions = 0;
  std::int64_t findings = 0, mendable = 0, mended = 0;
};

// Walks once over every table, in its caller's thread, with memory for one instance. Fails only if the storage cannot be read (or, with `repair`, written), or a
// key is missing.
Result<StoreCheckReport> CheckStore(TableReader& reader, const StoreCheckOptions& options);

}  // namespace fermata

// One instance in a storage against its journal; see store_check.h.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/runtime/definition_registry.h"
#include "engine/runtime/store_check.h"

namespace fermata {

// Walks over a table by instance. After a failure it is at its end.
class InstanceWalk {
 public:
  // `reader` must outlive the walk.
  InstanceWalk(TableReader& reader, std::string_view table);

  bool AtEnd() const { return at_ >= rows_.size(); }
  const InstanceId& id() const { return id_; }  // of the row it stands at
  TableRow& row() { return rows_[at_]; }
  const TableSpec& table() const { return table_; }
  void Advance();
  bool StandsAt(const InstanceId& id) const { return !AtEnd() && id_ == id; }
  const Status& status() const { return status_; }

 private:
  void Fill();

  const TableSpec& table_;
  std::size_t id_column_;
  std::unique_ptr<TableCursor> cursor_;
  std::vector<TableRow> rows_;
  std::size_t at_ = 0;
  InstanceId id_;
  Status status_{Done{}};
};

// What holds for all instances.
struct StoreFacts {
  DefinitionRegistry definitions{{}};
  std::set<InstanceId> senders;           // of messages that are on their way
  std::map<int, std::int64_t> newest_us;  // time of the newest journal row, by shard
};

class InstanceChecker {
 public:
  using Report = std::function<void(Finding finding, std::vector<TableChange> cure)>;

  // All must outlive the checker.
  InstanceChecker(TableReader& reader, const StoreCheckOptions& options, StoreFacts& facts, StoreCheckReport& counts,
                  Report report);

  // Looks at every instance that any table knows.
  Status Run(std::int64_t instances);

 private:
  std::vector<InstanceWalk*> Walks();
  Status CheckNext(const InstanceId& id);
  // Whether the journal could be replayed to its end.
  bool Replay(const InstanceId& id, InstanceState& state);
  void CheckSnapshotAt(const InstanceState& state, std::optional<TableRow>& snapshot);
  std::optional<TableRow> TakeSnapshot(const InstanceId& id);
  void CheckRow(const InstanceState& state, const std::optional<TableRow>& row);
  Status CheckLive(const InstanceState& state);
  Status CheckChildren(const InstanceState& state);
  void CheckTimers(const InstanceState& state, const std::vector<TableRow>& jobs);
  void CheckIncidents(const InstanceState& state);
  void CheckTasks(const InstanceState& state);
  std::vector<TableRow> CheckJobs(const InstanceState& state);
  void CheckSearchValues(const InstanceState& state);
  void CheckSubscriptions(const InstanceState& state);
  // What no instance owns.
  void DropOrphans(const InstanceId& id);
  // Steps over what cannot be judged.
  void Skip(const InstanceId& id);

  // Holds rows that are there against those that should be, by their keys; `same` says whether two with one key are equal.
  void Compare(InstanceWalk& walk, const InstanceState& state, const std::vector<TableRow>& wanted,
               const std::function<bool(const TableRow& there, const TableRow& wanted)>& same,
               const std::function<bool(const TableRow& there)>& may_stay);
  DefinitionPtr DefinitionOf(const InstanceState& state) const;

  void Tell(std::string_view table, const InstanceId& id, std::string message);
  void Mend(std::string_view table, const InstanceId& id, std::string message, TableChange::Kind kind, TableRow row);

  TableReader& reader_;
  const StoreCheckOptions& options_;
  StoreFacts& facts_;
  StoreCheckReport& counts_;
  const Report report_;
  InstanceWalk instances_, journal_, snapshots_, timers_, incidents_, tasks_, jobs_, search_, subscriptions_;
};

}  // namespace fermata

#include "engine/runtime/instance_check.h"

#include <algorithm>

#include "engine/codec/codec.h"
#include "engine/core/apply.h"
#include "engine/model/limits.h"
#include "engine/runtime/auditor.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/row_cells.h"
#include "engine/runtime/tasks.h"

namespace fermata {
namespace {

std::string NumberOf(std::int64_t number) { return std::to_string(number); }

}  // namespace

InstanceWalk::InstanceWalk(TableReader& reader, std::string_view table)
    : table_(TableCalled(table)), id_column_(table_.At(table == "instances" ? "id" : "instance")) {
  Result<std::unique_ptr<TableCursor>> cursor = reader.Open(table_, TableOrder::kInstance, std::nullopt);
  if (!cursor.ok()) {
    status_ = cursor.error();
    return;
  }
  cursor_ = *std::move(cursor);
  Fill();
}

void InstanceWalk::Advance() {
  if (++at_ < rows_.size()) {
    id_ = IdOfCell(rows_[at_][id_column_]);
  } else {
    Fill();
  }
}

void InstanceWalk::Fill() {
  rows_.clear();
  at_ = 0;
  Result<std::vector<TableRow>> rows = cursor_->Next(kTableRowsRead);
  if (!rows.ok()) {
    status_ = rows.error();
    return;
  }
  rows_ = *std::move(rows);
  if (!rows_.empty()) id_ = IdOfCell(rows_.front()[id_column_]);
}

InstanceChecker::InstanceChecker(TableReader& reader, const StoreCheckOptions& options, StoreFacts& facts,
                                 StoreCheckReport& counts, Report report)
    : reader_(reader),
      options_(options),
      facts_(facts),
      counts_(counts),
      report_(std::move(report)),
      instances_(reader, "instances"),
      journal_(reader, "journal"),
      snapshots_(reader, "snapshots"),
      timers_(reader, "timers"),
      incidents_(reader, "incidents"),
      tasks_(reader, "tasks"),
      jobs_(reader, "jobs"),
      search_(reader, "search_values"),
      subscriptions_(reader, "subscriptions") {}

std::vector<InstanceWalk*> InstanceChecker::Walks() {
  return {&instances_, &journal_, &snapshots_, &timers_, &incidents_, &tasks_, &jobs_, &search_, &subscriptions_};
}

Status InstanceChecker::Run(std::int64_t instances) {
  while (true) {
    InstanceWalk* lowest = nullptr;
    for (InstanceWalk* walk : Walks()) {
      if (!walk->status().ok()) return walk->status();
      if (!walk->AtEnd() && (lowest == nullptr || walk->id() < lowest->id())) lowest = walk;
    }
    if (lowest == nullptr) return Done{};
    const InstanceId id = lowest->id();
    if (Status checked = CheckNext(id); !checked.ok()) return checked;
    if (options_.on_progress) options_.on_progress(counts_.instances, instances);
  }
}

Status InstanceChecker::CheckNext(const InstanceId& id) {
  if (!instances_.StandsAt(id) && !journal_.StandsAt(id)) {
    DropOrphans(id);
    return Done{};
  }
  std::optional<TableRow> row;
  if (instances_.StandsAt(id)) {
    row = std::move(instances_.row());
    instances_.Advance();
    ++counts_.instances;
  }
  InstanceState state;
  state.id = id;
  if (!journal_.StandsAt(id)) {
    Tell("journal", id, "Expected the instance's journal, but no row of it is there.");
    Skip(id);
    return Done{};
  }
  if (!Replay(id, state)) {
    Skip(id);
    return Done{};
  }
  CheckRow(state, row);
  CheckIncidents(state);
  CheckTasks(state);
  CheckTimers(state, CheckJobs(state));
  CheckSearchValues(state);
  CheckSubscriptions(state);
  if (IsFinal(state.status)) return Done{};
  ++counts_.live;
  return CheckLive(state);
}

std::optional<TableRow> InstanceChecker::TakeSnapshot(const InstanceId& id) {
  std::optional<TableRow> snapshot;
  if (!snapshots_.StandsAt(id)) return snapshot;
  TableRow& row = snapshots_.row();
  if (Status opened = OpenPayload(snapshots_.table(), options_.keys, row); opened.ok()) {
    snapshot = std::move(row);
  } else {
    Mend("snapshots", id, opened.error().message + " The snapshot can be made anew.", TableChange::Kind::kDelete, row);
  }
  snapshots_.Advance();
  return snapshot;
}

bool InstanceChecker::Replay(const InstanceId& id, InstanceState& state) {
  std::optional<TableRow> snapshot = TakeSnapshot(id);
  const TableSpec& table = journal_.table();
  bool good = true;
  std::int64_t last = 0;
  for (; journal_.StandsAt(id); journal_.Advance()) {
    TableRow& row = journal_.row();
    ++counts_.journal_rows;
    const std::int64_t seq = IntIn(row[table.At("seq")]);
    std::int64_t& newest = facts_.newest_us[id.shard()];
    newest = std::max(newest, IntIn(row[table.At("time_us")]));
    if (!good) continue;
    if (seq != last + 1) {
      Tell("journal", id,
           "Expected the row " + NumberOf(last + 1) + " of the instance's journal, but the next is " + NumberOf(seq) +
               ".");
      good = false;
      continue;
    }
    last = seq;
    Status opened = OpenPayload(table, options_.keys, row);
    Result<std::vector<JournalEvent>> events = DecodeEvents(TextIn(row[table.At("bytes")]));
    if (!opened.ok() || !events.ok()) {
      Tell("journal", id,
           "Expected the row " + NumberOf(seq) + " of the instance's journal to be readable, but: " +
               (opened.ok() ? events.error() : opened.error()).message);
      good = false;
      continue;
    }
    ApplyRow(state, *events);
    CheckSnapshotAt(state, snapshot);
  }
  if (good && snapshot)
    Mend("snapshots", id, "Expected a snapshot of what the journal says, but it goes beyond the journal's end.",
         TableChange::Kind::kDelete, std::move(*snapshot));
  return good;
}

void InstanceChecker::CheckSnapshotAt(const InstanceState& state, std::optional<TableRow>& snapshot) {
  const TableSpec& table = snapshots_.table();
  if (!snapshot || IntIn((*snapshot)[table.At("seq")]) != state.seq) return;
  Result<InstanceState> decoded = DecodeSnapshot(TextIn((*snapshot)[table.At("bytes")]));
  bool same = decoded.ok();
  if (same) {
    decoded->id = state.id;
    same = EncodeSnapshot(*decoded) == EncodeSnapshot(state);
  }
  if (!same)
    Mend("snapshots", state.id,
         "Expected the snapshot of row " + NumberOf(state.seq) + " to be what the journal says, but it is not.",
         TableChange::Kind::kDelete, std::move(*snapshot));
  snapshot.reset();
}

void InstanceChecker::CheckRow(const InstanceState& state, const std::optional<TableRow>& row) {
  TableRow wanted = CellsOf(InstanceRowOf(state));
  const TableSpec& table = instances_.table();
  if (row && SameCells(table, *row, wanted, {"updated_us"})) return;
  std::string differs;
  for (std::size_t i = 0; row && i < table.columns.size(); ++i)
    if (table.columns[i].name != "updated_us" && (*row)[i] != wanted[i])
      (differs += differs.empty() ? "" : ", ") += table.columns[i].name;
  Mend("instances", state.id,
       row ? "Expected the instance's row to be what its journal says, but these columns are not: " + differs + "."
           : "Expected a row of the instance, but there is only its journal.",
       TableChange::Kind::kPut, std::move(wanted));
}

DefinitionPtr InstanceChecker::DefinitionOf(const InstanceState& state) const {
  return facts_.definitions.FindByHash(state.process, state.definition_hash);
}

Status InstanceChecker::CheckLive(const InstanceState& state) {
  const DefinitionPtr definition = DefinitionOf(state);
  if (!definition) {
    Tell("definitions", state.id,
         "Expected the definition that the instance runs by ('" + state.process + "' " + state.version +
             "), but it is not there.");
    return Done{};
  }
  if (!CanBeMoved(*definition, state))
    Tell("instances", state.id, "Expected something that can move the instance, but there is nothing.");
  return CheckChildren(state);
}

Status InstanceChecker::CheckChildren(const InstanceState& state) {
  if (facts_.senders.count(state.id) > 0) return Done{};
  const TableSpec& table = instances_.table();
  for (const auto& [id, activation] : state.activations) {
    if (!activation.child || facts_.senders.count(activation.child->id) > 0) continue;
    TableRow key(table.columns.size());
    key[table.At("id")] = CellOf(activation.child->id);
    Result<std::optional<TableRow>> child = reader_.Find(table, key);
    if (!child.ok()) return child.error();
    const bool live = child->has_value() && IntIn((**child)[table.At("live")]) != 0;
    if (live) continue;
    Tell("instances", state.id,
         "Expected the child " + activation.child->id.ToString() + " of '" + activation.state +
             "' to be under way, but it " +
             (child->has_value() ? "has ended, and that was not told." : "is not there."));
  }
  return Done{};
}

void InstanceChecker::Tell(std::string_view table, const InstanceId& id, std::string message) {
  report_(Finding{std::string(table), id, std::move(message), false}, {});
}

void InstanceChecker::Mend(std::string_view table, const InstanceId& id, std::string message, TableChange::Kind kind,
                           TableRow row) {
  const TableSpec& spec = TableCalled(table);
  if (kind != TableChange::Kind::kDelete) SealPayload(spec, options_.keys, row);
  report_(Finding{std::string(table), id, std::move(message), true}, {TableChange{&spec, kind, {std::move(row)}}});
}

}  // namespace fermata

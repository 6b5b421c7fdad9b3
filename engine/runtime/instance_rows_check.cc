// Rows that follow from an instance's state, against those that are there.
#include <algorithm>

#include "engine/base/time.h"
#include "engine/runtime/instance_check.h"
#include "engine/runtime/jobs.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/row_cells.h"
#include "engine/runtime/tasks.h"

namespace fermata {
namespace {

std::vector<Cell> KeyCells(const TableSpec& table, const TableRow& row) {
  std::vector<Cell> cells;
  for (const std::string_view name : table.key) cells.push_back(row[table.At(name)]);
  return cells;
}

// "activation 3, slot 0": which row of an instance it is.
std::string Described(const TableSpec& table, const TableRow& row) {
  std::string text;
  for (const std::string_view name : table.key) {
    if (name == "instance") continue;
    const Cell& cell = row[table.At(name)];
    const auto* number = std::get_if<std::int64_t>(&cell);
    text += text.empty() ? "" : ", ";
    text += std::string(name) + " ";
    text += name == "due_us" ? FormatTimestamp(FromMicros(IntIn(cell)))
                             : (number ? std::to_string(*number) : "'" + TextIn(cell) + "'");
  }
  return text;
}

// The timer that ends a try which a worker has fetched.
TableRow TimeoutCells(const TableSpec& jobs, const TableRow& job) {
  TimerRow timer;
  timer.instance = IdOfCell(job[jobs.At("instance")]);
  timer.activation = IntIn(job[jobs.At("activation")]);
  timer.slot = IntIn(job[jobs.At("undo")]) != 0 ? kUndoTimeoutSlot : kJobTimeoutSlot;
  timer.due_us = IntIn(job[jobs.At("ends_us")]);
  return CellsOf(timer);
}

}  // namespace

void InstanceChecker::Compare(InstanceWalk& walk, const InstanceState& state, const std::vector<TableRow>& wanted,
                              const std::function<bool(const TableRow& there, const TableRow& wanted)>& same,
                              const std::function<bool(const TableRow& there)>& may_stay) {
  const TableSpec& table = walk.table();
  std::map<std::vector<Cell>, const TableRow*> missing;
  for (const TableRow& row : wanted) missing.emplace(KeyCells(table, row), &row);
  for (; walk.StandsAt(state.id); walk.Advance()) {
    TableRow& there = walk.row();
    const auto found = missing.find(KeyCells(table, there));
    const Status opened = OpenPayload(table, options_.keys, there);
    if (found == missing.end()) {
      if (!may_stay(there))
        Mend(table.name, state.id,
             "Expected no row (" + Described(table, there) + "), for the journal says nothing of it.",
             TableChange::Kind::kDelete, there);
      continue;
    }
    if (!opened.ok() || !same(there, *found->second))
      Mend(table.name, state.id,
           "Expected the row (" + Described(table, there) + ") to be what the journal says, but it is not.",
           TableChange::Kind::kPut, *found->second);
    missing.erase(found);
  }
  for (const auto& [key, row] : missing)
    Mend(table.name, state.id, "Expected a row (" + Described(table, *row) + "), but there is none.",
         TableChange::Kind::kPut, *row);
}

// Timeouts of tries are no part of the state: those that are not needed any more go when they fall due.
void InstanceChecker::CheckTimers(const InstanceState& state, const std::vector<TableRow>& jobs) {
  std::vector<TableRow> wanted;
  if (!IsFinal(state.status))
    for (const TimerView& timer : Timers(state))
      wanted.push_back(CellsOf(TimerRow{state.id, timer.timer.activation, timer.timer.slot, timer.due_us}));
  for (const TableRow& job : jobs)
    if (IntIn(job[jobs_.table().At("ends_us")]) != 0) wanted.push_back(TimeoutCells(jobs_.table(), job));
  const std::size_t slot = timers_.table().At("slot");
  Compare(
      timers_, state, wanted, [](const TableRow&, const TableRow&) { return true; },
      [&](const TableRow& there) {
        return IntIn(there[slot]) == kJobTimeoutSlot || IntIn(there[slot]) == kUndoTimeoutSlot;
      });
}

void InstanceChecker::CheckIncidents(const InstanceState& state) {
  std::vector<TableRow> wanted;
  if (!IsFinal(state.status))
    for (const OpenIncident& incident : OpenIncidents(state)) wanted.push_back(CellsOf(IncidentRowOf(state, incident)));
  const TableSpec& table = incidents_.table();
  Compare(
      incidents_, state, wanted,
      [&](const TableRow& there, const TableRow& row) { return SameCells(table, there, row); },
      [&](const TableRow& there) { return IntIn(there[table.At("open")]) == 0; });
}

void InstanceChecker::CheckTasks(const InstanceState& state) {
  std::vector<TableRow> wanted;
  for (const auto& [activation, row] : TaskRowsOf(state)) wanted.push_back(CellsOf(row));
  const TableSpec& table = tasks_.table();
  Compare(
      tasks_, state, wanted,
      [&](const TableRow& there, const TableRow& row) {
        return SameCells(table, there, row, {"bytes"}) && DecodeTask(TextIn(there[table.At("bytes")])).ok();
      },
      [](const TableRow&) { return false; });
}

// Gives the rows that are there and may stay.
std::vector<TableRow> InstanceChecker::CheckJobs(const InstanceState& state) {
  std::vector<TableRow> wanted, there_already;
  const DefinitionPtr definition = DefinitionOf(state);
  if (definition && !IsFinal(state.status))
    for (const JobView& job : WorkerJobsInFlight(facts_.definitions, definition, state))
      wanted.push_back(CellsOf(JobRowOf(state, job, state.updated_us)));
  const TableSpec& table = jobs_.table();
  Compare(
      jobs_, state, wanted,
      [&](const TableRow& there, const TableRow& row) {
        const bool same = there[table.At("attempt")] == row[table.At("attempt")] &&
                          there[table.At("operation")] == row[table.At("operation")] &&
                          DecodeJob(TextIn(there[table.At("bytes")])).ok();
        if (same) there_already.push_back(there);
        return same;
      },
      // Without the definition nobody knows which calls are for workers.
      [&](const TableRow&) { return !definition && !IsFinal(state.status); });
  return there_already;
}

void InstanceChecker::CheckSearchValues(const InstanceState& state) {
  std::vector<TableRow> wanted;
  if (const DefinitionPtr definition = DefinitionOf(state))
    for (const auto& [name, value] : SearchValuesOf(*definition, state))
      wanted.push_back(CellsOf(SearchRow{state.id, name, state.tenant, value}));
  const TableSpec& table = search_.table();
  // What has been set stays, whatever becomes of the variable.
  Compare(
      search_, state, wanted, [&](const TableRow& there, const TableRow& row) { return SameCells(table, there, row); },
      [](const TableRow&) { return true; });
}

// Subscribing and its end are messages, which may be on their way.
void InstanceChecker::CheckSubscriptions(const InstanceState& state) {
  const bool told = facts_.senders.count(state.id) == 0;
  std::vector<TableRow> wanted;
  if (!IsFinal(state.status) && told)
    for (const auto& [id, activation] : state.activations)
      for (const Subscription& one : activation.subscriptions)
        wanted.push_back(CellsOf(SubscriptionRow{0, state.tenant, one.type, one.value, state.id, id}));
  Compare(
      subscriptions_, state, wanted, [](const TableRow&, const TableRow&) { return true; },
      [&](const TableRow&) { return !told; });
}

void InstanceChecker::DropOrphans(const InstanceId& id) {
  const bool told = facts_.senders.count(id) == 0;
  for (InstanceWalk* walk : Walks()) {
    for (; walk->StandsAt(id); walk->Advance())
      if (told)
        Mend(walk->table().name, id,
             "Expected no row (" + Described(walk->table(), walk->row()) + ") of an instance that is not there.",
             TableChange::Kind::kDelete, walk->row());
  }
}

void InstanceChecker::Skip(const InstanceId& id) {
  for (InstanceWalk* walk : Walks())
    while (walk->StandsAt(id)) walk->Advance();
}

}  // namespace fermata

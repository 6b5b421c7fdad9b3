#include "engine/runtime/row_cells.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "engine/storage/states_text.h"

namespace fermata {
namespace {

Cell NumberCell(std::int64_t value) { return Cell(value); }
Cell FlagCell(bool value) { return Cell(std::int64_t{value}); }

TableRow Checked(std::string_view table, TableRow row) {
  FERMATA_ASSERT(row.size() == TableCalled(table).columns.size());
  return row;
}

}  // namespace

bool SameCells(const TableSpec& table, const TableRow& a, const TableRow& b,
               std::initializer_list<std::string_view> but) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (std::find(but.begin(), but.end(), table.columns[i].name) == but.end() && a[i] != b[i]) return false;
  return true;
}

InstanceId IdOfCell(const Cell& cell) {
  const std::string& text = TextIn(cell);
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return InstanceId::FromBytes(bytes);
}

Cell CellOf(const InstanceId& id) { return std::string(id.bytes().begin(), id.bytes().end()); }

TableRow CellsOf(const InstanceRow& row) {
  return Checked("instances",
                 {CellOf(row.id), row.tenant, row.process, row.version, row.definition_hash,
                  row.key ? Cell(*row.key) : Cell(), row.status, FlagCell(row.live), JoinStates(row.states), row.error,
                  NumberCell(row.open_incidents), row.parent ? CellOf(*row.parent) : Cell(), NumberCell(row.started_us),
                  NumberCell(row.updated_us), NumberCell(row.ended_us)});
}

TableRow CellsOf(const TimerRow& row) {
  return Checked("timers",
                 {NumberCell(row.due_us), CellOf(row.instance), NumberCell(row.activation), NumberCell(row.slot)});
}

TableRow CellsOf(const IncidentRow& row) {
  return Checked("incidents",
                 {CellOf(row.instance), NumberCell(row.number), row.tenant, row.process, row.state, row.error,
                  row.message, FlagCell(row.open), NumberCell(row.opened_us), NumberCell(row.closed_us)});
}

TableRow CellsOf(const TaskRow& row) {
  return Checked("tasks",
                 {CellOf(row.instance), NumberCell(row.activation), row.tenant, row.process, row.state, row.role,
                  row.user, NumberCell(row.due_us), NumberCell(row.opened_us), row.bytes, row.claimed});
}

TableRow CellsOf(const JobRow& row) {
  return Checked(
      "jobs", {CellOf(row.instance), NumberCell(row.activation), FlagCell(row.undo), row.tenant, row.process, row.state,
               row.operation, NumberCell(row.attempt), NumberCell(row.opened_us), NumberCell(row.lease_until_us),
               row.lease_token, row.worker, NumberCell(row.ends_us), row.bytes});
}

TableRow CellsOf(const SearchRow& row) {
  return Checked("search_values", {CellOf(row.instance), row.name, row.tenant, row.value});
}

TableRow CellsOf(const SubscriptionRow& row) {
  return Checked("subscriptions", {row.tenant, row.type, row.value, CellOf(row.instance), NumberCell(row.activation)});
}

}  // namespace fermata

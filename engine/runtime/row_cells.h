// Rows that follow from an instance's state, as cells (engine/storage/tables.h), and back.
//
// Pure and thread-safe.
#pragma once

#include <initializer_list>
#include <string_view>

#include "engine/storage/storage.h"
#include "engine/storage/tables.h"

namespace fermata {

TableRow CellsOf(const InstanceRow& row);
TableRow CellsOf(const TimerRow& row);
TableRow CellsOf(const IncidentRow& row);
TableRow CellsOf(const TaskRow& row);
TableRow CellsOf(const JobRow& row);
TableRow CellsOf(const SearchRow& row);
TableRow CellsOf(const SubscriptionRow& row);

// Whether two rows are equal in all columns but these.
bool SameCells(const TableSpec& table, const TableRow& a, const TableRow& b,
               std::initializer_list<std::string_view> but = {});

// The id in a cell.
InstanceId IdOfCell(const Cell& cell);
Cell CellOf(const InstanceId& id);

}  // namespace fermata

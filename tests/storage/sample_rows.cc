#include "tests/storage/sample_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/model/ids.h"
#include "engine/model/limits.h"
#include "tests/storage/backend.h"

namespace fermata::test {
namespace {

bool IsId(const TableColumn& column) {
  return column.kind == CellKind::kBytes &&
         (column.name == "instance" || column.name == "id" || column.name == "sender" || column.name == "parent");
}

Cell SampleCell(const TableColumn& column, int number) {
  if (column.of_shards) return {};
  if (IsId(column)) {
    const InstanceId id = InstanceId::Make(0, 1'700'000'000'000 + number, static_cast<std::uint64_t>(number), 1);
    return std::string(id.bytes().begin(), id.bytes().end());
  }
  switch (column.kind) {
    case CellKind::kInt:
      return std::int64_t{number} * 1'000'000'007;
    case CellKind::kBool:
      return std::int64_t{number % 2};
    case CellKind::kName:
      return "n" + std::to_string(number);
    case CellKind::kWord:
      return kHardText + std::to_string(number);
    case CellKind::kBytes:
      break;
  }
  return AllBytes() + std::to_string(number);
}

std::string Hex(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char c : bytes) (hex += kDigits[c >> 4]) += kDigits[c & 15];
  return hex;
}

const TableColumn* ColumnOf(const TableSpec& table, const std::string& name) {
  for (const TableColumn& column : table.columns)
    if (name == column.name || name == column.postgres_name) return &column;
  return nullptr;
}

}  // namespace

TableRow SampleRow(const TableSpec& table, int number) {
  TableRow row;
  for (const TableColumn& column : table.columns) row.push_back(SampleCell(column, number));
  return row;
}

AllRows ReadEverything(TableReader& reader) {
  AllRows all;
  for (const TableSpec& table : AllTables()) {
    std::vector<TableRow>& rows = all[std::string(table.name)];
    Result<std::unique_ptr<TableCursor>> cursor = reader.Open(table, TableOrder::kKey, std::nullopt);
    if (!cursor.ok()) {
      ADD_FAILURE() << cursor.error().message;
      continue;
    }
    while (true) {
      Result<std::vector<TableRow>> page = (*cursor)->Next(2);
      if (!page.ok()) ADD_FAILURE() << page.error().message;
      if (!page.ok() || page->empty()) break;
      rows.insert(rows.end(), page->begin(), page->end());
    }
    // Which file it came from is no part of what came.
    if (table.name == "counters")
      rows.erase(std::remove_if(rows.begin(), rows.end(),
                                [&](const TableRow& row) { return TextIn(row[table.At("name")]) == kImported; }),
                 rows.end());
  }
  return all;
}

AllRows WithoutShards(AllRows all) {
  for (auto& [name, rows] : all) {
    const TableSpec& table = TableCalled(name);
    for (TableRow& row : rows)
      for (std::size_t i = 0; i < row.size(); ++i)
        if (table.columns[i].of_shards) row[i] = Cell();
    if (name == "counters")
      rows.erase(std::remove_if(rows.begin(), rows.end(),
                                [&](const TableRow& row) { return TextIn(row[table.At("name")]) == kGuests; }),
                 rows.end());
    std::sort(rows.begin(), rows.end());
  }
  return all;
}

std::string AsSqlite(const TableSpec& table, const TableRow& row, const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& name : columns) {
    const TableColumn* column = ColumnOf(table, name);
    const Cell& cell = row[table.At(column->name)];
    sql += sql.empty() ? "" : ", ";
    if (column->kind == CellKind::kInt || column->kind == CellKind::kBool) {
      sql += std::to_string(IntIn(cell));
    } else if (column->kind == CellKind::kBytes) {
      sql += "X'" + Hex(TextIn(cell)) + "'";
    } else {
      sql += "CAST(X'" + Hex(TextIn(cell)) + "' AS TEXT)";
    }
  }
  return sql;
}

std::string AsPostgres(const TableSpec& table, const TableRow& row, const std::vector<std::string>& columns) {
  std::string sql;
  for (const std::string& name : columns) {
    const TableColumn* column = ColumnOf(table, name);
    sql += sql.empty() ? "" : ", ";
    if (column == nullptr || column->of_shards) {
      sql += std::to_string(ShardOf(table, row, kPostgresShards));
      continue;
    }
    const Cell& cell = row[table.At(column->name)];
    if (column->kind == CellKind::kInt) {
      sql += std::to_string(IntIn(cell));
    } else if (column->kind == CellKind::kBool) {
      sql += IntIn(cell) != 0 ? "true" : "false";
    } else if (column->kind == CellKind::kName) {
      sql += "'" + TextIn(cell) + "'";
    } else {
      sql += "'\\x" + Hex(TextIn(cell)) + "'";
    }
  }
  return sql;
}

}  // namespace fermata::test

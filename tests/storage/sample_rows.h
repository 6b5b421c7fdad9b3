// Rows for every table, whatever columns it has.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/storage/tables.h"

namespace fermata::test {

// A row that the table takes, with another key for each `number`. Ids are on shard 0, words are hard to keep, cells of shards are NULL.
TableRow SampleRow(const TableSpec& table, int number);

// By table, all rows in the order of their keys.
using AllRows = std::map<std::string, std::vector<TableRow>>;
AllRows ReadEverything(TableReader& reader);

// Without the cells that say where a row lives, and without what import notes.
AllRows WithoutShards(AllRows rows);

// "1, 'x', X'00'": the cells of the row whose columns are in `columns`, as SQL. PostgreSQL's bytea and SQLite's blobs are written differently.
std::string AsSqlite(const TableSpec& table, const TableRow& row, const std::vector<std::string>& columns);
std::string AsPostgres(const TableSpec& table, const TableRow& row, const std::vector<std::string>& columns);

}  // namespace fermata::test

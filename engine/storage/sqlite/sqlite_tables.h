// The tables of the file as rows of cells; engine/storage/tables.h says what they are.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/storage/tables.h"

namespace fermata {

// Looks at the file as it is now, also while a server has it: readers and the server do not wait for each other, but the server's log grows until the reader goes.
// Fails if there is no such file, it is no database of ours, or its schema is another than that of this version (kStorageTooOld, kStorageTooNew).
Result<std::unique_ptr<TableReader>> ReadSqliteTables(const std::string& path);

// Makes the file if it is missing, brings its schema up to date and keeps servers off it, as OpenSqlite does.
Result<std::unique_ptr<TableWriter>> WriteSqliteTables(const std::string& path);

namespace sqlite {

class Connection;

// Refuses a file into which an import was begun and not finished.
Status CheckWhole(Connection& connection, const std::string& path);

}  // namespace sqlite
}  // namespace fermata

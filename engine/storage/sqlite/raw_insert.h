// Measures the disk and SQLite alone; see engine/storage/raw_insert.h.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/storage/raw_insert.h"
#include "engine/storage/sqlite/sqlite_storage.h"

namespace fermata {

// Inserts into a new file at `path` (which must not exist, and stays) on the calling thread. Gives rows per second.
Result<double> MeasureSqliteInserts(const std::string& path, SqliteSync sync, const RawInserts& inserts);

}  // namespace fermata

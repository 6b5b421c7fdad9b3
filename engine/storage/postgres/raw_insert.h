// Measures the database and the way to it alone; see engine/storage/raw_insert.h.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/storage/raw_insert.h"

namespace fermata {

// Inserts into a temporary copy of the journal's table on the calling thread, with arrays as the storage does, and drops it.
// The database must have been opened by OpenPostgres once. Gives rows per second.
Result<double> MeasurePostgresInserts(const std::string& connection, const RawInserts& inserts);

}  // namespace fermata

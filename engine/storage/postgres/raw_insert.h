// Measures the database and the way to it alone; see engine/storage/raw_insert.h.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/storage/raw_insert.h"

namespace fermata {

// Writes the rows that processes of five calls leave (journal, and the instance as it starts and ends) into copies of their tables on the
// calling thread, with the queries that the storage has, in batches as large as one likes, and drops them.
// The database must have been opened by OpenPostgres once. Gives rows per second.
Result<double> MeasurePostgresInserts(const std::string& connection, const RawInserts& inserts);

}  // namespace fermata

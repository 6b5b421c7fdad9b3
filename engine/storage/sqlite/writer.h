// Writes batches into the tables.
//
// Not thread-safe: uses the connection of the one committing thread.
#pragma once

#include <cstdint>
#include <span>

#include "engine/storage/sqlite/connection.h"
#include "engine/storage/storage.h"

namespace fermata::sqlite {

// Both run inside the caller's transaction, and give SQLITE_DONE or the first error, after which the caller rolls back.
int WriteBatches(Connection& connection, std::span<const Batch* const> batches);
// At most `limit` rows of each of the three tables that expire; adds how many went to `deleted`.
int DeleteExpired(Connection& connection, std::int64_t now_us, int limit, std::int64_t& deleted);

}  // namespace fermata::sqlite

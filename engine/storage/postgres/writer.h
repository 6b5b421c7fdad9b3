// Turns a batch into queries: one a table, with the rows as arrays.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/storage/postgres/parameters.h"
#include "engine/storage/storage.h"

namespace fermata::postgres {

// All of the batch but what group.h writes for all of its batches at once: its journal, its instances' own rows, counters and generations. To
// be run in their order, in one transaction.
void AppendQueries(const Batch& batch, std::vector<Query>& queries);

// Each deletes at most `limit` rows of a table whose rows expire.
std::vector<Query> ExpiryQueries(std::int64_t now_us, int limit);

}  // namespace fermata::postgres

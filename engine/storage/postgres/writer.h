// Turns batches into queries: one a table, with the rows as arrays.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/storage/postgres/parameters.h"
#include "engine/storage/storage.h"

namespace fermata::postgres {

// To be run in their order, in one transaction.
void AppendQueries(const Batch& batch, std::vector<Query>& queries);
// After those of all batches of the transaction: raises what counts changes of the rows that every node keeps in memory. Last and in one
// order, because all nodes write these rows.
void AppendGenerations(std::span<const Batch* const> group, std::vector<Query>& queries);

// By what one sees that a batch was committed.
struct Proof {
  Query query;
  std::string found;  // what its first row has then
};
// A row that is only ever inserted: of the journal, the definitions or the audit log; nothing if the batch has none.
std::optional<Proof> ProofOf(const Batch& batch);

// Each deletes at most `limit` rows of a table whose rows expire.
std::vector<Query> ExpiryQueries(std::int64_t now_us, int limit);

}  // namespace fermata::postgres

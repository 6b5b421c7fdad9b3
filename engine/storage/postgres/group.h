// A group of batches as the queries of one transaction, and the proof that it was committed.
//
// Pure and thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/storage/postgres/parameters.h"
#include "engine/storage/storage.h"

namespace fermata::postgres {

// What these batches do one after the other, in fewer queries: to be run in their order, in one transaction.
void AppendGroup(std::span<const Batch* const> group, std::vector<Query>& queries);
// The last of them: raise what counts changes of the rows that every node keeps in memory. In one order, because all nodes write these rows.
void AppendGenerations(std::span<const Batch* const> group, std::vector<Query>& queries);

// By what one sees that a group was committed.
struct Proof {
  Query query;
  std::string found;  // what its first row has then
};
// A row that is only ever inserted: of the journal, the definitions or the audit log; nothing if the group has none.
std::optional<Proof> ProofOf(std::span<const Batch* const> group);

}  // namespace fermata::postgres

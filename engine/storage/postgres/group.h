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
  std::string found;             // what its first row has then
  std::optional<Query> made_by;  // to be run with the group, where none of its own rows is a proof
};
// One commit of one lane of a node.
struct CommitMark {
  const std::string& node;
  int lane = 0;
  std::int64_t number = 0;  // higher than that of every earlier one
};
// A row that is only ever inserted: of the journal, the definitions or the audit log. What has none, but puts rows into inboxes or takes some from
// there, leaves its mark: done again, it would bring back what others have taken meanwhile. Nothing for the rest: it only puts and deletes rows that
// nobody else writes, and may be done again.
std::optional<Proof> ProofOf(std::span<const Batch* const> group, const CommitMark& mark);

}  // namespace fermata::postgres

// Who may write: a row with an epoch that grows with every takeover.
//
// Pure functions on a connection.
#pragma once

#include <cstdint>
#include <string>

#include "engine/storage/postgres/connection.h"

namespace fermata::postgres {

struct Lease {
  std::string node;
  std::int64_t epoch = 0;
};

// Makes `node` the owner of all shards, whoever was it. Waits for commits under way.
Result<Lease> TakeOver(Connection& connection, const std::string& node);

// To be the first query of each commit: fails the transaction unless the lease still has this epoch, and keeps it so until the end.
// First, so that who waits for the lease waits for all that is under way.
Query Fence(const Lease& lease);

// Reads the lease once no commit is under way any more, and keeps others from beginning until the transaction ends.
Query AwaitCommits();
// Reads it as it is.
Query ReadLease();
Lease LeaseIn(const Rows& rows);

}  // namespace fermata::postgres

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

// Reads the lease and keeps it from changing until the transaction ends; to be the first query of each commit.
Query ReadLease();
Lease LeaseIn(const Rows& rows);

}  // namespace fermata::postgres

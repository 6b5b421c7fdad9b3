// What each commit relies on: that this node's row still has the epoch under which the batch was handed over.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/storage/postgres/connection.h"

namespace fermata::postgres {

inline constexpr const char* kDividedByZero = "22012";  // the SQL state where a fence stood in the way

// To be the first query of each commit: fails the transaction unless the node still has this epoch, and keeps it so until the end.
// First, so that who waits for the node's row waits for all that is under way.
Query Fence(const std::string& node, std::int64_t epoch);

// Reads the node's epoch once no commit of it is under way any more, and keeps others from beginning until the transaction ends.
Query AwaitCommits(const std::string& node);
// Reads it as it is.
Query ReadEpoch(const std::string& node);
// nullopt if the node is not a member any more.
std::optional<std::int64_t> EpochIn(const Rows& rows);

}  // namespace fermata::postgres

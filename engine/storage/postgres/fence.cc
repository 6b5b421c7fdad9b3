#include "engine/storage/postgres/fence.h"

namespace fermata::postgres {
namespace {

// Another epoch divides by zero: plain SQL that fails where a fence stands.
constexpr const char* kFence =
    "SELECT 1 / count(*) FROM (SELECT 1 FROM nodes WHERE name = $1 AND epoch = $2 FOR SHARE) AS mine";
constexpr const char* kAwaitCommits = "SELECT epoch FROM nodes WHERE name = $1 FOR UPDATE";
constexpr const char* kReadEpoch = "SELECT epoch FROM nodes WHERE name = $1";

}  // namespace

Query Fence(const std::string& node, std::int64_t epoch) { return {kFence, {Text(node), Int8(epoch)}, true}; }

Query AwaitCommits(const std::string& node) { return {kAwaitCommits, {Text(node)}}; }

Query ReadEpoch(const std::string& node) { return {kReadEpoch, {Text(node)}}; }

std::optional<std::int64_t> EpochIn(const Rows& rows) {
  if (rows.count() == 0) return std::nullopt;
  return rows.Int(0, 0);
}

}  // namespace fermata::postgres

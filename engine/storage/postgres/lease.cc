#include "engine/storage/postgres/lease.h"

namespace fermata::postgres {
namespace {

constexpr const char* kTakeOver =
    "UPDATE lease SET node = $1, epoch = epoch + 1 WHERE shard_from = 0 RETURNING node, epoch";
// Another epoch divides by zero: plain SQL that fails where a fence stands.
constexpr const char* kFence =
    "SELECT 1 / count(*) FROM (SELECT 1 FROM lease WHERE shard_from = 0 AND epoch = $1 FOR SHARE) AS mine";
constexpr const char* kAwaitCommits = "SELECT node, epoch FROM lease WHERE shard_from = 0 FOR UPDATE";
constexpr const char* kReadLease = "SELECT node, epoch FROM lease WHERE shard_from = 0";

}  // namespace

Result<Lease> TakeOver(Connection& connection, const std::string& node) {
  Result<Rows> rows = connection.Run({kTakeOver, {Text(node)}});
  if (!rows) return rows.error();
  return LeaseIn(*rows);
}

Query Fence(const Lease& lease) { return {kFence, {Int8(lease.epoch)}, true}; }

Query AwaitCommits() { return {kAwaitCommits, {}}; }

Query ReadLease() { return {kReadLease, {}}; }

Lease LeaseIn(const Rows& rows) { return rows.count() == 0 ? Lease{} : Lease{rows.Text(0, 0), rows.Int(0, 1)}; }

}  // namespace fermata::postgres

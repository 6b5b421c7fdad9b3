#include "engine/storage/postgres/lease.h"

namespace fermata::postgres {
namespace {

constexpr const char* kTakeOver =
    "UPDATE lease SET node = $1, epoch = epoch + 1 WHERE shard_from = 0 RETURNING node, epoch";
constexpr const char* kReadLease = "SELECT node, epoch FROM lease WHERE shard_from = 0 FOR SHARE";

}  // namespace

Result<Lease> TakeOver(Connection& connection, const std::string& node) {
  Result<Rows> rows = connection.Run({kTakeOver, {Text(node)}});
  if (!rows) return rows.error();
  return LeaseIn(*rows);
}

Query ReadLease() { return {kReadLease, {}}; }

Lease LeaseIn(const Rows& rows) { return rows.count() == 0 ? Lease{} : Lease{rows.Text(0, 0), rows.Int(0, 1)}; }

}  // namespace fermata::postgres

#include "engine/storage/postgres/raw_insert.h"

#include <algorithm>
#include <chrono>

#include "engine/model/ids.h"
#include "engine/model/limits.h"
#include "engine/storage/postgres/connection.h"

namespace fermata {
namespace {

using postgres::Column;
using postgres::Connection;
using postgres::Query;
using postgres::Type;

// Not a TEMP table: those are never synced.
constexpr const char* kMakeTable = "CREATE TABLE raw_inserts (LIKE journal INCLUDING INDEXES)";
constexpr const char* kDropTable = "DROP TABLE IF EXISTS raw_inserts";
constexpr const char* kInsert =
    "INSERT INTO raw_inserts (shard, instance, seq, time_us, bytes) SELECT * FROM unnest($1, $2, $3, $4, $5)";
constexpr std::int64_t kRowsPerInstance = 6;  // as a process of five calls has
constexpr std::int64_t kConnectTimeoutMs = 5'000;

Query InsertOf(std::int64_t from, std::int64_t to, const std::string& payload) {
  Column shard(Type::kInt2), instance(Type::kBytea), seq(Type::kInt8), time_us(Type::kInt8), bytes(Type::kBytea);
  for (std::int64_t row = from; row < to; ++row) {
    const std::int64_t number = row / kRowsPerInstance;
    const auto in_shard = static_cast<std::uint8_t>(number % kPostgresShards);
    shard.Add(in_shard);
    instance.Add(InstanceId::Make(in_shard, number, static_cast<std::uint64_t>(number), 0));
    seq.Add(row % kRowsPerInstance + 1);
    time_us.Add(row);
    bytes.Add(payload);
  }
  Query query{kInsert, {}};
  for (Column* column : {&shard, &instance, &seq, &time_us, &bytes})
    query.parameters.push_back(std::move(*column).Finish());
  return query;
}

}  // namespace

Result<double> MeasurePostgresInserts(const std::string& connection_string, const RawInserts& inserts) {
  FERMATA_ASSERT(inserts.rows > 0 && inserts.rows_per_tx > 0);
  Result<std::unique_ptr<Connection>> connection = Connection::Connect({connection_string, kConnectTimeoutMs, 0});
  if (!connection) return connection.error();
  for (const char* sql : {kDropTable, kMakeTable}) {
    Status done = (*connection)->Execute(sql);
    if (!done) return done.error();
  }
  const std::string payload(inserts.bytes, 'x');
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t row = 0; row < inserts.rows; row += inserts.rows_per_tx) {
    const Result<postgres::Rows> done =
        (*connection)->Run(InsertOf(row, std::min(row + inserts.rows_per_tx, inserts.rows), payload));
    if (!done) return done.error();
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  Status dropped = (*connection)->Execute(kDropTable);
  if (!dropped) return dropped.error();
  return static_cast<double>(inserts.rows) / taken.count();
}

}  // namespace fermata

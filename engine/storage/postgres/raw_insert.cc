#include "engine/storage/postgres/raw_insert.h"

#include <algorithm>
#include <chrono>

#include "engine/model/limits.h"
#include "engine/storage/postgres/connection.h"
#include "engine/storage/postgres/group.h"

namespace fermata {
namespace {

using postgres::Connection;
using postgres::Query;

// Copies of the tables that grow, found before them. Not temporary ones: those are never synced.
constexpr const char* kMakeTables =
    "DROP SCHEMA IF EXISTS raw_inserts CASCADE;CREATE SCHEMA raw_inserts;"
    "CREATE TABLE raw_inserts.journal (LIKE journal INCLUDING ALL);"
    "CREATE TABLE raw_inserts.instances (LIKE instances INCLUDING ALL)";
constexpr const char* kUseTables =
    "SELECT set_config('search_path', 'raw_inserts, ' || current_setting('search_path'), false)";
constexpr const char* kDropTables = "DROP SCHEMA IF EXISTS raw_inserts CASCADE";
constexpr std::int64_t kJournalRows = 6;  // of a process of five calls: its start and what each call gave
constexpr std::int64_t kRowsPerInstance = kJournalRows + 2;  // and its row, as it starts and as it ends
constexpr std::int64_t kConnectTimeoutMs = 5'000;

InstanceRow RowOf(std::int64_t number, bool live) {
  const auto in_shard = static_cast<std::uint8_t>(number % kPostgresShards);
  InstanceRow row;
  row.id = InstanceId::Make(in_shard, number, static_cast<std::uint64_t>(number), 0);
  row.tenant = kDefaultTenant;
  row.process = "chain5";
  row.version = "1.0.0";
  row.definition_hash = std::string(64, '0');
  row.status = live ? "running" : "completed";
  row.live = live;
  row.started_us = row.updated_us = number;
  row.ended_us = live ? 0 : number;
  return row;
}

// Instances from..to start and do all they do; those of the transaction before them end.
Batch BatchOf(std::int64_t from, std::int64_t to, std::int64_t before, const std::string& payload) {
  Batch batch;
  for (std::int64_t number = from; number < to; ++number) {
    batch.instances.push_back(RowOf(number, true));
    for (std::int64_t seq = 1; seq <= kJournalRows; ++seq)
      batch.journal.push_back({batch.instances.back().id, seq, number, payload});
  }
  for (std::int64_t number = before; number < from; ++number) batch.instances.push_back(RowOf(number, false));
  return batch;
}

Result<double> InsertAll(Connection& connection, const RawInserts& inserts) {
  const std::string payload(inserts.bytes, 'x');
  const std::int64_t at_once = std::max<std::int64_t>(1, inserts.rows_per_tx / kRowsPerInstance);
  const std::int64_t instances = std::max<std::int64_t>(1, inserts.rows / kRowsPerInstance);
  const auto begin = std::chrono::steady_clock::now();
  for (std::int64_t from = 0; from < instances + at_once; from += at_once) {
    std::vector<Query> queries = {{"BEGIN", {}}};
    const std::int64_t to = std::min(from + at_once, instances);
    const Batch batch = BatchOf(std::min(from, instances), to, std::max<std::int64_t>(0, from - at_once), payload);
    const Batch* const group[] = {&batch};
    postgres::AppendGroup(group, queries);
    queries.push_back({"COMMIT", {}});
    const Result<std::vector<postgres::Rows>> done = connection.RunAll(queries);
    if (!done) return done.error();
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(instances * kRowsPerInstance) / taken.count();
}

}  // namespace

Result<double> MeasurePostgresInserts(const std::string& connection_string, const RawInserts& inserts) {
  FERMATA_ASSERT(inserts.rows > 0 && inserts.rows_per_tx > 0);
  Result<std::unique_ptr<Connection>> connection = Connection::Connect({connection_string, kConnectTimeoutMs, 0});
  if (!connection) return connection.error();
  for (const char* sql : {kMakeTables, kUseTables}) {
    Status done = (*connection)->Execute(sql);
    if (!done) return done.error();
  }
  Result<double> rate = InsertAll(**connection, inserts);
  Status dropped = (*connection)->Execute(kDropTables);
  if (!dropped) return dropped.error();
  return rate;
}

}  // namespace fermata

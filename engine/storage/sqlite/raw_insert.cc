#include "engine/storage/sqlite/raw_insert.h"

#include <chrono>

#include "engine/model/limits.h"
#include "engine/storage/sqlite/connection.h"
#include "engine/storage/sqlite/migrations.h"

namespace fermata {
namespace {

using sqlite::Connection;

constexpr const char* kInsert = "INSERT INTO journal (instance, seq, time_us, bytes) VALUES (?, ?, ?, ?)";
constexpr std::int64_t kRowsPerInstance = 6;  // as a process of five calls has

InstanceId IdOf(std::int64_t instance) {
  return InstanceId::Make(0, instance / 3, static_cast<std::uint64_t>(instance), 0);
}

int InsertAll(Connection& connection, const RawInserts& inserts) {
  sqlite::Statement* insert = connection.Prepare(kInsert);
  if (insert == nullptr) return connection.LastCode();
  const std::string payload(inserts.bytes, 'x');
  int code = connection.Run("BEGIN IMMEDIATE");
  for (std::int64_t row = 0; row < inserts.rows && code == SQLITE_DONE; ++row) {
    if (row > 0 && row % inserts.rows_per_tx == 0) {
      code = connection.Run("COMMIT");
      if (code == SQLITE_DONE) code = connection.Run("BEGIN IMMEDIATE");
      if (code != SQLITE_DONE) return code;
    }
    code =
        connection.Run(*insert, IdOf(row / kRowsPerInstance), row % kRowsPerInstance + 1, row, sqlite::Blob{payload});
  }
  return code == SQLITE_DONE ? connection.Run("COMMIT") : code;
}

}  // namespace

Result<double> MeasureSqliteInserts(const std::string& path, SqliteSync sync, const RawInserts& inserts) {
  FERMATA_ASSERT(inserts.rows > 0 && inserts.rows_per_tx > 0);
  Result<std::unique_ptr<Connection>> connection = Connection::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!connection) return connection.error();
  const std::string full = sync == SqliteSync::kFull ? "FULL" : "OFF";
  Status set = (*connection)
                   ->Execute("PRAGMA page_size = " + std::to_string(kSqlitePageBytes) +
                             ";PRAGMA journal_mode = WAL;PRAGMA synchronous = " + full);
  if (!set) return set.error();
  Status migrated = sqlite::Migrate(**connection);
  if (!migrated) return migrated.error();

  const auto begin = std::chrono::steady_clock::now();
  if (InsertAll(**connection, inserts) != SQLITE_DONE) return (*connection)->LastError();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(inserts.rows) / taken.count();
}

}  // namespace fermata

#include "engine/storage/postgres/bench_database.h"

#include "engine/storage/postgres/connection.h"

namespace fermata {
namespace {

constexpr std::int64_t kLookConnectMs = 5'000;
constexpr const char* kHasTables = "SELECT to_regclass('definitions') IS NOT NULL AND to_regclass('nodes') IS NOT NULL";
constexpr const char* kOtherProcess = "SELECT process FROM definitions WHERE process <> $1 ORDER BY process LIMIT 1";
constexpr const char* kOtherServer = "SELECT name FROM nodes WHERE NOT starts_with(name, $1) ORDER BY name LIMIT 1";

}  // namespace

Result<std::string> OtherUseOf(const std::string& connection, const std::string& process) {
  Result<std::unique_ptr<postgres::Connection>> connected =
      postgres::Connection::Connect({connection, kLookConnectMs, 0});
  if (!connected) return connected.error();
  Result<postgres::Rows> tables = (*connected)->Run({kHasTables, {}});
  if (!tables) return tables.error();
  if (tables->Int(0, 0) == 0) return std::string();
  Result<postgres::Rows> processes = (*connected)->Run({kOtherProcess, {postgres::Text(process)}});
  if (!processes) return processes.error();
  if (processes->count() > 0) return "the process '" + processes->Text(0, 0) + "'";
  Result<postgres::Rows> servers = (*connected)->Run({kOtherServer, {postgres::Text(kBenchNodePrefix)}});
  if (!servers) return servers.error();
  if (servers->count() > 0) return "the server '" + servers->Text(0, 0) + "'";
  return std::string();
}

}  // namespace fermata

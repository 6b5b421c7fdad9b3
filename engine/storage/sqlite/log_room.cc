#include "engine/storage/sqlite/log_room.h"

#include <algorithm>
#include <string>

namespace fermata::sqlite {
namespace {

constexpr std::int64_t kPieceBytes = 64 << 10;  // SQLite writes less than 128 KB at once

bool WriteZeros(sqlite3_file& log, std::int64_t from, std::int64_t to) {
  const std::string zeros(kPieceBytes, '\0');
  for (std::int64_t at = from; at < to; at += kPieceBytes) {
    const int size = static_cast<int>(std::min(kPieceBytes, to - at));
    if (log.pMethods->xWrite(&log, zeros.data(), size, at) != SQLITE_OK) return false;
  }
  return log.pMethods->xSync(&log, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

}  // namespace

void ReserveLog(Connection& connection, std::int64_t bytes) {
  sqlite3_file* log = nullptr;
  const int found = sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (found != SQLITE_OK || log == nullptr || log->pMethods == nullptr) return;
  sqlite3_int64 size = 0;
  if (log->pMethods->xFileSize(log, &size) != SQLITE_OK || size >= bytes) return;
  if (!WriteZeros(*log, size, bytes)) log->pMethods->xTruncate(log, size);
}

}  // namespace fermata::sqlite

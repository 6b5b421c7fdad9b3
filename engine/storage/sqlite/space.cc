#include "engine/storage/sqlite/space.h"

#include <algorithm>

#include "engine/model/limits.h"

namespace fermata::sqlite {
namespace {

constexpr std::int64_t kIncremental = 2;  // of PRAGMA auto_vacuum

bool CanReturn(Connection& connection) {
  const Result<std::int64_t> mode = connection.QueryInt("PRAGMA auto_vacuum");
  return mode.ok() && *mode == kIncremental;
}

}  // namespace

std::string FileSettings() {
  return "PRAGMA page_size = " + std::to_string(kSqlitePageBytes) +
         ";PRAGMA auto_vacuum = INCREMENTAL;PRAGMA journal_mode = WAL";
}

void LetPagesReturn(Connection& connection) {
  if (CanReturn(connection)) return;
  const Result<std::int64_t> pages = connection.QueryInt("PRAGMA page_count");
  if (!pages.ok() || *pages > kSqliteRewrittenPagesMax) return;
  (void)connection.Execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
}

Result<bool> ReturnPages(Connection& connection) {
  if (!CanReturn(connection)) return false;
  const Result<std::int64_t> pages = connection.QueryInt("PRAGMA page_count");
  if (!pages.ok()) return pages.error();
  const Result<std::int64_t> free = connection.QueryInt("PRAGMA freelist_count");
  if (!free.ok()) return free.error();
  const std::int64_t spare = *free - std::max(kSqliteFreePagesKept, *pages / kSqliteFreeShareKept);
  if (spare <= 0) return false;
  const std::int64_t now = std::min(spare, kSqlitePagesReturned);
  if (Status cut = connection.Execute("PRAGMA incremental_vacuum(" + std::to_string(now) + ")"); !cut.ok())
    return cut.error();
  return spare > now;
}

}  // namespace fermata::sqlite

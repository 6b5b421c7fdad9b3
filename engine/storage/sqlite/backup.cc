#include "engine/storage/sqlite/backup.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "engine/model/limits.h"
#include "engine/storage/codes.h"
#include "engine/storage/sqlite/connection.h"
#include "engine/storage/sqlite/database_file.h"
#include "engine/storage/sqlite/migrations.h"

namespace fermata {
namespace sqlite {
namespace {

namespace fs = std::filesystem;

Error BackupFailed(const std::string& to, const std::string& why) {
  return {kBackupFailed, "Expected to make the copy '" + to + "', but " + why + ".", "",
          "Check the room on its disk, and whether the folder may be written to."};
}

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

// What a sound file says of itself is "ok".
Status CheckPages(Connection& copy, const std::string& to) {
  Result<std::vector<std::string>> found =
      copy.Query<std::string>("PRAGMA integrity_check(1)", [](const Statement& row) { return row.Text(0); });
  if (!found) return found.error();
  if (found->size() == 1 && found->front() == "ok") return Done{};
  return BackupFailed(to,
                      "its pages are damaged: " + (found->empty() ? std::string("nothing is said") : found->front()));
}

Status CopyPages(Connection& from, Connection& to, const BackupOptions& options) {
  using Clock = std::chrono::steady_clock;
  std::unique_ptr<sqlite3_backup, FinishBackup> backup(sqlite3_backup_init(to.handle(), "main", from.handle(), "main"));
  if (!backup) return BackupFailed(options.to, sqlite3_errmsg(to.handle()));
  while (true) {
    const Clock::time_point begun = Clock::now();
    const int code = sqlite3_backup_step(backup.get(), kBackupPagesAtOnce);
    const std::int64_t all = sqlite3_backup_pagecount(backup.get());
    if (options.on_progress) options.on_progress(all - sqlite3_backup_remaining(backup.get()), all);
    if (code == SQLITE_DONE) return Done{};
    if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED)
      return BackupFailed(options.to, sqlite3_errstr(code));
    const auto pause = (Clock::now() - begun) * (100 - options.share_percent) / options.share_percent;
    std::this_thread::sleep_for(pause);
  }
}

Status MakeCopy(const BackupOptions& options, const std::string& part) {
  Result<std::unique_ptr<Connection>> from = Connection::Open(options.from, SQLITE_OPEN_READONLY);
  if (!from) return from.error();
  if (Status ours = CheckOurs(**from, options.from); !ours) return ours;
  // A read that stays open: the copy is of this moment, and commits do not make it begin anew.
  if (Status begun = (*from)->Execute("BEGIN; SELECT count(*) FROM sqlite_schema"); !begun) return begun;
  if (Status made = MakeFile(part); !made) return made;
  Result<std::unique_ptr<Connection>> to = Connection::Open(part, SQLITE_OPEN_READWRITE);
  if (!to) return to.error();
  if (Status copied = CopyPages(**from, **to, options); !copied) return copied;
  // One file alone, also where nothing may be written beside it.
  if (Status set = (*to)->Execute("PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE"); !set) return set;
  return CheckPages(**to, options.to);
}

}  // namespace
}  // namespace sqlite

Status BackupSqlite(const BackupOptions& options) {
  FERMATA_ASSERT(options.share_percent > 0 && options.share_percent <= 100);
  std::error_code error;
  if (!sqlite::fs::is_regular_file(options.from, error))
    return Error{kStorageOpenFailed, "Expected a database file at '" + options.from + "', but there is none.", "",
                 "Give the folder that 'fermata serve' has in --data."};
  if (sqlite::fs::exists(options.to, error))
    return Error{kImportRefused, "Expected to make the file '" + options.to + "', but it is there already.", "",
                 "Give another folder, or move the file away."};
  const std::string part = options.to + ".part";
  sqlite::fs::remove(part, error);  // of a copy that was interrupted
  Status made = sqlite::MakeCopy(options, part);
  if (made.ok()) {
    sqlite::fs::rename(part, options.to, error);
    if (!error) return Done{};
    made = sqlite::BackupFailed(options.to, error.message());
  }
  std::error_code ignored;
  sqlite::fs::remove(part, ignored);
  return made;
}

}  // namespace fermata

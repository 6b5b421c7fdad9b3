// A copy of the database file while a server has it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/base/result.h"

namespace fermata {

struct BackupOptions {
  std::string from, to;  // database files; `to` may not exist, its folder must
  // How much of the time may be spent on copying, in percent: a server beside it has the rest of the disk.
  int share_percent = 50;
  std::function<void(std::int64_t pages, std::int64_t of_all)> on_progress;
};

// Copies the file as it is at the beginning, whatever the server writes meanwhile (its log grows until the copy is made), and checks the copy's pages. `to` is
// there only if it is whole. Fails with kBackupFailed if it cannot be made or is not sound, with kImportRefused if `to` is there, else as reading does.
Status BackupSqlite(const BackupOptions& options);

}  // namespace fermata

// The default storage: one SQLite file in WAL mode with full sync, for one server.
//
// Thread-safe, as Storage says. One thread commits whatever all lanes have handed over meanwhile in one transaction; reads use a few connections of their own.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/storage/storage.h"

namespace fermata {

enum class SqliteSync {
  kFull,  // durable over power loss
  kNone,  // durable over the end of the process only: for tests and comparisons
};

struct SqliteOptions {
  std::string path;  // made if missing, readable by its owner only; its folder must exist
  SqliteSync sync = SqliteSync::kFull;
  int readers = 4;  // reads at the same time; further ones wait
};

// Opens the file, brings its schema up to date and keeps other servers off it while the storage lives (by a lock on `path`.lock).
// Fails if it cannot be opened, another server has it, it is damaged or no database of ours, or a newer version wrote it.
// What was handed over is committed, and every callback called, before the storage's destructor returns.
Result<std::unique_ptr<Storage>> OpenSqlite(const SqliteOptions& options);

}  // namespace fermata

// The storage that the command line asks for.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/base/sealing.h"
#include "engine/storage/sqlite/sqlite_storage.h"
#include "engine/storage/storage.h"

namespace fermata {

struct StorageChoice {
  std::string kind;      // "sqlite", "memory", "postgres"
  std::string database;  // PostgreSQL's connection string
  std::string folder;    // of the SQLite file; made if missing, readable by its owner only
  SqliteSync sync = SqliteSync::kFull;
  std::string node{};  // among those that share the database; empty = one that no other process has
};

// This machine's name, with what tells its servers from each other behind it.
std::string NodeName(const std::string& suffix);

// Made if missing, readable by its owner only. kFolderUnusable.
Status MakeDataFolder(const std::string& folder);

// Fails with kFolderUnusable, kUnknownStorage, or as the storage says.
Result<std::unique_ptr<Storage>> OpenStorage(const StorageChoice& choice);

// Of this file, or of FERMATA_ENCRYPTION_KEYS (the text of such a file) if the name is empty; none where there is neither.
Result<SealingKeys> ReadSealingKeys(const std::string& file);

// Where the SQLite file is.
std::string SqliteFileIn(const std::string& folder);

}  // namespace fermata

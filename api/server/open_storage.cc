#include "api/server/open_storage.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "api/cli/codes.h"
#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/postgres/postgres_storage.h"

namespace fermata {
namespace {

namespace fs = std::filesystem;

}  // namespace

Status MakeDataFolder(const std::string& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return Done{};
  if (fs::create_directories(folder, error); error)
    return Error{kFolderUnusable,
                 "Expected a folder for the data at '" + folder + "', but it cannot be made: " + error.message() + "."};
  fs::permissions(folder, fs::perms::owner_all, error);
  return Done{};
}

std::string NodeName(const std::string& suffix) {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return std::string(name) + ":" + suffix;
}

std::string SqliteFileIn(const std::string& folder) { return (fs::path(folder) / "fermata.db").string(); }

Result<std::unique_ptr<Storage>> OpenStorage(const StorageChoice& choice) {
  if (choice.kind == "memory") return MakeMemoryStorage();
  if (choice.kind == "postgres") {
    PostgresOptions options;
    options.connection = choice.database;
    options.node = choice.node.empty() ? NodeName(std::to_string(getpid())) : choice.node;
    return OpenPostgres(options);
  }
  if (choice.kind != "sqlite")
    return Error{kUnknownStorage, "Expected the storage sqlite, memory or postgres, but got '" + choice.kind + "'."};
  if (Status made = MakeDataFolder(choice.folder); !made.ok()) return made.error();
  SqliteOptions options;
  options.path = SqliteFileIn(choice.folder);
  options.sync = choice.sync;
  return OpenSqlite(options);
}

Result<SealingKeys> ReadSealingKeys(const std::string& file) {
  const char* given = std::getenv("FERMATA_ENCRYPTION_KEYS");
  if (file.empty()) return SealingKeys::Parse(given ? given : "");
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    return Error{kFileUnreadable, "Expected a file of encryption keys at '" + file + "', but it cannot be read."};
  Result<SealingKeys> keys = SealingKeys::Parse(std::string(std::istreambuf_iterator<char>(stream), {}));
  if (keys.ok() && keys->empty())
    return Error{kSealingKeysWrong, "Expected at least one key in '" + file + "', but there is none."};
  return keys;
}

}  // namespace fermata

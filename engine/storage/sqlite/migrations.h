// The schema of the file, step by step. `PRAGMA user_version` is the number of the last step done.
#pragma once

#include <span>
#include <string>

#include "engine/base/result.h"
#include "engine/storage/sqlite/connection.h"

namespace fermata::sqlite {

struct Migration {
  int number = 0;  // from 1, without a gap
  const char* sql = nullptr;
};

// Every step from an empty file to the schema of this version. Steps that a release has shipped never change.
std::span<const Migration> AllMigrations();

// Refuses a file that is no database of ours, or has steps that we do not know; changes nothing.
Status CheckOurs(Connection& connection, const std::string& path);

// Does what is missing, each step in a transaction of its own.
Status Migrate(Connection& connection);

}  // namespace fermata::sqlite

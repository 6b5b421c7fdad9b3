// The schema of the database, step by step. The table fermata_schema has the number of the last step done.
#pragma once

#include <span>

#include "engine/base/result.h"
#include "engine/storage/postgres/connection.h"

namespace fermata::postgres {

struct Migration {
  int number = 0;  // from 1, without a gap
  const char* sql = nullptr;
};

// Every step from an empty database to the schema of this version. Steps that a release has shipped never change.
std::span<const Migration> AllMigrations();

// Does what is missing, in one transaction; servers that start together wait for each other. Refuses a database that has steps we do not know.
Status Migrate(Connection& connection);

}  // namespace fermata::postgres

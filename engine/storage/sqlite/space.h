// The room that deleted rows leave in the file: used again by new rows, and given back to the disk where there is much of it.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/storage/sqlite/connection.h"

namespace fermata::sqlite {

// How our files are made, to be run before there is a table: pages, a map of who points to which (without it a file never gets shorter), a write-ahead log.
std::string FileSettings();

// Gives a file of an earlier version that map, by writing it anew, unless it is too large for a start that must not take long. Nobody else may have it open.
// Without room for that it stays as it was.
void LetPagesReturn(Connection& connection);

// Cuts a few pages that hold nothing off the file, in a transaction of its own, if there are more than are worth keeping. Tells whether there are more.
// The file is shorter after the next checkpoint.
Result<bool> ReturnPages(Connection& connection);

}  // namespace fermata::sqlite

// Room for the write-ahead log on the disk, made before the first commit needs it.
//
// A commit that makes the log file longer has to write the file's new length and extents as well: on ext4 its sync takes about twice as long
// as one that writes over what is there. SQLite uses the log from its beginning again after each checkpoint, so this is paid once.
#pragma once

#include <cstdint>

#include "engine/storage/sqlite/connection.h"

namespace fermata::sqlite {

// Lengthens the log of a connection in WAL mode to `bytes` of zeros, durably; a longer one is left alone. To be called before
// anybody writes. What is behind the last commit in a log is not read, so zeros there mean nothing.
// Without room for it the log stays as it is: a slower commit is no error, and a full disk shows at the commit that meets it.
void ReserveLog(Connection& connection, std::int64_t bytes);

}  // namespace fermata::sqlite

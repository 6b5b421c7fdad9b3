// The tables of the database as rows of cells; engine/storage/tables.h says what they are.
#pragma once

#include <memory>
#include <string>

#include "engine/base/result.h"
#include "engine/storage/tables.h"

namespace fermata {

// Looks at the database as it is now, also while servers run on it: they do not wait for each other, but what is deleted meanwhile takes up its space until the
// reader goes. Fails if it cannot be reached, has no tables of ours, or their schema is another than that of this version.
Result<std::unique_ptr<TableReader>> ReadPostgresTables(const std::string& connection);

// Brings the schema up to date, and sees that nobody else writes: kStorageFenced while a server lives, or when one comes later. Takes some
// seconds where servers have died, or have just been started: only their beats tell.
Result<std::unique_ptr<TableWriter>> WritePostgresTables(const std::string& connection);

namespace postgres {

class Connection;

// Refuses a database into which an import was begun and not finished.
Status CheckWhole(Connection& connection);

}  // namespace postgres
}  // namespace fermata

#include "engine/storage/postgres/postgres_storage.h"
#include "engine/storage/codes.h"
namespace fermata {
Result<std::unique_ptr<Storage>> OpenPostgres(const PostgresOptions&) { return Error{kStorageOpenFailed, "not yet", "", ""}; }
}

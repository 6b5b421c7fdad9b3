// A commit that its caller waits for.
//
// Thread-safe for different lanes; `storage` is used until it returns.
#pragma once

#include "engine/base/result.h"
#include "engine/storage/storage.h"

namespace fermata {

// Blocks until the batch is durable. Otherwise kStorageUnavailable, and the lane takes commits again; nothing else may be under way on it.
Status CommitNow(Storage& storage, int lane, Batch batch);

// The same, as storage tells it; and what a caller is told of it.
CommitOutcome CommitAndWait(Storage& storage, int lane, Batch batch);
Status StatusOf(CommitOutcome outcome);

}  // namespace fermata

// A storage that forgets everything when it goes: for tests, demonstrations and `--storage memory`.
//
// Behaves as the durable ones do, including the asynchronous callbacks from a thread of its own, so that bugs of callers show.
#pragma once

#include <memory>

#include "engine/storage/storage.h"

namespace fermata {

struct MemoryOptions {
  int shard_count = 1;  // as Info() will tell it
};

// Never fails. What was handed over is committed, and every callback called, before the destructor returns.
std::unique_ptr<Storage> MakeMemoryStorage(MemoryOptions options = {});

}  // namespace fermata

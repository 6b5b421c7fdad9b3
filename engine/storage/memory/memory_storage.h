// A storage that forgets everything when it goes: for tests, demonstrations and `--storage memory`.
//
// Behaves as the durable ones do, including the asynchronous callbacks from a thread of its own, so that bugs of callers show.
#pragma once

#include <memory>
#include <string>

#include "engine/storage/storage.h"

namespace fermata {

struct MemoryOptions {
  int shard_count = 1;  // as Info() will tell it
};

// Never fails. What was handed over is committed, and every callback called, before the destructor returns.
std::unique_ptr<Storage> MakeMemoryStorage(MemoryOptions options = {});

namespace memory {
struct Shared;
}

// Several memory storages that share their rows, each as a node of its own (nodes.h), with 256 shards.
//
// Thread-safe. The storages may outlive it.
class MemoryCluster {
 public:
  MemoryCluster();
  // Joins. Whoever had the name before is replaced.
  std::unique_ptr<Storage> Open(const std::string& node);

 private:
  const std::shared_ptr<memory::Shared> shared_;
};

}  // namespace fermata

// Which finished instances are to be deleted: those whose process keeps them no longer. `retention` at the root; 30 days by default.
//
// Not thread-safe: belongs to the housekeeper.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/runtime/definition_registry.h"
#include "engine/storage/storage.h"

namespace fermata {

class Retention {
 public:
  // Both must outlive it.
  Retention(Storage& storage, const DefinitionRegistry& definitions) : storage_(storage), definitions_(definitions) {}

  // Looks at the next instances, at most `limit`, from the first one on again after the last. A child stays as long as its parent is there, live or
  // not: whoever undoes the parent reopens it.
  Result<std::vector<InstanceId>> Next(std::int64_t now_us, int limit);

 private:
  bool IsOver(const InstanceRow& row, std::int64_t now_us) const;

  Storage& storage_;
  const DefinitionRegistry& definitions_;
  InstanceId place_;
};

}  // namespace fermata

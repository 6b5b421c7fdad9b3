// Which finished instances are to be deleted: those whose process keeps them no longer. `retention` at the root; 30 days by default.
//
// Not thread-safe: belongs to the housekeeper.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/definition_registry.h"
#include "engine/storage/storage.h"

namespace fermata {

class Retention {
 public:
  struct Helping {
    std::vector<InstanceId> over;
    bool last = false;  // of this pass; the next one begins anew
  };

  // Both must outlive it.
  Retention(Storage& storage, const DefinitionRegistry& definitions) : storage_(storage), definitions_(definitions) {}

  // What a pass did not find over, or what was not deleted, is looked at again after so long.
  static constexpr std::int64_t kAgainMs = 600'000;

  // Looks at the next instances that ended long enough ago, at most `limit`, version by version and the oldest first. A pass goes on where the last one
  // stopped, since ends come in the order of time. A child stays as long as its parent is there, live or not: whoever undoes the parent reopens it.
  // Fails as reading does; the same helping comes again then.
  Result<Helping> Next(std::int64_t now_us, int limit);

 private:
  using Place = std::pair<std::int64_t, InstanceId>;  // of an end

  void BeginPass(std::int64_t now_us);
  Result<std::vector<InstanceId>> WithoutParents(const std::vector<InstanceRow>& rows);

  Storage& storage_;
  const DefinitionRegistry& definitions_;
  std::vector<DeployedDefinition> versions_;  // of this pass
  std::size_t at_ = 0;
  std::map<std::pair<std::string, std::string>, Place> after_;  // by process and version
  std::int64_t again_us_ = 0;
};

}  // namespace fermata

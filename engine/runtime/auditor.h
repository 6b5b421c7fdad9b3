// Guarantee 3, checked: every live instance has something armed that will move it, and what it waits for is really there.
//
// An Auditor looks at rows and journals in small pages, in its caller's thread, and writes nothing. What it suspects is looked at again by the
// shard that owns the instance, which alone knows what is under way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/definition.h"
#include "engine/model/instance_state.h"
#include "engine/runtime/definition_registry.h"
#include "engine/storage/storage.h"

namespace fermata {

// Something that an instance waits for and that is not there.
struct Loss {
  ActivationId activation = 0;  // 0: it waits for nothing at all
  std::string message;
  std::optional<TimerId> timer{};
  std::optional<JobId> job{};
  std::optional<Subscription> subscription{};
};

// Whether anything can move a live instance: what its state waits for, or events that its definition takes there.
bool CanBeMoved(const Definition& definition, const InstanceState& state);

// The first that is missing in storage: a timer's row, a worker's job, a subscription, a child. `state` is as storage has it, with nothing undecided.
Result<std::optional<Loss>> FindLoss(Storage& storage, const DefinitionRegistry& definitions,
                                     const DefinitionPtr& definition, const InstanceState& state);

class Auditor {
 public:
  // Both must outlive the auditor.
  Auditor(Storage& storage, const DefinitionRegistry& definitions) : storage_(storage), definitions_(definitions) {}

  // Whether a round is under way or due: one begins each kAuditEveryMs.
  bool IsDue(std::int64_t now_us) const { return place_ || now_us >= next_round_us_; }
  // Looks at the next `limit` live instances; gives those that may have lost something.
  Result<std::vector<InstanceId>> Next(std::int64_t now_us, int limit);

 private:
  Result<bool> IsSuspect(const InstanceId& id, std::int64_t now_us);

  Storage& storage_;
  const DefinitionRegistry& definitions_;
  std::optional<InstanceRow> place_;  // the last one looked at, within a round
  std::int64_t next_round_us_ = 0;
};

}  // namespace fermata

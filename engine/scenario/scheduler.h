// The schedule of one process on the virtual clock. What a tick does is decided as in the runtime: engine/language/schedule_state.h.
//
// Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/language/schedule_state.h"
#include "engine/model/definition.h"
#include "engine/model/ids.h"

namespace fermata {

class Scheduler {
 public:
  // Starts an instance with this id, input and key; false if that is refused.
  using Begin = std::function<bool(const DefinitionPtr& definition, const InstanceId& id, const Value& input,
                                   const std::optional<std::string>& key)>;

  // Ticks from then on. Does nothing for a process without a schedule.
  void Follow(const DefinitionPtr& definition, std::int64_t now_us);
  std::optional<std::int64_t> NextTickUs() const;
  // Takes the tick that is due now.
  void Fire(std::int64_t now_us, const Begin& begin);
  // An instance has ended: a tick may have waited for it.
  void End(const InstanceId& id, std::int64_t now_us, const Begin& begin);

 private:
  void Start(std::vector<std::int64_t> ticks, std::int64_t now_us, const Begin& begin);

  DefinitionPtr definition_;
  ScheduleState state_;
  std::set<InstanceId> started_;
};

}  // namespace fermata

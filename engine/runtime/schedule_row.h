// A schedule's place as a row, and the ids of what it starts.
//
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/language/schedule_state.h"
#include "engine/model/ids.h"

namespace fermata {

std::string EncodeSchedule(const ScheduleState& state);
Result<ScheduleState> DecodeSchedule(std::string_view bytes);

// The id of the instance that a tick starts: it follows from process and time, so starting twice is starting once.
InstanceId ScheduledId(int shard, std::string_view process, std::int64_t tick_us);
// Whether a schedule of the process has started this instance.
bool IsScheduled(const InstanceId& id, std::string_view process);

}  // namespace fermata

#include "engine/language/schedule_state.h"

#include <algorithm>

#include "engine/language/cron.h"
#include "engine/model/limits.h"

namespace fermata {

void ScheduleState::Follow(const Schedule* schedule, std::int64_t now_us) {
  if (!schedule) {
    cron.clear();
    timezone.clear();
    due_us = 0;
    queue.clear();
    return;
  }
  if (cron == schedule->cron && timezone == schedule->timezone) return;
  cron = schedule->cron;
  timezone = schedule->timezone;
  due_us = NextTick(schedule->fields, timezone, now_us).value_or(0);
}

std::vector<std::int64_t> ScheduleState::TakeDue(const Schedule& schedule, std::int64_t now_us) {
  if (!IsDue(now_us)) return {};
  const std::int64_t tick_us = due_us;
  due_us = NextTick(schedule.fields, timezone, now_us).value_or(0);
  if (running.empty() || schedule.overlap == Overlap::kAllow) return {tick_us};
  if (schedule.overlap == Overlap::kQueue && queue.size() < kScheduleQueueMax) queue.push_back(tick_us);
  return {};
}

std::vector<std::int64_t> ScheduleState::TakeEnd(const InstanceId& ended) {
  std::erase(running, ended);
  if (!running.empty() || queue.empty()) return {};
  const std::int64_t tick_us = queue.front();
  queue.erase(queue.begin());
  return {tick_us};
}

}  // namespace fermata

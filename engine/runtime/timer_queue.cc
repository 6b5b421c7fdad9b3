#include "engine/runtime/timer_queue.h"

namespace fermata {

void TimerQueue::Arm(const TimerRow& timer) {
  if (timer.due_us < horizon_us_) timers_.insert(KeyOf(timer));
}

std::vector<TimerRow> TimerQueue::TakeDue(std::int64_t now_us, int limit) {
  std::vector<TimerRow> due;
  while (!timers_.empty() && std::get<0>(*timers_.begin()) <= now_us && static_cast<int>(due.size()) < limit) {
    const auto& [due_us, instance, activation, slot] = *timers_.begin();
    due.push_back({instance, activation, slot, due_us});
    timers_.erase(timers_.begin());
  }
  return due;
}

std::optional<std::int64_t> TimerQueue::NextDueUs() const {
  if (timers_.empty()) return std::nullopt;
  return std::get<0>(*timers_.begin());
}

void TimerQueue::Clear() {
  timers_.clear();
  horizon_us_ = 0;
}

}  // namespace fermata

// The timers that fall due soon. Later ones stay rows in storage until the horizon moves.
//
// Not thread-safe: belongs to one shard. Memory is bounded by kTimersInMemoryMax.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "engine/storage/storage.h"

namespace fermata {

class TimerQueue {
 public:
  // Timers due before the horizon are here; the others are only rows. 0 at first: nothing is known.
  std::int64_t horizon_us() const { return horizon_us_; }
  void SetHorizon(std::int64_t horizon_us) { horizon_us_ = horizon_us; }

  // Ignored beyond the horizon: the row will be read when the time comes.
  void Arm(const TimerRow& timer);
  void Disarm(const TimerRow& timer) { timers_.erase(KeyOf(timer)); }
  // Takes what is due, earliest first; of one instant in the order of arming within an instance.
  std::vector<TimerRow> TakeDue(std::int64_t now_us, int limit);
  std::optional<std::int64_t> NextDueUs() const;
  std::size_t size() const { return timers_.size(); }
  void Clear();
  template <class Predicate>  // of the instance
  void DropIf(Predicate predicate) {
    std::erase_if(timers_, [&](const Key& key) { return predicate(std::get<1>(key)); });
  }

 private:
  using Key = std::tuple<std::int64_t, InstanceId, std::int64_t, std::int64_t>;
  static Key KeyOf(const TimerRow& timer) { return {timer.due_us, timer.instance, timer.activation, timer.slot}; }

  std::set<Key> timers_;
  std::int64_t horizon_us_ = 0;
};

}  // namespace fermata

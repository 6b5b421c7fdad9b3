// Where one schedule stands, and what happens at its ticks.
//
// Plain data; thread-safe as such.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/ids.h"
#include "engine/model/schedule.h"

namespace fermata {

struct ScheduleState {
  std::string cron, timezone;       // of the schedule that `due_us` belongs to
  std::int64_t due_us = 0;          // the next tick; 0 = there is none
  std::vector<InstanceId> running;  // instances that the schedule has started and that have not ended, oldest first
  std::vector<std::int64_t> queue;  // ticks that wait for them (overlap: queue), oldest first

  bool IsDue(std::int64_t now_us) const { return due_us != 0 && due_us <= now_us; }
  friend bool operator==(const ScheduleState&, const ScheduleState&) = default;

  // This is the live version's schedule from now on (null: it has none). One with the same times keeps its place, so that what fell due meanwhile is run.
  void Follow(const Schedule* schedule, std::int64_t now_us);
  // Each of these gives the ticks that are to be started now; the caller puts their instances into `running`.
  // Takes the tick that is due. Those that were missed run once.
  std::vector<std::int64_t> TakeDue(const Schedule& schedule, std::int64_t now_us);
  std::vector<std::int64_t> TakeEnd(const InstanceId& ended);
};

}  // namespace fermata

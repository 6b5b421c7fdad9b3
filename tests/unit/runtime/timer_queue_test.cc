#include "engine/runtime/timer_queue.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

TimerRow Timer(std::int64_t due_us, std::int64_t activation = 1) {
  return {InstanceId::Make(0, 1, 1, 1), activation, 0, due_us};
}

TEST(TimerQueue, GivesWhatIsDueEarliestFirst) {
  TimerQueue queue;
  queue.SetHorizon(1'000);
  queue.Arm(Timer(30));
  queue.Arm(Timer(10));
  queue.Arm(Timer(20));
  EXPECT_EQ(queue.NextDueUs(), 10);
  std::vector<TimerRow> due = queue.TakeDue(20, 100);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0].due_us, 10);
  EXPECT_EQ(due[1].due_us, 20);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(TimerQueue, LeavesWhatIsBeyondTheHorizonToTheRows) {
  TimerQueue queue;
  queue.SetHorizon(100);
  queue.Arm(Timer(100));
  EXPECT_EQ(queue.size(), 0u);
  queue.Arm(Timer(99));
  EXPECT_EQ(queue.size(), 1u);
}

TEST(TimerQueue, ATimerArmedTwiceFiresOnce) {
  TimerQueue queue;
  queue.SetHorizon(100);
  queue.Arm(Timer(5));
  queue.Arm(Timer(5));
  EXPECT_EQ(queue.TakeDue(5, 10).size(), 1u);
}

TEST(TimerQueue, ADisarmedTimerDoesNotFire) {
  TimerQueue queue;
  queue.SetHorizon(100);
  queue.Arm(Timer(5, 1));
  queue.Arm(Timer(5, 2));
  queue.Disarm(Timer(5, 1));
  std::vector<TimerRow> due = queue.TakeDue(5, 10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].activation, 2);
}

TEST(TimerQueue, TakesNoMoreThanAsked) {
  TimerQueue queue;
  queue.SetHorizon(100);
  for (int i = 0; i < 10; ++i) queue.Arm(Timer(5, i));
  EXPECT_EQ(queue.TakeDue(5, 3).size(), 3u);
  EXPECT_EQ(queue.size(), 7u);
}

}  // namespace
}  // namespace fermata

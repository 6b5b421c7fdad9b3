#include "engine/base/exit_deadline.h"

#include <gtest/gtest.h>

#include <future>

namespace fermata {
namespace {

TEST(ExitDeadlineDeathTest, EndsAProcessThatDoesNotStop) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto hang = [] {
    const ExitDeadline deadline(std::chrono::milliseconds(1), 7);
    std::promise<void>().get_future().wait_for(std::chrono::hours(1));
  };
  EXPECT_EXIT(hang(), testing::ExitedWithCode(7), "");
}

TEST(ExitDeadline, LeavesOneAloneThatStopsInTime) { const ExitDeadline deadline(std::chrono::hours(1), 7); }

}  // namespace
}  // namespace fermata

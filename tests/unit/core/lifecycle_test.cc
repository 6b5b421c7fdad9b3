#include "engine/core/lifecycle.h"

#include <gtest/gtest.h>

namespace fermata {
namespace {

using enum LifecycleEvent;
using S = InstanceStatus;

TEST(Lifecycle, LiveInstancesMoveBetweenRunningAndWaiting) {
  EXPECT_EQ(NextStatus(S::kRunning, kRest), S::kWaiting);
  EXPECT_EQ(NextStatus(S::kWaiting, kWork), S::kRunning);
  EXPECT_EQ(NextStatus(S::kRunning, kWork), S::kRunning);
}

TEST(Lifecycle, OnlyALiveInstanceEnds) {
  for (S status : {S::kRunning, S::kWaiting, S::kSuspended, S::kCompensating}) {
    EXPECT_EQ(NextStatus(status, kComplete), S::kCompleted);
    EXPECT_EQ(NextStatus(status, kFail), S::kFailed);
    EXPECT_EQ(NextStatus(status, kCancel), S::kCancelled);
  }
  for (S status : {S::kCompleted, S::kFailed, S::kCancelled})
    for (LifecycleEvent event : {kWork, kRest, kSuspend, kCompensate, kComplete, kFail, kCancel})
      EXPECT_FALSE(NextStatus(status, event)) << StatusName(status);
}

TEST(Lifecycle, ARollBackIsNotSuspended) { EXPECT_FALSE(NextStatus(S::kCompensating, kSuspend)); }

TEST(Lifecycle, CancellingTwiceIsOneCancel) {
  EXPECT_EQ(NextStatus(S::kCancelled, kAskCancel), S::kCancelled);
  EXPECT_FALSE(NextStatus(S::kCompleted, kAskCancel));
  EXPECT_FALSE(NextStatus(S::kFailed, kAskCancel));
}

TEST(Lifecycle, OnlyACompletedInstanceIsReopened) {
  EXPECT_EQ(NextStatus(S::kCompleted, kReopen), S::kCompensating);
  for (S status : {S::kRunning, S::kWaiting, S::kSuspended, S::kCompensating, S::kFailed, S::kCancelled})
    EXPECT_FALSE(NextStatus(status, kReopen)) << StatusName(status);
}

TEST(Lifecycle, RefusalsNameTheStatus) {
  EXPECT_EQ(RefusalReason(S::kFailed, kAskCancel), "Expected a live instance, but this one is failed.");
}

}  // namespace
}  // namespace fermata

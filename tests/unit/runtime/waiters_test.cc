#include "engine/runtime/waiters.h"

#include <future>

#include <gtest/gtest.h>

namespace fermata {
namespace {

const InstanceId kId = InstanceId::Make(0, 1, 1, 1);
const InstanceId kOther = InstanceId::Make(0, 1, 2, 1);
constexpr std::int64_t kLong = 3'600'000;

// Adds a waiter whose answer can be asked for.
struct Waiting {
  std::promise<bool> promise;
  std::future<bool> future = promise.get_future();
  std::int64_t number;
  Waiting(Waiters& waiters, const InstanceId& id, std::string until, std::int64_t timeout_ms)
      : number(waiters.Add(id, std::move(until), timeout_ms, [this](bool reached) { promise.set_value(reached); })) {}
  bool answered() { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
};

TEST(Waiters, AreCalledWhenTheInstanceIsFinal) {
  Waiters waiters;
  Waiting waiting(waiters, kId, "", kLong);
  waiters.Notify({kId, "running", false, {"a"}});
  EXPECT_FALSE(waiting.answered());
  waiters.Notify({kOther, "completed", true, {}});
  EXPECT_FALSE(waiting.answered());
  waiters.Notify({kId, "completed", true, {}});
  ASSERT_TRUE(waiting.answered());
  EXPECT_TRUE(waiting.future.get());
  EXPECT_FALSE(waiters.Any());
}

TEST(Waiters, AreCalledForAStatusAndForAStateThatWasEntered) {
  Waiters waiters;
  Waiting status(waiters, kId, "waiting", kLong);
  Waiting state(waiters, kId, "choose", kLong);
  waiters.Notify({kId, "running", false, {"choose"}});
  EXPECT_FALSE(status.answered());
  ASSERT_TRUE(state.answered());
  waiters.Notify({kId, "waiting", false, {}});
  EXPECT_TRUE(status.future.get());
}

TEST(Waiters, AreCalledWithFalseAtTheirDeadline) {
  Waiters waiters;
  Waiting waiting(waiters, kId, "", 1);
  EXPECT_FALSE(waiting.future.get());
  EXPECT_FALSE(waiters.Any());
}

TEST(Waiters, AreCalledOnlyOnce) {
  Waiters waiters;
  Waiting waiting(waiters, kId, "", kLong);
  waiters.Finish(waiting.number, true);
  waiters.Finish(waiting.number, false);  // would throw: the promise is satisfied
  waiters.Notify({kId, "completed", true, {}});
  EXPECT_TRUE(waiting.future.get());
}

TEST(Waiters, AreCalledWithFalseWhenTheEngineStops) {
  auto waiters = std::make_unique<Waiters>();
  Waiting waiting(*waiters, kId, "", kLong);
  waiters.reset();
  EXPECT_FALSE(waiting.future.get());
}

}  // namespace
}  // namespace fermata

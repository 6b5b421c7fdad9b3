// An event waits as long as `keep` says, counted from its arrival, wherever it waits. language.md 3, 11.15.
#include "tests/unit/core/fixture.h"

namespace fermata {
namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;

constexpr const char* kKeepingOrder = R"(
fermata: 1
process: order
version: 1.0.0
events:
  paid: { key: "${event.data.id}", keep: 1h }
  begun: { key: "${event.data.id}" }
states:
  idle: { on: { begun: pay } }
  pay: { on: { paid: done } }
  done: { end: {} }
)";

CloudEvent Event(const std::string& type) {
  CloudEvent event;
  event.id = "e-" + type;
  event.source = "/tests";
  event.type = type;
  event.data = ParseJson(R"({"id":"o-1"})").value();
  return event;
}

class Kept : public testing::Test {
 protected:
  Kept() : instance(LoadText("order.yaml", kKeepingOrder)) {}

  void Begin(StartInstance start = {}) {
    start.key = "o-1";
    start.input = Value::Map({});
    ASSERT_TRUE(instance.Do(start).ok());
  }
  void Deliver(const std::string& type, std::int64_t until_us = 0) {
    ASSERT_TRUE(instance.Do(DeliverEvent{Event(type), "o-1", true, until_us}).ok());
  }
  // When the one kept event expires.
  std::int64_t UntilUs() {
    EXPECT_EQ(instance.state().kept.size(), 1u);
    return instance.state().kept.empty() ? 0 : instance.state().kept.begin()->second.until_us;
  }

  Instance instance;
};

TEST_F(Kept, AnEventThatNobodyTakesWaitsFromItsArrival) {
  Begin();
  Deliver("paid");
  EXPECT_EQ(UntilUs(), instance.now_us + kHourUs);
}

TEST_F(Kept, AnEventThatWaitedElsewhereKeepsItsTime) {
  Begin();
  Deliver("paid", instance.now_us + 5);
  EXPECT_EQ(UntilUs(), instance.now_us + 5);
}

TEST_F(Kept, AnEventThatWaitedForTheStartKeepsItsTime) {
  StartInstance start;
  start.kept = {Event("paid")};
  start.kept_until_us = {instance.now_us + 7};
  Begin(start);
  EXPECT_EQ(UntilUs(), instance.now_us + 7);
}

TEST_F(Kept, AStartOfAReleaseWithoutTimesKeepsItsEventsAnew) {
  StartInstance start;
  start.kept = {Event("paid")};
  Begin(start);
  EXPECT_EQ(UntilUs(), instance.now_us + kHourUs);
}

TEST_F(Kept, ASuspensionDoesNotProlongIt) {
  Begin();
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  const std::int64_t arrived_us = instance.now_us;
  Deliver("paid");
  instance.now_us += kHourUs / 2;
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_EQ(UntilUs(), arrived_us + kHourUs);
}

TEST_F(Kept, WhatExpiredDuringASuspensionIsOfferedButNotKept) {
  Begin();
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  Deliver("paid");
  instance.now_us += 2 * kHourUs;
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_TRUE(instance.state().kept.empty());
}

TEST_F(Kept, WhatArrivedDuringALongSuspensionIsTakenByTheStateThatWaits) {
  Begin();
  Deliver("begun");
  ASSERT_TRUE(instance.Do(SuspendInstance{}).ok());
  Deliver("paid");
  instance.now_us += 2 * kHourUs;
  ASSERT_TRUE(instance.Do(ResumeInstance{}).ok());
  EXPECT_EQ(instance.state().status, InstanceStatus::kCompleted);
}

}  // namespace
}  // namespace fermata

#include "engine/runtime/message.h"

#include <gtest/gtest.h>

#include "engine/runtime/message_shard.h"

namespace fermata {
namespace {

const InstanceId kA = InstanceId::Make(0, 1, 1, 1);
const InstanceId kB = InstanceId::Make(7, 2, 2, 2);

template <class T>
T RoundTrip(const T& message) {
  Result<Message> decoded = DecodeMessage(EncodeMessage(message));
  EXPECT_TRUE(decoded.ok());
  return std::get<T>(decoded.value());
}

CloudEvent Event() {
  CloudEvent event;
  event.id = "1";
  event.source = "/tests";
  event.type = "paid";
  event.time = {1, 500'000'000};
  event.data = Value::Object({{"amount", Value::Int(5)}});
  event.extensions = Value::Object({{"traceparent", Value::String("00-x")}});
  return event;
}

TEST(Message, AStartComesBackWhole) {
  StartMessage message = RoundTrip(StartMessage{
      kB, {kA, 5, true}, "default", "child", "1.x", std::string("k"), Value::Object({{"a", Value::Int(1)}})});
  EXPECT_EQ(message.child, kB);
  EXPECT_EQ(message.parent.instance, kA);
  EXPECT_EQ(message.parent.activation, 5);
  EXPECT_TRUE(message.parent.detached);
  EXPECT_EQ(message.process, "child");
  EXPECT_EQ(message.version, "1.x");
  EXPECT_EQ(message.key, "k");
  EXPECT_EQ(message.input, Value::Object({{"a", Value::Int(1)}}));
  EXPECT_EQ(RoundTrip(StartMessage{kB, {}, "default", "child", "", std::nullopt, Value()}).key, std::nullopt);
}

TEST(Message, AnEventComesBackWhole) {
  const std::vector<EventStart> starts = {{"a", "1.0.0", true}, {"c", "2.0.0", false}};
  EventMessage message = RoundTrip(EventMessage{"default", "o-1", {"a", "b"}, true, 5, Event(), starts});
  EXPECT_EQ(message.starts, starts);
  EXPECT_EQ(message.value, "o-1");
  EXPECT_EQ(message.processes, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(message.addressed);
  EXPECT_EQ(message.keep_ms, 5);
  EXPECT_EQ(message.event.time, Event().time);
  EXPECT_EQ(message.event.data, Event().data);
  EXPECT_EQ(message.event.extensions, Event().extensions);
}

TEST(Message, ACommandComesBackWhole) {
  FinishChild finish{3, kB, {ChildResult::Kind::kFailed, Value(), {"declined", "no", Value::Int(1)}}};
  InstanceMessage message = RoundTrip(InstanceMessage{kA, finish});
  EXPECT_EQ(message.target, kA);
  const auto& decoded = std::get<FinishChild>(message.command);
  EXPECT_EQ(decoded.child, kB);
  EXPECT_EQ(decoded.result.error, finish.result.error);
}

TEST(Message, ASubscriptionComesBackWhole) {
  SubscribeMessage message = RoundTrip(SubscribeMessage{"default", "paid", "v", "shop", kA, 9, false});
  EXPECT_EQ(message.type, "paid");
  EXPECT_EQ(message.process, "shop");
  EXPECT_EQ(message.activation, 9);
  EXPECT_FALSE(message.subscribe);
}

TEST(Message, ATickAndItsEndComeBackWhole) {
  ScheduledMessage tick =
      RoundTrip(ScheduledMessage{kB, "default", "nightly", "1.2.0", std::string("k"), Value::Object({{"a", Value()}})});
  EXPECT_EQ(tick.instance, kB);
  EXPECT_EQ(tick.process, "nightly");
  EXPECT_EQ(tick.version, "1.2.0");
  EXPECT_EQ(tick.key, "k");
  EXPECT_EQ(tick.input, Value::Object({{"a", Value()}}));
  EXPECT_EQ(RoundTrip(ScheduledMessage{kB, "default", "nightly", "1.2.0", std::nullopt, Value()}).key, std::nullopt);
  ScheduledEndMessage end = RoundTrip(ScheduledEndMessage{kA, "default", "nightly"});
  EXPECT_EQ(end.instance, kA);
  EXPECT_EQ(end.process, "nightly");
}

TEST(Message, AnEventOfAnEarlierReleaseStartsNothing) {
  Result<Message> decoded = DecodeMessage(
      R"({"kind":"event","tenant":"default","value":"v","processes":["a"],"addressed":false,"keepMs":5,"event":{}})");
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(std::get<EventMessage>(*decoded).starts.empty());
}

TEST(Message, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(DecodeMessage("{").ok());
  EXPECT_FALSE(DecodeMessage("{}").ok());
  EXPECT_FALSE(DecodeMessage(R"({"kind":"dance"})").ok());
}

TEST(Message, WhatServersTellEachOtherIsForNoShardOfAnotherStorage) {
  EXPECT_EQ(ShardOfMessage(EncodeMessage(InstanceMessage{kB, CancelInstance{"x"}}), 256).value(), 7);
  EXPECT_EQ(ShardOfMessage(EncodeMessage(RemoteOrder{256, "start", Value()}), 256).value(), std::nullopt);
  EXPECT_EQ(ShardOfMessage(EncodeMessage(RemoteAnswer{Value()}), 256).value(), std::nullopt);
}

}  // namespace
}  // namespace fermata

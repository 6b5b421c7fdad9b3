// What webhooks are told follows the decisions, not the rows that a commit leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;

constexpr const char* kShopManifest = "connector: shop\nversion: 1.0.0\noperations: { ship: {} }\n";

std::string ProcessOf(const std::string& name, const std::string& version, const std::string& rest) {
  return "fermata: 1\nprocess: " + name + "\nversion: " + version + "\n" + rest;
}

class ShardWebhooksTest : public ::testing::Test {
 protected:
  ShardWebhooksTest() {
    Webhook webhook;
    webhook.id = "wh-1";
    webhook.tenant = kDefaultTenant;
    for (const std::string_view type : WebhookEventTypes()) webhook.events.emplace_back(type);
    bench.webhooks.Put(std::move(webhook));
  }
  InstanceId Start(const std::string& process) {
    const ShardBench::Reply reply = bench.Start(process, Value());
    bench.Settle();
    return (*reply)->value().id;
  }
  // The types of what is to be sent, in the order of their sequence.
  std::vector<std::string> Told() {
    std::map<std::string, std::string> types;
    std::vector<DeliveryRow> rows = bench.storage.ReadDeliveries(AllShards(), "wh-1", kPending, INT64_MAX, 100).value();
    for (DeliveryRow& row : rows) {
      const Delivery delivery = DeliveryOf(std::move(row)).value();
      types.emplace(delivery.event.Find("sequence")->as_string(), delivery.event.Find("type")->as_string());
    }
    std::vector<std::string> told;
    for (const auto& [sequence, type] : types) told.push_back(type);
    return told;
  }

  ShardBench bench{
      kShopManifest,
      {ProcessOf("wait", "1.0.0", "states:\n  wait: { after: { 1h: done } }\n  done: { end: {} }\n"),
       ProcessOf("short", "1.0.0", "states:\n  done: { end: {} }\n"),
       ProcessOf("ask", "1.0.0", "states:\n  ask: { ask: Well?, next: done }\n  done: { end: {} }\n"),
       ProcessOf("ship", "1.0.0",
                 "states:\n  old: { call: shop.ship, retry: none, next: done }\n  done: { end: {} }\n"),
       ProcessOf("ship", "2.0.0",
                 "migrations: [ { from: 1.x, states: { old: fresh } } ]\n"
                 "states:\n  fresh: { call: shop.ship, retry: none, next: done }\n  done: { end: {} }\n")}};
};

TEST_F(ShardWebhooksTest, SeveralDecisionsOfOneCommitAreToldEach) {
  const InstanceId id = Start("wait");
  bench.Command(id, SuspendInstance{"", ""});
  bench.Command(id, ResumeInstance{"", ""});
  bench.Command(id, SuspendInstance{"", ""});
  bench.Command(id, CancelInstance{""});
  const std::uint64_t commits = bench.counters.commits;
  bench.Settle();
  EXPECT_EQ(bench.counters.commits - commits, 1u);
  EXPECT_THAT(Told(), ElementsAre("instance.started", "instance.suspended", "instance.resumed", "instance.suspended",
                                  "instance.cancelled"));
}

TEST_F(ShardWebhooksTest, AnInstanceThatIsReopenedAndUndoneInOneDecisionIsToldAsCancelled) {
  const InstanceId id = Start("short");
  bench.Command(id, UndoInstance{"its parent is rolled back"});
  bench.Settle();
  ASSERT_EQ(bench.StatusOf(id), "cancelled");
  EXPECT_THAT(Told(), ElementsAre("instance.started", "instance.completed", "instance.cancelled"));
}

TEST_F(ShardWebhooksTest, WhatHappensToATaskInOneCommitIsToldThingByThing) {
  const InstanceId id = Start("ask");
  ActivationId asking = 0;
  for (const auto& [activation, at] : bench.Stored(id).activations)
    if (at.task) asking = activation;
  ASSERT_NE(asking, 0);
  bench.Command(id, ClaimTask{asking, "ann"});
  bench.Command(id, ReleaseTask{asking, "ann"});
  bench.Command(id, CompleteTask{asking, std::nullopt, Value(), "ann"});
  bench.Settle();
  EXPECT_THAT(Told(), ElementsAre("instance.started", "task.opened", "task.claimed", "task.released", "task.closed",
                                  "instance.completed"));
}

TEST_F(ShardWebhooksTest, AnIncidentWhoseStateGetsAnotherNameIsToldOnce) {
  bench.definitions.SetLive("ship", bench.definitions.Resolve("ship", "1.0.0")->hash);
  const InstanceId id = Start("ship");
  bench.executor.Answer(TechnicalFailure{TechnicalError::kInternal, "Expected a parcel, but there is none."});
  bench.Settle();
  EXPECT_THAT(Told(), ElementsAre("instance.started", "incident.opened"));
  bench.Command(id, MigrateInstance{"2.0.0"});
  bench.Settle();
  ASSERT_EQ(bench.Stored(id).incidents.begin()->second.state, "fresh");
  bench.Command(id, CancelInstance{""});
  bench.Settle();
  EXPECT_THAT(Told(), ElementsAre("instance.started", "incident.opened", "incident.closed", "instance.cancelled"));
}

}  // namespace
}  // namespace fermata

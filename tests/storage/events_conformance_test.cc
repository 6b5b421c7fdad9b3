// Subscriptions, messages, kept events and the keys that make things happen once.
#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Events : public StorageTest {
 protected:
  std::vector<std::int64_t> Orders(const Result<std::vector<KeptEventRow>>& rows) {
    std::vector<std::int64_t> orders;
    for (const KeptEventRow& row : rows.value()) orders.push_back(row.order);
    return orders;
  }
};
FERMATA_FOR_EACH_STORAGE(Events);

TEST_P(Events, SubscriptionsAreFoundByTypeAndValue) {
  const std::string tenant(kDefaultTenant);
  const SubscriptionRow first{Shard(kHardText), tenant, "paid", kHardText, Id(1), 4};
  const SubscriptionRow second{Shard(kHardText), tenant, "paid", kHardText, Id(1), 5};
  const SubscriptionRow third{Shard(kHardText), tenant, "paid", kHardText, Id(2), 1};
  const SubscriptionRow other_type{Shard(kHardText), tenant, "shipped", kHardText, Id(1), 4};
  const SubscriptionRow other_value{Shard("x"), tenant, "paid", "x", Id(1), 4};
  Batch batch;
  batch.subscriptions = {third, second, first, other_type, other_value};
  Put(batch);
  EXPECT_THAT(storage().FindSubscriptions(tenant, "paid", kHardText).value(), ElementsAre(first, second, third));
  EXPECT_THAT(storage().FindSubscriptions("somebody", "paid", kHardText).value(), IsEmpty());
  Batch gone;
  gone.subscriptions_deleted = {second};
  Put(gone);
  EXPECT_THAT(storage().FindSubscriptions(tenant, "paid", kHardText).value(), ElementsAre(first, third));
}

TEST_P(Events, TheInboxIsReadInPagesInTheOrderOfEachSender) {
  const auto row = [&](int sender, std::int64_t seq, std::int64_t index) {
    return InboxRow{Id(1).shard(), Id(sender), seq, index, "message" + std::to_string(seq)};
  };
  Batch batch;
  batch.inbox = {row(2, 1, 0), row(1, 2, 1), row(1, 2, 0), row(1, -3, 0), row(1, 10, 0)};
  Put(batch);
  std::vector<InboxRow> rows = storage().ReadInbox(AllShards(), std::nullopt, 3).value();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].seq, -3);
  EXPECT_EQ(rows[0].bytes, "message-3");
  EXPECT_EQ(rows[0].shard, Id(1).shard());
  EXPECT_EQ(rows[1].index, 0);
  EXPECT_EQ(rows[2].index, 1);
  rows = storage().ReadInbox(AllShards(), rows[2], 10).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].seq, 10);
  EXPECT_EQ(rows[1].sender, Id(2));
  Batch gone;
  gone.inbox_deleted = {row(1, 2, 0), row(2, 1, 0)};
  Put(gone);
  EXPECT_EQ(storage().ReadInbox(AllShards(), std::nullopt, 10)->size(), 3u);
}

TEST_P(Events, WhatIsTakenFromAnInboxIsThereOnceOrTheBatchFails) {
  const InboxRow row{Id(1).shard(), Id(2), 1, 0, ""}, other{Id(1).shard(), Id(2), 2, 0, ""};
  Batch batch;
  batch.inbox = {row, other};
  Put(batch);
  Batch taken;
  taken.inbox_taken = {row};
  Put(taken);
  Batch again = BatchOf({JournalWith(Id(1), 1)});
  again.inbox_taken = {other, row};
  EXPECT_EQ(CommitAndWait(storage(), again), CommitOutcome::kFailed);
  storage().ResetLane(0);
  EXPECT_EQ(storage().ReadInbox(AllShards(), std::nullopt, 10)->size(), 1u) << "nothing of it";
  EXPECT_EQ(storage().ReadJournal(Id(1), 0, 10)->size(), 0u);
  again.inbox_taken = {other};
  Put(again);
}

TEST_P(Events, KeptEventsAreFoundOldestFirst) {
  Batch batch;
  batch.kept_events = {KeptWith(storage(), "signup", "paid", "v", 12), KeptWith(storage(), "signup", "shipped", "v", 3),
                       KeptWith(storage(), "other", "paid", "v", 7), KeptWith(storage(), "signup", "paid", "w", 1)};
  Put(batch);
  EXPECT_THAT(Orders(storage().FindKeptEvents(kDefaultTenant, "signup", "v")), ElementsAre(3, 12));
  EXPECT_THAT(Orders(storage().FindKeptEventsOfType(kDefaultTenant, "paid", "v")), ElementsAre(7, 12));
  const KeptEventRow row = storage().FindKeptEvents(kDefaultTenant, "other", "v")->at(0);
  EXPECT_EQ(row.shard, Shard("v"));
  EXPECT_EQ(row.type, "paid");
  EXPECT_EQ(row.expires_us, 507);
  EXPECT_EQ(row.bytes, "data7");
  Batch gone;
  gone.kept_events_deleted = {KeptWith(storage(), "signup", "paid", "v", 12)};
  Put(gone);
  EXPECT_THAT(Orders(storage().FindKeptEvents(kDefaultTenant, "signup", "v")), ElementsAre(3));
}

TEST_P(Events, TheLastOrderOfKeptEventsOutlivesThem) {
  EXPECT_EQ(storage().LastKeptEventOrder(AllShards()).value(), 0);
  Batch batch;
  batch.kept_events = {KeptWith(storage(), "signup", "paid", "v", 12), KeptWith(storage(), "signup", "paid", "w", 3)};
  Put(batch);
  Batch gone;
  gone.kept_events_deleted = batch.kept_events;
  Put(gone);
  EXPECT_EQ(storage().LastKeptEventOrder(AllShards()).value(), 12);
}

TEST_P(Events, EventIdentitiesAreRemembered) {
  Batch batch;
  batch.event_identities = {{Shard(kHardText), std::string(kDefaultTenant), "shop", "event-1", kHardText, 99}};
  Put(batch);
  const auto found = storage().FindEventIdentity(kDefaultTenant, "shop", "event-1", kHardText).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->expires_us, 99);
  EXPECT_FALSE(storage().FindEventIdentity(kDefaultTenant, "shop", "event-1", "other").value());
  EXPECT_FALSE(storage().FindEventIdentity(kDefaultTenant, "shop", "event-2", kHardText).value());
}

TEST_P(Events, AnIdempotencyKeyGivesItsAnswerWhateverItsShard) {
  Batch batch;
  batch.idempotency_keys = {
      {storage().Info().shard_count - 1, std::string(kDefaultTenant), "request", "hash", AllBytes(), 99}};
  Put(batch);
  const auto found = storage().FindIdempotencyKey(kDefaultTenant, "request").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->request_hash, "hash");
  EXPECT_EQ(found->answer, AllBytes());
  EXPECT_EQ(found->expires_us, 99);
  EXPECT_EQ(found->shard, storage().Info().shard_count - 1);
  EXPECT_FALSE(storage().FindIdempotencyKey("somebody", "request").value());
}

TEST_P(Events, EverKeysAreFound) {
  Batch batch;
  batch.ever_keys = {{Shard(kHardText), std::string(kDefaultTenant), "signup", kHardText, Id(1)}};
  Put(batch);
  const auto found = storage().FindEverKey(kDefaultTenant, "signup", kHardText).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->instance, Id(1));
  EXPECT_FALSE(storage().FindEverKey(kDefaultTenant, "other", kHardText).value());
}

TEST_P(Events, WhatExpiredIsDeletedAtMostSoManyATable) {
  const std::string tenant(kDefaultTenant);
  Batch batch;
  for (int i = 1; i <= 4; ++i) {
    KeptEventRow kept = KeptWith(storage(), "signup", "paid", "v", i);
    kept.expires_us = i * 10;
    batch.kept_events.push_back(kept);
    batch.event_identities.push_back({Shard("v"), tenant, "shop", std::to_string(i), "v", i * 10});
    batch.idempotency_keys.push_back({0, tenant, std::to_string(i), "hash", "answer", i * 10});
  }
  Put(batch);
  EXPECT_EQ(storage().DeleteExpired(9, 100).value(), 0);
  EXPECT_EQ(storage().DeleteExpired(30, 2).value(), 6);
  EXPECT_EQ(storage().DeleteExpired(30, 2).value(), 3);
  EXPECT_EQ(storage().DeleteExpired(30, 2).value(), 0);
  EXPECT_THAT(Orders(storage().FindKeptEvents(tenant, "signup", "v")), ElementsAre(4));
  EXPECT_TRUE(storage().FindEventIdentity(tenant, "shop", "4", "v").value());
  EXPECT_FALSE(storage().FindEventIdentity(tenant, "shop", "3", "v").value());
  EXPECT_TRUE(storage().FindIdempotencyKey(tenant, "4").value());
  EXPECT_FALSE(storage().FindIdempotencyKey(tenant, "1").value());
}

}  // namespace
}  // namespace fermata::test

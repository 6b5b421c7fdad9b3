// Deliveries to webhooks: what is due, what is listed, what is forgotten.
#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Deliveries : public StorageTest {
 protected:
  DeliveryRow DeliveryWith(const std::string& id, std::int64_t created_us, std::int64_t due_us,
                           const std::string& status = "pending", const std::string& webhook = "wh-1") const {
    return {Shard("p"), webhook, id, std::string(kDefaultTenant), status, created_us, due_us, "delivery"};
  }
  std::vector<DeliveryRow> List(const DeliveryFilter& filter) { return storage().ListDeliveries(filter).value(); }
  std::vector<DeliveryRow> Due(std::int64_t before_us, int limit = 9) {
    return storage().ReadDeliveries(AllShards(), "wh-1", "pending", before_us, limit).value();
  }
};
FERMATA_FOR_EACH_STORAGE(Deliveries);

TEST_P(Deliveries, ADeliveryComesBackAsItWasPutIsReplacedAndDeleted) {
  DeliveryRow row = DeliveryWith("e-1", 5, 7);
  row.bytes = AllBytes();
  DeliveryRow other = DeliveryWith("e-1", 6, 7, "pending", "wh-2");
  Batch batch;
  batch.deliveries = {row, other};
  EXPECT_FALSE(batch.empty());
  Put(batch);
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-1", "e-1").value(), row);
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-2", "e-1").value(), other);
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-1", "e-2").value(), std::nullopt);

  row.status = "failed";
  row.due_us = 99;
  Batch again;
  again.deliveries = {row};
  again.deliveries_deleted = {other, DeliveryWith("e-9", 0, 0)};
  Put(again);
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-1", "e-1").value(), row);
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-2", "e-1").value(), std::nullopt);
  Reopen();
  EXPECT_EQ(storage().FindDelivery(row.shard, "wh-1", "e-1")->has_value(), backend().durable());
}

TEST_P(Deliveries, ListsGoFromTheNewestOnInPagesAndByStatus) {
  Batch batch;
  batch.deliveries = {DeliveryWith("b", 5, 1), DeliveryWith("a", 5, 2, "failed"), DeliveryWith("c", 9, 3),
                      DeliveryWith("d", 9, 3, "pending", "wh-2")};
  Put(batch);
  const auto& rows = batch.deliveries;
  EXPECT_THAT(List({"wh-1"}), ElementsAre(rows[2], rows[0], rows[1]));
  EXPECT_THAT(List({"wh-1", "pending"}), ElementsAre(rows[2], rows[0]));
  EXPECT_THAT(List({"wh-1", std::nullopt, std::nullopt, 1}), ElementsAre(rows[2]));
  EXPECT_THAT(List({"wh-1", std::nullopt, std::pair(std::int64_t{9}, std::string("c")), 1}), ElementsAre(rows[0]));
  EXPECT_THAT(List({"wh-1", std::nullopt, std::pair(std::int64_t{5}, std::string("b"))}), ElementsAre(rows[1]));
  EXPECT_THAT(List({"wh-3"}), IsEmpty());
}

TEST_P(Deliveries, WhatIsDueFirstIsReadFirst) {
  Batch batch;
  batch.deliveries = {DeliveryWith("c", 1, 30),
                      DeliveryWith("b", 2, 20),
                      DeliveryWith("a", 3, 20),
                      DeliveryWith("d", 4, 10),
                      DeliveryWith("e", 5, 5, "delivered"),
                      DeliveryWith("f", 6, 5, "pending", "wh-2")};
  Put(batch);
  const auto& rows = batch.deliveries;
  EXPECT_THAT(Due(30), ElementsAre(rows[3], rows[2], rows[1]));
  EXPECT_THAT(Due(31), ElementsAre(rows[3], rows[2], rows[1], rows[0]));
  EXPECT_THAT(Due(31, 2), ElementsAre(rows[3], rows[2]));
  EXPECT_THAT(Due(10), IsEmpty());
  EXPECT_THAT(storage().ReadDeliveries(AllShards(), "wh-1", "delivered", 99, 9).value(), ElementsAre(rows[4]));
}

TEST_P(Deliveries, TheyAreCountedByWebhookAndStatus) {
  EXPECT_THAT(storage().CountDeliveries().value(), IsEmpty());
  Batch batch;
  batch.deliveries = {DeliveryWith("a", 7, 1), DeliveryWith("b", 5, 1), DeliveryWith("c", 6, 1, "failed"),
                      DeliveryWith("a", 9, 1, "delivered", "wh-2")};
  Put(batch);
  EXPECT_THAT(storage().CountDeliveries().value(),
              ElementsAre(DeliveryCount{"wh-1", "failed", 1, 6}, DeliveryCount{"wh-1", "pending", 2, 5},
                          DeliveryCount{"wh-2", "delivered", 1, 9}));
}

TEST_P(Deliveries, ThoseThatAreOverAreForgottenInTimeAndThoseThatWaitAreNot) {
  Batch batch;
  batch.deliveries = {DeliveryWith("a", 1, 10), DeliveryWith("b", 1, 10, "delivered"),
                      DeliveryWith("c", 1, 10, "failed"), DeliveryWith("d", 1, 11, "failed")};
  Put(batch);
  EXPECT_EQ(storage().DeleteExpired(9, 9).value(), 0);
  EXPECT_EQ(storage().DeleteExpired(10, 1).value(), 1);
  EXPECT_EQ(storage().DeleteExpired(10, 9).value(), 1);
  EXPECT_THAT(List({"wh-1"}), ElementsAre(batch.deliveries[3], batch.deliveries[0]));
}

}  // namespace
}  // namespace fermata::test

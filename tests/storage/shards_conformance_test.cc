// Reads of some shards give what is theirs and nothing else; a storage with one shard gives all of it or nothing.
#include <utility>
#include <vector>

#include "engine/model/limits.h"
#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

class Shards : public StorageTest {
 protected:
  // Two shards; where the storage has only one, both are that one.
  int ShardA() { return storage().Info().shard_count == 1 ? 0 : 3; }
  int ShardB() { return storage().Info().shard_count == 1 ? 0 : 200; }
  InstanceId IdIn(int shard, int number) {
    return InstanceId::Make(static_cast<std::uint8_t>(shard), 1'700'000'000'000, static_cast<std::uint64_t>(number), 1);
  }
  static ShardSet Only(int shard) { return ShardSet().set(static_cast<std::size_t>(shard)); }

  // `rows`, with their shards, are all that there is, in the order of the read.
  template <class Row, class Read>
  void ExpectThose(const std::vector<std::pair<int, Row>>& rows, Read read) {
    const ShardSet a = Only(ShardA()), b = Only(ShardB());
    for (const ShardSet& of : {AllShards(), a, b, a | b, AllShards() & ~a & ~b, ShardSet()}) {
      std::vector<Row> expected;
      for (const auto& [shard, row] : rows)
        if (Contains(of, shard)) expected.push_back(row);
      EXPECT_EQ(read(of), expected) << of;
    }
  }
};
FERMATA_FOR_EACH_STORAGE(Shards);

TEST_P(Shards, HaveTheirBusyInstances) {
  const InstanceId one = IdIn(ShardA(), 1), two = IdIn(ShardA(), 2), other = IdIn(ShardB(), 3);
  Batch batch;
  batch.instances = {InstanceWith(other), InstanceWith(two), InstanceWith(one)};
  Put(batch);
  ExpectThose<InstanceId>({{ShardA(), one}, {ShardA(), two}, {ShardB(), other}},
                          [&](const ShardSet& of) { return storage().ListBusyInstances(of, InstanceId(), 9).value(); });
  EXPECT_THAT(storage().ListBusyInstances(Only(ShardA()), one, 1).value(), testing::ElementsAre(two));
}

TEST_P(Shards, HaveTheirTimers) {
  const TimerRow one{IdIn(ShardA(), 1), 1, 0, 10}, other{IdIn(ShardB(), 2), 1, 0, 20}, two{IdIn(ShardA(), 3), 1, 0, 30};
  Batch batch;
  batch.timers = {one, other, two};
  Put(batch);
  ExpectThose<TimerRow>({{ShardA(), one}, {ShardB(), other}, {ShardA(), two}},
                        [&](const ShardSet& of) { return storage().ReadTimers(of, 99, std::nullopt, 9).value(); });
  const std::vector<TimerRow> rest = ShardA() == ShardB() ? std::vector{other, two} : std::vector{two};
  EXPECT_EQ(storage().ReadTimers(Only(ShardA()), 99, one, 9).value(), rest);
  EXPECT_THAT(storage().ReadTimers(Only(ShardA()), 99, std::nullopt, 1).value(), testing::ElementsAre(one));
}

TEST_P(Shards, HaveTheirInboxesAndNoMailbox) {
  Batch batch;
  batch.inbox = {
      {ShardA(), IdIn(9, 1), 1, 0, "one"}, {ShardB(), IdIn(9, 2), 1, 0, "other"}, {ShardA(), IdIn(9, 3), 1, 0, "two"}};
  if (storage().Info().shard_count > 1) batch.inbox.push_back({kMailboxFirst, IdIn(9, 4), 1, 0, "mail"});
  Put(batch);
  ExpectThose<std::string>({{ShardA(), "one"}, {ShardB(), "other"}, {ShardA(), "two"}}, [&](const ShardSet& of) {
    std::vector<std::string> texts;
    const std::vector<InboxRow> rows = storage().ReadInbox(of, std::nullopt, 9).value();
    for (const InboxRow& row : rows) texts.push_back(row.bytes);
    return texts;
  });
  const std::vector<InboxRow> rows = storage().ReadInbox(Only(ShardB()), batch.inbox[0], 1).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].bytes, "other");
}

TEST_P(Shards, HaveTheirOwnOrderOfKeptEvents) {
  const auto kept = [](int shard, const std::string& value, std::int64_t order) {
    return KeptEventRow{shard, std::string(kDefaultTenant), "signup", value, order, "type", 500, "data"};
  };
  Batch batch;
  batch.kept_events = {kept(ShardA(), "v", 7), kept(ShardB(), "w", 8)};
  Put(batch);
  const bool one = ShardA() == ShardB();
  EXPECT_EQ(storage().LastKeptEventOrder(Only(ShardA())).value(), one ? 8 : 7);
  EXPECT_EQ(storage().LastKeptEventOrder(Only(ShardB())).value(), 8);
  EXPECT_EQ(storage().LastKeptEventOrder(Only(ShardA()) | Only(ShardB())).value(), 8);
  EXPECT_EQ(storage().LastKeptEventOrder(ShardSet()).value(), 0);
}

TEST_P(Shards, HaveTheirJobs) {
  const auto job = [&](int shard, int number, std::int64_t lease_until_us) {
    JobRow row;
    row.instance = IdIn(shard, number);
    row.tenant = kDefaultTenant;
    row.process = "signup";
    row.operation = "store.pack";
    row.opened_us = number;
    row.lease_until_us = lease_until_us;
    return row;
  };
  const JobRow lapsed = job(ShardA(), 1, 40), lapsed_too = job(ShardB(), 2, 41), one = job(ShardA(), 3, 0),
               other = job(ShardB(), 4, 0);
  Batch batch;
  batch.jobs = {other, one, lapsed_too, lapsed};
  Put(batch);
  ExpectThose<JobRow>(
      {{ShardA(), lapsed}, {ShardB(), lapsed_too}, {ShardA(), one}, {ShardB(), other}}, [&](const ShardSet& of) {
        return storage().FindAvailableJobs({std::string(kDefaultTenant), "store.pack", 50, of, 9}).value();
      });
}

TEST_P(Shards, HaveTheirDeliveries) {
  const auto delivery = [](int shard, const std::string& id, std::int64_t due_us) {
    return DeliveryRow{shard, "wh-1", id, std::string(kDefaultTenant), "pending", 1, due_us, "event"};
  };
  const DeliveryRow one = delivery(ShardA(), "e-1", 10), other = delivery(ShardB(), "e-2", 20),
                    two = delivery(ShardA(), "e-3", 30);
  Batch batch;
  batch.deliveries = {one, other, two};
  Put(batch);
  ExpectThose<DeliveryRow>({{ShardA(), one}, {ShardB(), other}, {ShardA(), two}}, [&](const ShardSet& of) {
    return storage().ReadDeliveries(of, "wh-1", "pending", 99, 9).value();
  });
}

}  // namespace
}  // namespace fermata::test

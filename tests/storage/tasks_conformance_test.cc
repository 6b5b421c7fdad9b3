// Open human tasks and the places of schedules.
#include <limits>

#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Tasks : public StorageTest {
 protected:
  TaskRow TaskWith(const InstanceId& instance, std::int64_t activation, std::int64_t due_us) const {
    return {instance, activation, std::string(kDefaultTenant), "signup", "review", "clerk", "ann", due_us, 7, "task"};
  }
  std::vector<TaskRow> List(const TaskFilter& filter = {}) { return storage().ListTasks(filter).value(); }
};
FERMATA_FOR_EACH_STORAGE(Tasks);

TEST_P(Tasks, ATaskComesBackAsItWasPut) {
  TaskRow row = TaskWith(Id(1), 3, 50);
  row.role = kHardText;
  row.user = kHardText;
  row.bytes = AllBytes();
  TaskRow without_due = TaskWith(Id(2), 1, 0);
  without_due.due_us = TaskRow().due_us;
  Batch batch;
  batch.tasks = {row, without_due};
  Put(batch);
  EXPECT_THAT(List(), ElementsAre(row, without_due));
}

TEST_P(Tasks, TheyAreListedByTheirDueTimesInPagesAndThoseWithoutComeLast) {
  TaskRow never = TaskWith(Id(1), 1, 0);
  never.due_us = std::numeric_limits<std::int64_t>::max();
  const TaskRow a = TaskWith(Id(3), 1, 10), b = TaskWith(Id(2), 1, 20), c = TaskWith(Id(2), 2, 20);
  Batch batch;
  batch.tasks = {never, c, b, a};
  Put(batch);
  EXPECT_THAT(List(), ElementsAre(a, b, c, never));
  TaskFilter page;
  page.limit = 2;
  EXPECT_THAT(List(page), ElementsAre(a, b));
  page.after = TaskPlace{20, Id(2), 1};
  EXPECT_THAT(List(page), ElementsAre(c, never));
  page.after = TaskPlace{never.due_us, Id(1), 1};
  EXPECT_THAT(List(page), IsEmpty());
}

TEST_P(Tasks, EachFilterHolds) {
  Batch batch;
  for (int i = 1; i <= 6; ++i) batch.tasks.push_back(TaskWith(Id(i), 1, i));
  batch.tasks[0].process = "order";
  batch.tasks[1].state = "approve";
  batch.tasks[2].role = "boss";
  batch.tasks[3].user = "bob";
  batch.tasks[5].tenant = "somebody";
  Put(batch);
  const auto only = [&](auto set) {
    TaskFilter filter;
    set(filter);
    return List(filter);
  };
  EXPECT_THAT(only([](auto& f) { f.process = "order"; }), ElementsAre(batch.tasks[0]));
  EXPECT_THAT(only([](auto& f) { f.state = "approve"; }), ElementsAre(batch.tasks[1]));
  EXPECT_THAT(only([](auto& f) { f.role = "boss"; }), ElementsAre(batch.tasks[2]));
  EXPECT_THAT(only([](auto& f) { f.user = "bob"; }), ElementsAre(batch.tasks[3]));
  EXPECT_THAT(only([&](auto& f) { f.instance = Id(5); }), ElementsAre(batch.tasks[4]));
  EXPECT_THAT(only([](auto& f) { f.tenant = "somebody"; }), ElementsAre(batch.tasks[5]));
  EXPECT_THAT(only([](auto& f) {
                f.role = "boss";
                f.user = "bob";
              }),
              IsEmpty());
}

TEST_P(Tasks, ATaskPutAgainMovesAndADeletedOneIsGone) {
  Batch batch;
  batch.tasks = {TaskWith(Id(1), 1, 10), TaskWith(Id(1), 2, 20)};
  Put(batch);
  Batch later;
  later.tasks = {TaskWith(Id(1), 1, 30)};
  Put(later);
  EXPECT_THAT(List(), ElementsAre(batch.tasks[1], later.tasks[0]));
  Batch closed;
  closed.tasks_deleted = {TaskRow{Id(1), 1}, TaskRow{Id(9), 9}};
  Put(closed);
  EXPECT_THAT(List(), ElementsAre(batch.tasks[1]));
}

TEST_P(Tasks, SchedulesArePutReplacedAndDeleted) {
  const std::string tenant(kDefaultTenant);
  const int shard = Shard("nightly"), other = Shard("hourly");
  Batch batch;
  batch.schedules = {{shard, tenant, "nightly", AllBytes()}, {other, tenant, "hourly", "h"}};
  Put(batch);
  Batch newer;
  newer.schedules = {{shard, tenant, "nightly", "later"}};
  Put(newer);
  std::vector<ScheduleRow> rows = storage().ReadSchedules().value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].process, "hourly");
  EXPECT_EQ(rows[1].bytes, "later");
  EXPECT_EQ(rows[1].tenant, tenant);
  Batch gone;
  gone.schedules_deleted = {{shard, tenant, "nightly", ""}, {other, tenant, "absent", ""}};
  Put(gone);
  rows = storage().ReadSchedules().value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].process, "hourly");
}

TEST_P(Tasks, InstancesAreFoundByTheirSearchableValues) {
  const std::string tenant(kDefaultTenant);
  Batch batch;
  for (int i = 1; i <= 4; ++i) {
    batch.instances.push_back(InstanceWith(Id(i)));
    batch.instances.back().started_us = i;
  }
  batch.search_values = {{Id(1), "city", tenant, "Berlin"},  {Id(2), "city", tenant, "Berlin"},
                         {Id(3), "city", tenant, kHardText}, {Id(1), "size", tenant, "5"},
                         {Id(2), "size", tenant, "7"},       {Id(4), "city", "somebody", "Berlin"}};
  Put(batch);
  const auto ids = [&](std::vector<std::pair<std::string, std::string>> values) {
    InstanceFilter filter;
    filter.values = std::move(values);
    std::vector<InstanceId> found;
    const std::vector<InstanceRow> rows = storage().ListInstances(filter).value();
    for (const InstanceRow& row : rows) found.push_back(row.id);
    return found;
  };
  EXPECT_THAT(ids({{"city", "Berlin"}, {"size", "7"}}), ElementsAre(Id(2)));
  EXPECT_THAT(ids({{"city", kHardText}}), ElementsAre(Id(3)));
  EXPECT_THAT(ids({{"city", "berlin"}}), IsEmpty());
  EXPECT_THAT(ids({{"town", "Berlin"}}), IsEmpty());
  InstanceFilter page;
  page.values = {{"size", "5"}};
  page.process = "nobody";
  EXPECT_THAT(storage().ListInstances(page).value(), IsEmpty());

  Batch moved;
  moved.search_values = {{Id(1), "city", tenant, "Paris"}};
  Put(moved);
  EXPECT_THAT(ids({{"city", "Paris"}}), ElementsAre(Id(1)));
}

TEST_P(Tasks, ADeletedInstanceLeavesNothingButItsKey) {
  const std::string tenant(kDefaultTenant);
  const InstanceId gone = IdFor(1, "k"), stays = Id(2);
  Batch batch = BatchOf({JournalWith(gone, 1), JournalWith(gone, 2), JournalWith(stays, 1)});
  batch.instances = {InstanceWith(gone, "completed"), InstanceWith(stays, "completed")};
  batch.instances[0].key = "k";
  batch.snapshots = {{gone, 1, "s"}, {stays, 1, "s"}};
  batch.incidents = {{gone, 1, tenant, "signup", "pay", "timeout", "m", false, 5, 9},
                     {stays, 1, tenant, "signup", "pay", "timeout", "m", false, 5, 9}};
  batch.search_values = {{gone, "city", tenant, "Berlin"}, {stays, "city", tenant, "Berlin"}};
  batch.ever_keys = {{Shard("k"), tenant, "signup", "k", gone}};
  Put(batch);
  Batch deleted;
  deleted.instances_deleted = {gone, Id(9)};
  Put(deleted);
  EXPECT_FALSE(storage().LoadInstance(gone)->has_value());
  EXPECT_THAT(Payloads(gone), IsEmpty());
  EXPECT_EQ(storage().ListIncidents({})->size(), 1u);
  EXPECT_EQ(storage().ListInstances({})->size(), 1u);
  InstanceFilter by_value;
  by_value.values = {{"city", "Berlin"}};
  EXPECT_EQ(storage().ListInstances(by_value)->size(), 1u);
  EXPECT_EQ(storage().LoadInstance(stays).value()->tail.size(), 0u) << "the snapshot has it";
  EXPECT_TRUE(storage().FindEverKey(tenant, "signup", "k")->has_value());
}

TEST_P(Tasks, EndedInstancesOfAVersionAreReadByTheirEndsInPages) {
  Batch batch;
  for (int i = 1; i <= 7; ++i) {
    batch.instances.push_back(InstanceWith(Id(i), "completed"));
    batch.instances.back().live = false;
    batch.instances.back().ended_us = 20 - i;
  }
  batch.instances[1].ended_us = batch.instances[2].ended_us;  // the id decides
  batch.instances[4].process = "another";
  batch.instances[5].version = "9.9.9";
  batch.instances[6].live = true;
  Put(batch);
  EndedFilter filter{batch.instances[0].process, batch.instances[0].version, 100};
  const auto page = [&](int limit) {
    filter.limit = limit;
    return storage().ReadEndedInstances(filter).value();
  };
  EXPECT_THAT(page(9), ElementsAre(batch.instances[3], batch.instances[1], batch.instances[2], batch.instances[0]));
  EXPECT_THAT(page(2), ElementsAre(batch.instances[3], batch.instances[1]));
  filter.after = std::pair(batch.instances[1].ended_us, Id(2));
  EXPECT_THAT(page(9), ElementsAre(batch.instances[2], batch.instances[0]));
  filter.ended_by_us = 17;
  EXPECT_THAT(page(9), ElementsAre(batch.instances[2])) << "the time itself counts";
  filter.ended_by_us = 16;
  EXPECT_THAT(page(9), IsEmpty());
}

TEST_P(Tasks, LiveInstancesAreReadByTenantAndStartInPages) {
  Batch batch;
  for (int i = 1; i <= 4; ++i) {
    batch.instances.push_back(InstanceWith(Id(i)));
    batch.instances.back().started_us = 10 - i;
  }
  batch.instances[0].tenant = "a-tenant";
  batch.instances[1].live = false;
  batch.instances[1].status = "completed";
  batch.instances[3].started_us = batch.instances[2].started_us;
  Put(batch);
  const auto page = [&](const std::optional<InstanceRow>& after, int limit) {
    return storage().ReadLiveInstances(after, limit).value();
  };
  EXPECT_THAT(page(std::nullopt, 9), ElementsAre(batch.instances[0], batch.instances[2], batch.instances[3]));
  EXPECT_THAT(page(std::nullopt, 1), ElementsAre(batch.instances[0]));
  EXPECT_THAT(page(batch.instances[0], 1), ElementsAre(batch.instances[2]));
  EXPECT_THAT(page(batch.instances[2], 9), ElementsAre(batch.instances[3]));
  EXPECT_THAT(page(batch.instances[3], 9), IsEmpty());
}

TEST_P(Tasks, StandingOrdersArePutReplacedDeletedAndReadByTheirKind) {
  Batch batch;
  batch.standing_orders = {{"pause", "connector/bank", AllBytes()}, {"pause", "a", "1"}, {"bulk", "b", "2"}};
  Put(batch);
  Batch newer;
  newer.standing_orders = {{"pause", "a", "3"}};
  Put(newer);
  EXPECT_THAT(storage().ReadStandingOrders("pause").value(),
              ElementsAre(newer.standing_orders[0], batch.standing_orders[0]));
  Batch gone;
  gone.standing_orders_deleted = {{"pause", "a", ""}, {"bulk", "a", ""}};
  Put(gone);
  Reopen();
  EXPECT_EQ(storage().ReadStandingOrders("pause")->size(), backend().durable() ? 1u : 0u);
  EXPECT_EQ(storage().ReadStandingOrders("bulk")->size(), backend().durable() ? 1u : 0u);
  EXPECT_THAT(storage().ReadStandingOrders("other").value(), IsEmpty());
}

TEST_P(Tasks, TasksAndSchedulesAreThereAfterReopening) {
  Batch batch;
  batch.tasks = {TaskWith(Id(1), 1, 10)};
  batch.schedules = {{Shard("nightly"), std::string(kDefaultTenant), "nightly", "place"}};
  Put(batch);
  Reopen();
  EXPECT_EQ(List().size(), backend().durable() ? 1u : 0u);
  EXPECT_EQ(storage().ReadSchedules()->size(), backend().durable() ? 1u : 0u);
}

}  // namespace
}  // namespace fermata::test

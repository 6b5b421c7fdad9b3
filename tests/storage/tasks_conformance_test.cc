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

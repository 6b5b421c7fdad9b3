// Jobs of external workers: what may be fetched, what is leased.
#include "tests/storage/conformance.h"

namespace fermata::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Jobs : public StorageTest {
 protected:
  JobRow JobWith(const InstanceId& instance, std::int64_t activation, std::int64_t opened_us,
                 std::int64_t lease_until_us = 0) const {
    JobRow row;
    row.instance = instance;
    row.activation = activation;
    row.tenant = kDefaultTenant;
    row.process = "order";
    row.state = "pack";
    row.operation = "store.pack";
    row.opened_us = opened_us;
    row.lease_until_us = lease_until_us;
    row.bytes = "job";
    return row;
  }
  std::vector<JobRow> List(const JobFilter& filter = {}) { return storage().ListJobs(filter).value(); }
  std::vector<JobRow> Available(std::int64_t now_us, int limit) {
    return storage().FindAvailableJobs({std::string(kDefaultTenant), "store.pack", now_us, AllShards(), limit}).value();
  }
};
FERMATA_FOR_EACH_STORAGE(Jobs);

TEST_P(Jobs, AJobComesBackAsItWasPutIsReplacedAndDeleted) {
  JobRow row = JobWith(Id(1), 3, 50, 99);
  row.attempt = 7;
  row.worker = kHardText;
  row.lease_token = "t-1";
  row.ends_us = 120;
  row.bytes = AllBytes();
  JobRow undo = JobWith(Id(1), 3, 51);
  undo.undo = true;
  Batch batch;
  batch.jobs = {row, undo};
  Put(batch);
  EXPECT_THAT(List(), ElementsAre(row, undo));
  EXPECT_EQ(storage().FindJob(Id(1), 3, false).value(), row);
  EXPECT_EQ(storage().FindJob(Id(1), 3, true).value(), undo);
  EXPECT_EQ(storage().FindJob(Id(1), 4, false).value(), std::nullopt);

  row.attempt = 8;
  row.lease_until_us = 0;
  Batch again;
  again.jobs = {row};
  again.jobs_deleted = {undo, JobWith(Id(9), 9, 0)};
  Put(again);
  EXPECT_THAT(List(), ElementsAre(row));
}

TEST_P(Jobs, EachFilterHoldsAndPagesGoFromTheOldestOn) {
  Batch batch;
  for (int i = 1; i <= 6; ++i) batch.jobs.push_back(JobWith(Id(i), 1, 10));
  batch.jobs[1].operation = "store.send";
  batch.jobs[2].process = "refund";
  batch.jobs[3].lease_until_us = 100;
  batch.jobs[4].tenant = "somebody";
  batch.jobs[5].opened_us = 5;
  const JobRow &a = batch.jobs[0], &other = batch.jobs[1], &refund = batch.jobs[2], &leased = batch.jobs[3],
               &oldest = batch.jobs[5];
  Put(batch);
  EXPECT_THAT(List(), ElementsAre(oldest, a, other, refund, leased));
  const auto only = [&](auto set) {
    JobFilter filter;
    filter.now_us = 50;
    set(filter);
    return List(filter);
  };
  EXPECT_THAT(only([](auto& f) { f.operation = "store.send"; }), ElementsAre(other));
  EXPECT_THAT(only([](auto& f) { f.process = "refund"; }), ElementsAre(refund));
  EXPECT_THAT(only([&](auto& f) { f.instance = Id(1); }), ElementsAre(a));
  EXPECT_THAT(only([](auto& f) { f.leased = true; }), ElementsAre(leased));
  EXPECT_THAT(only([](auto& f) { f.leased = false; }), ElementsAre(oldest, a, other, refund));
  EXPECT_THAT(only([](auto& f) {
                f.leased = true;
                f.now_us = 100;  // it has lapsed
              }),
              IsEmpty());
  JobFilter page;
  page.limit = 2;
  EXPECT_THAT(List(page), ElementsAre(oldest, a));
  page.after = JobPlace{10, Id(1), 1, false};
  EXPECT_THAT(List(page), ElementsAre(other, refund));
  page.after = JobPlace{10, Id(4), 1, false};
  EXPECT_THAT(List(page), IsEmpty());
}

TEST_P(Jobs, LapsedOnesAreFetchedFirstThenTheOldest) {
  const JobRow leased = JobWith(Id(1), 1, 1, 200), lapsed = JobWith(Id(2), 1, 5, 90),
               lapsed_before = JobWith(Id(3), 1, 6, 80), old = JobWith(Id(4), 1, 2), young = JobWith(Id(5), 1, 3);
  JobRow other = JobWith(Id(6), 1, 1);
  other.operation = "store.send";
  Batch batch;
  batch.jobs = {leased, lapsed, lapsed_before, young, old, other};
  Put(batch);
  EXPECT_THAT(Available(100, 9), ElementsAre(lapsed_before, lapsed, old, young));
  EXPECT_THAT(Available(100, 3), ElementsAre(lapsed_before, lapsed, old));
  EXPECT_THAT(Available(100, 1), ElementsAre(lapsed_before));
  EXPECT_THAT(Available(79, 9), ElementsAre(old, young));
  EXPECT_EQ(storage().NextLeaseEnd(kDefaultTenant, "store.pack", 100).value(), 200);
  EXPECT_EQ(storage().NextLeaseEnd(kDefaultTenant, "store.pack", 80).value(), 90);
  EXPECT_EQ(storage().NextLeaseEnd(kDefaultTenant, "store.pack", 200).value(), 0);
  EXPECT_EQ(storage().NextLeaseEnd(kDefaultTenant, "store.send", 0).value(), 0);
}

TEST_P(Jobs, TheyAreCountedByOperation) {
  Batch batch;
  batch.jobs = {JobWith(Id(1), 1, 30), JobWith(Id(2), 1, 20, 90), JobWith(Id(3), 1, 40, 200), JobWith(Id(4), 1, 50)};
  batch.jobs[3].operation = "store.send";
  Put(batch);
  const std::string tenant(kDefaultTenant);
  EXPECT_THAT(storage().CountJobs(100).value(),
              ElementsAre(JobCount{tenant, "store.pack", 2, 1, 20}, JobCount{tenant, "store.send", 1, 0, 50}));
}

TEST_P(Jobs, TasksAreFoundByWhoHasThemAndWhoMayTakeThem) {
  const auto task = [&](int i, const std::string& role, const std::string& user, const std::string& claimed) {
    TaskRow row{Id(i), 1, std::string(kDefaultTenant), "signup", "review", role, user, i * 10, 7, "task"};
    row.claimed = claimed;
    return row;
  };
  const TaskRow of_role = task(1, "clerk", "", ""), of_user = task(2, "", "ann", ""),
                taken = task(3, "clerk", "", "ann"), anybody = task(4, "", "", ""),
                of_boss = task(5, "boss", "", "bob");
  Batch batch;
  batch.tasks = {of_role, of_user, taken, anybody, of_boss};
  Put(batch);
  const auto find = [&](std::optional<std::string> assignee, std::vector<std::string> candidates) {
    TaskFilter filter;
    filter.assignee = std::move(assignee);
    filter.candidates = std::move(candidates);
    return storage().ListTasks(filter).value();
  };
  EXPECT_THAT(find("ann", {}), ElementsAre(of_user, taken));
  EXPECT_THAT(find("bob", {}), ElementsAre(of_boss));
  EXPECT_THAT(find(std::nullopt, {"ann"}), ElementsAre(of_user, anybody));
  EXPECT_THAT(find(std::nullopt, {"bob", "clerk"}), ElementsAre(of_role, anybody));
  EXPECT_THAT(find("ann", {"clerk"}), IsEmpty());
  EXPECT_THAT(storage().CountTasks(kDefaultTenant, "ann", 25).value(),
              ElementsAre(TaskCount{"signup", "review", "", false, true, false, 1},
                          TaskCount{"signup", "review", "", true, false, true, 1},
                          TaskCount{"signup", "review", "boss", false, false, false, 1},
                          TaskCount{"signup", "review", "clerk", false, true, true, 1},
                          TaskCount{"signup", "review", "clerk", true, false, false, 1}));
  EXPECT_THAT(storage().CountTasks("somebody", "ann", 25).value(), IsEmpty());
}

}  // namespace
}  // namespace fermata::test

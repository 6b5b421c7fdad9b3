// Calls and undos that have begun before a migration, on one shard: who carries them out then. language.md 10.12.
#include <gtest/gtest.h>

#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

std::string ManifestOf(const std::string& kind) {
  return "connector: post\nversion: 1.0.0\nkind: " + kind +
         "\noperations:\n  send: { output: { type: object, required: [id] }, retry: { attempts: 9, first: 10s } }\n"
         "  recall: {}\n";
}

// The newer one, which does not name `post`, is deployed first: the other is live.
constexpr const char* kNewer = R"yaml(
fermata: 1
process: letter
version: 2.0.0
migrations: [ { from: 1.x } ]
states:
  first:  { call: engine.find, with: { process: letter, key: k }, next: second }
  second: { call: engine.find, with: { process: letter, key: k }, next: rest }
  rest:   { after: { 1d: done } }
  done:   { end: {} }
)yaml";
constexpr const char* kOlder = R"yaml(
fermata: 1
process: letter
version: 1.0.0
states:
  first:  { call: post.send, undo: { call: post.recall }, next: second }
  second: { call: post.send, next: rest }
  rest:   { after: { 1d: done } }
  done:   { end: {} }
)yaml";

const Outcome kSent = JobSuccess{Value::Object({{"id", Value::String("l-1")}})};

// In `second`, with the undo of `first` to come; migrated.
class MigratedCalls : public ::testing::Test {
 protected:
  InstanceId StartOn(ShardBench& bench) {
    ShardBench::Reply reply = bench.Start("letter", Value::Map({}));
    bench.Settle();
    return (*reply)->value().id;
  }
  void MigrateOn(ShardBench& bench, const InstanceId& id) {
    auto migrated = bench.Command(id, MigrateInstance{"2.0.0"});
    bench.Settle();
    ASSERT_TRUE(migrated->has_value() && (*migrated)->ok());
    ASSERT_EQ(bench.Stored(id).version, "2.0.0");
  }
  static void CancelOn(ShardBench& bench, const InstanceId& id) {
    bench.Command(id, CancelInstance{});
    bench.Settle();
  }
};

TEST_F(MigratedCalls, AServersOwnConnectorIsCalledByTheManifestThatTheCallBeganUnder) {
  ShardBench bench(ManifestOf("builtin"), {kNewer, kOlder});
  const InstanceId id = StartOn(bench);
  bench.executor.Answer(kSent);
  bench.Settle();
  MigrateOn(bench, id);
  ASSERT_EQ(bench.executor.calls.size(), 1u);
  bench.executor.Answer(TechnicalFailure{TechnicalError::kUnavailable, "No.", 0});
  bench.Settle();
  // The state's own operation has no retry policy: an operator decides.
  ResolveIncident retry;
  retry.incident = bench.Stored(id).incidents.begin()->first;
  bench.Command(id, retry);
  bench.Settle();
  for (const bool restarted : {false, true}) {
    if (restarted) bench.Restart();
    ASSERT_EQ(bench.executor.calls.size(), 1u);
    ASSERT_NE(bench.executor.calls[0].job.manifest, nullptr) << restarted;
    EXPECT_EQ(bench.executor.calls[0].job.manifest->connector, "post");
  }
  bench.executor.Answer(kSent);
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "waiting");
  CancelOn(bench, id);
  ASSERT_EQ(bench.executor.calls.size(), 1u);
  EXPECT_EQ(bench.executor.calls[0].job.operation, "recall");
  ASSERT_NE(bench.executor.calls[0].job.manifest, nullptr);
  EXPECT_NE(bench.executor.calls[0].job.manifest->Find("recall"), nullptr);
}

TEST_F(MigratedCalls, AWorkersJobStaysAndItsUndoBecomesOne) {
  ShardBench bench(ManifestOf("worker"), {kNewer, kOlder});
  const auto do_job = [&](const std::string& operation) {
    std::vector<WorkerJob> fetched;
    JobFetch fetch;
    fetch.operations = {operation};
    fetch.max = 9;
    bench.desk->Fetch(std::move(fetch), [&](auto jobs) { fetched = jobs.value(); });
    bench.Settle();
    ASSERT_EQ(fetched.size(), 1u) << operation;
    JobReport report;
    report.key = fetched[0].key;
    report.lease_token = fetched[0].lease_token;
    report.outcome = kSent;
    std::optional<Result<JobReply>> said;
    bench.shard->Post(ReportOrder{report, [&](Result<JobReply> reply) { said = std::move(reply); }});
    bench.Settle();
    ASSERT_TRUE(said && said->ok());
  };
  const InstanceId id = StartOn(bench);
  do_job("post.send");
  MigrateOn(bench, id);
  ASSERT_EQ(bench.storage.tables().ListJobs({}).size(), 1u);
  bench.Restart();
  Auditor auditor(bench.storage, bench.definitions);
  EXPECT_TRUE(auditor.Next(bench.clock.now_us, 10)->empty());
  do_job("post.send");
  EXPECT_EQ(bench.StatusOf(id), "waiting");
  CancelOn(bench, id);
  EXPECT_TRUE(bench.executor.calls.empty());
  do_job("post.recall");
  EXPECT_EQ(bench.StatusOf(id), "cancelled");
  EXPECT_TRUE(bench.storage.tables().ListJobs({}).empty());
}

}  // namespace
}  // namespace fermata

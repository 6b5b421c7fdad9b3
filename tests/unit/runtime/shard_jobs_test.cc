// Jobs of external workers on one shard: leased, reported, lapsed, timed out, withdrawn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/json.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/shard.h"
#include "tests/unit/runtime/shard_bench.h"

namespace fermata {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kStoreManifest = R"yaml(
connector: store
version: 1.0.0
kind: worker
operations:
  pack:
    output: { type: object, required: [id, pieces], properties: { id: { type: string }, pieces: { type: integer } } }
    errors: [empty]
    timeout: 1m
    retry: { attempts: 2, first: 10s }
  unpack: {}
  send: { timeout: 1m }
)yaml";

constexpr const char* kPack = R"yaml(
fermata: 1
process: pack
version: 1.0.0
key: ${input.id}
events: { stop: { key: "${event.data.id}" } }
states:
  pack:
    call: store.pack
    with: { id: "${input.id}" }
    save: parcel
    on: { stop: stopped }
    on_error: { empty: stopped }
    undo: { call: store.unpack }
    next: done
  stopped: { end: { stopped: true } }
  done: { end: { parcel: "${parcel.id}" } }
)yaml";

constexpr const char* kSend = R"yaml(
fermata: 1
process: send
version: 1.0.0
key: ${input.id}
events: { stop: { key: "${event.data.id}" } }
states:
  send: { call: store.send, on: { stop: done }, next: done }
  done: { end: {} }
)yaml";

using Fetched = std::shared_ptr<std::optional<Result<std::vector<WorkerJob>>>>;
using Reported = std::shared_ptr<std::optional<Result<JobReply>>>;

Value InputOf(const std::string& id) { return Value::Object({{"id", Value::String(id)}}); }
Value Parcel() { return Value::Object({{"id", Value::String("p-1")}, {"pieces", Value::Int(2)}}); }

class ShardJobs : public ::testing::Test {
 protected:
  InstanceId Start(const std::string& process, const std::string& id) {
    ShardBench::Reply reply = bench.Start(process, InputOf(id));
    bench.Settle();
    EXPECT_TRUE(reply->has_value() && (*reply)->ok());
    return (*reply)->value().id;
  }
  Fetched Ask(int max = 1, std::int64_t wait_ms = 0, std::vector<std::string> operations = {"store.pack"}) {
    auto fetched = std::make_shared<std::optional<Result<std::vector<WorkerJob>>>>();
    JobFetch fetch;
    fetch.operations = std::move(operations);
    fetch.max = max;
    fetch.wait_ms = wait_ms;
    fetch.worker = "w-" + std::to_string(++workers_);
    fetch.on_lease_over = [this](const JobKey& key) { over.push_back(key); };
    last_fetch = bench.desk->Fetch(std::move(fetch), [fetched](auto jobs) { *fetched = std::move(jobs); });
    return fetched;
  }
  std::vector<WorkerJob> Fetch(int max = 1, std::vector<std::string> operations = {"store.pack"}) {
    Fetched fetched = Ask(max, 0, std::move(operations));
    bench.Settle();
    EXPECT_TRUE(fetched->has_value() && (*fetched)->ok());
    return (*fetched)->value();
  }
  Reported Say(const WorkerJob& job, std::optional<Outcome> outcome, std::int64_t lease_ms = 0,
               const std::string& token = "") {
    auto reported = std::make_shared<std::optional<Result<JobReply>>>();
    JobReport report;
    report.key = job.key;
    report.lease_token = token.empty() ? job.lease_token : token;
    report.outcome = std::move(outcome);
    report.lease_ms = lease_ms;
    const auto* success = report.outcome ? std::get_if<JobSuccess>(&*report.outcome) : nullptr;
    report.request_hash = success ? WriteJson(success->output) : "other";
    bench.shard->Post(ReportOrder{report, [reported](Result<JobReply> reply) { *reported = std::move(reply); }});
    return reported;
  }
  Result<JobReply> Report(const WorkerJob& job, std::optional<Outcome> outcome, std::int64_t lease_ms = 0,
                          const std::string& token = "") {
    Reported reported = Say(job, std::move(outcome), lease_ms, token);
    bench.Settle();
    EXPECT_TRUE(reported->has_value());
    return reported->value();
  }
  static ErrorCode CodeOf(const Result<JobReply>& reply) { return reply.ok() ? ErrorCode() : reply.error().code; }
  std::vector<JobRow> Rows() { return bench.storage.tables().ListJobs({}); }

  ShardBench bench{kStoreManifest, {kPack, kSend}};
  std::vector<JobKey> over;
  std::int64_t last_fetch = 0;

 private:
  int workers_ = 0;
};

TEST_F(ShardJobs, AJobIsARowFromItsDispatchToItsOutcome) {
  const InstanceId id = Start("pack", "o-1");
  EXPECT_TRUE(bench.executor.calls.empty());
  ASSERT_EQ(Rows().size(), 1u);
  EXPECT_EQ(Rows()[0].operation, "store.pack");
  const std::vector<WorkerJob> jobs = Fetch();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].key.instance, id);
  EXPECT_EQ(WriteJson(jobs[0].input), R"({"id":"o-1"})");
  EXPECT_EQ(jobs[0].business_key, "o-1");
  EXPECT_EQ(jobs[0].idempotency_key, id.ToString() + "/" + jobs[0].key.job.ToString());
  EXPECT_EQ(jobs[0].attempt, 1);
  EXPECT_EQ(jobs[0].lease_until_us, bench.clock.now_us + kLeaseDefaultMs * 1000);
  EXPECT_EQ(jobs[0].ends_us, bench.clock.now_us + 60'000'000);
  EXPECT_TRUE(Fetch().empty());
  const Result<JobReply> done = Report(jobs[0], JobSuccess{Parcel()});
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->status, "completed");
  EXPECT_EQ(bench.StatusOf(id), "completed");
  EXPECT_TRUE(Rows().empty());
  EXPECT_THAT(over, ElementsAre(jobs[0].key));
}

TEST_F(ShardJobs, ALeaseIsAnsweredAfterItsCommitOnly) {
  Start("pack", "o-1");
  Fetched fetched = Ask();
  bench.shard->Step();
  EXPECT_EQ(bench.storage.in_flight(), 1u);
  EXPECT_FALSE(fetched->has_value());
  Fetched second = Ask();  // decided before the first one's commit is known
  bench.Settle();
  ASSERT_TRUE(fetched->has_value() && second->has_value());
  EXPECT_EQ((*fetched)->value().size(), 1u);
  EXPECT_TRUE((*second)->value().empty());
}

TEST_F(ShardJobs, TheOldestComeFirstWhateverTheOperation) {
  const InstanceId first = Start("send", "s-1");
  bench.Advance(10);
  const InstanceId second = Start("pack", "p-1");
  bench.Advance(10);
  const InstanceId third = Start("send", "s-2");
  const std::vector<WorkerJob> jobs = Fetch(5, {"store.pack", "store.send", "store.none"});
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[0].key.instance, first);
  EXPECT_EQ(jobs[1].key.instance, second);
  EXPECT_EQ(jobs[2].key.instance, third);
}

TEST_F(ShardJobs, WhoHasWaitedLongestIsServedFirst) {
  Fetched first = Ask(1, 60'000), second = Ask(1, 60'000), third = Ask(1, 60'000);
  bench.Settle();
  EXPECT_FALSE(first->has_value());
  Start("pack", "o-1");
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->value().size(), 1u);
  EXPECT_FALSE(second->has_value());
  Start("send", "s-1");  // nobody waits for it
  EXPECT_FALSE(second->has_value());
  bench.desk->End(last_fetch);
  ASSERT_TRUE(third->has_value());
  EXPECT_TRUE((*third)->value().empty());
  // Two in one commit are for two.
  Fetched fourth = Ask(1, 60'000);
  bench.Settle();
  bench.Start("pack", InputOf("o-2"));
  bench.Start("pack", InputOf("o-3"));
  bench.Settle();
  ASSERT_TRUE(second->has_value() && fourth->has_value());
  EXPECT_NE((*second)->value()[0].key, (*fourth)->value()[0].key);
}

TEST_F(ShardJobs, ALapsedLeaseGoesToWhoWaitsAndItsOldHolderIsRefused) {
  const InstanceId id = Start("pack", "o-1");
  const WorkerJob held = Fetch()[0];
  Fetched waiting = Ask(1, 60'000);
  bench.Settle();
  EXPECT_FALSE(waiting->has_value());
  bench.Advance(kLeaseDefaultMs);
  EXPECT_THAT(Report(held, JobSuccess{Parcel()}).error().message, HasSubstr("lapsed"));
  bench.Settle();
  ASSERT_TRUE(waiting->has_value());
  const WorkerJob again = (*waiting)->value().at(0);
  EXPECT_EQ(again.key, held.key);
  EXPECT_EQ(again.attempt, 1);
  EXPECT_EQ(again.ends_us, held.ends_us) << "the try's time counts from its first fetch";
  EXPECT_NE(again.lease_token, held.lease_token);
  EXPECT_EQ(CodeOf(Report(held, JobSuccess{Parcel()})), kLeaseLost);
  EXPECT_EQ(CodeOf(Report(held, std::nullopt, 30'000)), kLeaseLost);
  EXPECT_EQ(CodeOf(Report(again, JobSuccess{Parcel()}, 0, "0123")), kLeaseLost);
  EXPECT_TRUE(Report(again, JobSuccess{Parcel()}).ok());
  EXPECT_EQ(bench.StatusOf(id), "completed");
}

TEST_F(ShardJobs, AnExtensionHoldsAndNeverOutlastsTheTry) {
  Start("pack", "o-1");
  const WorkerJob job = Fetch()[0];
  bench.Advance(20'000);
  const Result<JobReply> longer = Report(job, std::nullopt, 35'000);
  ASSERT_TRUE(longer.ok());
  EXPECT_EQ(longer->lease_until_us, bench.clock.now_us + 35'000'000);
  bench.Advance(20'000);
  EXPECT_TRUE(Fetch().empty()) << "its first lease would have lapsed";
  EXPECT_EQ(Report(job, std::nullopt, 3'600'000)->lease_until_us, job.ends_us);
}

TEST_F(ShardJobs, ATryTimesOutFromItsFirstFetchAndTheNextOneIsAnotherAttempt) {
  const InstanceId id = Start("pack", "o-1");
  bench.Advance(3'600'000);  // nobody comes
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "running");
  const WorkerJob first = Fetch()[0];
  Report(first, std::nullopt, 3'600'000);
  bench.Advance(60'000);
  bench.Settle();
  EXPECT_TRUE(Rows().empty());
  const Result<JobReply> late = Report(first, JobSuccess{Parcel()});
  EXPECT_EQ(CodeOf(late), kJobGone);
  EXPECT_THAT(late.error().message, HasSubstr("try 1 is over"));
  bench.Advance(10'000);
  bench.Settle();
  const WorkerJob second = Fetch()[0];
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(second.idempotency_key, first.idempotency_key);
  EXPECT_EQ(CodeOf(Report(first, JobSuccess{Parcel()})), kLeaseLost);
  ASSERT_TRUE(Report(second, TechnicalFailure{TechnicalError::kUnavailable, "gone", 0}).ok());
  EXPECT_EQ(bench.Stored(id).incidents.size(), 1u);
  EXPECT_TRUE(Rows().empty());
}

TEST_F(ShardJobs, AnOutcomeIsTakenOnceAndItsRepetitionAnsweredAlike) {
  const InstanceId id = Start("pack", "o-1");
  const WorkerJob job = Fetch()[0];
  ASSERT_TRUE(Report(job, JobSuccess{Parcel()}).ok());
  const std::int64_t seq = bench.Stored(id).seq;
  bench.Restart();
  const Result<JobReply> again = Report(job, JobSuccess{Parcel()});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->status, "completed");
  EXPECT_EQ(CodeOf(Report(job, BusinessFailure{"empty", "", {}})), kLeaseLost);
  EXPECT_EQ(bench.Stored(id).seq, seq);
}

TEST_F(ShardJobs, WhatTheManifestDoesNotAllowIsRefusedAndTheLeaseHolds) {
  Start("pack", "o-1");
  const WorkerJob job = Fetch()[0];
  const Result<JobReply> shape = Report(job, JobSuccess{Value::Object({{"pieces", Value::String("two")}})});
  EXPECT_EQ(CodeOf(shape), kInvalidOutput);
  const Result<JobReply> error = Report(job, BusinessFailure{"emty", "", {}});
  EXPECT_EQ(CodeOf(error), kUndeclaredError);
  EXPECT_EQ(error.error().hint, "Did you mean 'empty'?");
  EXPECT_EQ(Report(job, BusinessFailure{"empty", "", {}})->status, "completed");
}

TEST_F(ShardJobs, AWithdrawnJobIsGoneUnlessItIsToBeUndone) {
  const InstanceId sent = Start("send", "o-1");
  const WorkerJob let_go = Fetch(1, {"store.send"})[0];
  bench.Send("stop", "e-1", InputOf("o-1"));
  bench.Settle();
  EXPECT_TRUE(Rows().empty());
  EXPECT_THAT(over, ElementsAre(let_go.key));
  const Result<JobReply> refused = Report(let_go, JobSuccess{Value()});
  EXPECT_EQ(CodeOf(refused), kJobGone);
  EXPECT_THAT(refused.error().message, HasSubstr("completed"));
  // With an `undo` the outcome is awaited; then its undo is a job, too.
  const InstanceId packed = Start("pack", "o-2");
  const WorkerJob awaited = Fetch()[0];
  bench.Send("stop", "e-2", InputOf("o-2"));
  bench.Settle();
  ASSERT_TRUE(Report(awaited, JobSuccess{Parcel()}).ok());
  const std::vector<WorkerJob> undo = Fetch(1, {"store.unpack"});
  ASSERT_EQ(undo.size(), 1u);
  EXPECT_TRUE(undo[0].key.job.undo);
  EXPECT_EQ(*JobKey::Parse(undo[0].key.ToString()), undo[0].key);
  ASSERT_TRUE(Report(undo[0], JobSuccess{Value()}).ok());
  EXPECT_EQ(bench.StatusOf(packed), "completed");
  EXPECT_EQ(bench.StatusOf(sent), "completed");
}

TEST_F(ShardJobs, ACancelAndALeaseInOneBatchLeaveNothingBehind) {
  const InstanceId id = Start("send", "o-1");
  bench.Command(id, CancelInstance{"no more"});
  Fetched fetched = Ask(1, 0, {"store.send"});
  bench.Settle();
  EXPECT_TRUE((*fetched)->value().empty());
  EXPECT_TRUE(Rows().empty());
  const InstanceId other = Start("send", "o-2");
  Fetched before = Ask(1, 0, {"store.send"});
  bench.Command(other, CancelInstance{"no more"});
  bench.Settle();
  ASSERT_EQ((*before)->value().size(), 1u);
  EXPECT_TRUE(Rows().empty());
  EXPECT_EQ(CodeOf(Report((*before)->value()[0], JobSuccess{Value()})), kJobGone);
}

TEST_F(ShardJobs, ATryThatNobodyHasFetchedIsWithdrawnAndNothingIsUndoneForIt) {
  const InstanceId cancelled = Start("pack", "o-1");
  bench.Command(cancelled, CancelInstance{"no more"});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(cancelled), "cancelled");
  const InstanceId left = Start("pack", "o-2");
  bench.Send("stop", "e-1", InputOf("o-2"));
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(left), "completed");
  // Of an earlier try that was fetched nobody knows whether it did.
  const InstanceId second = Start("pack", "o-3");
  ASSERT_TRUE(Report(Fetch()[0], TechnicalFailure{TechnicalError::kUnavailable, "", 0}).ok());
  bench.Advance(10'000);
  bench.Settle();
  ASSERT_EQ(Rows().size(), 1u);
  bench.Command(second, CancelInstance{"no more"});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(second), "compensating");
  ASSERT_TRUE(Report(Fetch()[0], JobSuccess{Parcel()}).ok());
  ASSERT_TRUE(Report(Fetch(1, {"store.unpack"})[0], JobSuccess{Value()}).ok());
  EXPECT_EQ(bench.StatusOf(second), "cancelled");
  EXPECT_TRUE(Rows().empty());
  bench.Restart();
  EXPECT_TRUE(Rows().empty());
  EXPECT_EQ(bench.StatusOf(cancelled), "cancelled");
}

TEST_F(ShardJobs, ATryThatWasFetchedOnceIsAwaitedThoughItsLeaseHasLapsed) {
  const InstanceId id = Start("pack", "o-1");
  Fetch();
  bench.Advance(kLeaseDefaultMs + 1);
  bench.Settle();
  bench.Restart();
  bench.Command(id, CancelInstance{"no more"});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "compensating");
  ASSERT_TRUE(Report(Fetch()[0], JobSuccess{Parcel()}).ok());
  ASSERT_TRUE(Report(Fetch(1, {"store.unpack"})[0], JobSuccess{Value()}).ok());
  EXPECT_EQ(bench.StatusOf(id), "cancelled");
}

TEST_F(ShardJobs, OfAFetchAndACancelTheFirstDecidesWhetherTheTryIsAwaited) {
  const InstanceId fetched_first = Start("pack", "o-1");
  Fetched first = Ask();
  bench.Command(fetched_first, CancelInstance{"no more"});  // in one batch
  bench.Settle();
  ASSERT_EQ((*first)->value().size(), 1u);
  EXPECT_EQ(bench.StatusOf(fetched_first), "compensating");
  const InstanceId cancelled_first = Start("pack", "o-2");
  bench.Command(cancelled_first, CancelInstance{"no more"});
  Fetched second = Ask();
  bench.Settle();
  EXPECT_TRUE((*second)->value().empty());
  EXPECT_EQ(bench.StatusOf(cancelled_first), "cancelled");
  // In the batch of its start, before it has a row; and while the commit of its lease is under way.
  ShardBench::Reply started = bench.Start("pack", InputOf("o-3"));
  bench.Send("stop", "e-3", InputOf("o-3"));
  bench.Settle();
  EXPECT_EQ(bench.StatusOf((*started)->value().id), "completed");
  const InstanceId under_way = Start("pack", "o-4");
  Fetched third = Ask();
  bench.shard->Step();
  bench.Command(under_way, CancelInstance{"no more"});
  bench.Settle();
  ASSERT_EQ((*third)->value().size(), 1u);
  EXPECT_EQ(bench.StatusOf(under_way), "compensating");
}

TEST_F(ShardJobs, ALeaseWhoseCommitFailedIsABeginningOnlyIfItWasWritten) {
  const InstanceId id = Start("pack", "o-1");
  Fetched fetched = Ask();
  bench.shard->Step();
  bench.storage.SetFaults(1'000);
  bench.storage.FinishOne();
  bench.storage.SetFaults(0);
  bench.Settle();
  ASSERT_TRUE(fetched->has_value() && !(*fetched)->ok());
  ASSERT_EQ(Rows().size(), 1u);
  const bool written = Rows()[0].ends_us != 0;
  bench.Command(id, CancelInstance{"no more"});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), written ? "compensating" : "cancelled");
}

TEST_F(ShardJobs, LeasesOutliveARestartAndALostPowerLosesNoJob) {
  const InstanceId id = Start("pack", "o-1");
  const WorkerJob job = Fetch()[0];
  bench.Restart();
  EXPECT_TRUE(Fetch().empty());
  Fetched waiting = Ask(1, 60'000);
  bench.Settle();
  bench.Advance(kLeaseDefaultMs);
  bench.Settle();
  ASSERT_TRUE(waiting->has_value()) << "the lapse of a lease that was given before the restart";
  bench.Restart();
  bench.Advance(60'000 - kLeaseDefaultMs);
  bench.Settle();
  EXPECT_TRUE(Rows().empty()) << "the try's timer is a row";
  bench.Advance(10'000);
  bench.Settle();
  EXPECT_TRUE(Report(Fetch()[0], JobSuccess{Parcel()}).ok());
  EXPECT_EQ(bench.StatusOf(id), "completed");
}

TEST_F(ShardJobs, ALeaseWhoseCommitFailedIsNotAnsweredAndTheJobIsNotLost) {
  Start("pack", "o-1");
  Fetched fetched = Ask();
  bench.shard->Step();
  bench.storage.SetFaults(1'000);
  bench.storage.FinishOne();
  bench.storage.SetFaults(0);
  bench.Settle();
  ASSERT_TRUE(fetched->has_value());
  EXPECT_FALSE((*fetched)->ok());
  bench.Advance(kLeaseDefaultMs);  // the lease may have been written
  bench.Settle();
  EXPECT_EQ(Fetch().size(), 1u);
}

TEST_F(ShardJobs, ACallThatAnEarlierReleaseLeftWithoutARowGetsOne) {
  const InstanceId id = Start("pack", "o-1");
  Batch lost;
  lost.jobs_deleted = Rows();
  bench.storage.Commit(7, lost, [](CommitOutcome) {});
  bench.storage.FinishOne();
  ASSERT_TRUE(Rows().empty());
  bench.Restart();
  bench.Settle();
  EXPECT_TRUE(Report(Fetch().at(0), JobSuccess{Parcel()}).ok());
  EXPECT_EQ(bench.StatusOf(id), "completed");
}

TEST_F(ShardJobs, ASuspendedInstanceTakesTheOutcomeWhenItIsResumed) {
  const InstanceId id = Start("pack", "o-1");
  const WorkerJob job = Fetch()[0];
  bench.Command(id, SuspendInstance{});
  bench.Settle();
  EXPECT_EQ(Report(job, JobSuccess{Parcel()})->status, "suspended");
  EXPECT_TRUE(Rows().empty());
  EXPECT_THAT(Report(job, BusinessFailure{"empty", "", {}}).error().message, HasSubstr("another"));
  bench.Command(id, ResumeInstance{});
  bench.Settle();
  EXPECT_EQ(bench.StatusOf(id), "completed");
}

TEST_F(ShardJobs, UnknownOnesAreToldFromThoseThatAreGone) {
  const InstanceId id = Start("pack", "o-1");
  WorkerJob job = Fetch()[0];
  job.key.job.activation = 99;
  EXPECT_EQ(CodeOf(Report(job, JobSuccess{Parcel()})), kUnknownJob);
  job.key = {InstanceId::Make(0, 1, 1, 1), {2, false}};
  EXPECT_EQ(CodeOf(Report(job, JobSuccess{Parcel()})), kUnknownJob);
  for (const char* text : {"", "x", "-1", "o-1", "00000000000000000000000000", "00000000000000000000000000-",
                           "00000000000000000000000000-0", "00000000000000000000000000-1-redo"})
    EXPECT_EQ(JobKey::Parse(text), std::nullopt) << text;
  EXPECT_EQ(JobKey::Parse(id.ToString() + "-7-undo")->job, (JobId{7, true}));
}

}  // namespace
}  // namespace fermata

// Standing orders of operators: work in bulk and pauses, with crashes in the middle.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

#include "engine/codec/codes.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine.h"
#include "engine/storage/memory/memory_storage.h"
#include "tests/simulation/losing_storage.h"

namespace fermata {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWaits = R"(fermata: 1
process: waits
version: 1.0.0
vars: { n: 0 }
events: { go: {}, stop: {} }
states:
  wait: { on: { go: call, stop: bad }, after: { 1d: done } }
  bad: { set: { n: "${dyn({}).x}" }, after: { 1d: done } }
  call: { call: post.send, next: done }
  done: { end: {} }
)";

constexpr const char* kPost =
    "connector: post\nversion: 1.0.0\nkind: builtin\noperations:\n  send: { retry: { attempts: 2, first: 1h } }\n"
    "  fetch: {}\n";

// Remembers what was called; answers nothing.
class CallLog final : public JobExecutor {
 public:
  void Submit(Job job, std::int64_t, Completion, Wanted) override {
    std::lock_guard lock(mutex_);
    calls_.push_back(job.operation);
  }
  std::size_t InFlight() const override { return 0; }
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return calls_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> calls_;
};

class Operators : public testing::Test {
 protected:
  Operators() { Open(); }
  void Open() {
    engine_.reset();
    Result<std::unique_ptr<Engine>> opened = Engine::Open({}, SystemClock(), *storage_, executor_, {kPost});
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    engine_ = std::move(*opened);
    ASSERT_TRUE(engine_->Deploy({"waits.yaml", kWaits, {}, {}}).reply);
  }
  Result<StartReply> TryStart(const std::string& tenant = std::string(kDefaultTenant)) {
    StartRequest request;
    request.process = "waits";
    request.tenant = tenant;
    std::promise<Result<StartReply>> started;
    engine_->Start(request, [&](Result<StartReply> reply) { started.set_value(std::move(reply)); });
    return started.get_future().get();
  }
  std::vector<InstanceId> Start(int count) {
    std::vector<InstanceId> ids;
    for (int i = 0; i < count; ++i) ids.push_back(TryStart().value().id);
    return ids;
  }
  Result<CommandReply> Send(const InstanceId& id, Command command) {
    std::promise<Result<CommandReply>> answered;
    engine_->Send({id, std::move(command)}, [&](Result<CommandReply> reply) { answered.set_value(std::move(reply)); });
    return answered.get_future().get();
  }
  std::string StateOf(const InstanceId& id) { return engine_->Get(id)->summary.states.at(0); }
  std::string StatusOf(const InstanceId& id) { return engine_->Get(id)->summary.status; }

  // A second time it is refused.
  static MoveInstance ToCall() {
    MoveInstance move;
    move.target = "call";
    move.from = "wait";
    return move;
  }
  static BulkWork Work(Command command, int per_second = 1'000) {
    BulkWork work;
    work.command = std::move(command);
    work.action = "any";
    work.filter.process = "waits";
    work.filter.live = true;
    work.per_second = per_second;
    return work;
  }
  // Once it is over; notified by nobody, so it is asked.
  BulkView WaitFor(BulkRunner& runner, const std::string& id) {
    while (true) {
      BulkView view = runner.Find(std::string(kDefaultTenant), id).value();
      if (view.status == BulkStatus::kDone) return view;
      std::this_thread::yield();
    }
  }
  Status Commit(Batch batch) {
    std::promise<CommitOutcome> committed;
    storage_->Commit(77, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
    if (committed.get_future().get() == CommitOutcome::kCommitted) return Done{};
    return Error{kStorageUnavailable, "No."};
  }
  // As a damaged disk does it.
  void Spoil(const InstanceId& id) {
    const std::int64_t last = storage_->ReadJournal(id, 0, 1'000)->back().seq;
    Batch batch;
    batch.journal = {{id, last + 1, 1, "no events"}};
    ASSERT_TRUE(Commit(std::move(batch)).ok());
  }

  // One that takes orders and does nothing about them.
  BulkRunner Idle() {
    return BulkRunner(*engine_, SystemClock(), *storage_, [this](Batch batch) { return Commit(std::move(batch)); });
  }

  std::unique_ptr<Storage> storage_ = MakeMemoryStorage();
  CallLog executor_;
  std::unique_ptr<Engine> engine_;
};

// ---- work in bulk ----

TEST_F(Operators, WorkInBulkConcernsWhatLivesWhenItIsOrdered) {
  const std::vector<InstanceId> ids = Start(3);
  ASSERT_TRUE(Send(ids[0], CancelInstance{}).ok());
  const Result<BulkRunner::Begun> begun = engine_->Bulk().Start(Work(SuspendInstance{}));
  ASSERT_TRUE(begun.ok());
  EXPECT_FALSE(begun->repeated);
  EXPECT_EQ(begun->view.total, 2);
  const BulkView over = WaitFor(engine_->Bulk(), begun->view.id);
  EXPECT_EQ(over.visited, 2);
  EXPECT_EQ(over.done, 2);
  EXPECT_EQ(over.refused, 0);
  EXPECT_NE(over.ended_us, 0);
  EXPECT_EQ(StatusOf(ids[0]), "cancelled");
  EXPECT_EQ(StatusOf(ids[1]), "suspended");
  EXPECT_EQ(StatusOf(Start(1)[0]), "waiting") << "one that starts afterwards is not its business";
}

TEST_F(Operators, RefusalsAreCountedAndTheFirstAreNamed) {
  const std::vector<InstanceId> ids = Start(static_cast<int>(kBulkRefusalsKept) + 3);
  for (std::size_t i = 1; i < ids.size(); ++i) ASSERT_TRUE(Send(ids[i], SuspendInstance{}).ok());
  const BulkWork work = Work(ToCall());
  const Result<BulkTrial> trial = engine_->Bulk().Try(work);
  ASSERT_TRUE(trial.ok());
  EXPECT_EQ(trial->total, static_cast<std::int64_t>(ids.size()));
  EXPECT_EQ(trial->possible, 1);
  EXPECT_EQ(trial->refused, static_cast<std::int64_t>(ids.size()) - 1);
  EXPECT_EQ(trial->refusals.size(), kBulkRefusalsKept);
  EXPECT_EQ(trial->refusals[0].error.code, kStatusForbids);
  EXPECT_TRUE(trial->complete);
  EXPECT_EQ(StatusOf(ids[0]), "waiting") << "a trial does nothing";
  const BulkView over = WaitFor(engine_->Bulk(), engine_->Bulk().Start(work)->view.id);
  EXPECT_EQ(over.done, trial->possible);
  EXPECT_EQ(over.refused, trial->refused);
  EXPECT_EQ(over.refusals.size(), kBulkRefusalsKept);
}

TEST_F(Operators, AResolutionConcernsTheIncidentsThatItNames) {
  const std::vector<InstanceId> ids = Start(2);
  MoveInstance move;
  move.target = "bad";
  ASSERT_TRUE(Send(ids[0], move).ok());
  ASSERT_EQ(engine_->Get(ids[0])->incidents.size(), 1u);
  for (const auto& [error, done] : {std::pair("schema", 0), std::pair("expression", 1)}) {
    BulkWork work = Work(ResolveIncident{});
    work.incident_error = error;
    EXPECT_EQ(engine_->Bulk().Try(work)->possible, done) << error;
    const BulkView over = WaitFor(engine_->Bulk(), engine_->Bulk().Start(work)->view.id);
    EXPECT_EQ(over.visited, 2);
    EXPECT_EQ(over.done, done) << error;
    EXPECT_EQ(over.refused, 0);
  }
  EXPECT_EQ(engine_->Get(ids[0])->incidents.at(0).number, 2) << "it was tried again, once";
}

TEST_F(Operators, TheSameRequestIsTheSameWorkAndAnotherOneIsRefused) {
  Start(2);
  BulkWork work = Work(SuspendInstance{});
  work.idempotency_key = "k";
  work.request_hash = "one";
  const Result<BulkRunner::Begun> first = engine_->Bulk().Start(work);
  ASSERT_TRUE(first.ok());
  WaitFor(engine_->Bulk(), first->view.id);
  Start(3);
  const Result<BulkRunner::Begun> again = engine_->Bulk().Start(work);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->view.id, first->view.id);
  EXPECT_EQ(again->view.total, 2);
  work.request_hash = "another";
  EXPECT_EQ(engine_->Bulk().Start(work).error().code, kIdempotencyKeyReused);
  Open();
  work.request_hash = "one";
  EXPECT_EQ(engine_->Bulk().Start(work)->view.id, first->view.id) << "also after a restart";
}

TEST_F(Operators, NoMoreIsDoneInASecondThanWasOrdered) {
  Start(6);
  const auto began = std::chrono::steady_clock::now();
  constexpr int kPerSecond = 50;  // in pages of five
  WaitFor(engine_->Bulk(), engine_->Bulk().Start(Work(SuspendInstance{}, kPerSecond))->view.id);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(5 * 1'000 / kPerSecond));
}

TEST_F(Operators, TheWorkOfATenantDoesNotWaitForThatOfAnother) {
  Start(3);
  ASSERT_TRUE(TryStart("acme").ok());
  const std::string slow = engine_->Bulk().Start(Work(SuspendInstance{}, 1))->view.id;
  BulkWork work = Work(SuspendInstance{});
  work.filter.tenant = "acme";
  const std::string quick = engine_->Bulk().Start(work)->view.id;
  while (engine_->Bulk().Find("acme", quick)->status != BulkStatus::kDone) std::this_thread::yield();
  EXPECT_EQ(engine_->Bulk().Find(std::string(kDefaultTenant), slow)->status, BulkStatus::kRunning);
}

TEST_F(Operators, ManyWorksOfOneTenantLeaveRoomForThoseOfAnother) {
  BulkRunner bulk = Idle();
  for (int i = 0; i < kBulksUnderWayMax; ++i) ASSERT_TRUE(bulk.Start(Work(SuspendInstance{})).ok());
  EXPECT_EQ(bulk.Start(Work(SuspendInstance{})).error().code, kBulkForbids);
  BulkWork work = Work(SuspendInstance{});
  work.filter.tenant = "acme";
  EXPECT_TRUE(bulk.Start(work).ok());
}

TEST_F(Operators, OldWorkIsForgottenForNewWorkOfTheSameTenantOnly) {
  BulkRunner bulk = Idle();
  const std::string tenant(kDefaultTenant);
  BulkWork other = Work(SuspendInstance{});
  other.filter.tenant = "acme";
  const std::string kept = bulk.Start(other)->view.id;
  ASSERT_TRUE(bulk.Steer("acme", kept, BulkOrder::kStop).ok());
  std::string first;
  for (std::size_t i = 0; i < kBulksKeptMax + 1; ++i) {
    const std::string id = bulk.Start(Work(SuspendInstance{}))->view.id;
    if (first.empty()) first = id;
    ASSERT_TRUE(bulk.Steer(tenant, id, BulkOrder::kStop).ok());
  }
  EXPECT_EQ(bulk.All(tenant).size(), kBulksKeptMax);
  EXPECT_FALSE(bulk.Find(tenant, first).ok());
  EXPECT_TRUE(bulk.Find("acme", kept).ok());
}

TEST_F(Operators, ProgressThatCannotBeNotedIsTriedAgainEverMoreSeldom) {
  Start(1);
  std::atomic<int> commits{0};
  std::promise<void> tried;
  BulkRunner bulk(*engine_, SystemClock(), *storage_, [&](Batch batch) -> Status {
    if (++commits == 1) return Commit(std::move(batch));
    if (commits == 3) tried.set_value();
    return Error{kStorageUnavailable, "No."};
  });
  bulk.Run();
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(bulk.Start(Work(SuspendInstance{})).ok());
  tried.get_future().wait();
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(200));
  bulk.Stop();
}

TEST_F(Operators, WhatMayHaveBeenOrderedIsReadAgain) {
  Start(1);
  bool is_lost = true;
  BulkRunner bulk(*engine_, SystemClock(), *storage_, [&](Batch batch) -> Status {
    Status committed = Commit(std::move(batch));
    return is_lost ? Status(Error{kStorageUnavailable, "Its answer got lost."}) : committed;
  });
  const std::string tenant(kDefaultTenant);
  EXPECT_EQ(bulk.Start(Work(SuspendInstance{})).error().code, kStorageUnavailable);
  ASSERT_EQ(bulk.All(tenant).size(), 1u);
  const std::string id = bulk.All(tenant)[0].id;
  EXPECT_FALSE(bulk.Steer(tenant, id, BulkOrder::kPause).ok());
  EXPECT_EQ(bulk.Find(tenant, id)->status, BulkStatus::kPaused);
  is_lost = false;
  ASSERT_TRUE(bulk.Steer(tenant, id, BulkOrder::kResume).ok());
  bulk.Run();
  EXPECT_EQ(WaitFor(bulk, id).done, 1);
}

TEST_F(Operators, WorkWhoseOrderGotLostIsFoundOnceStorageCanBeRead) {
  Start(1);
  LosingStorage orders;
  orders.loses_answers = orders.is_away = true;
  BulkRunner bulk(*engine_, SystemClock(), orders, [&](Batch batch) -> Status {
    std::optional<CommitOutcome> outcome;
    orders.Commit(1, std::move(batch), [&](CommitOutcome how) { outcome = how; });
    return outcome == CommitOutcome::kCommitted ? Status(Done{}) : Status(Error{kStorageUnavailable, "No."});
  });
  EXPECT_FALSE(bulk.Start(Work(SuspendInstance{})).ok());
  EXPECT_EQ(bulk.Start(Work(SuspendInstance{})).error().code, kStorageUnavailable) << "what there is is not known";
  const std::string tenant(kDefaultTenant);
  EXPECT_TRUE(bulk.All(tenant).empty());
  orders.loses_answers = orders.is_away = false;
  bulk.Run();
  while (bulk.All(tenant).empty()) std::this_thread::yield();
  ASSERT_EQ(bulk.All(tenant).size(), 1u);
  EXPECT_EQ(WaitFor(bulk, bulk.All(tenant)[0].id).done, 1);
}

TEST_F(Operators, AnInstanceThatCannotBeReadIsRefusedAndTheOthersGetTheirOrder) {
  const std::vector<InstanceId> ids = Start(3);
  engine_.reset();
  Spoil(ids[1]);
  Open();
  for (const bool by_incident : {true, false}) {
    const BulkWork work = by_incident ? Work(ResolveIncident{}) : Work(SuspendInstance{});
    const BulkTrial trial = engine_->Bulk().Try(work).value();
    EXPECT_EQ(trial.refused, 1);
    EXPECT_EQ(trial.possible, by_incident ? 0 : 2);
    const BulkView over = WaitFor(engine_->Bulk(), engine_->Bulk().Start(work)->view.id);
    EXPECT_EQ(over.visited, 3);
    EXPECT_EQ(over.done, by_incident ? 0 : 2);
    EXPECT_EQ(over.refused, 1);
    ASSERT_EQ(over.refusals.size(), 1u);
    EXPECT_EQ(over.refusals[0].instance, ids[1]);
    EXPECT_EQ(over.refusals[0].error.code, kStoredTextMalformed);
  }
  EXPECT_EQ(StatusOf(ids[0]), "suspended");
}

TEST_F(Operators, OneThatRunsAndCannotBeReadStandsAmongTheOthersAsItsRowTells) {
  const std::vector<InstanceId> ids = Start(2);
  InstanceFilter filter;
  Batch batch;
  std::vector<InstanceRow> rows = storage_->ListInstances(filter).value();
  for (InstanceRow& row : rows)
    if (row.id == ids[0]) batch.instances.push_back(std::move(row));
  batch.instances.at(0).status = "running";
  batch.instances.at(0).states.clear();
  ASSERT_TRUE(Commit(std::move(batch)).ok());
  Spoil(ids[0]);
  const Page<InstanceSummary> page = engine_->List({filter, ""}).value();
  ASSERT_EQ(page.items.size(), 2u);
  EXPECT_EQ(page.items[1].id, ids[0]);
  EXPECT_EQ(page.items[1].status, "running");
  EXPECT_EQ(engine_->Get(ids[0]).error().code, kStoredTextMalformed);
}

TEST_F(Operators, AfterACrashItGoesOnWhereItWasAndAsksEachInstanceOnce) {
  const std::vector<InstanceId> ids = Start(4);
  std::promise<void> second_page;
  int commits = 0;
  auto before = std::make_unique<BulkRunner>(*engine_, SystemClock(), *storage_, [&](Batch batch) -> Status {
    // The order, the first page; then the power goes: the second page is done, but not noted.
    if (++commits <= 2) return Commit(std::move(batch));
    if (commits == 3) second_page.set_value();
    return Error{kStorageUnavailable, "No."};
  });
  before->Run();
  const std::string id = before->Start(Work(ToCall(), 19))->view.id;  // one a page
  second_page.get_future().wait();
  before.reset();
  EXPECT_EQ(StateOf(ids[3]), "call") << "the newest first";
  EXPECT_EQ(StateOf(ids[2]), "call");
  EXPECT_EQ(StateOf(ids[0]), "wait");
  Open();
  const BulkView over = WaitFor(engine_->Bulk(), id);
  EXPECT_EQ(over.visited, 4);
  EXPECT_EQ(over.done, 4);
  EXPECT_EQ(over.refused, 0) << "one was asked anew instead of being reminded";
  for (const InstanceId& one : ids) EXPECT_EQ(StateOf(one), "call");
}

TEST_F(Operators, WorkIsHeldGoesOnAndIsStopped) {
  Start(3);
  const std::string tenant(kDefaultTenant);
  std::string id;
  {
    BulkRunner bulk = Idle();
    id = bulk.Start(Work(SuspendInstance{}))->view.id;
    EXPECT_EQ(bulk.Steer(tenant, id, BulkOrder::kPause)->status, BulkStatus::kPaused);
    EXPECT_EQ(bulk.Steer(tenant, id, BulkOrder::kResume)->status, BulkStatus::kRunning);
    EXPECT_EQ(bulk.Steer(tenant, id, BulkOrder::kPause)->status, BulkStatus::kPaused);
  }
  Open();
  BulkRunner& bulk = engine_->Bulk();
  EXPECT_EQ(bulk.Find(tenant, id)->status, BulkStatus::kPaused) << "also after a restart";
  const Result<BulkView> stopped = bulk.Steer(tenant, id, BulkOrder::kStop);
  EXPECT_EQ(stopped->status, BulkStatus::kStopped);
  EXPECT_EQ(stopped->visited, 0);
  EXPECT_NE(stopped->ended_us, 0);
  for (const BulkOrder order : {BulkOrder::kPause, BulkOrder::kResume, BulkOrder::kStop})
    EXPECT_EQ(bulk.Steer(tenant, id, order).error().code, kBulkForbids);
}

TEST_F(Operators, WorkOfAnotherTenantIsNotThere) {
  const std::string id = engine_->Bulk().Start(Work(SuspendInstance{}))->view.id;
  EXPECT_EQ(engine_->Bulk().Find("other", id).error().code, kUnknownBulk);
  EXPECT_EQ(engine_->Bulk().Steer("other", id, BulkOrder::kStop).error().code, kUnknownBulk);
  EXPECT_EQ(engine_->Bulk().Find(std::string(kDefaultTenant), "bulk-1").error().code, kUnknownBulk);
  EXPECT_THAT(engine_->Bulk().All("other"), IsEmpty());
  EXPECT_EQ(engine_->Bulk().All(std::string(kDefaultTenant)).size(), 1u);
}

TEST_F(Operators, OnlySoMuchWorkIsUnderWay) {
  Start(1);
  BulkRunner bulk = Idle();
  std::string first;
  for (int i = 0; i < kBulksUnderWayMax; ++i) {
    const std::string id = bulk.Start(Work(SuspendInstance{}))->view.id;
    if (first.empty()) first = id;
    EXPECT_TRUE(bulk.Steer(std::string(kDefaultTenant), id, BulkOrder::kPause).ok()) << "held is under way, too";
  }
  EXPECT_EQ(bulk.Start(Work(SuspendInstance{})).error().code, kBulkForbids);
  ASSERT_TRUE(bulk.Steer(std::string(kDefaultTenant), first, BulkOrder::kStop).ok());
  EXPECT_TRUE(bulk.Start(Work(SuspendInstance{})).ok());
}

TEST_F(Operators, WorkThatIsNotDurableDoesNotBegin) {
  Start(1);
  BulkRunner bulk(*engine_, SystemClock(), *storage_, [](Batch) -> Status {
    return Error{kStorageUnavailable, "No."};
  });
  EXPECT_EQ(bulk.Start(Work(SuspendInstance{})).error().code, kStorageUnavailable);
  EXPECT_THAT(bulk.All(std::string(kDefaultTenant)), IsEmpty());
}

// ---- pauses ----

TEST_F(Operators, APausedProcessRefusesStartsWithWhoAndWhyAlsoAfterARestart) {
  const Result<Pause> paused = engine_->SetPause({PauseKind::kProcess, "waits", "stocktaking", "ann", 0});
  ASSERT_TRUE(paused.ok());
  EXPECT_NE(paused->since_us, 0);
  for (int i = 0; i < 2; ++i) {
    const Result<StartReply> refused = TryStart();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, kProcessPaused);
    EXPECT_THAT(refused.error().message, HasSubstr("by ann: stocktaking"));
    Open();
  }
  EXPECT_EQ(engine_->SetPause({PauseKind::kProcess, "waits", "longer", "bob", 0})->since_us, paused->since_us);
  EXPECT_EQ(engine_->FindPause(PauseKind::kProcess, "waits")->reason, "longer");
  ASSERT_TRUE(engine_->EndPause(PauseKind::kProcess, "waits").ok());
  EXPECT_TRUE(TryStart().ok());
  Open();
  EXPECT_THAT(engine_->AllPauses(), IsEmpty());
}

TEST_F(Operators, CallsOfAPausedOperationWaitAndGoOutWhenItEnds) {
  const InstanceId id = Start(1)[0];
  for (const auto& [kind, name] : {std::pair(PauseKind::kOperation, std::string("post.send")),
                                   std::pair(PauseKind::kConnector, std::string("post"))})
    ASSERT_TRUE(engine_->SetPause({kind, name, "", "", 0}).ok());
  ASSERT_TRUE(Send(id, ToCall()).ok());
  EXPECT_EQ(executor_.count(), 0u);
  Open();
  ASSERT_TRUE(engine_->EndPause(PauseKind::kConnector, "post").ok());
  ASSERT_TRUE(Send(id, SetVariables{{{"n", Value::Int(1)}}, "", ""}).ok());
  EXPECT_EQ(executor_.count(), 0u) << "the operation is paused by itself, too";
  ASSERT_TRUE(engine_->EndPause(PauseKind::kOperation, "post.send").ok());
  while (executor_.count() == 0) std::this_thread::yield();
  EXPECT_EQ(executor_.count(), 1u);
}

TEST_F(Operators, WhatNobodyKnowsIsNotPaused) {
  EXPECT_EQ(engine_->SetPause({PauseKind::kProcess, "nobody", "", "", 0}).error().code, kUnknownProcess);
  for (const char* name : {"nobody", "post.send", ""})
    EXPECT_EQ(engine_->SetPause({PauseKind::kConnector, name, "", "", 0}).error().code, kUnknownPause) << name;
  for (const char* name : {"post", "post.", "post.sen", "nobody.send", ".send"})
    EXPECT_EQ(engine_->SetPause({PauseKind::kOperation, name, "", "", 0}).error().code, kUnknownPause) << name;
  EXPECT_EQ(engine_->EndPause(PauseKind::kProcess, "waits").error().code, kUnknownPause);
  EXPECT_THAT(engine_->AllPauses(), IsEmpty());
}

TEST(Pauses, HoldTheCallsOfTheirConnectorOrOperationOnly) {
  Pauses pauses;
  EXPECT_FALSE(pauses.HoldsCallsOf("post.send"));
  pauses.Put({PauseKind::kOperation, "post.send", "", "", 1});
  EXPECT_TRUE(pauses.HoldsCallsOf("post.send"));
  EXPECT_FALSE(pauses.HoldsCallsOf("post.sender"));
  EXPECT_FALSE(pauses.HoldsCallsOf("post.fetch"));
  pauses.Put({PauseKind::kConnector, "post", "", "", 1});
  pauses.Drop(PauseKind::kOperation, "post.send");
  EXPECT_TRUE(pauses.HoldsCallsOf("post.send"));
  EXPECT_TRUE(pauses.HoldsCallsOf("post.fetch"));
  EXPECT_FALSE(pauses.HoldsCallsOf("poster.fetch"));
  pauses.Put({PauseKind::kProcess, "mail", "", "", 1});
  EXPECT_FALSE(pauses.HoldsCallsOf("mail.send")) << "a process of that name";
  EXPECT_FALSE(pauses.RefuseStart("post"));
  EXPECT_TRUE(pauses.RefuseStart("mail"));
}

TEST(Pauses, OneThatCannotBeReadIsToldOf) {
  const std::unique_ptr<Storage> storage = MakeMemoryStorage();
  Batch batch;
  batch.standing_orders.push_back({"pause", "process/x", R"({"pauses":"nothing"})"});
  std::promise<CommitOutcome> committed;
  storage->Commit(0, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
  ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  Pauses pauses;
  EXPECT_EQ(pauses.Load(*storage).error().code, kCorruptMessage);
}

}  // namespace
}  // namespace fermata

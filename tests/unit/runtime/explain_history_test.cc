// How far back an explanation looks into an instance's journal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "engine/codec/codec.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/replay.h"
#include "engine/storage/memory/memory_storage.h"

namespace fermata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FailingExecutor final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion completion, Wanted) override {
    completion(TechnicalFailure{TechnicalError::kUnavailable, "The line is cut.", 0});
  }
  std::size_t InFlight() const override { return 0; }
};

constexpr const char* kRetriesLate =
    "connector: post\nversion: 1.0.0\nkind: builtin\noperations:\n  send: { retry: { attempts: 9, first: 1h } }\n";
constexpr const char* kBoth = R"(fermata: 1
process: both
version: 1.0.0
vars: { n: 0 }
states:
  send: { call: post.send, next: done }
  done: { end: {} }
)";

TEST(ExplainHistory, AnOldFailureIsNotLookedForWithoutABoundAndThatIsSaid) {
  std::unique_ptr<Storage> storage = MakeMemoryStorage();
  FailingExecutor executor;
  std::unique_ptr<Engine> engine = Engine::Open({}, SystemClock(), *storage, executor, {kRetriesLate}).value();
  ASSERT_TRUE(engine->Deploy({"both.yaml", kBoth, {}, {}}).reply);
  std::promise<Result<StartReply>> started;
  StartRequest request;
  request.process = "both";
  engine->Start(request, [&](Result<StartReply> reply) { started.set_value(std::move(reply)); });
  const InstanceId id = started.get_future().get().value().id;
  const auto wake = [&] { return engine->Explain(id, std::nullopt).value().waits.at(0).wakes.at(0); };
  const auto set = [&](std::int64_t n, std::function<void()> done) {
    engine->Send({id, SetVariables{{{"n", Value::Int(n)}}, "", "ann"}}, [done](Result<CommandReply> reply) {
      EXPECT_TRUE(reply.ok());
      done();
    });
  };
  // The failure comes right after the start; what is sent now comes after it.
  std::promise<bool> waits;
  engine->WhenReached(id, "waiting", 10'000, [&](bool reached) { waits.set_value(reached); });
  ASSERT_TRUE(waits.get_future().get());
  EXPECT_EQ(wake().last_error, "unavailable");
  EXPECT_EQ(wake().last_text, "The line is cut.");
  EXPECT_EQ(wake().note, "");

  std::atomic<std::int64_t> left{kExplainRowsMax};
  std::promise<void> all;
  for (std::int64_t n = 1; n <= kExplainRowsMax; ++n)
    set(n, [&] {
      if (--left == 0) all.set_value();
    });
  all.get_future().get();
  EXPECT_EQ(wake().last_error, "");
  EXPECT_THAT(wake().note, HasSubstr("more than 2048 steps back"));
}

constexpr const char* kAsksTwice = R"(fermata: 1
process: asks
version: 1.0.0
states:
  first:  { ask: Well?, next: second }
  second: { ask: And now?, next: done }
  done: { end: {} }
)";

TEST(TaskHistory, OfALongJournalItTellsOfOpenTasksAndOfThoseOpenedSince) {
  std::unique_ptr<Storage> storage = MakeMemoryStorage();
  FailingExecutor executor;
  std::unique_ptr<Engine> engine = Engine::Open({}, SystemClock(), *storage, executor, {kRetriesLate}).value();
  ASSERT_TRUE(engine->Deploy({"asks.yaml", kAsksTwice, {}, {}}).reply);
  std::promise<Result<StartReply>> started;
  StartRequest request;
  request.process = "asks";
  engine->Start(request, [&](Result<StartReply> reply) { started.set_value(std::move(reply)); });
  const InstanceId id = started.get_future().get().value().id;
  const auto tasks = [&] { return engine->TasksOf(id, "", 10).value().items; };
  std::promise<bool> answered;
  engine->Send({id, CompleteTask{tasks().at(0).activation, std::nullopt, Value(), "ann"}},
               [&](Result<CommandReply> reply) { answered.set_value(reply.ok()); });
  ASSERT_TRUE(answered.get_future().get());
  const ActivationId open = tasks().at(1).activation;
  const auto grow = [&](std::int64_t rows) {
    Batch batch;
    const std::int64_t last = storage->ReadJournal(id, 0, 2 * kTaskRowsMax)->back().seq;
    for (std::int64_t seq = last + 1; seq <= last + rows; ++seq)
      batch.journal.push_back({id, seq, seq, EncodeEvents({{seq, TaskCommented{open, "hm", "ann"}}})});
    std::promise<CommitOutcome> committed;
    storage->Commit(99, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
    ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  };
  // Two decisions so far: the start and the answer.
  grow(kTaskRowsMax - 2);
  ASSERT_EQ(tasks().size(), 2u);
  EXPECT_EQ(tasks()[0].closed_by, "ann");
  grow(2);
  ASSERT_EQ(tasks().size(), 1u);
  EXPECT_EQ(tasks()[0].activation, open);
  EXPECT_EQ(tasks()[0].instance, id);
  EXPECT_EQ(tasks()[0].title, "And now?");
  EXPECT_EQ(tasks()[0].comments, kTaskRowsMax);
}

TEST(ExplainHistory, TheJournalIsReadBackwardsUpToItsBound) {
  std::unique_ptr<Storage> storage = MakeMemoryStorage();
  const InstanceId id = InstanceId::Make(0, 1, 2, 3);
  Batch batch;
  for (std::int64_t seq = 1; seq <= 700; ++seq)
    batch.journal.push_back({id, seq, seq, EncodeEvents({{seq, InstanceResumed{}}})});
  std::promise<CommitOutcome> committed;
  storage->Commit(0, std::move(batch), [&](CommitOutcome outcome) { committed.set_value(outcome); });
  ASSERT_EQ(committed.get_future().get(), CommitOutcome::kCommitted);
  const auto walk = [&](std::int64_t last, std::int64_t limit, std::int64_t until) {
    std::vector<std::int64_t> seen;
    EXPECT_TRUE(
        WalkJournalBack(*storage, id, last, limit, [&](std::int64_t seq, const std::vector<JournalEvent>& events) {
          EXPECT_EQ(events.at(0).at_us, seq);
          seen.push_back(seq);
          return seq != until;
        }).ok());
    return seen;
  };
  EXPECT_THAT(walk(700, 3, 0), ElementsAre(700, 699, 698));
  EXPECT_THAT(walk(5, 100, 0), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(walk(700, 100, 699), ElementsAre(700, 699));
  EXPECT_EQ(walk(700, 10'000, 0).size(), 700u);
  EXPECT_TRUE(walk(0, 10, 0).empty());
}

}  // namespace
}  // namespace fermata

// Engines on one storage: who owns what, and what one of them does for the clients of another.
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/codes.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/leases.h"
#include "engine/runtime/news_words.h"
#include "engine/runtime/remote_order.h"
#include "engine/storage/codes.h"
#include "engine/storage/memory/memory_storage.h"
#include "tests/unit/runtime/nodes_support.h"

namespace fermata {
namespace {

using test::ShardsOf;
using test::Until;

constexpr const char* kWaiting = R"(fermata: 1
process: waiting
version: 1.0.0
key: "${input.k}"
unique: ever
events:
  go: { key: "${event.data.k}", keep: 10m }
states:
  waiting:
    on: { go: packing }
  packing: { call: store.pack, next: done }
  done: { end: { k: "${input.k}" } }
)";
constexpr const char* kStore = "connector: store\nversion: 1.0.0\nkind: worker\noperations:\n  pack: {}\n";

constexpr const char* kPost = "connector: post\nversion: 1.0.0\nkind: builtin\noperations:\n  send: {}\n";
constexpr const char* kSending = R"(fermata: 1
process: sending
version: 1.0.0
states:
  sending: { call: post.send, next: done }
  done: { end: {} }
)";

Value Input(const std::string& key) { return Value::Object({{"k", Value::String(key)}}); }

// Keeps the calls and makes none.
class QueuedCalls final : public JobExecutor {
 public:
  void Submit(Job job, std::int64_t, Completion, Wanted wanted) override {
    std::lock_guard lock(mutex_);
    calls_[job.instance_id] = std::move(wanted);
  }
  std::size_t InFlight() const override { return 0; }

  // Of which instances there is one that is still to be made.
  std::set<std::string> Wanted() const {
    std::lock_guard lock(mutex_);
    std::set<std::string> instances;
    for (const auto& [instance, wanted] : calls_)
      if (wanted()) instances.insert(instance);
    return instances;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, JobExecutor::Wanted> calls_;
};

class EngineNodes : public ::testing::Test {
 protected:
  struct Node {
    std::unique_ptr<Storage> storage;
    std::unique_ptr<QueuedCalls> calls;
    std::unique_ptr<Engine> engine;
    Engine* operator->() { return engine.get(); }
  };

  Node Open(const std::string& name) {
    Node node{cluster_.Open(name), std::make_unique<QueuedCalls>(), nullptr};
    Result<std::unique_ptr<Engine>> engine = Engine::Open({}, SystemClock(), *node.storage, *node.calls, {kPost});
    EXPECT_TRUE(engine.ok());
    node.engine = std::move(*engine);
    return node;
  }
  // Two of them, each with its half, that know the process.
  void OpenTwo() {
    a_ = Open("a");
    b_ = Open("b");
    Until([&] {
      return ShardsOf(*a_.engine, "a") == 128 && ShardsOf(*a_.engine, "b") == 128 && ShardsOf(*b_.engine, "b") == 128;
    });
    ASSERT_TRUE(a_->Deploy({"waiting.yaml", kWaiting, {}, {{"store.yaml", kStore}}}).reply);
  }
  // A key whose home is one of the node's shards.
  std::string KeyOf(Node& node) {
    for (const NodeView& view : node->NodesNow())
      for (int i = 0; view.self && i < 10'000; ++i) {
        std::string key = "k" + std::to_string(++last_key_);
        if (view.shards[static_cast<std::size_t>(HomeShard(kDefaultTenant, key, kShardsMax))]) return key;
      }
    ADD_FAILURE() << "it owns nothing";
    return "";
  }
  template <class Reply>
  static Result<Reply> Await(const std::function<void(Answer<Reply>)>& ask) {
    auto promise = std::make_shared<std::promise<Result<Reply>>>();
    ask([promise](Result<Reply> reply) { promise->set_value(std::move(reply)); });
    return promise->get_future().get();
  }
  static Result<StartReply> Start(Node& at, const std::string& key, const std::string& idempotency_key = "") {
    StartRequest request;
    request.process = "waiting";
    request.input = Input(key);
    request.idempotency_key = idempotency_key;
    return Await<StartReply>([&](Answer<StartReply> answer) { at->Start(request, std::move(answer)); });
  }
  static Result<EventReply> Publish(Node& at, const std::string& key) {
    CloudEvent event;
    event.id = key;
    event.source = "test";
    event.type = "go";
    event.data = Input(key);
    return Await<EventReply>(
        [&](Answer<EventReply> answer) { at->Publish(event, std::string(kDefaultTenant), std::move(answer)); });
  }
  static Result<std::vector<WorkerJob>> Fetch(Node& at, std::int64_t wait_ms) {
    JobFetch fetch;
    fetch.operations = {"store.pack"};
    fetch.worker = "somebody";
    fetch.wait_ms = wait_ms;
    return Await<std::vector<WorkerJob>>(
        [&](Answer<std::vector<WorkerJob>> answer) { at->FetchJobs(fetch, std::move(answer)); });
  }
  static bool Reaches(Node& at, const InstanceId& id, const std::string& until) {
    std::promise<bool> reached;
    at->WhenReached(id, until, 20'000, [&](bool there) { reached.set_value(there); });
    return reached.get_future().get();
  }

  MemoryCluster cluster_;
  Node a_, b_;
  int last_key_ = 0;
};

TEST_F(EngineNodes, AnyOfThemStartsAnInstanceWhereItsKeyIsAtHome) {
  OpenTwo();
  const std::string key = KeyOf(b_);
  const Result<StartReply> started = Start(a_, key, "once");
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_EQ(started->id.shard(), HomeShard(kDefaultTenant, key, kShardsMax));
  EXPECT_EQ(started->status, "waiting");
  EXPECT_EQ(b_->Get(started->id)->summary.key, key);
  const Result<StartReply> again = Start(b_, key, "once");
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->id, started->id);
}

TEST_F(EngineNodes, ARefusalOfTheOwnerComesBackAsItIs) {
  OpenTwo();
  const std::string key = KeyOf(b_);
  ASSERT_TRUE(Start(b_, key).ok());
  const Result<StartReply> twice = Start(a_, key);
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, kKeyInUse);
  EXPECT_NE(twice.error().message.find(key), std::string::npos);
  const Result<CommandReply> unknown = Await<CommandReply>([&](Answer<CommandReply> answer) {
    CommandRequest request;
    request.instance = InstanceId::Make(static_cast<std::uint8_t>(HomeShard(kDefaultTenant, key, kShardsMax)), 1, 1, 1);
    request.command = CancelInstance{"gone"};
    a_->Send(request, std::move(answer));
  });
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, kUnknownInstance);
}

TEST_F(EngineNodes, AnEventAtTheWrongDoorReachesItsInstanceAndWhoWaitsThere) {
  OpenTwo();
  const std::string key = KeyOf(b_);
  const Result<StartReply> started = Start(b_, key);
  ASSERT_TRUE(started.ok());
  const Result<EventReply> taken = Publish(a_, key);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_EQ(taken->delivered, 1);
  EXPECT_TRUE(Reaches(a_, started->id, "packing"));
  EXPECT_TRUE(Publish(a_, key)->duplicate);
}

TEST_F(EngineNodes, AWorkerGetsAndReportsJobsOfInstancesThatAnotherNodeOwns) {
  OpenTwo();
  const std::string key = KeyOf(b_);
  ASSERT_TRUE(Start(b_, key).ok());
  auto fetched = std::async(std::launch::async, [&] { return Fetch(a_, 20'000); });
  ASSERT_TRUE(Publish(b_, key).ok());  // only now there is a job
  const Result<std::vector<WorkerJob>> jobs = fetched.get();
  ASSERT_TRUE(jobs.ok());
  ASSERT_EQ(jobs->size(), 1u);
  JobReport report;
  report.key = jobs->front().key;
  report.lease_token = jobs->front().lease_token;
  report.outcome = JobSuccess{Value::Null()};
  const Result<JobReply> reported =
      Await<JobReply>([&](Answer<JobReply> answer) { a_->Report(report, std::move(answer)); });
  ASSERT_TRUE(reported.ok()) << reported.error().message;
  EXPECT_EQ(reported->status, "completed");
  EXPECT_TRUE(Reaches(a_, report.key.instance, ""));
}

TEST_F(EngineNodes, WhatOneDeploysLivesAtTheOtherWhenTheAnswerComes) {
  OpenTwo();
  std::string second = kWaiting;
  second.replace(second.find("1.0.0"), 5, "1.1.0");
  ASSERT_TRUE(a_->Deploy({"waiting.yaml", second, {}, {{"store.yaml", kStore}}}).reply);
  EXPECT_EQ(b_->GetDefinition("waiting", "")->version, "1.1.0");
  ASSERT_TRUE(b_->SetLive("waiting", "1.0.0").ok());
  EXPECT_EQ(a_->GetDefinition("waiting", "")->version, "1.0.0");
}

TEST_F(EngineNodes, APauseHoldsAtEveryNode) {
  OpenTwo();
  Pause pause;
  pause.name = "waiting";
  ASSERT_TRUE(a_->SetPause(pause).ok());
  const Result<StartReply> refused = Start(b_, KeyOf(b_));
  ASSERT_FALSE(refused.ok());
  ASSERT_TRUE(b_->EndPause(PauseKind::kProcess, "waiting").ok());
  EXPECT_TRUE(Start(a_, KeyOf(a_)).ok());
}

TEST_F(EngineNodes, AnEngineThatStopsLeavesItsShardsToTheOther) {
  OpenTwo();
  const std::string key = KeyOf(b_);
  const Result<StartReply> started = Start(b_, key);
  ASSERT_TRUE(started.ok());
  b_.engine->Stop();
  ASSERT_TRUE(Publish(a_, key).ok());
  EXPECT_TRUE(Reaches(a_, started->id, "packing"));
  EXPECT_EQ(Fetch(a_, 20'000)->size(), 1u);
  b_.engine.reset();
  b_.storage.reset();
  Until([&] { return ShardsOf(*a_.engine, "a") == kShardsMax; });
}

// More than are recovered in one helping.
TEST_F(EngineNodes, TellWhatTheyTookAndGaveAndWhoIsThere) {
  OpenTwo();
  EXPECT_EQ(a_->Stats().nodes, 2u);
  EXPECT_EQ(a_->Stats().shards_taken, 256u);
  EXPECT_EQ(a_->Stats().shards_given, 128u);
  EXPECT_EQ(a_->Stats().shards_owned, 128u);
  EXPECT_EQ(b_->Stats().shards_taken, 128u);
  EXPECT_LT(b_->Stats().beat_age_seconds, 60);
  EXPECT_TRUE(a_->Ready().ok());
  for (const NodeView& node : a_->NodesNow()) EXPECT_EQ(node.status, "working");
}

TEST_F(EngineNodes, OneWhoseNameAnotherHasTakenSaysSo) {
  a_ = Open("a");
  Node other = Open("a");
  Until([&] { return !a_->Ready().ok(); });
  EXPECT_EQ(a_->Ready().error().code, kStorageFenced);
  const std::vector<NodeView> nodes = a_->NodesNow();
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_TRUE(nodes[0].self);
  EXPECT_EQ(nodes[0].status, "replaced");
  EXPECT_FALSE(nodes[1].self);
  EXPECT_TRUE(other->Ready().ok());
}

TEST_F(EngineNodes, CallsOfShardsThatMoveAreMadeByTheirNewOwnerOnly) {
  a_ = Open("a");
  ASSERT_TRUE(a_->Deploy({"sending.yaml", kSending, {}, {}}).reply);
  std::set<std::string> started;
  for (int i = 0; i < 400; ++i) {
    StartRequest request;
    request.process = "sending";
    started.insert(Await<StartReply>([&](Answer<StartReply> answer) { a_->Start(request, answer); })->id.ToString());
  }
  Until([&] { return a_.calls->Wanted() == started; });
  b_ = Open("b");
  Until([&] { return ShardsOf(*a_.engine, "a") == 128 && ShardsOf(*a_.engine, "b") == 128; });
  Until([&] { return a_.calls->Wanted().size() + b_.calls->Wanted().size() == started.size(); });
  std::set<std::string> wanted = a_.calls->Wanted();
  EXPECT_GT(wanted.size(), 130u);
  EXPECT_LT(wanted.size(), 270u);
  wanted.merge(b_.calls->Wanted());
  EXPECT_EQ(wanted, started);
}

TEST_F(EngineNodes, WhatHappensAtOneIsNewsForWhoListensAtTheOther) {
  OpenTwo();
  std::promise<News> told;
  const auto heard = std::make_shared<std::atomic<bool>>(false);
  const std::int64_t listener = a_->TheNews().Listen({[&, heard](std::int64_t, const News& news) {
                                                        if (!heard->exchange(true)) told.set_value(news);
                                                      },
                                                      [](std::int64_t) {}},
                                                     std::nullopt);
  // The other learns a moment later that somebody listens here.
  Until([&] { return b_->TheNews().Wanted(); });
  const std::string key = KeyOf(b_);
  ASSERT_TRUE(Start(b_, key).ok());
  const News news = told.get_future().get();
  EXPECT_EQ(news.process, "waiting");
  EXPECT_EQ(std::get<InstanceNews>(news.what).summary.key, key);
  a_->TheNews().Unlisten(listener);
}

TEST(Leases, SharesAreFairAndLeaveNothingOver) {
  for (int nodes = 1; nodes <= 300; ++nodes) {
    int sum = 0;
    for (int place = 0; place < nodes; ++place) {
      const int share = FairShare(nodes, place);
      EXPECT_LE(share - FairShare(nodes, nodes - 1), 1);
      sum += share;
    }
    EXPECT_EQ(sum, kShardsMax) << nodes;
  }
}

TEST(RemoteOrders, WordsOfNewsSortByTheirNumberAndComeBack) {
  TaskNews task{7, "asking", "clerk", "ann", "bob", 5, 2, true, "claimed"};
  const News news{"default", "trial", InstanceId::Make(3, 1, 2, 4), task};
  const std::string word = WordOf(news, 9, false);
  EXPECT_LT(word, WordOf(news, 16, false));
  EXPECT_EQ(word.find(' '), std::string::npos);
  const std::optional<News> back = NewsIn(word);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->instance, news.instance);
  EXPECT_EQ(std::get<TaskNews>(back->what).claimed, "bob");
  EXPECT_EQ(std::get<TaskNews>(back->what).change, "claimed");
  IncidentView incident;
  incident.message = "a secret of the process";
  const std::string sealed = WordOf({"default", "trial", news.instance, incident}, 1, true);
  EXPECT_EQ(std::get<IncidentView>(NewsIn(sealed)->what).message, "");
  EXPECT_FALSE(NewsIn("no words of ours"));
}

TEST(RemoteOrders, AReportKeepsItsOutcome) {
  JobReport report;
  report.key = {InstanceId::Make(3, 1, 2, 4), {17, true}};
  report.lease_token = "token";
  report.outcome = TechnicalFailure{TechnicalError::kTimeout, "late", 5, Value::Null()};
  const Result<JobReport> back = JobReportIn(ValueOf(report));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->key, report.key);
  EXPECT_EQ(back->outcome, report.outcome);
  report.outcome.reset();
  report.lease_ms = 5;
  EXPECT_FALSE(JobReportIn(ValueOf(report))->outcome);
  EXPECT_FALSE(JobReportIn(Value::Null()).ok());
}

TEST(RemoteOrders, ARefusalInAMailboxIsTheSameRefusal) {
  const Error refused{kKeyInUse, "Expected another key.", "/key", "Take another."};
  const Result<Message> message = DecodeMessage(EncodeMessage(RemoteAnswer{Result<Value>(refused)}));
  ASSERT_TRUE(message.ok());
  const Result<Value>& reply = std::get<RemoteAnswer>(*message).reply;
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, refused.code);
  EXPECT_EQ(reply.error().message, refused.message);
  EXPECT_EQ(reply.error().path, refused.path);
  EXPECT_EQ(reply.error().hint, refused.hint);
}

}  // namespace
}  // namespace fermata

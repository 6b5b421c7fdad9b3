// What one node changes and another has not read yet, or cannot read; and who is given up for silent.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/bundle.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/commit_now.h"
#include "engine/runtime/engine.h"
#include "engine/runtime/message.h"
#include "engine/runtime/remote_order.h"
#include "engine/storage/memory/memory_storage.h"
#include "engine/storage/nodes.h"
#include "tests/unit/runtime/nodes_support.h"

namespace fermata {
namespace {

using test::ShardsOf;
using test::Until;

// Of a release that knows more words than this one.
constexpr const char* kOfTomorrow = R"(fermata: 1
process: newer
version: 1.0.0
word_of_tomorrow: true
states:
  done: { end: {} }
)";
constexpr const char* kStartedByGo = R"(fermata: 1
process: started
version: 1.0.0
key: "${input.k}"
events:
  go: { key: "${event.data.k}" }
start_on: go
states:
  done: { end: {} }
)";
constexpr const char* kPlain = "fermata: 1\nprocess: plain\nversion: 1.0.0\nstates:\n  done: { end: {} }\n";

class MakesNoCalls final : public JobExecutor {
 public:
  void Submit(Job, std::int64_t, Completion, Wanted) override {}
  std::size_t InFlight() const override { return 0; }
};

class NodeChanges : public ::testing::Test {
 protected:
  struct Node {
    std::unique_ptr<Storage> storage;
    std::unique_ptr<Engine> engine;
    Engine* operator->() { return engine.get(); }
  };

  Node Open(const std::string& name, EngineOptions options = {}) {
    Node node{cluster_.Open(name), nullptr};
    Result<std::unique_ptr<Engine>> engine = Engine::Open(std::move(options), SystemClock(), *node.storage, calls_, {});
    EXPECT_TRUE(engine.ok());
    node.engine = std::move(*engine);
    return node;
  }
  // As a node deploys it whose change no other has read yet.
  static Batch Deployment(const std::string& process, const char* yaml) {
    Batch batch;
    batch.definitions.push_back({process, "1.0.0", process, 1, EncodeBundle({process + ".yaml", yaml, {}, {}})});
    batch.live_versions.emplace_back(process, process);
    return batch;
  }
  // What the owner of the key answers to an event that starts the process, which comes to it with `batch`.
  static Result<EventReply> SendStarting(Storage& from, const std::string& process, const std::string& key,
                                         Batch batch) {
    EventMessage message;
    message.tenant = kDefaultTenant;
    message.value = key;
    message.event.id = key;
    message.event.source = "test";
    message.event.type = "go";
    message.event.data = Value::Object({{"k", Value::String(key)}});
    message.starts.push_back({process, "1.0.0"});
    const int shard = HomeShard(kDefaultTenant, key, kShardsMax), mailbox = from.nodes()->self().mailbox;
    const RemoteOrder order{mailbox, std::string(kRemoteEvent), ValueOf(message)};
    const InstanceId sender = InstanceId::MakeDerived(0, 0, key);
    batch.inbox.push_back({shard, sender, 1, 0, EncodeMessage(order)});
    EXPECT_TRUE(CommitNow(from, 1, std::move(batch)).ok());
    from.nodes()->Tell(Hint::Kind::kInbox, std::to_string(shard));
    std::vector<InboxRow> mail;
    Until([&] {
      mail = from.nodes()->ReadMailbox(std::nullopt, 10).value();
      std::erase_if(mail, [&](const InboxRow& row) { return row.sender != sender; });
      return !mail.empty();
    });
    const Result<Value> reply = std::get<RemoteAnswer>(DecodeMessage(mail.front().bytes).value()).reply;
    return reply.ok() ? Result<EventReply>(EventReplyIn(*reply)) : reply.error();
  }

  MemoryCluster cluster_;
  MakesNoCalls calls_;
  Node a_, b_;
};

TEST_F(NodeChanges, AnEventStartsWhatItsSenderHasJustDeployed) {
  a_ = Open("a");
  const auto c = cluster_.Open("c");
  const Result<EventReply> reply = SendStarting(*c, "started", "k", Deployment("started", kStartedByGo));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->started.size(), 1u);
}

TEST_F(NodeChanges, AnEventIsNotTakenWhereNobodyUnderstandsWhatItStarts) {
  a_ = Open("a");
  const auto c = cluster_.Open("c");
  const std::string key = "k";
  const Result<EventReply> reply = SendStarting(*c, "newer", key, Deployment("newer", kOfTomorrow));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().code, kStorageUnavailable);
  EXPECT_FALSE(c->FindEventIdentity(kDefaultTenant, "test", key, key)->has_value()) << "it may come again";
  EXPECT_TRUE(SendStarting(*c, "started", "other", Deployment("started", kStartedByGo)).ok())
      << "everything else goes on";
}

TEST_F(NodeChanges, WhatOneDoesNotUnderstandKeepsItFromNothingElse) {
  std::atomic<int> keys_read{0};
  EngineOptions options;
  options.keys_changed = [&] {
    ++keys_read;
    return Status(Done{});
  };
  a_ = Open("a", options);
  b_ = Open("b");
  ASSERT_TRUE(CommitNow(*b_.storage, 1, Deployment("newer", kOfTomorrow)).ok());
  ASSERT_TRUE(b_->Deploy({"plain.yaml", kPlain, {}, {}}).reply);
  EXPECT_NE(a_->GetDefinition("plain", ""), nullptr);
  Batch batch;
  batch.api_keys_deleted.push_back("revoked");
  ASSERT_TRUE(CommitNow(*b_.storage, 1, std::move(batch)).ok());
  Until([&] { return keys_read > 0; });
  EXPECT_EQ(a_->UnknownDefinition("newer", "").code, kStorageUnavailable);
}

TEST_F(NodeChanges, ANodeThatReadsForLongGoesOnBeating) {
  std::promise<void> may_end;
  EngineOptions options;
  options.keys_changed = [ended = may_end.get_future().share()] {
    ended.wait();
    return Status(Done{});
  };
  a_ = Open("a", options);
  const auto c = cluster_.Open("c");
  Batch batch;
  batch.api_keys_deleted.push_back("revoked");
  ASSERT_TRUE(CommitNow(*c, 1, std::move(batch)).ok());
  const auto beats = [&] { return c->nodes()->Beat(true, {})->nodes.front().beats; };
  const std::int64_t before = beats();
  Until([&] { return beats() >= before + 3; });
  EXPECT_EQ(c->nodes()->Beat(true, {})->nodes.front().seen.keys, 0);
  may_end.set_value();
  Until([&] { return c->nodes()->Beat(true, {})->nodes.front().seen.keys == 1; });
}

TEST_F(NodeChanges, AProcessThatNeverBeatsDoesNotKeepTheShardsOfItsName) {
  std::vector<std::unique_ptr<Storage>> processes;
  processes.push_back(cluster_.Open("c"));
  ASSERT_TRUE(processes.back()->nodes()->Beat(false, {}).ok());
  ASSERT_TRUE(processes.back()->nodes()->Take(ShardSet(7)).ok());
  const auto slow = cluster_.Open("slow");  // begins, and has nothing that others need
  a_ = Open("a");
  for (int i = 0; i < 200 && ShardsOf(*a_.engine, "a") < kShardsMax; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    processes.push_back(cluster_.Open("c"));
  }
  EXPECT_EQ(ShardsOf(*a_.engine, "a"), kShardsMax);
  EXPECT_EQ(slow->nodes()->Beat(false, {})->standing, ClusterView::Standing::kMember);
}

TEST_F(NodeChanges, WhoseClockIsAheadDeletesNothingThatOthersStillNeed) {
  const std::int64_t now_us = SystemClock().NowUs();
  const auto c = cluster_.Open("c");
  Batch batch;
  const std::string key = "k";
  batch.kept_events.push_back({7, std::string(kDefaultTenant), "waiting", key, 1, "go", now_us - 60'000'000, "{}"});
  batch.kept_events.push_back({7, std::string(kDefaultTenant), "waiting", key, 2, "go", now_us - 600'000'000, "{}"});
  ASSERT_TRUE(CommitNow(*c, 1, std::move(batch)).ok());
  EngineOptions options;
  options.housekeeping_every_ms = 10;
  a_ = Open("a", options);
  std::vector<KeptEventRow> kept;
  Until([&] {
    kept = c->FindKeptEvents(kDefaultTenant, "waiting", key).value();
    return kept.size() < 2;
  });
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept.front().order, 1);
}

}  // namespace
}  // namespace fermata

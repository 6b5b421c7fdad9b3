// The engine as one of several nodes: the shards that it owns for the moment, orders for those of others, and what others tell.
#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/base/log.h"
#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/engine_impl.h"
#include "engine/runtime/news_words.h"
#include "engine/runtime/pass_on.h"

namespace fermata {
namespace {

// Calls `done` when it was called as often as this.
std::function<void()> Countdown(std::size_t count, std::function<void()> done) {
  return [left = std::make_shared<std::atomic<std::size_t>>(count), done = std::move(done)] {
    if (--*left == 0) done();
  };
}

}  // namespace

// ---- coming and going ----

void EngineImpl::JoinNodes() {
  exchange_ = std::make_unique<Exchange>(
      *nodes_, storage_,
      Exchange::Host{[this] { return Mine(); }, [this](int shard) { return !OwnerOf(shard).HasManyMessages(); },
                     [this](InboxRow row) { Deliver(std::move(row)); }, [this] { return mailbox_.load(); },
                     [this] { return HasOthers(); }, [this] { LookNowAndThen(); }});
  ShardHolder& holder = *this;
  leases_ = std::make_unique<Leases>(*nodes_, holder);
  nodes_->Listen([this](const Hint& hint) { TakeHint(hint); });
  newsroom_.ToOthers(
      [this](const News& news) {
        if (HasOthers()) nodes_->Tell(Hint::Kind::kNews, WordOf(news, ++news_told_, options_.encrypts));
      },
      [this] {
        if (HasOthers()) nodes_->Tell(Hint::Kind::kListening, "");
      });
  Joined(nodes_->self());
  exchange_->Run();
  leases_->Run();
}

void EngineImpl::LeaveNodes() {
  newsroom_.ToOthers(nullptr, nullptr);
  nodes_->Listen(nullptr);
  leases_->Stop();
  exchange_->Stop();
}

ShardSet EngineImpl::Mine() const {
  ShardSet mine;
  for (std::size_t shard = 0; shard < mine_.size(); ++shard) mine[shard] = mine_[shard].load();
  return mine;
}

// A thread recovers them before it takes orders. Told first, or a message that is committed when recovery has read the inbox would be told to nobody;
// who comes before the thread has heard of it goes the way of other nodes' orders.
void EngineImpl::GainShards(const ShardSet& shards) {
  for (std::size_t shard = 0; shard < shards.size(); ++shard)
    if (shards[shard]) mine_[shard] = true;
  for (auto& shard : shards_) shard->Gain(shards);
  webhooks_.DeliveriesAreDurable({});  // those of instances of these
}

void EngineImpl::GiveShards(const ShardSet& shards, std::function<void()> done) {
  for (std::size_t shard = 0; shard < shards.size(); ++shard)
    if (shards[shard]) mine_[shard] = false;
  const std::function<void()> one_has = Countdown(shards_.size(), std::move(done));
  for (auto& shard : shards_) shard->Give(shards, one_has);
}

void EngineImpl::GiveUpShards(std::function<void()> done) {
  for (auto& mine : mine_) mine = false;
  exchange_->EndAll();
  const std::function<void()> one_has = Countdown(shards_.size(), std::move(done));
  for (auto& shard : shards_) shard->GiveUp(one_has);
}

void EngineImpl::Joined(const NodeRow& self) { mailbox_ = self.mailbox; }

void EngineImpl::Fenced() {
  if (leases_) leases_->Wake();
}

std::vector<NodeView> EngineImpl::NodesNow() {
  std::vector<NodeView> nodes;
  if (!leases_) {
    NodeView alone;
    alone.name = "this server";
    alone.self = true;
    alone.status = "working";
    for (int shard = 0; shard < shard_count_; ++shard) alone.shards.set(static_cast<std::size_t>(shard));
    nodes.push_back(std::move(alone));
    return nodes;
  }
  const ClusterView view = leases_->View();
  const bool is_member = view.standing == ClusterView::Standing::kMember;
  if (!is_member) {
    NodeView self;
    self.name = nodes_->self().name;
    self.self = true;
    self.status = view.standing == ClusterView::Standing::kReplaced ? "replaced" : "expelled";
    self.silent_ms = leases_->SilentMs(self.name);
    nodes.push_back(std::move(self));
  }
  for (const NodeRow& row : view.nodes) {
    NodeView node;
    node.name = row.name;
    node.self = is_member && row.mailbox == mailbox_;
    node.epoch = row.epoch;
    node.started_us = row.started_us;
    node.silent_ms = leases_->SilentMs(row.name);
    node.status = row.leaving ? "leaving" : node.silent_ms > kNodeSilentMs ? "silent" : "working";
    for (std::size_t shard = 0; shard < view.shards.size(); ++shard)
      node.shards[shard] = view.shards[shard].node == row.name;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

// ---- what all nodes keep in memory ----

void EngineImpl::AwaitOthers() {
  if (leases_) leases_->AwaitOthers();
}

// Keys first, and each for itself: what cannot be read of one keeps nobody from the others.
Generations EngineImpl::ReadChanges(const Generations& seen, const Generations& newest) {
  Generations read = seen;
  const auto note = [&](std::int64_t Generations::*number, const std::function<Status()>& read_these) {
    if (seen.*number == newest.*number) return;
    if (Status done = read_these(); done.ok())
      read.*number = newest.*number;
    else
      LogWarning("What another server has changed could not be read; it is tried again.",
                 {{"reason", done.error().message}});
  };
  note(&Generations::keys, [this] { return options_.keys_changed ? options_.keys_changed() : Status(Done{}); });
  note(&Generations::orders, [this] { return ReadOrders(); });
  note(&Generations::definitions, [this] { return ReadDefinitions(); });
  return read;
}

Status EngineImpl::ReadOrders() {
  Result<bool> lets_go = pauses_.Load(storage_);
  if (!lets_go.ok()) return lets_go.error();
  if (*lets_go) LetPausedGo();
  if (Status read = bulk_.Load(); !read.ok()) return read;
  if (Status read = webhooks_.Load(storage_); !read.ok()) return read;
  webhooks_.DeliveriesAreDurable({});  // maybe for one that is new
  return Done{};
}

Status EngineImpl::ReadDefinitions() {
  std::lock_guard lock(deploy_mutex_);
  if (Status loaded = definitions_.Load(storage_, OnUnreadable::kSkip); !loaded.ok()) return loaded;
  for (const std::string& process : NewlyLive()) {
    const int home = HomeShard(kDefaultTenant, process, shard_count_);
    if (IsMine(home)) OwnerOf(home).PostInternal(ScheduleChanged{process, nullptr});
  }
  return Done{};
}

std::vector<std::string> EngineImpl::NewlyLive() {
  std::vector<std::string> processes;
  for (const DeployedDefinition& deployed : definitions_.All()) {
    const Definition& definition = *deployed.definition;
    if (!definitions_.IsLive(definition) ||
        std::exchange(lived_[definition.process], definition.hash) == definition.hash)
      continue;
    processes.push_back(definition.process);
  }
  return processes;
}

// ---- rows and orders ----

void EngineImpl::Deliver(InboxRow row) {
  const bool is_mine = row.shard < kMailboxFirst && IsMine(row.shard);
  if (is_mine) return OwnerOf(row.shard).PostMessage(std::move(row));
  if (nodes_ && row.shard == mailbox_) return exchange_->Look(row.shard);
  if (nodes_) nodes_->Tell(Hint::Kind::kInbox, std::to_string(row.shard));
}

void EngineImpl::Forward(ShardItem item) {
  if (!nodes_) return;
  if (auto* start = std::get_if<StartOrder>(&item)) return SendAway(std::move(*start));
  if (auto* event = std::get_if<EventOrder>(&item)) return SendAway(std::move(*event));
  if (auto* order = std::get_if<InstanceOrder>(&item)) return SendAway(std::move(*order));
  if (auto* report = std::get_if<ReportOrder>(&item)) return SendAway(std::move(*report));
  if (auto* changed = std::get_if<ScheduleChanged>(&item); changed && changed->answer) changed->answer(Done{});
  if (auto* message = std::get_if<MessageArrived>(&item)) {
    exchange_->Look(message->row.shard);  // if it is about to come here
    nodes_->Tell(Hint::Kind::kInbox, std::to_string(message->row.shard));
  }
  // The owner finds timers, calls and schedules by itself.
}

void EngineImpl::SendAway(StartOrder order) { PassOn(*exchange_, std::move(order)); }

void EngineImpl::SendAway(EventOrder order) { PassOn(*exchange_, std::move(order), shard_count_); }

void EngineImpl::SendAway(InstanceOrder order) { PassOn(*exchange_, std::move(order)); }

// What the worker's key may not reach is unknown to it: its owner does not know the key, so that is asked here.
void EngineImpl::SendAway(ReportOrder order) {
  if (!order.report.may_take) return PassOn(*exchange_, std::move(order));
  const Answer<JobReply> answer = order.answer;
  const bool asked = reports_.Post([this, order = std::move(order)]() mutable {
    const JobKey& key = order.report.key;
    Result<InstanceOwner> owner = FindOwner(key.instance);
    if (!owner.ok() && owner.error().code != kUnknownInstance) return order.answer(owner.error());
    if (!owner.ok() || !order.report.may_take(owner->process))
      return order.answer(Error{kUnknownJob, "Expected the id of a job, but none is called '" + key.ToString() + "'."});
    PassOn(*exchange_, std::move(order));
  });
  if (!asked) answer(InboxFull());
}

// ---- workers ----

void EngineImpl::AskElsewhere(const JobFetch& fetch, Answer<LeaseGrant> answer) {
  if (!HasOthers()) return answer(LeaseGrant());
  JobTopics topics{fetch.tenant, fetch.operations};
  {
    std::lock_guard lock(asks_mutex_);
    auto& asks = asks_[topics];
    asks.emplace_back(fetch, std::move(answer));
    if (asks.size() > 1) return;
  }
  if (looks_.Post([this, topics] { FindElsewhere(topics); })) return;
  for (auto& [unused, told] : TakeAsks(topics)) told(LeaseGrant());
}

std::vector<EngineImpl::JobAsk> EngineImpl::TakeAsks(const JobTopics& topics) {
  std::lock_guard lock(asks_mutex_);
  auto taken = asks_.extract(topics);
  return taken ? std::move(taken.mapped()) : std::vector<JobAsk>();
}

// Storage knows which there are; their owner leases them.
void EngineImpl::FindElsewhere(const JobTopics& topics) {
  std::vector<JobAsk> asks = TakeAsks(topics);
  std::vector<JobRow> found = JobsElsewhere(storage_, pauses_, topics.first, topics.second, ~Mine(), clock_.NowUs());
  for (auto& [fetch, answer] : asks) {
    std::vector<JobKey> keys = TakeSome(found, fetch, spread_.fetch_add(1, std::memory_order_relaxed));
    if (keys.empty())
      answer(LeaseGrant());
    else
      PassOn(*exchange_, LeaseTheseOrder{std::move(keys), fetch, std::move(answer)});
  }
}

// ---- hints ----

void EngineImpl::TellProgress(const InstanceId& instance) {
  if (HasOthers()) nodes_->Tell(Hint::Kind::kProgress, instance.ToString());
}

void EngineImpl::TakeHint(const Hint& hint) {
  switch (hint.kind) {
    case Hint::Kind::kShards:
    case Hint::Kind::kChanged:
      return leases_->Wake();
    case Hint::Kind::kInbox:
      for (const std::string& word : hint.words) exchange_->Look(std::atoi(word.c_str()));
      return;
    case Hint::Kind::kProgress:
      if (!waiters_.Any()) return;
      for (const std::string& word : hint.words)
        if (const std::optional<InstanceId> id = InstanceId::Parse(word)) LookAgain(*id);
      return;
    case Hint::Kind::kJobs:
      for (const std::string& word : hint.words) {
        const std::size_t slash = word.find('/');
        if (slash == std::string::npos) continue;
        desk_->JobsAvailable(word.substr(0, slash), word.substr(slash + 1), static_cast<int>(shards_.size()), 1);
      }
      return;
    case Hint::Kind::kListening:
      return newsroom_.WantForOthers(std::chrono::milliseconds(kNodeSilentMs));
    case Hint::Kind::kNews: {
      std::vector<News> news;
      for (const std::string& word : hint.words)
        if (std::optional<News> one = NewsIn(word)) news.push_back(*std::move(one));
      if (newsroom_.HasListeners()) newsroom_.TellHere(std::move(news));
      return;
    }
  }
}

// The net below the hints.
void EngineImpl::LookNowAndThen() {
  if (!HasOthers()) return;
  if (newsroom_.HasListeners()) nodes_->Tell(Hint::Kind::kListening, "");
  desk_->MaybeAt(static_cast<int>(shards_.size()));
  if (polling_.exchange(true)) return;  // the former one goes on
  if (!polls_.Post([this] { LookAtAll(); })) polling_ = false;
}

// Rests as long as it has worked: however many wait, the database has as much time for everything else.
void EngineImpl::LookAtAll() {
  const auto begun = std::chrono::steady_clock::now();
  for (const InstanceId& id : waiters_.Instances()) {
    if (stopped_) break;
    if (!IsMine(id.shard())) LookAt(id, waiters_.WishesFor(id));
  }
  Rest(std::chrono::steady_clock::now() - begun);
  polling_ = false;
}

// Whether an instance of another node is where somebody here waits for it to be.
void EngineImpl::LookAgain(const InstanceId& instance) {
  const std::vector<Waiters::Wish> wishes = waiters_.WishesFor(instance);
  if (!wishes.empty()) (void)looks_.Post([this, instance, wishes] { LookAt(instance, wishes); });
}

void EngineImpl::LookAt(const InstanceId& instance, const std::vector<Waiters::Wish>& wishes) {
  for (const Waiters::Wish& wish : wishes) {
    Result<bool> reached = HasReached(instance, wish.until);
    if (reached.ok() && *reached) waiters_.Finish(wish.waiter, true);
  }
}

}  // namespace fermata

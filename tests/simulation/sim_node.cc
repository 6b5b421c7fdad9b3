#include "tests/simulation/sim_node.h"

#include <utility>

#include "engine/runtime/pass_on.h"

namespace fermata {
namespace {

constexpr int kSimPauseLane = 1'003;  // beside the shards' own

}  // namespace

SimNode::SimNode(std::uint64_t seed, const std::string& name, int shard_threads, SimNodeClock& clock,
                 SimSurroundings& surroundings)
    : random_(seed),
      clock_(clock),
      surroundings_(surroundings),
      storage_(random_(), surroundings.cluster, name),
      executor_(random_(), surroundings.outside),
      auditor_(storage_, surroundings.definitions) {
  for (int i = 0; i < shard_threads; ++i) {
    ShardServices services{
        clock_, storage_, executor_, surroundings_.definitions, waiters_, *this, surroundings_.counters, pauses_};
    shards_.push_back(std::make_unique<Shard>(
        ShardOptions{i, shard_threads, kInboxCommandsMax, random_() | 1, ShardSet()}, services));
  }
  const auto now = [&time = surroundings_.time] { return Moment(std::chrono::microseconds(time.steady_us)); };
  Exchange::Host host{[this] { return mine_; }, [this](int shard) { return !OwnerOf(shard).HasManyMessages(); },
                      [this](InboxRow row) { Deliver(std::move(row)); }, [this] { return mailbox_; },
                      [this] { return leases_->HasOthers(); }};
  host.now = now;
  host.run = std::to_string(random_());
  exchange_.emplace(*storage_.nodes(), storage_, std::move(host));
  ShardHolder& holder = *this;
  leases_.emplace(*storage_.nodes(), holder, LeasesWorld{now, [this](std::function<void()> task) {
                                                           aside_.push_back(std::move(task));
                                                           return true;
                                                         }});
  Recover();
}

void SimNode::Recover() {
  while (!pauses_.Load(storage_).ok()) {
  }
  for (auto& shard : shards_)
    while (!shard->Recover().ok()) {
    }
  storage_.nodes()->Listen([this](const Hint& hint) { TakeHint(hint); });
  Joined(storage_.nodes()->self());
  Look();
  storage_.nodes()->Tell(Hint::Kind::kShards, "");
}

SimNode::~SimNode() {
  storage_.LosePower();
  executor_.Die();
}

void SimNode::SetFaults(const Faults& per_mille) {
  storage_.SetFaults(per_mille.storage);
  storage_.sim_nodes()->SetHintsLost(per_mille.hints);
  executor_.SetFaults(per_mille.calls);
}

// ---- what its threads do ----

void SimNode::Act() {
  if (looks_soon_ && random_() % 4 == 0) return Look();
  switch (random_() % 8) {
    case 0:
    case 1:
      RunACall();
      return;
    case 2:
    case 3:
      storage_.FinishOne();
      return;
    case 4:
      if (random_() % 8 == 0) RunAside();
      storage_.sim_nodes()->DeliverHint();
      return;
    case 5:
      return exchange_->Turn();
    default:
      StepAll();
  }
}

bool SimNode::ActAll() {
  bool moved = looks_soon_;
  if (looks_soon_) Look();
  while (storage_.FinishOne()) moved = true;
  while (RunACall()) moved = true;
  while (RunAside()) moved = true;
  while (storage_.sim_nodes()->DeliverHint()) moved = true;
  exchange_->Turn();
  return StepAll() || moved || storage_.in_flight() > 0 || executor_.InFlight() > 0;
}

void SimNode::FallAsleep() {
  while (random_() % 4 != 0 && storage_.FinishOne()) {
  }
}

void SimNode::TimePasses() {
  if (surroundings_.time.steady_us >= next_look_us_) Look();
  exchange_->Turn();
}

void SimNode::Look() {
  looks_soon_ = false;
  next_look_us_ = surroundings_.time.steady_us + kNodeBeatMs * 1'000;
  leases_->Look();
}

bool SimNode::StepAll() {
  bool moved = false;
  for (auto& shard : shards_) moved |= shard->Step() > 0;
  return moved;
}

bool SimNode::RunAside() {
  if (aside_.empty()) return false;
  const std::function<void()> task = std::move(aside_.front());
  aside_.pop_front();
  task();
  return true;
}

// Whose shards another node may have already.
bool SimNode::RunACall() {
  if (!storage_.sim_nodes()->Holds(storage_.sim_nodes()->epoch())) executor_.Yield(AllShards());
  return executor_.RunOne();
}

void SimNode::TakeHint(const Hint& hint) {
  if (hint.kind == Hint::Kind::kShards || hint.kind == Hint::Kind::kChanged) looks_soon_ = true;
  if (hint.kind == Hint::Kind::kInbox)
    for (const std::string& word : hint.words) exchange_->Look(std::stoi(word));
}

void SimNode::Audit() {
  while (auditor_.IsDue(clock_.NowUs())) {
    Result<std::vector<InstanceId>> suspects = auditor_.Next(clock_.NowUs(), 20);
    if (!suspects.ok()) return;
    for (const InstanceId& id : *suspects)
      if (IsMine(id.shard())) OwnerOf(id.shard()).PostInternal(AuditSuspect{id});
  }
}

void SimNode::Leave() {
  storage_.nodes()->Listen(nullptr);
  while (storage_.FinishOne()) {
  }
  exchange_->Stop();
  while (StepAll() || storage_.in_flight() > 0)
    while (storage_.FinishOne()) {
    }
  leases_->GiveAll();
  (void)storage_.nodes()->Leave();
}

// ---- shards that come and go ----

void SimNode::GainShards(const ShardSet& shards) {
  mine_ |= shards;
  for (auto& shard : shards_) shard->Gain(shards);
}

void SimNode::GiveShards(const ShardSet& shards, std::function<void()> done) {
  mine_ &= ~shards;
  const auto left = std::make_shared<std::size_t>(shards_.size());
  for (auto& shard : shards_)
    shard->Give(shards, [this, shards, left, done] {
      if (--*left > 0) return;
      executor_.Yield(shards);
      done();
      looks_soon_ = true;
    });
}

// The leases wait for the end of it.
void SimNode::GiveUpShards(std::function<void()> done) {
  mine_.reset();
  exchange_->EndAll();
  executor_.Yield(AllShards());
  std::size_t left = shards_.size();
  for (auto& shard : shards_) shard->GiveUp([&left] { --left; });
  while (left > 0) {
    storage_.FinishOne();
    StepAll();
  }
  done();
}

Generations SimNode::ReadChanges(const Generations& seen, const Generations& newest) {
  if (seen.orders == newest.orders) return newest;
  const Result<bool> lets_go = pauses_.Load(storage_);
  if (!lets_go.ok()) return seen;
  if (*lets_go)
    for (auto& shard : shards_) shard->PostInternal(PauseOver{});
  return newest;
}

// ---- rows and orders ----

void SimNode::Deliver(InboxRow row) {
  const bool is_mine = row.shard < kMailboxFirst && IsMine(row.shard);
  if (is_mine) return OwnerOf(row.shard).PostMessage(std::move(row));
  if (row.shard == mailbox_) return exchange_->Look(row.shard);
  storage_.nodes()->Tell(Hint::Kind::kInbox, std::to_string(row.shard));
}

void SimNode::Forward(ShardItem item) {
  if (auto* start = std::get_if<StartOrder>(&item)) return PassOn(*exchange_, std::move(*start));
  if (auto* event = std::get_if<EventOrder>(&item)) return PassOn(*exchange_, std::move(*event), kShardsMax);
  if (auto* order = std::get_if<InstanceOrder>(&item)) return PassOn(*exchange_, std::move(*order));
  if (auto* report = std::get_if<ReportOrder>(&item)) return PassOn(*exchange_, std::move(*report));
  if (auto* message = std::get_if<MessageArrived>(&item)) {
    exchange_->Look(message->row.shard);
    storage_.nodes()->Tell(Hint::Kind::kInbox, std::to_string(message->row.shard));
  }
}

void SimNode::Post(int logical_shard, ShardItem order) {
  if (!IsMine(logical_shard)) return Forward(std::move(order));
  OwnerOf(logical_shard).Post(std::move(order));
}

void SimNode::Fetch(std::size_t desk, LeaseOrder order) {
  if (desk < shards_.size()) {
    shards_[desk]->Post(std::move(order));
    return;
  }
  std::vector<JobKey> keys = FindJobsElsewhere(storage_, pauses_, order.fetch, ~mine_, clock_.NowUs(),
                                               static_cast<unsigned>(random_() % 1'000));
  if (!keys.empty())
    PassOn(*exchange_, LeaseTheseOrder{std::move(keys), std::move(order.fetch), std::move(order.answer)});
}

// ---- pauses ----

void SimNode::ChangePauses(Batch rows, std::function<void()> committed) {
  storage_.Commit(kSimPauseLane, std::move(rows), [this, committed = std::move(committed)](CommitOutcome outcome) {
    if (outcome != CommitOutcome::kCommitted) return storage_.ResetLane(kSimPauseLane);
    committed();
    storage_.nodes()->Tell(Hint::Kind::kChanged, "");
  });
}

void SimNode::SetPause(const Pause& pause) {
  Batch rows;
  rows.standing_orders.push_back(Pauses::RowOf(pause));
  ChangePauses(std::move(rows), [this, pause] { pauses_.Put(pause); });
}

void SimNode::EndPauses() {
  Batch rows;
  const std::vector<Pause> pauses = pauses_.All();
  for (const Pause& pause : pauses) rows.standing_orders_deleted.push_back(Pauses::RowOf(pause));
  if (pauses.empty()) return;
  ChangePauses(std::move(rows), [this, pauses] {
    for (const Pause& pause : pauses) pauses_.Drop(pause.kind, pause.name);
    for (auto& shard : shards_) shard->PostInternal(PauseOver{});
  });
}

}  // namespace fermata

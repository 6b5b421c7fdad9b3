// A shard thread and the logical shards that come and go: nothing of one that goes is in memory any more when another node may have it.
#include <algorithm>
#include <utility>

#include "engine/core/decide.h"
#include "engine/runtime/codes.h"
#include "engine/runtime/replay.h"
#include "engine/runtime/shard.h"

namespace fermata {
namespace {

constexpr int kRecoveredAtOnce = 1'000;  // rows

}  // namespace

void ShardRouter::Deliver(InboxRow row) {
  Shard& receiver = OwnerOf(row.shard);
  receiver.PostInternal(MessageArrived{std::move(row)});
}

void ShardRouter::Forward(ShardItem /*order*/) {}  // without other nodes there is nobody to take it

// ---- from other threads ----

void Shard::Gain(const ShardSet& shards) { PostTransfer({Transfer::Kind::kGain, shards, nullptr}); }

void Shard::Give(const ShardSet& shards, std::function<void()> done) {
  PostTransfer({Transfer::Kind::kGive, shards, std::move(done)});
}

void Shard::GiveUp(std::function<void()> done) {
  PostTransfer({Transfer::Kind::kGiveUp, AllShards(), std::move(done)});
}

void Shard::PostTransfer(Transfer transfer) {
  {
    std::lock_guard lock(finished_mutex_);
    transfers_.push_back(std::move(transfer));
  }
  inbox_.Wake();
}

// ---- on its own ----

ShardSet Shard::OfThisThread(const ShardSet& shards) const {
  if (options_.count == 1) return shards;
  ShardSet mine;
  for (std::size_t shard = static_cast<std::size_t>(options_.index); shard < shards.size();
       shard += static_cast<std::size_t>(options_.count))
    mine[shard] = shards[shard];
  return mine;
}

// True while it has to wait for a commit before the next batch.
bool Shard::TakeTransfers() {
  while (true) {
    Transfer transfer;
    {
      std::lock_guard lock(finished_mutex_);
      gives_ = !transfers_.empty() && transfers_.front().kind != Transfer::Kind::kGain && !flights_.empty();
      const bool fails = failed_ && KnowsFlights();
      if (transfers_.empty() || (gives_ && !fails)) return gives_;
      transfer = std::move(transfers_.front());
      transfers_.pop_front();
      gives_ = false;
    }
    CarryOut(transfer);
  }
}

void Shard::CarryOut(Transfer& transfer) {
  const ShardSet shards = OfThisThread(transfer.shards);
  if (transfer.kind == Transfer::Kind::kGain) {
    owned_ |= shards;
    // After a failure recovery reads them with the rest.
    if (!failed_ && !RecoverShards(shards).ok()) failed_ = true;
    return;
  }
  EndFlights();
  LetShardsGo(shards);
  if (transfer.kind == Transfer::Kind::kGiveUp) {
    services_.storage.ResetLane(options_.index);
    fenced_ = failed_ = false;
    healthy_ = true;
  }
  if (transfer.done) transfer.done();
}

void Shard::LetShardsGo(const ShardSet& shards) {
  owned_ &= ~shards;
  const auto goes = [&](const InstanceId& id) { return shards[id.shard()]; };
  cache_.DropIf(goes);
  timers_.DropIf(goes);
  std::erase_if(schedules_, [&](const auto& schedule) {
    return shards[static_cast<std::size_t>(HomeShardOf(std::string(kDefaultTenant), schedule.first))];
  });
  const std::size_t held = std::erase_if(held_, goes);
  services_.counters.instances_held.fetch_sub(held, std::memory_order_relaxed);
  std::erase_if(submitted_, [&](const auto& ticket) { return goes(std::get<0>(ticket)); });
  windows_.clear();
  PublishGauges();
}

Status Shard::RecoverShards(const ShardSet& shards) {
  Result<std::int64_t> last_us = services_.storage.LastTimeUs();
  if (!last_us.ok()) return last_us.error();
  Result<std::int64_t> order = services_.storage.LastKeptEventOrder(shards);
  if (!order.ok()) return order.error();
  kept_order_ = std::max(kept_order_, *order);
  (void)ClockUs();
  ahead_us_ = std::max(ahead_us_, std::max(now_us_, *last_us) - services_.clock.NowUs());
  now_us_ = std::max({now_us_, *last_us, ClockUs()});

  InstanceId after;
  while (true) {
    Result<std::vector<InstanceId>> page = services_.storage.ListBusyInstances(shards, after, kRecoveredAtOnce);
    if (!page.ok()) return page.error();
    for (const InstanceId& id : *page) {
      if (!Owns(id.shard())) continue;
      Result<CachedInstance*> instance = Load(id);
      if (!instance.ok()) return instance.error();
      for (const Effect& effect : PendingEffects((*instance)->state))
        if (const auto* job = std::get_if<DispatchJob>(&effect)) Dispatch(id, *job);
      if (were_checked_[id.shard()]) continue;
      if (Status looked = LookForMissingJobs(**instance); !looked.ok()) return looked.error();
    }
    cache_.Trim(kInstanceCacheMax);
    if (page->size() < static_cast<std::size_t>(kRecoveredAtOnce)) break;
    after = page->back();
  }
  were_checked_ |= shards;

  if (Status read = ReadInboxOf(shards); !read.ok()) return read;
  if (timers_.horizon_us() - now_us_ < kTimerHorizonMs * 1000 / 2)
    RefillTimers();
  else
    ReadTimersOf(shards);
  return LoadSchedules(shards);
}

Status Shard::ReadInboxOf(const ShardSet& shards) {
  return WalkInbox(services_.storage, shards, [this](InboxRow row) { services_.router.Deliver(std::move(row)); });
}

// Whose the item is; nothing where it is of no single shard.
std::optional<int> Shard::ShardOf(const ShardItem& item) const {
  if (const auto* start = std::get_if<StartOrder>(&item)) return start->logical_shard;
  if (const auto* order = std::get_if<InstanceOrder>(&item)) return order->request.instance.shard();
  if (const auto* outcome = std::get_if<JobOutcome>(&item)) return outcome->instance.shard();
  if (const auto* message = std::get_if<MessageArrived>(&item)) return message->row.shard;
  if (const auto* timer = std::get_if<TimerFell>(&item)) return timer->timer.instance.shard();
  if (const auto* report = std::get_if<ReportOrder>(&item)) return report->report.key.instance.shard();
  if (const auto* missing = std::get_if<JobsMissing>(&item)) return missing->instance.shard();
  if (const auto* suspect = std::get_if<AuditSuspect>(&item)) return suspect->instance.shard();
  const std::string tenant(kDefaultTenant);
  if (const auto* changed = std::get_if<ScheduleChanged>(&item)) return HomeShardOf(tenant, changed->process);
  if (const auto* fell = std::get_if<ScheduleFell>(&item)) return HomeShardOf(tenant, fell->process);
  if (const auto* event = std::get_if<EventOrder>(&item)) return HomeOf(event->message, shard_count_);
  return std::nullopt;
}

// An order of another node's client: decided as one of this node's, but its answer goes into a mailbox, with the decision's own commit.
void Shard::HandleRemote(const InboxRow& row, RemoteOrder remote) {
  if (services_.storage.nodes() == nullptr) return;  // imported: its client was told that it may have happened
  return_to_ = ReturnAddress{remote.mailbox, row.sender, row.seq};
  const auto decide = [&](auto order, auto make) {
    if (!order.ok()) return SendBack(order.error());
    make(std::move(*order));
  };
  if (remote.kind == kRemoteStart) {
    decide(RemoteStartIn(remote.order), [&](RemoteStart start) {
      const std::string& process = start.request.process;
      DefinitionPtr definition = services_.definitions.FindOrRead(services_.storage, process, start.version);
      if (!definition) return SendBack(services_.definitions.Unknown(process, start.version));
      HandleStart({std::move(start.request), row.shard, std::move(definition), std::move(start.key),
                   std::move(start.input), nullptr});
    });
  } else if (remote.kind == kRemoteEvent) {
    decide(EventMessageIn(remote.order), [&](EventMessage message) { HandleEvent({std::move(message), nullptr}); });
  } else if (remote.kind == kRemoteCommand) {
    decide(CommandRequestIn(remote.order), [&](CommandRequest request) {
      HandleInstance({std::move(request), nullptr});
    });
  } else if (remote.kind == kRemoteReport) {
    decide(JobReportIn(remote.order), [&](JobReport report) { HandleReport({std::move(report), nullptr}); });
  } else if (remote.kind == kRemoteLease) {
    decide(RemoteLeaseIn(remote.order), [&](RemoteLease lease) {
      JobFetch fetch;
      fetch.tenant = lease.tenant;
      fetch.worker = lease.worker;
      fetch.lease_ms = lease.lease_ms;
      HandleLeaseThese({std::move(lease.keys), std::move(fetch), nullptr});
    });
  } else {
    SendBack(Error{kCorruptMessage,
                   "Expected an order that this version knows, but another node sent '" + remote.kind + "'.", "",
                   "All nodes of a database should run the same version."});
  }
  FERMATA_ASSERT(!return_to_ || failed_);
  return_to_.reset();
}

void Shard::SendBack(Result<Value> reply) {
  InboxRow row{return_to_->mailbox, return_to_->sender, return_to_->number, 1, EncodeMessage(RemoteAnswer{reply})};
  return_to_.reset();
  Open().rows.inbox.push_back(row);
  Open().messages.push_back(std::move(row));
}

}  // namespace fermata
